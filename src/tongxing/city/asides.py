"""What becomes of taps that were set aside: their signature is looked at again, or people put them
right or give them up.

A tap put right is taken in like any other: the rider is folded with it, and what differs is posted.
What the gate told stays as evidence; whatever people decide stands beside it and can be undone, by
two people each time. Every function runs in the caller's transaction, with the city's door closed.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from tongxing.city.covering import cover_purses
from tongxing.city.intake import STATION_UNKNOWN, TAP_TIME_SUSPECT, is_known, why_aside
from tongxing.city.rating import rate_riders
from tongxing.city.store import days, taps_aside
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.half_trips import fold_whole
from tongxing.city.store.taps_aside import Decision, Kind, TapAside
from tongxing.city.tap_signatures import TAP_SIGNATURE_WAITS, SignatureKeys, check_taps
from tongxing.city.terms import half_trip_terms
from tongxing.fares import CityFares
from tongxing.kernel.clock import business_date
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap, TapRef

AT_ONCE = 20_000
"""Waiting taps whose signatures are checked in one batch."""


@dataclass(slots=True)
class WaitingChecked:
    """What came of the signatures that waited: right, wrong, and why the rest still waits."""

    right: int = 0
    wrong: int = 0
    waiting: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PutRight:
    """What a person says of a tap instead of what the gate told; None leaves it as it was told."""

    station: str | None = None
    line: str | None = None
    time_s: int | None = None


NOTHING_PUT_RIGHT = PutRight()


def check_waiting(
    cursor: Cursor, city: str, fares: CityFares, keys: SignatureKeys, now_s: int
) -> WaitingChecked:
    """Look again at the signatures that could not be checked: those that are right are taken in
    now, those that are wrong never move money, and the rest goes on waiting."""
    done = WaitingChecked()
    terms = half_trip_terms(city)
    for waiting in _waiting(cursor):
        found = check_taps((one.tap for one in waiting), city, keys)
        reasons: list[tuple[TapRef, str]] = []
        counting: dict[str, list[Tap]] = defaultdict(list)
        for one in waiting:
            why = found.aside.get(one.tap.ref, "")
            if why == TAP_SIGNATURE_WAITS:
                continue
            done.wrong += bool(why)
            done.right += not why
            why = why or why_aside(one.tap, fares, terms, one.received_s)
            reasons.append((one.tap.ref, why))
            if not why:
                counting[one.rider_id].append(one.tap)
        for code, count in found.waiting.items():
            done.waiting[code] = done.waiting.get(code, 0) + count
        taps_aside.write_reasons(cursor, reasons)
        if counting:
            _rate(cursor, city, fares, counting, now_s)
    return done


def ask(
    cursor: Cursor,
    city: str,
    fares: CityFares,
    ref: TapRef,
    kind: Kind,
    said: PutRight,
    why: str,
    by: str,
    now_s: int,
) -> Decision | Refusal:
    """One person asks that a tap be taken in (put right, where that is said), given up, or that the
    last decision about it be undone. It is kept, and does nothing until a second one confirms it.

    Refuses TAP_UNKNOWN, TAP_NOT_ASIDE, TAP_SIGNATURE_WAITS, TAP_NOTHING_TO_UNDO, and for what the
    tap would be set aside again: TAP_TIME_SUSPECT, STATION_UNKNOWN, TAP_TOO_LATE.
    """
    found = taps_aside.find(cursor, ref)
    if found is None:
        return Refusal("TAP_UNKNOWN", str(ref), {"tap": str(ref)})
    counts = _as_said(found.tap, said) if kind == "take_in" else None
    refusal = _objection(cursor, city, fares, found, kind, counts)
    if refusal is not None:
        return refusal
    was = _standing(cursor, ref)[-1].was if kind == "undo" else found.why
    return taps_aside.add_decision(cursor, Decision(0, ref, kind, was, counts, why, by, now_s))


def carry_out(
    cursor: Cursor, city: str, fares: CityFares, asked: Decision, by: str, now_s: int
) -> TapAside | Refusal:
    """A second person has confirmed what was asked: do it, in the tap's trips and money too.

    Refuses what `ask` refuses, should it be so by now.
    """
    found = taps_aside.find(cursor, asked.ref)
    assert found is not None, "a tap is never deleted"
    refusal = _objection(cursor, city, fares, found, asked.kind, asked.put_right)
    if refusal is not None:
        return refusal
    was = _standing(cursor, asked.ref)[-1].was if asked.kind == "undo" else found.why
    taps_aside.confirm(cursor, asked.number, by, now_s)
    if asked.kind == "take_in":
        taps_aside.write_counting(cursor, found, asked.put_right, "")
        if found.tap.outcome == "opened":
            counts = found.tap if asked.put_right is None else asked.put_right
            _rate(cursor, city, fares, {found.rider_id: [counts]}, now_s)
    elif asked.kind == "undo" and not found.why:
        taps_aside.write_counting(cursor, found, None, was)
        if found.tap.outcome == "opened":
            _rate_without(cursor, city, fares, found, now_s)
    done = taps_aside.find(cursor, asked.ref)
    assert done is not None
    return done


def _objection(
    cursor: Cursor,
    city: str,
    fares: CityFares,
    found: TapAside,
    kind: Kind,
    counts: Tap | None,
) -> Refusal | None:
    """Why nothing of the kind can be done to a tap as it stands now."""
    ref = str(found.tap.ref)
    standing = _standing(cursor, found.tap.ref)
    last = standing[-1].kind if standing else "undo"
    if kind == "undo":
        return Refusal("TAP_NOTHING_TO_UNDO", ref) if last == "undo" else None
    if not found.why or last == "give_up":
        return Refusal("TAP_NOT_ASIDE", ref)
    if found.why == TAP_SIGNATURE_WAITS:
        return Refusal(TAP_SIGNATURE_WAITS, ref)
    if kind == "give_up":
        return None
    tap = found.tap if counts is None else counts
    if counts is not None and counts.time_s > found.received_s:
        return Refusal(TAP_TIME_SUSPECT, ref)
    is_moved = (tap.station, tap.line) != (found.tap.station, found.tap.line)
    if is_moved and not is_known(tap, fares):  # of a purse too, whose gate alone is believed
        return Refusal(STATION_UNKNOWN, ref)
    why = why_aside(tap, fares, half_trip_terms(city), found.received_s)
    return Refusal(why, ref) if why else None


def _standing(cursor: Cursor, ref: TapRef) -> list[Decision]:
    """What was confirmed about a tap, oldest first."""
    return [one for one in taps_aside.decisions_of(cursor, ref) if one.confirmed_s is not None]


def _as_said(tap: Tap, said: PutRight) -> Tap | None:
    """The tap as a person says it was; None when it counts as it was told."""
    changes: dict[str, object] = {}
    if said.station is not None:
        changes["station"] = said.station
    if said.line is not None:
        changes["line"] = said.line
    if said.time_s is not None:
        changes |= {"time_s": said.time_s, "time_band_s": 0}
    return replace(tap, **changes) if changes else None


def _waiting(cursor: Cursor) -> Iterator[list[TapAside]]:
    """The taps whose signature waits, some at a time."""
    last: TapAside | None = None
    while found := taps_aside.with_reason(cursor, TAP_SIGNATURE_WAITS, last, AT_ONCE):
        yield found
        last = found[-1]


def _rate(
    cursor: Cursor, city: str, fares: CityFares, taps: dict[str, list[Tap]], now_s: int
) -> None:
    """Taps that count from now on, as if they came in."""
    rate_riders(cursor, city, fares, taps, days.closed_until(cursor), business_date(now_s))
    cover_purses(cursor, city, now_s)


def _rate_without(cursor: Cursor, city: str, fares: CityFares, found: TapAside, now_s: int) -> None:
    """A tap that counted and does not any more: its rider is folded again without it."""
    day = business_date(found.counting.time_s)
    closed_s, booked_on = days.closed_until(cursor), business_date(now_s)
    fold_whole(cursor, [(found.rider_id, found.counting.time_s)])
    rate_riders(cursor, city, fares, {}, closed_s, booked_on, {found.rider_id: day})
    cover_purses(cursor, city, now_s)
