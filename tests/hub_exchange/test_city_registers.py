"""A city's registers over the line: what is new goes, what is new at the hub comes, each once."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from served_hub import served
from test_city_and_hub import (
    ACQ,
    CITY_KEY,
    HTTP_KEY,
    HUB_KEY,
    ISS,
    NOW_S,
    Both,
    Faulty,
    open_both,
    open_hub,
)
from test_city_and_hub import keys as member_keys

from street import CARD, CHONGQING, KEYS
from tongxing.checkpoint import Succession, verifier_of
from tongxing.city import City
from tongxing.city.hub_line import HttpLine, HubAddress, HubDealings, HubTrust
from tongxing.city.hub_line.register_book import RegisterBook
from tongxing.city.hub_line.registers import RegisterDealings, RegistersDealt
from tongxing.city.office import Office
from tongxing.city.running import CityDayDesk, DayHouse
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.fares import load_city_fares
from tongxing.hub import HubStore, MemberCity, members_of
from tongxing.hub.exchange import Spool
from tongxing.hub.registers import RegisterDesk
from tongxing.hub_api import HubDesks, create_hub_app
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.verify import Trust
from tongxing.media.keys.software import SoftwareVault
from tongxing.messages import HUB_SENDER, KeyRing, SigningKey, seal
from tongxing.messages.registers import (
    CardEntry,
    CardRegister,
    CityEntry,
    CityRegister,
    LossEntry,
    LossRegister,
    NumberRegister,
    TerminalEntry,
    TerminalRegister,
)
from tongxing.signed_http import HttpKey
from tongxing.storage import Database

OWN_KEY = SigningKey(CHONGQING, CITY_KEY.private)
BEIJING = SigningKey.from_secret("ISS-110000", b"p" * 32)
HUB_RING = KeyRing({HUB_SENDER: HUB_KEY.public_bytes()})


@dataclass
class Town:
    """A city, its hub over HTTP, and the book of registers between them."""

    both: Both
    book: RegisterBook
    address: str

    def dealings(self, adapter: Faulty | None = None) -> RegisterDealings:
        return RegisterDealings(self.book, OWN_KEY, self.lines(adapter), ISS, HUB_RING)

    def house(self) -> HubDealings:
        """The city's dealings with files, letters and registers."""
        lines = self.lines()
        of_members = {name: lines[name] for name in (ACQ, ISS)}
        return HubDealings(self.both.city, self.both.letters, of_members, self.dealings())

    def lines(self, adapter: Faulty | None = None) -> dict[str, HttpLine]:
        hub = HubAddress(self.address, HubTrust(Succession(verifier_of(HUB_KEY))))
        lines = {}
        for name in (ACQ, ISS, CHONGQING):
            line = HttpLine(
                hub, name, HTTP_KEY, self.both.clock, secrets.token_bytes, lambda _: None, 8
            )
            if adapter is not None:
                line._session.mount("http://", adapter)
            lines[name] = line
        return lines

    def city(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._ask(f"city_{CHONGQING}", query, *values)

    def hub(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._ask("hub", query, *values)

    def versions(self) -> dict[str, int]:
        """How many versions of each register the hub has."""
        found = self.hub("SELECT kind, count(*) FROM register_version GROUP BY 1 ORDER BY 1")
        return {str(kind): int(count) for kind, count in found}

    def lost(self, medium: str, at_s: int) -> None:
        self.city(
            "INSERT INTO loss_report VALUES (%s, 'a1', %s, '', %s, %s, %s)",
            f"r{medium}", medium, at_s, at_s, at_s,
        )  # fmt: skip

    def gate(self, terminal: str, at_s: int) -> None:
        """A device of one terminal is enrolled."""
        self.city(
            "INSERT INTO device (device, site, operator, public_key, invitation_no, enrolled_s)"
            " VALUES (%s, 'XSZ', 'OP-CQ-RAIL', '', 1, %s)",
            terminal, at_s,
        )  # fmt: skip
        values = (terminal, terminal)
        self.city("INSERT INTO device_terminal (device, terminal_id) VALUES (%s, %s)", *values)

    def list_denied(self, at_s: int) -> None:
        house = City(CHONGQING, self.both.database, OWN_KEY, KEYS, None)
        house.publish_deny_list(at_s)
        house.close()

    def told_by_hand(self, message: bytes, now_s: int) -> None:
        """What reaches the hub on another way."""
        ring = KeyRing({"ISS-110000": BEIJING.public_bytes(), ACQ: CITY_KEY.public_bytes()})
        store = HubStore(self.both.database)
        found = RegisterDesk(store, ring, HUB_RING).take(message, now_s)
        store.close()
        assert not isinstance(found, Refusal), found

    def _ask(self, schema: str, query: str, *values: object) -> list[tuple[Any, ...]]:
        """With no trigger or constraint in the way."""
        with self.both.database.connect(schema) as connection:
            connection.execute("SET session_replication_role = replica")
            found = connection.execute(query.encode(), values)
            return found.fetchall() if found.description else []


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Iterator[Town]:
    with open_town(database, tmp_path) as found:
        yield found


@contextmanager
def open_town(database: Database, folder: Path) -> Iterator[Town]:
    with open_both(database) as both:
        hub = open_hub(database, both.clock)
        beijing = members_of([MemberCity("110000", "北京", "Beijing", False)])
        assert hub.enrol(beijing, 0) is None
        hub.close()
        own = HttpKey(HUB_SENDER, HUB_KEY.private)
        desks = HubDesks(both.desk, member_keys(), Spool(folder), lambda: own, clock=both.clock)
        book = RegisterBook(database, CHONGQING)
        with served(create_hub_app(desks)) as address:
            yield Town(both, book, address)
        book.close()


def codes(dealt: RegistersDealt) -> list[str]:
    return [str(one.values.get("code", one.code)) for one in dealt.refusals]


@pytest.mark.req("R-200")
def test_what_is_new_goes_to_the_hub_once(town: Town) -> None:
    """Three names, one key; every deny list goes, of the rest only what says something new."""
    dealings = town.dealings()
    town.lost(CARD, NOW_S - 500)
    town.gate("T1", NOW_S - 500)
    for at_s in (NOW_S - 300, NOW_S - 200):
        town.list_denied(at_s)
    dealt = dealings.send(NOW_S)
    assert dealt.refusals == [] and dealt.untaken == set()
    expected = {"CardRegister": 1, "DenyList": 2, "LossRegister": 1, "TerminalRegister": 1}
    assert town.versions() == expected
    owners = town.hub("SELECT DISTINCT owner FROM register_version ORDER BY 1")
    assert owners == [(CHONGQING,), (ACQ,), (ISS,)]
    assert town.hub("SELECT terminal_id, operator FROM register_terminal") == [("T1", "OP-CQ-RAIL")]
    assert dealings.send(NOW_S + 60).sent == []
    town.lost("5000000000000099", NOW_S)
    assert dealings.send(NOW_S + 120).sent == [f"LossRegister {ISS}"]
    assert town.versions() == expected | {"LossRegister": 2}
    assert {one.state for one in dealings.states()} == {"taken"}
    assert town.city("SELECT sum(octet_length(message)) FROM hub_register_out") == [(0,)]


def test_a_city_without_a_fleet_says_nothing_of_terminals(town: Town) -> None:
    """An empty register would turn away every ride of gates that stand in none."""
    town.dealings().send(NOW_S)
    assert "TerminalRegister" not in town.versions()


def test_whatever_the_line_does_a_version_is_taken_once(town: Town) -> None:
    adapter = Faulty()
    town.gate("T1", NOW_S - 500)
    town.told_by_hand(others(1), NOW_S)
    dealings = town.dealings(adapter)
    assert dealings.send(NOW_S).refusals == []
    assert dealings.fetch(NOW_S).refusals == []
    assert town.versions() == {"CardRegister": 1, "LossRegister": 2, "TerminalRegister": 1}
    assert town.book.fetched()[0][3] == others(1)
    assert min(adapter.counts.values()) > 1


def others(version: int, *media: str) -> bytes:
    """The losses of another city's issuer."""
    losses = [LossEntry(medium, NOW_S - 900) for medium in media]
    return seal(LossRegister(version=version, published_s=NOW_S - 9, losses=losses), BEIJING)


def cities(version: int) -> bytes:
    told = [CityEntry(code, date(2026, 1, 1)) for code in ("110000", CHONGQING)[:version]]
    return seal(CityRegister(version=version, published_s=NOW_S - 9, cities=told), HUB_KEY)


def here(town: Town) -> dict[str, int]:
    return {f"{kind} {owner}": version for kind, owner, version, _ in town.book.fetched()}


def test_what_is_new_at_the_hub_is_kept(town: Town) -> None:
    dealings = town.dealings()
    dealings.send(NOW_S)  # our own comes back in the list and is passed over
    town.told_by_hand(others(4), NOW_S)
    town.told_by_hand(cities(1), NOW_S)
    dealt = dealings.fetch(NOW_S)
    assert (dealt.refusals, len(dealt.fetched)) == ([], 2)
    assert here(town) == {"LossRegister ISS-110000": 4, "CityRegister HUB": 1}
    assert dealings.fetch(NOW_S).fetched == []
    town.told_by_hand(others(5, CARD), NOW_S)
    town.told_by_hand(cities(2), NOW_S)
    town.told_by_hand(others(6, CARD, "6"), NOW_S)
    dealt = dealings.fetch(NOW_S)
    assert sorted(dealt.fetched) == ["CityRegister HUB", "LossRegister ISS-110000"]
    assert here(town) == {"LossRegister ISS-110000": 6, "CityRegister HUB": 2}
    assert [one[3] for one in town.book.fetched()] == [cities(2), others(6, CARD, "6")]


def test_a_hub_that_was_restored_takes_nothing_back(town: Town) -> None:
    """Its numbers begin anew and it has an older version: told, and ours stays."""
    dealings = town.dealings()
    town.told_by_hand(others(4), NOW_S)
    town.told_by_hand(others(5), NOW_S)
    dealings.fetch(NOW_S)
    town.hub("DELETE FROM register_turn WHERE version = 5")
    town.hub("DELETE FROM register_version WHERE version = 5")
    dealt = dealings.fetch(NOW_S)
    assert (codes(dealt), here(town)) == (["REGISTER_ROLLBACK"], {"LossRegister ISS-110000": 5})
    town.told_by_hand(others(6), NOW_S)
    assert (codes(dealings.fetch(NOW_S)), here(town)) == ([], {"LossRegister ISS-110000": 6})


def test_one_that_is_not_sealed_by_the_hub_is_not_kept_as_its_own(town: Town) -> None:
    """Everything else is kept all the same, and the forged one is asked for again."""
    forged = seal(
        CityRegister(version=9, published_s=NOW_S, cities=[]),
        SigningKey(HUB_SENDER, BEIJING.private),
    )
    town.told_by_hand(cities(1), NOW_S)
    town.hub("UPDATE register_version SET message = %s", forged)
    town.hub(
        "UPDATE register_turn SET bytes = %s, sha256 = encode(sha256(%s), 'hex')",
        len(forged), forged,
    )  # fmt: skip
    town.told_by_hand(others(4), NOW_S)
    dealings = town.dealings()
    for _ in range(2):
        assert codes(dealings.fetch(NOW_S)) == ["SIGNATURE_INVALID"]
        assert here(town) == {"LossRegister ISS-110000": 4}


def test_files_wait_for_the_acquirers_register_and_for_no_other(town: Town) -> None:
    """The hub has a later version by hand: nothing goes that it would judge by that one. A loss
    register that is behind holds up nothing. When their time has come, all is taken."""
    far_s = NOW_S + 500
    old = [TerminalEntry("OLD", "OP", "", date(2026, 1, 1))]
    register = TerminalRegister(version=far_s, published_s=NOW_S, terminals=old)
    town.told_by_hand(seal(register, SigningKey(ACQ, CITY_KEY.private)), NOW_S)
    town.gate("T1", NOW_S - 500)
    dealings = town.house()
    dealt = dealings.send(NOW_S)
    assert (dealt.sent, [one.values["code"] for one in dealt.refusals]) == (
        [],
        ["REGISTER_ROLLBACK"],
    )
    town.both.clock.now_s = far_s + 1
    dealt = dealings.send(far_s + 1)
    assert (len(dealt.sent), dealt.troubles()) == (1, [])
    late = LossRegister(version=far_s + 900, published_s=NOW_S, losses=[])
    ring = KeyRing({ISS: CITY_KEY.public_bytes()})
    store = HubStore(town.both.database)
    message = seal(late, SigningKey(ISS, CITY_KEY.private))
    assert not isinstance(RegisterDesk(store, ring, HUB_RING).take(message, far_s), Refusal)
    store.close()
    town.lost(CARD, NOW_S)
    dealt = dealings.send(far_s + 2)
    assert dealt.refusals == []
    assert [one.values["code"] for one in dealt.troubles()] == ["REGISTER_ROLLBACK"]


def test_whatever_its_kind_what_is_for_all_is_kept(town: Town) -> None:
    town.told_by_hand(
        seal(NumberRegister(version=1, published_s=NOW_S, numbers=[]), BEIJING), NOW_S
    )
    closed = [CardEntry(CARD, NOW_S)]
    cards = CardRegister(version=1, published_s=NOW_S, is_complete=False, ranges=[], cards=closed)
    town.told_by_hand(seal(cards, BEIJING), NOW_S)
    kept = town.hub("SELECT message FROM register_version ORDER BY kind")
    dealt = town.dealings().fetch(NOW_S)
    assert sorted(dealt.fetched) == ["CardRegister ISS-110000", "NumberRegister ISS-110000"]
    assert sorted(one[3] for one in town.book.fetched()) == sorted(bytes(row[0]) for row in kept)


def test_each_run_of_the_day_tells_of_a_loss_and_none_that_does_not_prove(town: Town) -> None:
    """Also where no file waits; the same run keeps what is new at the hub."""
    office = Office(CHONGQING, town.both.database, load_city_fares(CHONGQING))
    keys = SignatureKeys(SoftwareVault({}), Trust(roots={}))
    city = City(CHONGQING, town.both.database, OWN_KEY, KEYS, load_city_fares(CHONGQING))
    desk = CityDayDesk(DayHouse(town.both.database, office, city, keys, town.house()))

    def works(now_s: int) -> list[str]:
        town.both.clock.now_s = now_s
        found = desk.work(now_s, "li")
        assert not isinstance(found, Refusal), found
        return [str(one.values.get("code", one.code)) for one in found[1]]

    town.told_by_hand(others(4), NOW_S)
    assert works(NOW_S) == []
    assert town.versions() == {"CardRegister": 1, "DenyList": 1, "LossRegister": 2}
    assert here(town) == {"LossRegister ISS-110000": 4}
    town.lost(CARD, NOW_S + 100)
    assert works(NOW_S + 900) == []  # its file is with the hub, and its day waits for the window
    assert town.versions()["LossRegister"] == 3
    town.city("UPDATE rider SET balance_fen = balance_fen + 1 WHERE rider_id = 'a1'")
    town.lost("5000000000000099", NOW_S + 1_000)
    assert works(NOW_S + 86_400) == ["CITY_DAY_UNPROVEN"]
    assert town.versions()["LossRegister"] == 3
    for one in (city, office):
        one.close()
