"""Our own city and hub over the interface: as in one process, however the line behaves."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from served_hub import Clock, served

sys.path.insert(0, str(Path(__file__).parents[1] / "city"))

from street import CARD, CHONGQING, KEYS, OPENINGS, PURSE, Taps, moment, sealed
from tongxing.checkpoint import Succession, Verifier, verifier_of
from tongxing.city import City
from tongxing.city.hub_line import HttpLine, HubAddress, HubDealings, HubLine, HubTrust
from tongxing.city.hub_line.store import LetterBook
from tongxing.city.hub_line.unheard import no_line, unread
from tongxing.fares import load_city_fares
from tongxing.hub import Hub, HubStore, MemberCity, NetworkGround, load_rulebook, members_of
from tongxing.hub.exchange import ExchangeDesk, MemberKey, MemberKeys, MemberLine, MemberRing, Spool
from tongxing.hub_api import HubDesks, create_hub_app
from tongxing.kernel.reasons import Refusal
from tongxing.messages import HUB_SENDER, SigningKey
from tongxing.messages.envelope import read_body
from tongxing.messages.letters import LETTER_PAGES
from tongxing.network import load_registry
from tongxing.signed_http import HttpKey
from tongxing.storage import Database

NOW_S = moment("30:00")
HUB_KEY = SigningKey.from_secret(HUB_SENDER, b"h" * 32)
ACQ, ISS = f"ACQ-{CHONGQING}", f"ISS-{CHONGQING}"
CITY_KEY = SigningKey.from_secret(ACQ, b"q" * 32)
HTTP_KEY = HttpKey("500000/1", Ed25519PrivateKey.from_private_bytes(b"q" * 32))
WINDOW = "W20260318"


@dataclass
class Both:
    """A city with a day behind it, and a hub with its counter."""

    database: Database
    city: City
    desk: ExchangeDesk
    letters: LetterBook
    clock: Clock

    def books(self) -> list[tuple[Any, ...]]:
        """All that the city booked, but for its own times."""
        with self.database.connect(f"city_{CHONGQING}") as connection:
            return connection.execute(
                "SELECT entity, account, kind, sum(amount_fen)::bigint FROM posting_line"
                " JOIN posting USING (posting_id) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            ).fetchall()

    def dealings(self, lines: dict[str, HubLine]) -> HubDealings:
        return HubDealings(self.city, self.letters, lines)

    def close_window(self) -> None:
        hub = open_hub(self.database, self.clock)
        assert not isinstance(hub.close_window(WINDOW, moment("37:00")), Refusal)
        hub.close()


def keys() -> MemberKeys:
    public = HTTP_KEY.public()
    return MemberKeys([MemberKey("500000/1", (ACQ, ISS, CHONGQING), public, 0, NOW_S + 10**8)])


def open_hub(database: Database, clock: Clock) -> Hub:
    rules, ground = load_rulebook(), NetworkGround(load_registry())
    hub = Hub(HubStore(database), HUB_KEY, MemberRing(keys(), clock), rules, ground)
    assert hub.enrol(members_of([MemberCity(CHONGQING, "重庆", "Chongqing", True)]), 0) is None
    return hub


@contextmanager
def open_both(database: Database) -> Iterator[Both]:
    """A ride on the account, one on a purse, one by a visitor; nothing presented yet."""
    clock = Clock(NOW_S)
    city = City(CHONGQING, database, CITY_KEY, KEYS, load_city_fares(CHONGQING))
    city.open_riders(OPENINGS, moment("03:00"))
    tap = Taps()
    taps = (
        tap("08:00", CARD, "entry", "chaotianmen"),
        tap("08:40", CARD, "exit", "shapingba"),
        tap("09:00", PURSE, "entry", "chaotianmen", taken=0),
        tap("09:40", PURSE, "exit", "shapingba", taken=450),
    )
    assert not isinstance(city.intake([sealed(taps)], moment("23:00"))[0], Refusal)
    desk = ExchangeDesk(
        database,
        lambda: open_hub(database, clock),
        HUB_KEY,
        MemberRing(keys(), clock),
        load_rulebook(),
    )
    open_hub(database, clock).close()
    letters = LetterBook(database, CHONGQING)
    try:
        yield Both(database, city, desk, letters, clock)
    finally:
        letters.close()
        city.close()
        desk.close()


_WRONG = 120
"""So many times something goes wrong; all kinds of requests are among them."""


class Faulty(requests.adapters.HTTPAdapter):
    """A line on which every request goes wrong in every way before it goes through."""

    FAULTS = ("lost", "answer lost", "busy", "turned bit", "unsigned", "earlier answer", "")

    def __init__(self) -> None:
        super().__init__()
        self.counts = dict.fromkeys(self.FAULTS, 0)
        self._turn = 0
        self._earlier: requests.Response | None = None

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        fault = self.FAULTS[self._turn % len(self.FAULTS)] if self._turn < _WRONG else ""
        self._turn += 1
        self.counts[fault] += 1
        if fault == "lost":
            raise requests.ConnectionError
        answer = super().send(request, *args, **kwargs)
        content = bytearray(answer.content)
        if fault == "answer lost":
            raise requests.exceptions.ChunkedEncodingError
        if fault == "busy":
            answer.status_code = 503
        if fault == "turned bit":
            content[len(content) // 2] ^= 4
        if fault == "unsigned":
            del answer.headers["signature"]
        if fault == "earlier answer" and self._earlier is not None:
            return self._earlier
        answer._content = bytes(content)
        if not fault:
            self._earlier = answer
        return answer


def lines_over(address: str, clock: Clock, adapter: Faulty | None = None) -> dict[str, HubLine]:
    found: dict[str, HubLine] = {}
    hub = HubAddress(address, HubTrust(Succession(verifier_of(HUB_KEY))))
    for member in (ACQ, ISS):
        line = HttpLine(
            hub, member, HTTP_KEY, clock, secrets.token_bytes, lambda _: None, 8, piece_bytes=500
        )
        if adapter is not None:
            line._session.mount("http://", adapter)
        found[member] = line
    return found


def a_day(both: Both, lines: dict[str, HubLine]) -> list[tuple[Any, ...]]:
    """A file goes up, the window closes, everything comes back; what stands in the books then."""
    dealings = both.dealings(lines)
    sent = dealings.send(NOW_S)
    assert (len(sent.sent), sent.refusals) == (1, [])
    assert dealings.send(NOW_S).sent == []
    both.close_window()
    both.clock.now_s = later_s = moment("37:10")
    fetched = dealings.fetch(later_s)
    assert (fetched.refusals, fetched.booked) == ([], 3)  # verdicts, two statements
    again = dealings.fetch(later_s)
    assert (again.fetched, again.booked, again.refusals) == (0, 0, [])
    return both.books()


@contextmanager
def served_both(database: Database, folder: Path) -> Iterator[tuple[Both, str]]:
    with open_both(database) as both:
        own = HttpKey(HUB_SENDER, HUB_KEY.private)
        desks = HubDesks(both.desk, keys(), Spool(folder), lambda: own, clock=both.clock)
        with served(create_hub_app(desks)) as address:
            yield both, address


def test_over_the_line_as_in_one_process_whatever_the_line_does(
    database: Database, tmp_path: Path
) -> None:
    with open_both(database) as both:
        within: dict[str, HubLine] = {
            member: MemberLine(both.desk, member, both.clock) for member in (ACQ, ISS)
        }
        expected = a_day(both, within)
    assert (ACQ, f"due_hub:{WINDOW}") in {row[:2] for row in expected}
    for schema in (f"city_{CHONGQING}", "hub"):
        database.drop_schema(schema)
    adapter = Faulty()
    with served_both(database, tmp_path) as (both, address):
        assert a_day(both, lines_over(address, both.clock, adapter)) == expected
    assert min(adapter.counts.values()) > 10


def test_a_letter_that_was_kept_is_booked_after_a_crash(database: Database, tmp_path: Path) -> None:
    """It dies after keeping, and again after booking; the next round ends the same."""
    with served_both(database, tmp_path) as (both, address):
        dealings = both.dealings(lines_over(address, both.clock))
        dealings.send(NOW_S)
        both.close_window()
        both.clock.now_s = later_s = moment("37:10")
        real = both.letters.mark

        def dies(*_: object) -> None:
            raise KeyboardInterrupt

        both.letters.mark = dies
        with pytest.raises(KeyboardInterrupt):
            dealings.fetch(later_s)
        both.letters.mark = real
        booked = both.books()
        found = dealings.fetch(later_s)
        assert (found.fetched, found.booked, found.refusals) == (0, 3, [])
        assert len(both.books()) >= len(booked)
        assert both.letters.counts() == {
            "files": 1, "files_open": 0, "booked": 3, "kept": found_kept(both), "waits": 0,
        }  # fmt: skip


def found_kept(both: Both) -> int:
    """Letters that are for people: all the rest of what the hub handed out."""
    pages = [both.desk.letters(member, 0) for member in (ACQ, ISS)]
    return sum(page.last for page in pages if not isinstance(page, Refusal)) - 3


def test_a_hub_that_lost_letters_is_told_to_a_person(database: Database, tmp_path: Path) -> None:
    """Restored from a backup, it would give their numbers to other letters."""
    with served_both(database, tmp_path) as (both, address):
        dealings = both.dealings(lines_over(address, both.clock))
        dealings.send(NOW_S)
        assert dealings.fetch(NOW_S).refusals == []
        with database.connect("hub") as connection:
            connection.execute("SET session_replication_role = replica")  # as if restored
            connection.execute("DELETE FROM letter")
        assert [one.code for one in dealings.fetch(NOW_S).refusals] == ["HUB_LETTERS_LOST"]


def test_a_hub_that_is_away_and_one_that_refuses_are_told(
    database: Database, tmp_path: Path
) -> None:
    with served_both(database, tmp_path) as (both, address):
        lines = lines_over("http://127.0.0.1:9", both.clock)
        away = both.dealings(lines).send(NOW_S).refusals
        assert [refusal.code for refusal in away] == ["HTTP_AWAY"]
        assert away[0].message("zh") == "联系不上清分中心：对方拒绝连接"
        assert away[0].where.endswith(" http://127.0.0.1:9")
        assert away[0].message("en").endswith(": the connection was refused")
        both.clock.now_s += 10**9  # our clock and the hub's: no key is valid then
        refused = both.dealings(lines_over(address, both.clock)).send(NOW_S).refusals
        assert [refusal.values["code"] for refusal in refused] == ["HTTP_KEY_DATES"]
        assert "HTTP_KEY_DATES" in refused[0].message("zh")
        public = HTTP_KEY.public().public_bytes_raw()
        stranger = HubAddress(address, HubTrust(Succession(Verifier(HUB_SENDER, public))))
        line = HttpLine(stranger, ACQ, HTTP_KEY, both.clock, secrets.token_bytes, lambda _: None, 2)
        found = line.letters(0)
        assert isinstance(found, Refusal) and found.code == "HTTP_ANSWER"
        assert found.message("zh") == "清分中心的回答不可用：不能确认出自清分中心"
        assert found.where.startswith(f"{address}: HTTP_")


def test_what_a_library_says_of_an_answer_stands_beside_the_sentence() -> None:
    body = read_body(b'{"member": 1}', LETTER_PAGES)
    assert isinstance(body, Refusal)
    found = unread(body)
    assert found.message("zh") == "清分中心的回答不可用：内容不是约定的格式"
    assert found.message("en").endswith("it has another form than agreed")
    assert "Expected" in found.where
    cut = no_line("http://hub", requests.ConnectionError("Connection aborted."))
    assert (cut.message("zh"), cut.where) == (
        "联系不上清分中心：连接失败", "http://hub: Connection aborted."
    )  # fmt: skip
