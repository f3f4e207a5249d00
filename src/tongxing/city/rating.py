"""Riders and their new taps: fold, compare with the books, write what changed.

This is the one place where the fold meets the store. However many riders a batch touches, the
store is asked and told a fixed number of times.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.city.bearing import bear_late_trips
from tongxing.city.charging import Revision, posting_of, retold, revisions
from tongxing.city.half_trips import NO_RESOLUTIONS
from tongxing.city.riding import NEW_STATE, Folded, fold, order_key
from tongxing.city.store import half_trips, riders, trips
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.riders import RiderRow, RiderUpdate
from tongxing.city.store.trips import RevisionToWrite
from tongxing.city.terms import half_trip_terms
from tongxing.city.trip import Trip
from tongxing.fares import CityFares
from tongxing.kernel.clock import business_date
from tongxing.ledger.store import write_postings
from tongxing.messages import Tap

FIRST_DAY = date.min
NOT_RESOLVED: Mapping[str, date] = {}


@dataclass(frozen=True, slots=True)
class Rated:
    """What became of the riders: trips completed or revised, and half trips that wait now and did
    not before (below zero where more were resolved)."""

    revisions: int
    more_waiting: int


@dataclass(frozen=True, slots=True)
class _Outcome:
    update: RiderUpdate
    revisions: list[Revision]
    retold: Sequence[Trip] = ()

    @property
    def more_waiting(self) -> int:
        return len(self.update.state.pending) - len(self.update.row.state.pending)


def rate_riders(
    cursor: Cursor,
    city: str,
    fares: CityFares,
    new_taps: Mapping[str, list[Tap]],
    closed_until_s: int,
    booked_on: date,
    resolved: Mapping[str, date] = NOT_RESOLVED,
) -> Rated:
    """Fold new taps (stored already) into their riders and post what changes.

    Taps newer than all a rider has are folded onto its state. An older one, or one of a business
    day that is closed, makes the fold start again from the checkpoint before it; so does what was
    said of a half trip: `resolved` names the riders with the business day of the oldest one. A
    rider without either only has its overdue trip closed.
    """
    rows = riders.load_riders(cursor, {*new_taps, *resolved})
    ordered = {rider_id: sorted(new_taps.get(rider_id, ()), key=order_key) for rider_id in rows}
    late = {
        rider_id: business_date(found[0].time_s)
        for rider_id, found in ordered.items()
        if found and _is_late(rows[rider_id], found[0], closed_until_s)
    }
    told = {rider_id: day for rider_id in rows if (day := _told_open_day(rows[rider_id]))}
    for rider_id, day in (*resolved.items(), *told.items()):
        late[rider_id] = min(day, late.get(rider_id, day))
    outcomes = _refold(cursor, city, fares, rows, late, closed_until_s)
    for rider_id, row in rows.items():
        if rider_id not in outcomes:
            outcomes[rider_id] = _fold_on(city, fares, row, ordered[rider_id], closed_until_s)
    additions = [
        RevisionToWrite(
            rider_id, revision, posting_of(revision, city, rows[rider_id].liability, booked_on)
        )
        for rider_id, outcome in outcomes.items()
        for revision in outcome.revisions
    ]
    trips.write_revisions(cursor, additions)
    trips.write_retold(cursor, [trip for one in outcomes.values() for trip in one.retold])
    write_postings(cursor, [addition.posting for addition in additions])
    updates = [outcome.update for outcome in outcomes.values()]
    riders.write_riders(cursor, updates)
    half_trips.write_pending(cursor, updates)
    bear_late_trips(cursor, city, rows, booked_on)
    return Rated(len(additions), sum(outcome.more_waiting for outcome in outcomes.values()))


def _is_late(row: RiderRow, first: Tap, closed_until_s: int) -> bool:
    """Whether the fold must start again; also on a day of whose trips something was said, which
    must be folded whole."""
    if order_key(first) < row.last_tap_key or first.time_s < closed_until_s:
        return True
    return row.resolved_s is not None and business_date(row.resolved_s) >= business_date(
        first.time_s
    )


def _told_open_day(row: RiderRow) -> date | None:
    """The business day of a trip that is still open though something may have been said of it
    already: it ends by that, so it must be folded whole. None where there is none."""
    entry = row.state.open
    if entry is None or row.resolved_s is None or row.resolved_s < entry.tap.time_s:
        return None
    return business_date(entry.tap.time_s)


def _fold_on(
    city: str, fares: CityFares, row: RiderRow, taps: list[Tap], closed_until_s: int
) -> _Outcome:
    """The common case: everything new is newer than everything known."""
    day, terms = _day_of(row.last_tap_key), half_trip_terms(city)
    folded = fold(row.state, taps, fares, closed_until_s, day, terms=terms)
    found = revisions(folded.trips, {}, city)
    last = order_key(taps[-1]) if taps else row.last_tap_key
    return _Outcome(_update(row, folded, last, found), found)


def _refold(
    cursor: Cursor,
    city: str,
    fares: CityFares,
    rows: Mapping[str, RiderRow],
    late: Mapping[str, date],
    closed_until_s: int,
) -> dict[str, _Outcome]:
    """The late case: start again from before the oldest new tap, and keep only the differences."""
    if not late:
        return {}
    starts = dict.fromkeys(late, (FIRST_DAY, NEW_STATE))
    starts.update(riders.load_checkpoints(cursor, late))
    since = {rider_id: day for rider_id, (day, _) in starts.items()}
    taps = riders.load_taps_since(cursor, since)
    booked = trips.load_booked(cursor, since)
    said = half_trips.load_resolutions(
        cursor, [rider_id for rider_id in late if rows[rider_id].resolved_s is not None]
    )
    terms = half_trip_terms(city)
    outcomes = {}
    for rider_id, (day, state) in starts.items():
        last_day = None if day == FIRST_DAY else day
        resolutions = said.get(rider_id, NO_RESOLUTIONS)
        folded = fold(state, taps[rider_id], fares, closed_until_s, last_day, resolutions, terms)
        found = revisions(folded.trips, booked[rider_id], city)
        last = order_key(taps[rider_id][-1]) if taps[rider_id] else rows[rider_id].last_tap_key
        outcomes[rider_id] = _Outcome(
            _update(rows[rider_id], folded, last, found, day),
            found,
            retold(folded.trips, booked[rider_id]),
        )
    return outcomes


def _update(
    row: RiderRow, folded: Folded, last: str, found: list[Revision], since: date | None = None
) -> RiderUpdate:
    return RiderUpdate(
        row=row,
        state=folded.state,
        last_tap_key=last,
        charged_fen=sum(revision.record.delta_fen for revision in found),
        checkpoints=folded.checkpoints,
        rewritten_since=since,
    )


def _day_of(tap_key: str) -> date | None:
    return business_date(int(tap_key[:11])) if tap_key else None
