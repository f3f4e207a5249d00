"""A month of a clearing house, with everything in it that can happen to a record.

The days are made once. They can be packed into files in any way, arrive at any second of the same
calendar day inside their windows, and be played to a hub with all that people do beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from random import Random

import msgspec
from hub_world import (
    DAY,
    HUB_KEY,
    KEYS_OF,
    RULES,
    TRUSTED,
    A,
    B,
    Sender,
    World,
    revised,
    ride,
    void,
)
from msgspec.structs import replace
from psycopg import sql

from tongxing.hub import Confirmation, Hub, WindowClosing, window_of
from tongxing.hub.cases.desk import CaseDesk
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.iso20022 import status_report
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import CardProof, CaseAct, CaseFile, Evidence, Record, seal

DAYS = 30
RIDES = 6
ACQUIRERS = (f"ACQ-{A}", f"ACQ-{B}")
CARD = "3104990000000000017"
UNREADABLE = b'{"record_id":"torn'
KEPT = (
    *("record_file", "document", "instruction", "checkpoint", "checkpoint_leaves"),
    *("record", "refused_row", "record_event", "tap_claim", "purse_link"),
    "code_display",
    *("pair_net", "operator_net", "member_position", "posting", "posting_line"),
    *("dispute_case", "case_event", "case_money"),
)
OF_FILES = frozenset({"record_file", "refused_row", "checkpoint", "checkpoint_leaves"})
"""Tables that tell of the files in which the rows came."""
_MOMENTS = frozenset({"received_s", "admitted_s", "at_s"})
_PLACES = frozenset({"file_id", "row_no"})

File = tuple[str, bytes, bytes, int]
"""Sender, manifest, data, and the second at which it was complete."""


@dataclass(frozen=True)
class Unit:
    """Rows of one acquirer that belong into one file."""

    records: tuple[Record, ...] = ()
    lines: tuple[bytes, ...] = ()


Day = Mapping[str, Sequence[Unit]]
"""What each acquirer presents of a day."""


def month(random: Random, forks: frozenset[int] = frozenset()) -> list[Day]:
    """Rides, revisions of some a day later, and one of each kind of odd row. On the days of `forks`
    both cities tell of one counter of a card, each another purchase."""
    days: list[Day] = []
    earlier: list[Record] = []
    for number in range(DAYS):
        rides = [_any_ride(random, f"d{number:02d}r{n}", number) for n in range(RIDES)]
        units = [Unit((record,)) for record in rides]
        units += [Unit((revised(old, random.randrange(180)),)) for old in earlier[:3]]
        units += [Unit((record,)) for record in _odd(number, earlier[3:5])]
        units += _handed_over(number)
        units += [Unit((_fork(number),))] if number in forks else []
        of = {name: [u for u in units if u.records[0].acquirer == name] for name in ACQUIRERS}
        of[ACQUIRERS[number % 2]].append(Unit(lines=(UNREADABLE,)))
        days.append(of)
        earlier = rides
    return days


def _any_ride(random: Random, trip: str, number: int) -> Record:
    return ride(
        trip,
        issuer=random.choice([A, B]),
        where=random.choice(["S1-S9", "S2-S8", "bus"]),
        charge_fen=random.randrange(1, 180),
        day=DAY + timedelta(days=number),
    )


def _odd(number: int, seen: Sequence[Record]) -> list[Record]:
    """Held, late, too late, of a trial, of a stranger, a purse's; a copy, and a conflict."""
    day, name = DAY + timedelta(days=number), f"d{number:02d}"
    where = ("S1-S9", "bus")[number % 2]
    held = [ride(f"{name}held{more}", issuer=B, charge_fen=100, day=day) for more in ("", "2")]
    found = [
        *(replace(record, fare_fen=501) for record in held),
        ride(f"{name}late", where=where, charge_fen=90, day=day - timedelta(days=3)),
        ride(f"{name}gone", where=where, charge_fen=90, day=day - timedelta(days=11)),
        replace(ride(f"{name}trial", day=day), is_test=True),
        replace(ride(f"{name}alien", where=where, day=day), issuer="ISS-999999"),
        *_signed(number),
        *_shown(number),
    ]
    if seen:
        copy, other = seen
        wrong_fen = other.charge_fen + 1
        found += [copy, replace(other, charge_fen=wrong_fen, delta_fen=wrong_fen)]
    return found


def _signed(number: int) -> list[Record]:
    """Two purchases of one card, in one city and then the other: each window's come in any order.
    On the sixth day money is gone since the day before, so its first purchase is held."""
    found = []
    for part, where in enumerate(("S1-S9", "bus")):
        counter = 2 * number + part + 1
        gone_fen = 100_000 if number >= 5 else 0
        record = ride(f"d{number:02d}c{part}", where=where, charge_fen=150)
        record = replace(record, **_moved(record, number))
        proof = CardProof(
            number=CARD,
            issuer_id=bytes(8),
            card_factor=bytes(8),
            key_version=1,
            algorithm=4,
            amount_fen=150,
            kind=9,
            terminal_no=bytes(6),
            serial=counter,
            time=f"{DAY + timedelta(days=number):%Y%m%d}083000",
            counter=counter,
            balance_before_fen=200_000 - gone_fen - 150 * counter,
            tac=bytes(4),
        )
        found.append(replace(record, medium_no=CARD, proofs=[proof]))
    return found


def _fork(number: int) -> Record:
    """The other city's purchase at the counter of a day's first or second one."""
    part = number % 2
    real = _signed(number)[1 - part]
    clone = replace(real.proofs[0], serial=90_000 + number)
    record = ride(f"d{number:02d}fork", where=("S1-S9", "bus")[part], charge_fen=150)
    return replace(record, medium_no=CARD, proofs=[clone], **_moved(record, number))


def _shown(number: int) -> list[Record]:
    """Two rides on one display, in two cities; and a third on that of the day before."""
    shown = [(f"d{number:02d}q{part}", part, number) for part in (0, 1)]
    shown += [(f"d{number:02d}q2", number % 2, number - 1)] if number else []
    return [
        replace(
            ride(trip, where=("S1-S9", "bus")[part], charge_fen=120, day=DAY + timedelta(number)),
            medium_kind="code",
            funding="account",
            codes=[f"display {day}".encode()],
        )
        for trip, part, day in shown
    ]


def _moved(record: Record, days: int) -> dict[str, int]:
    later_s = days * DAY_S
    return {"entered_s": record.entered_s + later_s, "exited_s": record.exited_s + later_s}


def _handed_over(number: int) -> list[Unit]:
    """A half trip; and of yesterday's one its end, with the whole trip that takes its tap."""
    return [Unit((_half(number),))] + ([_whole(number - 1)] if number else [])


def _half(number: int) -> Record:
    day = DAY + timedelta(days=number)
    return ride(f"d{number:02d}half", how="missing_exit", charge_fen=900, day=day)


def _whole(number: int) -> Unit:
    half = _half(number)
    whole = ride(f"d{number:02d}whole", charge_fen=140, day=DAY + timedelta(days=number))
    return Unit((void(half), replace(whole, taps=[half.taps[0], whole.taps[1]])))


def packed(days: Sequence[Day], random: Random | None = None) -> list[list[File]]:
    """Each day's rows in files, two of each acquirer; with `random` in any number of other ones,
    each unit's rows in order, and some rows a second time."""
    senders = {member: Sender(member) for member in ACQUIRERS}
    found = []
    for day in days:
        files = []
        for member, units in day.items():
            for part in _parts(units, random):
                records = [record for unit in part for record in unit.records]
                lines = [line for unit in part for line in unit.lines]
                manifest, data = senders[member].file(records, lines)
                senders[member].took(manifest)
                files.append((member, manifest, data, 0))
        found.append(files)
    return found


def _parts(units: Sequence[Unit], random: Random | None) -> list[Sequence[Unit]]:
    if random is None:
        return [units[::2], units[1::2]]
    mixed = random.sample(units, len(units))
    cuts = [0, *sorted(random.choices(range(len(mixed)), k=random.randrange(4))), len(mixed)]
    parts = [mixed[begin:end] for begin, end in pairwise(cuts) if begin < end]
    again = [unit for unit in random.sample(mixed, min(3, len(mixed))) if len(unit.records) == 1]
    return [*parts, again]


def arriving(days: Sequence[Sequence[File]], random: Random | None = None) -> list[list[File]]:
    """The files with their seconds of arrival; with `random` other ones of the same window, and
    senders mixed, but each sender's own in the order of its chain."""
    found = []
    for number, files in enumerate(days):
        now_s = at(DAY + timedelta(days=number + 1), 4)
        waiting: dict[str, list[File]] = {}
        for file in files:
            waiting.setdefault(file[0], []).append(file)
        arrivals: list[File] = []
        while any(waiting.values()):
            senders = sorted(name for name, own in waiting.items() if own)
            sender = senders[0] if random is None else random.choice(senders)
            now_s += 60 if random is None else random.randrange(2_400)
            arrivals.append((*waiting[sender].pop(0)[:3], now_s))
        found.append(arrivals)
    return found


def from_the_books(world: World) -> list[list[File]]:
    """The files of each window as a hub keeps them, in order of arrival: what a replay begins
    with."""
    days: dict[str, list[File]] = {}
    with world.store.reading() as cursor:
        for window_id, *file in cursor.execute(
            "SELECT window_id, sender, manifest, data, received_s FROM record_file"
            " ORDER BY received_s, sender, number"
        ):
            sender, manifest, data, received_s = file
            days.setdefault(window_id, []).append((sender, manifest, data, received_s))
    return [days[window_id] for window_id in sorted(days)]


def play(world: World, days: Sequence[Sequence[File]], random: Random | None = None) -> list[bytes]:
    """Give the hub every file, close every window, pay it, and do what people do; all verdict files
    in order of manifest. With `random` files come twice now and then, windows are closed twice, and
    the bank reports in another order."""
    answers: dict[bytes, bytes] = {}
    for number, files in enumerate(days):
        for _, manifest, data, received_s in files:
            for _ in range(1 if random is None else random.choice([1, 2])):
                answer = world.hub.receive_file(manifest, data, received_s)
                assert isinstance(answer, bytes), answer
                assert answers.setdefault(manifest, answer) == answer
        close(world.hub, number)
        if random is not None and random.random() < 0.3:
            close(world.hub, number)
        settle(world.hub, number, random)
        for act in _PEOPLE.get(number, ()):
            act(world, number)
    return [answers[manifest] for manifest in sorted(answers)]


def cutoff_of(number: int) -> int:
    return at(DAY + timedelta(days=number + 1), 12)


def close(hub: Hub, number: int) -> WindowClosing:
    cutoff_s = cutoff_of(number)
    closing = hub.close_window(window_of(cutoff_s - 1, RULES), cutoff_s)
    assert isinstance(closing, WindowClosing), closing
    return closing


def settle(hub: Hub, number: int, random: Random | None = None) -> None:
    now_s = cutoff_of(number) + 3 * 3_600
    while payments := hub.payments_to_send(window_of(cutoff_of(number) - 1, RULES)):
        for payment in payments if random is None else random.sample(payments, len(payments)):
            report = status_report(payment.instruction, "ACSC", now_s, "B")
            assert isinstance(hub.confirm_payment(report, now_s), Confirmation)


# --- what people do: after the closing of a window, before the first file of the next ------------


def _decide(trip: str, proves: bool) -> Callable[[World, int], None]:
    def act(world: World, number: int) -> None:
        desk = HoldingDesk(world.store, HUB_KEY, RULES)
        found = desk.decide(f"{trip}.1", proves, "ann", "tape", cutoff_of(number) + 14_400)
        assert isinstance(found, bytes), found

    return act


def _suspend(world: World, number: int) -> None:
    assert world.hub.suspend(f"ISS-{B}", cutoff_of(number) + 14_400) is None


def _reinstate(world: World, number: int) -> None:
    assert not isinstance(world.hub.reinstate(f"ISS-{B}", cutoff_of(number) + 14_400), Refusal)


def _says(member: str, act: str, trip: str, **said: object) -> Callable[[World, int], None]:
    """An act of a case: one that opens it names the trip's record, any other its case."""

    def send(world: World, number: int) -> None:
        with world.store.reading() as cursor:
            row = cursor.execute(
                "SELECT case_id FROM dispute_case WHERE record_id = %s", (f"{trip}.1",)
            ).fetchone()
        about = {"record_id": f"{trip}.1"} if row is None else {"case_id": row[0]}
        plain = {"act_id": "a", "act": act, **about, **msgspec.to_builtins(said)}
        told = msgspec.convert(plain, CaseAct)
        file = CaseFile(file_id=f"{act}-{trip}", sender=member, created_s=1, acts=[told])
        desk = CaseDesk(world.store, HUB_KEY, TRUSTED, RULES)
        now_s = cutoff_of(number) + 14_400
        assert isinstance(desk.receive(seal(file, KEYS_OF[member]), now_s), bytes)

    return send


_CLAIM = {"amount_fen": 50, "reason": "R1"}
_PEOPLE: Mapping[int, Sequence[Callable[[World, int], None]]] = {
    3: [_decide("d02held", True), _says(f"ISS-{A}", "charge_back", "d01c1", **_CLAIM)],
    4: [_decide("d03held", False), _says(f"ISS-{A}", "charge_back", "d02c1", **_CLAIM)],
    5: [_says(f"ACQ-{B}", "represent", "d02c1", evidence=[Evidence("tape", "a" * 64)])],
    6: [_says(f"ACQ-{A}", "credit_adjust", "d03c0", amount_fen=20)],
    8: [_suspend],
    11: [_reinstate],
}


def everything(world: World, *, whatever_the_files: bool = False) -> list[tuple[object, ...]]:
    """All that the hub keeps, but the seconds at which files came; or also without what tells of
    files, which is then what the money is and what members are told of it."""
    found: list[tuple[object, ...]] = []
    left_out = _MOMENTS | (_PLACES if whatever_the_files else frozenset())
    with world.store.reading() as cursor:
        for table in KEPT:
            if whatever_the_files and table in OF_FILES:
                continue
            cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            for row in cursor.fetchall():
                kept = zip(names, row, strict=True)
                found.append((table, *(value for name, value in kept if name not in left_out)))
    return sorted(found, key=repr)


def money_of(world: World) -> list[tuple[object, ...]]:
    """What members are told of money and what the books say of it: statements in every form,
    payments, journals; not the verdicts on the way there."""
    tables = ("instruction", "pair_net", "operator_net", "member_position", "case_money")
    wanted = {*tables, "posting", "posting_line", "document"}
    rows = [row for row in everything(world, whatever_the_files=True) if row[0] in wanted]
    return [row for row in rows if "carried_verdicts" not in row]
