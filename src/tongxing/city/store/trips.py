"""Trips as booked, and the revisions that change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.city.charging import BookedTrip, Revision, encoded_lines
from tongxing.city.store.cursor import Cursor
from tongxing.city.trip import Trip
from tongxing.kernel.clock import business_date
from tongxing.ledger import Posting


@dataclass(frozen=True, slots=True)
class RevisionToWrite:
    """A revision with the rider it belongs to and the posting that books it."""

    rider_id: str
    revision: Revision
    posting: Posting


def load_booked(cursor: Cursor, since: Mapping[str, date]) -> dict[str, dict[str, BookedTrip]]:
    """Per rider, the booked trips completed in its business day or later, by trip id."""
    booked: dict[str, dict[str, BookedTrip]] = {rider_id: {} for rider_id in since}
    rows = cursor.execute(
        "SELECT t.rider_id, t.trip_id, t.revision, t.charge_fen, t.fingerprint, t.lines,"
        " t.remark, r.record"
        " FROM trip t JOIN trip_revision r ON r.trip_id = t.trip_id AND r.revision = t.revision"
        " JOIN unnest(%s::text[], %s::date[]) AS wanted (rider_id, day)"
        "   ON t.rider_id = wanted.rider_id AND t.completed_on >= wanted.day"
        " ORDER BY t.rider_id, t.order_key",
        (list(since), list(since.values())),
    )
    for rider_id, trip_id, *rest in rows:
        booked[str(rider_id)][str(trip_id)] = BookedTrip(str(trip_id), *rest)
    return booked


def write_retold(cursor: Cursor, trips: Sequence[Trip]) -> None:
    """Bring lines and remark of trips up to date whose money stands as it is."""
    cursor.executemany(
        "UPDATE trip SET lines = %s, remark = %s WHERE trip_id = %s",
        [(encoded_lines(trip), trip.remark, trip.trip_id) for trip in trips],
    )


def write_revisions(cursor: Cursor, additions: Sequence[RevisionToWrite]) -> None:
    """Add the revisions and bring the current view of their trips up to date."""
    if not additions:
        return
    with cursor.copy("COPY trip_revision FROM STDIN") as copy:
        for addition in additions:
            copy.write_row(_revision_row(addition))
    with cursor.copy("COPY trip_tap FROM STDIN") as copy:
        for addition in additions:
            record = addition.revision.record
            for ref in record.taps:
                copy.write_row(
                    (record.trip_id, record.revision, ref.terminal_id, ref.epoch, ref.seq)
                )
    _write_current(cursor, additions)
    _write_voids(cursor, additions)


def _write_current(cursor: Cursor, additions: Sequence[RevisionToWrite]) -> None:
    first = [
        item for item in additions if item.revision.trip and item.revision.record.revision == 1
    ]
    later = [item for item in additions if item.revision.trip and item.revision.record.revision > 1]
    with cursor.copy("COPY trip FROM STDIN") as copy:
        for item in first:
            copy.write_row(_trip_row(item))
    if not later:
        return
    cursor.executemany("DELETE FROM trip WHERE trip_id = %s", [_trip_id(item) for item in later])
    with cursor.copy("COPY trip FROM STDIN") as copy:
        for item in later:
            copy.write_row(_trip_row(item))


def _write_voids(cursor: Cursor, additions: Sequence[RevisionToWrite]) -> None:
    cursor.executemany(
        "UPDATE trip SET revision = %s, how = 'void', fare_fen = 0, charge_fen = 0,"
        " fingerprint = 'void', lines = '[]' WHERE trip_id = %s",
        [
            (item.revision.record.revision, item.revision.record.trip_id)
            for item in additions
            if item.revision.trip is None
        ],
    )


def _trip_id(item: RevisionToWrite) -> tuple[str]:
    return (item.revision.record.trip_id,)


def _revision_row(addition: RevisionToWrite) -> tuple[object, ...]:
    record, posting = addition.revision.record, addition.posting
    return (
        record.record_id,
        record.trip_id,
        record.revision,
        record.issuer,
        record.how,
        record.charge_fen,
        record.delta_fen,
        posting.posting_id,
        posting.occurred_s,
        posting.booked_on,
        addition.revision.encoded,
        None,
    )


def _trip_row(item: RevisionToWrite) -> tuple[object, ...]:
    trip = item.revision.trip
    assert isinstance(trip, Trip)
    tap = trip.last
    return (
        trip.trip_id,
        item.rider_id,
        trip.order_key,
        item.revision.record.revision,
        business_date(trip.entered_s),
        trip.completed_on,
        tap.medium_no,
        tap.medium_kind,
        tap.scheme,
        tap.issuer,
        tap.product,
        tap.funding,
        tap.place,
        tap.mode,
        tap.operator,
        tap.line,
        trip.origin,
        trip.destination,
        trip.entered_s,
        trip.exited_s,
        trip.how,
        trip.fare_fen,
        trip.charge_fen,
        trip.tariff,
        trip.remark,
        trip.fingerprint(),
        encoded_lines(trip),
    )
