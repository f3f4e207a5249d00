"""Both verdicts on a tap: a gate that was set up wrongly shows up, a sound one does not."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from msgspec.structs import replace

from deciding_world import ACCOUNT_CARD, CARD, CODE, context, validator
from street import CHONGQING, DAY, KEYS, moment, open_city, sealed
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.city.office import Office
from tongxing.city.redeciding.desk import VerdictDesk
from tongxing.city.store import media
from tongxing.city.store.verdicts import Difference
from tongxing.cli import run
from tongxing.console import create_app
from tongxing.deciding import MediumToken, Role, decide
from tongxing.deciding.decide import tap_of
from tongxing.fares import load_city_fares
from tongxing.gate.denylist import DenyIndex
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyList, PurseFacts, Tap, TapRef, unseal
from tongxing.storage import Database

FARES = load_city_fares(CHONGQING)
NUMBER = CARD.medium_no
IN, OUT = "cq:rail-1:chaotianmen", "cq:rail-1:shapingba"
NOBODY = DenyIndex(CHONGQING)


class Gates:
    """Gates that decide with what they have, and number their taps; `twist` is what is wrong."""

    def __init__(self, deny: DenyIndex = NOBODY, twist: Callable[[Tap], Tap] = lambda tap: tap):
        self.deny, self.twist = deny, twist
        self.media: dict[str, MediumToken] = {NUMBER: CARD}
        self.numbers: dict[str, int] = {}

    def tap(self, when: str | int, role: Role, where: str, token: MediumToken | None = None) -> Tap:
        now_s = when if isinstance(when, int) else moment(when)
        facts = validator(role, where, f"T-{role}")
        held = self.media[NUMBER] if token is None else token
        decision = decide(held, facts, context(facts, now_s, self.deny))
        self.numbers[facts.terminal_id] = seq = self.numbers.get(facts.terminal_id, 0) + 1
        ref = TapRef(facts.terminal_id, 1, seq)
        if token is None:
            self.media[NUMBER] = decision.token_after
        return self.twist(tap_of(held, facts, decision, ref, now_s, self.deny.version))


def ride(gates: Gates, day_s: int = 0) -> list[Tap]:
    """In at eight, out half an hour later."""
    return [
        gates.tap(moment("08:00") + day_s, "entry", IN),
        gates.tap(moment("08:30") + day_s, "exit", OUT),
    ]


@pytest.fixture
def city(city_database: Database) -> Iterator[City]:
    found = open_city(city_database)
    opening = RiderOpening(
        NUMBER, (MediumOpening(NUMBER, "card", "local:500000", "ordinary"),), 50_00, purse=True
    )
    found.open_riders([opening], at(DAY, 3))
    yield found
    found.close()


@pytest.fixture
def verdicts(city_database: Database, city: City) -> Iterator[Callable[..., list[Difference]]]:
    """Send taps, let the city decide again, and hear what differs."""
    office = Office(CHONGQING, city_database, FARES)
    desk = VerdictDesk(office)

    def sent(taps: list[Tap], at_s: int | None = None) -> list[Difference]:
        [answer] = city.intake([sealed(taps)], moment("23:00") if at_s is None else at_s)
        assert not isinstance(answer, Refusal), answer
        desk.decide_again(moment("23:00"))
        return desk.differences(DAY.min, DAY.max, 50)

    yield sent
    office.close()


def kept(database: Database) -> dict[tuple[str, int], tuple[str, str, list[str]]]:
    with database.connect(f"city_{CHONGQING}") as connection:
        return {
            (terminal, seq): (outcome, reason, not_repeated)
            for terminal, seq, outcome, reason, not_repeated in connection.execute(
                "SELECT terminal_id, seq, outcome, reason, not_repeated FROM tap_verdict"
            )
        }


def named(found: list[Difference]) -> list[tuple[str, str, str]]:
    return [(one.differs, one.tap.ref.terminal_id, one.reason) for one in found]


def lost(city: City, database: Database, published_s: int) -> DenyIndex:
    """The card is lost, and the list that says so is published; as a gate reads it."""
    with database.connect(f"city_{CHONGQING}") as connection:
        media.deny(connection.cursor(), NUMBER, "MEDIUM_LOST")
    return published(city, published_s)


def published(city: City, published_s: int) -> DenyIndex:
    opened = unseal(city.publish_deny_list(published_s), DenyList, KEYS)
    assert not isinstance(opened, Refusal)
    return DenyIndex.of(opened[1])


def test_sound_gates_open_and_refuse_as_the_city_would(
    city: City, city_database: Database, verdicts: Callable[..., list[Difference]]
) -> None:
    gates = Gates()
    poor = replace(CARD, medium_no="4000000000000033", balance_fen=1)
    foreign = replace(CARD, medium_no="4000000000000041", issuer="110000")
    taps = [
        *ride(gates),
        gates.tap("09:00", "exit", OUT),
        gates.tap("09:10", "entry", IN, poor),
        gates.tap("09:20", "entry", IN, foreign),
        gates.tap("09:30", "entry", IN, ACCOUNT_CARD),
        gates.tap("09:40", "exit", OUT, replace(CODE, code_issued_s=moment("09:39"))),
    ]
    gates.deny = lost(city, city_database, moment("10:00"))
    taps.append(gates.tap("11:00", "entry", IN))
    assert [tap.reason for tap in taps[2:5]] == [
        "EXIT_WITHOUT_ENTRY",
        "INSUFFICIENT_BALANCE",
        "ISSUER_NOT_IN_SCHEME",
    ]
    assert taps[-1].reason == "MEDIUM_LOST"
    assert named(verdicts(taps)) == []
    gates.deny = NOBODY
    tomorrow = ride(gates, DAY_S)
    assert named(verdicts(tomorrow, moment("23:00") + DAY_S)) == []
    found = kept(city_database)
    assert len(found) == len(taps) + len(tomorrow)
    assert found["T-entry", 6] == ("opened", "OPEN", ["medium_status"])
    assert found["T-exit", 2] == ("refused", "EXIT_WITHOUT_ENTRY", ["medium_status"])
    assert found["T-entry", 5] == ("refused", "MEDIUM_LOST", ["medium_status"])
    code = "code_window", "medium_form", "medium_status"
    assert found["T-exit", 3][2] == list(code), "a code without its bytes cannot be looked at"


def test_a_gate_that_opens_to_a_denied_medium_is_seen(
    city: City, city_database: Database, verdicts: Callable[..., list[Difference]]
) -> None:
    assert named(verdicts(ride(Gates(lost_but_unseen(city, city_database))))) == [
        ("VERDICT_OPENED", "T-exit", "MEDIUM_LOST"),
        ("VERDICT_OPENED", "T-entry", "MEDIUM_LOST"),
    ]


@pytest.mark.parametrize(
    ("age_s", "differs"), [(DAY_S - 1_801, []), (DAY_S, ["T-exit", "T-entry"])]
)
def test_an_old_list_is_the_acquirers_a_day_after_the_new_one(
    city: City,
    city_database: Database,
    verdicts: Callable[..., list[Difference]],
    age_s: int,
    differs: list[str],
) -> None:
    """Reference 6.2: until 24 hours after publication the issuer bears it, then the acquirer."""
    old = published(city, moment("08:00") - 2 * DAY_S)
    lost(city, city_database, moment("08:00") - age_s)
    found = named(verdicts(ride(Gates(old))))
    assert found == [("VERDICT_LIST_STALE", gate, "OPEN") for gate in differs]


def lost_but_unseen(city: City, database: Database) -> DenyIndex:
    """What a gate has that names the version in which the card is denied, and not the card."""
    return DenyIndex(CHONGQING, lost(city, database, moment("07:00")).version)


def dearer(tap: Tap) -> Tap:
    purse = tap.purse
    if purse is None or not purse.taken_fen:
        return tap
    return replace(tap, purse=PurseFacts(purse.counter, purse.balance_before_fen, 999))


def refusing(tap: Tap) -> Tap:
    purse = None if tap.purse is None else PurseFacts(0, 50_00, 0)
    return replace(tap, outcome="refused", reason="MEDIUM_LOST", purse=purse)


@pytest.mark.parametrize(
    ("twist", "differs"),
    [
        (dearer, [("VERDICT_MONEY", "T-exit", "OPEN")]),
        (
            lambda tap: replace(tap, tariff="500000-20250730/00000000"),
            [("VERDICT_TARIFF", "T-exit", "OPEN"), ("VERDICT_TARIFF", "T-entry", "OPEN")],
        ),
        (
            refusing,
            [("VERDICT_REFUSED", "T-entry", "OPEN")],
        ),
        (
            lambda tap: replace(tap, deny_list_version=99),
            [("VERDICT_LIST_UNKNOWN", gate, "OPEN") for gate in ("T-exit", "T-entry")],
        ),
        (
            lambda tap: replace(tap, reason="FREE_RIDE"),
            [("VERDICT_REASON", "T-exit", "OPEN"), ("VERDICT_REASON", "T-entry", "OPEN")],
        ),
        (
            lambda tap: replace(tap, outcome="refused", reason="CARD_TORN", purse=None),
            [],
        ),
        (lambda tap: replace(tap, time_band_s=600), []),
    ],
    ids=["another price", "another tariff", "denies nobody", "unknown list", "free by itself",
         "only the device knows", "a clock that is off"],
)  # fmt: skip
def test_what_a_gate_does_otherwise_is_said(
    verdicts: Callable[..., list[Difference]],
    twist: Callable[[Tap], Tap],
    differs: list[tuple[str, str, str]],
) -> None:
    taps = ride(Gates(twist=twist))
    if twist is refusing:
        taps = taps[:1]
    found = verdicts(taps)
    assert named(found) == differs
    for one in found:
        assert ("deny_list" in one.not_repeated) == (one.differs == "VERDICT_LIST_UNKNOWN")


@pytest.mark.parametrize("ordered", [True, False])
def test_a_ride_is_free_only_by_an_order_in_the_books(
    city_database: Database, verdicts: Callable[..., list[Difference]], ordered: bool
) -> None:
    if ordered:
        with city_database.connect(f"city_{CHONGQING}") as connection:
            connection.execute(
                "INSERT INTO device_order (site, device, kind, from_s, until_s, ordered_by, why)"
                " VALUES ('SITE-1', '', 'free_ride', %s, %s, 's7', 'smoke')",
                (moment("07:00"), moment("09:00")),
            )
    nothing = PurseFacts(0, 50_00, 0)
    free = ride(Gates(twist=lambda tap: replace(tap, reason="FREE_RIDE", purse=nothing)))
    expected = (
        [] if ordered else [("VERDICT_REASON", gate, "OPEN") for gate in ("T-exit", "T-entry")]
    )
    assert named(verdicts(free)) == expected


def test_what_came_late_is_decided_about_anew(
    city_database: Database, verdicts: Callable[..., list[Difference]]
) -> None:
    entry, exit_ = ride(Gates())
    assert named(verdicts([exit_])) == [("VERDICT_OPENED", "T-exit", "EXIT_WITHOUT_ENTRY")]
    assert named(verdicts([entry], moment("23:30"))) == []
    assert len(kept(city_database)) == 2


def test_what_came_while_the_citys_clock_was_ahead_hides_nothing_that_comes_after(
    city_database: Database, verdicts: Callable[..., list[Difference]]
) -> None:
    gates = Gates()
    verdicts(ride(gates), moment("23:00") + 30 * DAY_S)
    verdicts(ride(gates, 7_200))
    assert len(kept(city_database)) == 4


def test_a_purse_that_was_elsewhere_is_not_guessed_about(
    city_database: Database, verdicts: Callable[..., list[Difference]]
) -> None:
    """Its counter went on without a tap of ours: what was open on it, and what it owed, only the
    card knew. From the next open lane on the city knows again."""
    gates = Gates()
    taps = ride(gates)
    elsewhere = gates.media[NUMBER]
    gates.media[NUMBER] = replace(
        elsewhere, counter=elsewhere.counter + 1, balance_fen=elsewhere.balance_fen - 2_00
    )
    taps += ride(gates, 7_200)
    assert named(verdicts(taps)) == []
    found = kept(city_database)
    assert found["T-entry", 2][2] == ["legacy_charge", "medium_status", "money", "sequence"]
    assert found["T-exit", 2][2] == ["medium_status"]


def test_the_command_counts_gate_by_gate(
    city: City, city_database: Database, verdicts: Callable[..., list[Difference]],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    city.intake([sealed(ride(Gates(twist=dearer)))], moment("23:00"))
    shell = ["trips", "verdicts", "--dsn", city_database.dsn]
    assert run([*shell, "--lang", "zh", "--look"]) == 0
    assert "新判 0 笔；共 0 笔" in capsys.readouterr().out
    assert run([*shell, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)[-1]
    assert told["decided"] == 2
    assert [(one["terminal"], one["taps"], one["differs"]) for one in told["gates"]] == [
        ("T-exit", 1, {"VERDICT_MONEY": 1}),
        ("T-entry", 1, {}),
    ]
    assert [(one["gate_fen"], one["city_fen"]) for one in told["taps"]] == [(999, 450)]
    for language, words in (("en", "other sum"), ("zh", "金额不同")):
        assert run([*shell, "--lang", language, "--gate", "T-exit"]) == 0
        captured = capsys.readouterr()
        assert words in captured.out
        assert "VERDICT_MONEY" in captured.err


def test_the_console_shows_a_difference_with_its_trip(
    city: City, city_database: Database, verdicts: Callable[..., list[Difference]]
) -> None:
    verdicts(ride(Gates(lost_but_unseen(city, city_database))))
    with city_database.connect(f"city_{CHONGQING}") as connection:
        [(trip_id,)] = connection.execute("SELECT trip_id FROM trip").fetchall()
    with TestClient(create_app(city_database, "simulated"), base_url="http://127.0.0.1") as pages:
        for language, words in (
            ("en", "the city, deciding again: This medium was reported lost"),
            ("zh", "城市重判"),
        ):
            page = pages.get(f"/trips/{trip_id}", headers={"accept-language": language}).text
            assert page.count(words) == 2, page
