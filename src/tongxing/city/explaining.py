"""Why a trip costs what it costs: found by what a person has in hand, priced again to be sure.

A price is a promise that can be checked. An audit trusts no stored price line: it folds the
rider's taps anew from the checkpoint before the trip, and holds what comes out against what was
booked, line by line. Everything here only reads; nothing may be written, also not to mend.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from itertools import pairwise, zip_longest
from typing import Literal

from tongxing.city.half_trips import NO_RESOLUTIONS, Resolutions
from tongxing.city.riding import ACCOUNT, EMPTY_FARE_STATE, NEW_STATE, RiderState, Trip, fold
from tongxing.city.store import days, half_trips, riders
from tongxing.city.store.cursor import Cursor
from tongxing.city.terms import half_trip_terms
from tongxing.city.views import RevisionSeen, TapSeen, TripSeen
from tongxing.fares import CityFares, FareState, PriceLine, with_account
from tongxing.messages import Record, Tap, TapRef

FIRST_DAY = date.min

Result = Literal["same", "moved", "different"]
REMEMBERED = frozenset({
    "before_fen", "after_fen", "rides", "rides_before", "reached", "ride", "left",
    "gap_s", "first_mode", "first_line", "first_fen",
})  # fmt: skip
"""The values of price lines that hang on earlier rides, not on this one."""


@dataclass(frozen=True, slots=True)
class TripFound:
    """A trip that a search came upon, with enough of it to tell it from the others."""

    trip_id: str
    entered_s: int
    charge_fen: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a revision changed of the trip before it, and why.

    `why` holds codes: "first", "taps" (other taps), "ends" (complete or half trip), "medium",
    "tariff", "memory" (nothing of the ride itself: a counter or transfer window before it),
    "void" (withdrawn), "again" (it stands again). `came` are the taps that are new in it.
    """

    seen: RevisionSeen
    why: tuple[str, ...]
    came: tuple[TapSeen, ...]
    gone: tuple[TapRef, ...]


@dataclass(frozen=True, slots=True)
class Repriced:
    """A trip priced once more from the taps of its rider.

    `trip` is None when the taps make no such trip (of a withdrawn one, that is right). `since` is
    the business day of the checkpoint that the fold began at, None for the rider's first tap;
    `taps` is how many were folded. `before` is the medium's fare state ahead of the step that
    settled the trip; None when it was settled in the middle of a step (a stated end, say).
    """

    trip: Trip | None
    since: date | None
    taps: int
    before: FareState | None


@dataclass(frozen=True, slots=True)
class LineCheck:
    """A stored price line beside the one worked out again; None where one side has none."""

    stored: PriceLine | None
    again: PriceLine | None

    @property
    def result(self) -> Result:
        """ "same", "different", or "moved": the price is the same, and only what the medium
        remembered before the ride differs, since an earlier ride came in after this one was booked.

        A value that only the new line has is no difference: older books said less.
        """
        one, other = self.stored, self.again
        if one is None or other is None:
            return "different"
        if (one.kind, one.rule, one.amount_fen) != (other.kind, other.rule, other.amount_fen):
            return "different"
        differing = {name for name, value in one.values.items() if other.values.get(name) != value}
        if not differing:
            return "same"
        return "moved" if differing <= REMEMBERED else "different"


@dataclass(frozen=True, slots=True)
class FactCheck:
    """Something else that must come out again: `name` says what, amounts are fen."""

    name: str
    stored: int | str
    again: int | str

    @property
    def result(self) -> Result:
        return "same" if self.stored == self.again else "different"


def trips_beginning(cursor: Cursor, beginning: str, limit: int) -> list[TripFound]:
    """Trips whose id begins so, in order of id. `beginning` is hex digits, in lower case."""
    rows = cursor.execute(
        "SELECT trip_id, entered_s, charge_fen FROM trip"
        " WHERE trip_id >= %s AND trip_id < %s ORDER BY trip_id LIMIT %s",
        (beginning, beginning + "g", limit),
    )
    return [TripFound(*row) for row in rows]


def trips_of_tap(cursor: Cursor, ref: TapRef, limit: int) -> list[TripFound]:
    """Trips that now rest on a tap; where none does, those that once did and were withdrawn."""
    rows = cursor.execute(
        "SELECT DISTINCT t.trip_id, t.entered_s, t.charge_fen, t.how = 'void'"
        " FROM trip_tap tt JOIN trip t ON t.trip_id = tt.trip_id"
        "  AND (tt.revision = t.revision OR t.how = 'void')"
        " WHERE (tt.terminal_id, tt.epoch, tt.seq) = (%s, %s, %s) ORDER BY t.trip_id LIMIT %s",
        (ref.terminal_id, ref.epoch, ref.seq, limit),
    ).fetchall()
    standing = [row for row in rows if not row[3]]
    return [TripFound(*row[:3]) for row in standing or rows]


def waiting_beginning(cursor: Cursor, beginning: str) -> bool:
    """Whether a half trip whose id begins so waits to be resolved: it is no trip yet."""
    return (
        cursor.execute(
            "SELECT 1 FROM half_trip WHERE trip_id >= %s AND trip_id < %s LIMIT 1",
            (beginning, beginning + "g"),
        ).fetchone()
        is not None
    )


def tap_outcome(cursor: Cursor, ref: TapRef) -> tuple[str, str] | None:
    """What the gate did ("opened" or "refused") and why; None for a tap that is not here."""
    row = cursor.execute(
        "SELECT outcome, reason FROM tap WHERE (terminal_id, epoch, seq) = (%s, %s, %s)",
        (ref.terminal_id, ref.epoch, ref.seq),
    ).fetchone()
    return None if row is None else (str(row[0]), str(row[1]))


def changes_of(trip: TripSeen) -> tuple[Change, ...]:
    """Each revision of a trip with what made it necessary, in order."""
    befores = (None, *trip.revisions)
    return tuple(_change(trip, before, seen) for before, seen in pairwise(befores) if seen)


def reprice(cursor: Cursor, fares: CityFares, trip_id: str) -> Repriced:
    """Price a booked trip again, from its rider's taps and with the tariffs held here.

    Raises LookupError for a trip that the city does not have.
    """
    row = cursor.execute(
        "SELECT rider_id, business_date, medium_no FROM trip WHERE trip_id = %s", (trip_id,)
    ).fetchone()
    if row is None:
        raise LookupError(trip_id)
    rider_id, day, medium_no = row
    since, state = riders.load_checkpoints(cursor, {rider_id: day}).get(
        rider_id, (FIRST_DAY, NEW_STATE)
    )
    taps = riders.load_taps_since(cursor, {rider_id: since})[rider_id]
    last_day = None if since == FIRST_DAY else since
    closed_until_s = days.closed_until(cursor)
    said = half_trips.load_resolutions(cursor, [rider_id]).get(rider_id, NO_RESOLUTIONS)
    terms = half_trip_terms(fares.network.code)
    folded = fold(state, taps, fares, closed_until_s, last_day, said, terms)
    found = [trip for trip in folded.trips if trip.trip_id == trip_id]
    before = None
    if found:
        before = _state_before(state, taps, fares, found[-1], said)
    return Repriced(
        trip=found[-1] if found else None,
        since=last_day,
        taps=len(taps),
        before=None if before is None else _fare_state(before, medium_no),
    )


def compare_lines(stored: Sequence[PriceLine], again: Sequence[PriceLine]) -> tuple[LineCheck, ...]:
    """Stored lines beside those worked out again, matched by kind and rule in their order."""
    old, new = ([(line.kind, line.rule) for line in lines] for lines in (stored, again))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        LineCheck(one, other)
        for _, first, last, begin, end in matcher.get_opcodes()
        for one, other in zip_longest(stored[first:last], again[begin:end])
    )


def compare_facts(trip: TripSeen, again: Trip | None) -> tuple[FactCheck, ...]:
    """What must be equal beside the lines: sums within the books, and the trip itself."""
    row = trip.row
    lines_fen = sum(line.amount_fen for line in trip.lines)
    deltas_fen = sum(seen.record.delta_fen for seen in trip.revisions)
    checks = [
        FactCheck("lines", row.charge_fen, lines_fen),
        FactCheck("records", row.charge_fen, deltas_fen),
    ]
    if again is None:
        return (*checks, FactCheck("how", row.how, "void"))
    taps = ", ".join(map(str, trip.revisions[-1].record.taps)) if trip.revisions else ""
    return (
        *checks,
        FactCheck("how", row.how, again.how),
        FactCheck("fare", row.fare_fen, again.fare_fen),
        FactCheck("charge", row.charge_fen, again.charge_fen),
        FactCheck("tariff", row.tariff, again.tariff),
        FactCheck("remark", row.remark, again.remark),
        FactCheck("medium", row.medium_no, again.last.medium_no),
        FactCheck("entered", row.entered_s, again.entered_s),
        FactCheck("exited", row.exited_s, again.exited_s),
        FactCheck("origin", row.origin, again.origin),
        FactCheck("destination", row.destination, again.destination),
        FactCheck("taps", taps, ", ".join(map(str, again.taps))),
    )


def _change(trip: TripSeen, before: RevisionSeen | None, seen: RevisionSeen) -> Change:
    record = seen.record
    old = [] if before is None else before.record.taps
    came = tuple(tap for tap in trip.taps if tap.tap.ref in set(record.taps) - set(old))
    gone = tuple(ref for ref in old if ref not in record.taps)
    return Change(seen, tuple(_why(before, seen)), came, gone)


def _why(before: RevisionSeen | None, seen: RevisionSeen) -> Iterator[str]:
    if before is None:
        yield "first"
        return
    old, new = before.record, seen.record
    if new.how == "void":
        yield "void"
        return
    if old.how == "void":
        yield "again"
    differs = {
        "taps": old.taps != new.taps,
        "ends": old.how not in ("void", new.how) or (old.how == new.how and _moved(old, new)),
        "medium": old.medium_no != new.medium_no,
        "tariff": old.tariff != new.tariff,
    }
    yield from (why for why, does in differs.items() if does)
    if old.how != "void" and not any(differs.values()):
        yield "memory"


def _moved(old: Record, new: Record) -> bool:
    """Whether a half trip was stated to end elsewhere than before, on the same taps."""
    ends = [(one.origin, one.destination) for one in (old, new)]
    return old.taps == new.taps and ends[0] != ends[1]


def _state_before(
    state: RiderState, taps: Sequence[Tap], fares: CityFares, wanted: Trip, said: Resolutions
) -> RiderState | None:
    """The state ahead of the step that made the trip, as the whole fold made it."""
    terms = half_trip_terms(fares.network.code)
    for tap in taps:
        for step, now_s in (((), tap.time_s), ((tap,), 0)):
            folded = fold(state, step, fares, now_s, None, said, terms)
            if folded.trips[:1] == [wanted]:
                return state
            state = folded.state
    due_s = wanted.exited_s
    return state if fold(state, (), fares, due_s, None, said, terms).trips[:1] == [wanted] else None


def _fare_state(state: RiderState, medium_no: str) -> FareState:
    """What the medium remembers, together with what its account counts for all its media."""
    own = state.fare_states.get(medium_no, EMPTY_FARE_STATE)
    return with_account(own, state.fare_states.get(ACCOUNT, EMPTY_FARE_STATE))
