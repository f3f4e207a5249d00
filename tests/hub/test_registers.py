"""Registers: what members tell the hub of themselves decides, by version and day, what rows are."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hub_world import (
    DAY,
    HUB_KEY,
    HUB_KEYS,
    KEYS_OF,
    RULES,
    A,
    B,
    Sender,
    World,
    opened,
    ride,
    verdicts,
)
from msgspec.structs import replace
from psycopg.errors import RaiseException
from test_ground import CHONGQING, metro_ride

from tongxing.fares.tariff import tariff_file
from tongxing.hub import Hub, HubStore, MemberCity, NetworkGround, members_of
from tongxing.hub.registers import RegisterDesk
from tongxing.hub.store.registers import KeptVersion, load_cities
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DataList, DenyEntry, DenyList, KeyRing, Record, SigningKey, seal
from tongxing.messages.registers import (
    CityEntry,
    CityRegister,
    LossEntry,
    LossRegister,
    NumberEntry,
    NumberRegister,
    Register,
    TerminalEntry,
    TerminalRegister,
)
from tongxing.network import load_registry
from tongxing.storage import Database

NEXT = DAY + timedelta(days=1)
ACQ, ISS = f"ACQ-{A}", f"ISS-{A}"
KEYS = {**KEYS_OF, "HUB": HUB_KEY} | {
    name: SigningKey.from_secret(name, name.encode().rjust(32)) for name in (A, B, CHONGQING)
}
TRUSTED = KeyRing({name: key.public_bytes() for name, key in KEYS.items()})
START_S = at(DAY, 4)
FIRST = date(2026, 1, 1)


def desk_of(store: HubStore) -> RegisterDesk:
    return RegisterDesk(store, TRUSTED, HUB_KEYS)


def told(
    world: World, sender: str, register: Register | DenyList | DataList, now_s: int = START_S
) -> KeptVersion:
    found = desk_of(world.store).take(seal(register, KEYS[sender]), now_s)
    assert isinstance(found, KeptVersion), found
    return found


def refused(
    world: World, sender: str, register: Register | DenyList | DataList, now_s: int = START_S
) -> str:
    found = desk_of(world.store).take(seal(register, KEYS[sender]), now_s)
    assert isinstance(found, Refusal), found
    assert found.message("zh") and found.next_step("en")
    return found.code


def terminals(version: int, *entries: TerminalEntry) -> TerminalRegister:
    return TerminalRegister(version=version, published_s=START_S, terminals=list(entries))


def losses(version: int, *entries: LossEntry) -> LossRegister:
    return LossRegister(version=version, published_s=START_S, losses=list(entries))


def cities(version: int, *entries: CityEntry) -> CityRegister:
    return CityRegister(version=version, published_s=START_S, cities=list(entries))


def deny(city: str, version: int, published_s: int, *media: str) -> DenyList:
    entries = [DenyEntry(medium, "LOST") for medium in media]
    return DenyList(city=city, version=version, published_s=published_s, entries=entries)


def presented(world: World, *records: Record) -> dict[str, str]:
    return verdicts(world.present(records, at(NEXT, 6)))


def numbered(
    trip: str,
    medium_no: str,
    deny_list: int = 0,
    issuer: str = A,
    where: str = "S1-S9",
    charge_fen: int = 450,
    day: date = DAY,
) -> Record:
    found = ride(trip, issuer, where, charge_fen, day=day)
    return replace(found, medium_no=medium_no, deny_list_version=deny_list)


def gate_of(trip: str, city: str = A, last_on: date | None = None, line: str = "") -> TerminalEntry:
    return TerminalEntry(f"G-{city}-{trip}", "", line, FIRST, last_on)


# --- each register decides ------------------------------------------------------------------------


@pytest.mark.req("R-200")
def test_a_terminal_counts_where_and_while_it_is_registered(world: World) -> None:
    moved = [gate_of("moved", line="M2", last_on=FIRST), gate_of("moved", line="M1")]
    gone = gate_of("gone", last_on=DAY - timedelta(days=1))
    told(world, ACQ, terminals(1, gate_of("here"), gone, gate_of("there", line="M2"), *moved))
    answers = presented(world, *map(ride, ("here", "gone", "there", "moved", "nobody")))
    assert answers == {
        "here.1": "accepted 0000",
        "gone.1": "held 1012",
        "there.1": "held 1012",
        "moved.1": "accepted 0000",
        "nobody.1": "held 1012",
    }


def test_a_number_belongs_to_an_issuer_from_a_day_to_a_day(world: World) -> None:
    spans = [NumberEntry("3104", FIRST), NumberEntry("3105", FIRST, DAY - timedelta(days=1))]
    told(world, ISS, NumberRegister(version=1, published_s=START_S, numbers=spans))
    answers = presented(
        world,
        numbered("own", "3104990000000000001"),
        numbered("old", "3105990000000000001"),
        numbered("other", "3199990000000000001"),
        replace(numbered("code", "token-1"), funding="account", medium_kind="code"),
        numbered("silent", "3199990000000000009", issuer=B, charge_fen=500),
    )
    assert answers == {
        "own.1": "accepted 0000",
        "old.1": "held 1008",
        "other.1": "held 1008",
        "code.1": "accepted 0000",
        "silent.1": "accepted 0000",
    }


LOST, FOUND, NAMELESS, FORGOTTEN = (f"310499000000000000{n}" for n in range(4))
TOLD_S = at(DAY - timedelta(days=2), 12)
LOSSES = losses(
    1,
    LossEntry(LOST, TOLD_S - 7_200),
    LossEntry(FOUND, TOLD_S - 7_200, found_s=at(DAY, 5)),
    LossEntry(NAMELESS, TOLD_S - 7_200, is_anonymous=True),
    LossEntry(FORGOTTEN, TOLD_S - 7_200),
)
"""Told to the hub at noon two days before the rides; the grace is over a day before them."""


@pytest.mark.req("R-200")
def test_whose_loss_a_reported_card_is_says_the_list_that_its_row_proves(world: World) -> None:
    """City A's list 8 came before the hub was told, list 9 after it names the lost card."""
    told(world, A, deny(A, 8, TOLD_S - 3_600))
    told(world, ISS, replace(LOSSES, published_s=TOLD_S), TOLD_S)
    told(world, A, deny(A, 9, TOLD_S + 60, LOST, FOUND, NAMELESS), TOLD_S + 60)
    answers = world.present(
        [
            numbered("older", LOST, 8),
            numbered("had-it", LOST, 9),
            numbered("unproven", LOST, 0),
            numbered("found-again", FOUND, 9),
            numbered("no-name", NAMELESS, 9),
            numbered("list-wrong", FORGOTTEN, 9),
            numbered("before", LOST, 7, day=DAY - timedelta(days=3)),
        ],
        at(NEXT, 6),
    )
    found = {
        item.record_id: f"{item.status} {item.code} {item.bearer}" for item in answers.verdicts
    }
    assert found == {
        "older.1": "rejected 1009 acquirer",
        "had-it.1": "rejected 1009 acquirer",
        "unproven.1": "rejected 1009 acquirer",
        "found-again.1": "accepted 0000 cardholder",
        "no-name.1": "accepted 0000 cardholder",
        "list-wrong.1": "accepted 0009 issuer",
        "before.1": "accepted 0015 cardholder",
    }


def test_what_a_city_does_not_list_of_others_is_its_own_loss(world: World) -> None:
    """The same forgotten card in City B, whose list it is not the issuer's to keep."""
    told(world, ISS, replace(LOSSES, published_s=TOLD_S), TOLD_S)
    told(world, B, deny(B, 3, TOLD_S + 60, LOST), TOLD_S + 60)
    answers = presented(
        world,
        numbered("forgotten", FORGOTTEN, 3, where="bus", charge_fen=180),
        numbered("grace", LOST, 3, where="bus", charge_fen=180, day=DAY - timedelta(days=2)),
    )
    late_in_grace = replace(LOSSES, version=2, losses=[*LOSSES.losses, LossEntry("X1", TOLD_S)])
    told(world, ISS, late_in_grace, at(DAY, 7))
    lately = presented(world, numbered("lately", "X1", 3, where="bus", charge_fen=180))
    assert answers["forgotten.1"] == "rejected 1009"
    assert answers["grace.1"] == "accepted 0015", "tapped at 8, reported at 10"
    assert lately == {"lately.1": "accepted 0009"}, "the hub was told an hour before the tap"


def test_a_city_that_left_is_let_in_for_seven_days(world: World) -> None:
    entered = CityEntry(A, FIRST)
    told(world, "HUB", cities(1, entered, CityEntry(B, FIRST)))
    days = [(6, "accepted 0000"), (7, "held 1017")]
    for version, (ago, verdict) in enumerate(days, start=2):
        told(world, "HUB", cities(version, entered, CityEntry(B, FIRST, DAY - timedelta(days=ago))))
        visitor = ride(f"v{ago}", issuer=B, charge_fen=500)
        assert presented(world, visitor) == {f"v{ago}.1": verdict}
    assert refused(world, "HUB", cities(9, entered)) == "REGISTER_UNFIT", "it may not vanish"
    with world.store.reading() as cursor:
        assert load_cities(cursor)[B].left_version == 2, "the first that said so"


# --- what is missing is said ----------------------------------------------------------------------


def test_a_check_without_its_register_is_not_made_and_said_so(world: World) -> None:
    rides = [ride("t1"), ride("t2", issuer=B, charge_fen=500)]
    presented(world, *rides)
    everything = {
        "card": 2,
        "city_list": 1,
        "denied": 2,
        "number": 2,
        "signature": 2,
        "terminal": 2,
    }
    window = "W20260318"
    assert dict(said(world, window)) == everything
    told(world, ACQ, terminals(1, gate_of("t3")))
    told(world, ISS, NumberRegister(version=1, published_s=START_S, numbers=[]))
    told(world, ISS, LOSSES)
    told(world, "HUB", cities(1, CityEntry(A, FIRST), CityEntry(B, FIRST)))
    presented(world, ride("t3", issuer=B, charge_fen=500))
    later = {name: rows - everything.get(name, 0) for name, rows in said(world, window)}
    assert later == {**dict.fromkeys(everything, 0), "card": 1, "denied": 1, "number": 1} | {
        "signature": 1
    }


def said(world: World, window: str) -> Sequence[tuple[str, int]]:
    return [(name, rows) for _, name, rows in world.hub.checks_not_made(window)]


# --- versions, owners, bad registers --------------------------------------------------------------


def test_versions_only_rise_and_only_an_owner_tells(world: World) -> None:
    mine = terminals(5, gate_of("t1"))
    assert told(world, ACQ, mine) == told(world, ACQ, mine, START_S + 9), "twice is once"
    assert refused(world, ACQ, terminals(4, gate_of("t2"))) == "REGISTER_ROLLBACK"
    assert refused(world, ACQ, terminals(5, gate_of("t2"))) == "REGISTER_CHANGED"
    assert refused(world, ISS, terminals(6)) == "REGISTER_OWNER"
    assert refused(world, ACQ, LOSSES) == "REGISTER_OWNER"
    assert refused(world, ACQ, cities(1)) == "REGISTER_OWNER", "the hub's own"
    assert refused(world, A, deny(B, 1, START_S)) == "REGISTER_OWNER"
    forged_list = seal(cities(1), SigningKey.from_secret("HUB", b"s" * 32))
    answer = desk_of(world.store).take(forged_list, START_S)
    assert isinstance(answer, Refusal) and answer.code == "SIGNATURE_INVALID"
    with world.store.changing() as cursor, pytest.raises(RaiseException, match="final"):
        cursor.execute("DELETE FROM register_version")
    stranger = SigningKey.from_secret(ACQ, b"s" * 32)
    forged = desk_of(world.store).take(seal(terminals(7), stranger), START_S)
    assert isinstance(forged, Refusal) and forged.code == "SIGNATURE_INVALID"
    assert [(one.kind, one.version) for one in desk_of(world.store).registers()] == [
        ("TerminalRegister", 5)
    ]


@pytest.mark.parametrize(
    ("sender", "register", "told"),
    [
        (ACQ, terminals(1, gate_of("t1", last_on=FIRST - timedelta(days=1))),
         "ends on 2025-12-31, before its first day, 2026-01-01"),
        (ISS, losses(1, LossEntry("C1", 9), LossEntry("C1", 9)), "the same entry of C1"),
        (ISS, losses(1, LossEntry("3104990000000000001", 9, found_s=8)),
         "310499*********0001 was found 1970-01-01 08:00:08, before its loss was reported"),
        ("HUB", cities(1, CityEntry(A, FIRST), CityEntry(A, FIRST)), f"the same entry of {A}"),
        ("HUB", cities(1, CityEntry(A, FIRST, FIRST - timedelta(days=1))), "left before it joined"),
        (ACQ, replace(terminals(1), published_s=START_S + 601), "later than the clearing house"),
    ],
)  # fmt: skip
def test_a_register_that_cannot_be_right_is_refused(
    world: World, sender: str, register: Register, told: str
) -> None:
    """And what cannot be right is told in words, never as the program writes it."""
    found = desk_of(world.store).take(seal(register, KEYS[sender]), START_S)
    assert isinstance(found, Refusal) and found.code == "REGISTER_UNFIT"
    assert told in found.message("en")
    for language in ("zh", "en"):
        assert not re.search(r"Entry|datetime|_on=|_s\b", found.message(language))


# --- tariffs --------------------------------------------------------------------------------------


def dearer_from_tomorrow() -> bytes:
    """Chongqing's own tariff file, whose shortest metro rides cost 3 yuan instead of 2 from the
    18th of March on."""
    head, rule_id, rest = tariff_file(CHONGQING).decode().partition('id = "CQ-RAIL-2025"')
    rule, sep, tail = rest.partition("[[rule]]")
    first = "from = 2025-07-30"
    until = rule.replace(first, f"{first}\nuntil = 2026-03-17")
    new = rule.replace(first, "from = 2026-03-18").replace("[200, 300,", "[300, 300,")
    assert until != rule and new.count("[300, 300,") == 1
    return f'{head}{rule_id}{until}{sep}\nid = "CQ-RAIL-2026"{new}{sep}{tail}'.encode()


@pytest.mark.req("R-200")
def test_amounts_are_recomputed_by_the_tariff_that_a_city_published_also_at_midnight(
    database: Database,
) -> None:
    """Xiaoshizi to Linjiangmen, 2,194 m: 2 yuan for who enters at 23:50, 3 yuan at 00:10."""
    acquirer = f"ACQ-{CHONGQING}"
    key = SigningKey.from_secret(acquirer, b"k" * 32)
    store = HubStore(database)
    ring = KeyRing({acquirer: key.public_bytes()})
    hub = Hub(store, HUB_KEY, ring, RULES, NetworkGround(load_registry()))
    assert (
        hub.enrol(members_of([MemberCity(CHONGQING, "重庆", "Chongqing", True)]), START_S) is None
    )
    published = DataList(
        city=CHONGQING,
        name="tariff",
        version=1,
        published_s=START_S,
        not_before_s=START_S,
        content=dearer_from_tomorrow(),
    )
    desk = desk_of(store)
    unusable = seal(replace(published, content=b"fares = 1"), KEYS[CHONGQING])
    refusal = desk.take(unusable, START_S)
    assert isinstance(refusal, Refusal) and refusal.code == "LIST_UNFIT"
    assert not isinstance(desk.take(seal(published, KEYS[CHONGQING]), START_S), Refusal)
    one = metro_ride("xiaoshizi", "linjiangmen", CHONGQING, CHONGQING)
    rides = [
        (10, at(DAY, 23) + 3_000, 200, one.tariff, "accepted 0000"),
        (20, at(NEXT, 0) + 600, 200, one.tariff, "held 1007"),
        (30, at(NEXT, 0) + 600, 200, "500000-20260318/f2419b00", "held 1007"),
        (40, at(NEXT, 0) + 600, 300, "500000-20260318/f2419b00", "accepted 0000"),
    ]
    records = [
        replace(
            one,
            record_id=f"m{seq}.1",
            trip_id=f"m{seq}",
            scheme=f"local:{CHONGQING}",
            entered_s=entered_s,
            exited_s=entered_s + 1_200,
            fare_fen=fen,
            charge_fen=fen,
            delta_fen=fen,
            tariff=tariff,
            taps=[replace(tap, seq=tap.seq + seq) for tap in one.taps],
        )
        for seq, entered_s, fen, tariff, _ in rides
    ]
    manifest, data = Sender(ACQ).file(records, key=key, sender=acquirer, file_id="F1")
    answer = opened(hub.receive_file(manifest, data, at(NEXT, 6)))
    assert verdicts(answer) == {f"m{seq}.1": verdict for seq, _, _, _, verdict in rides}
    hub.close()
