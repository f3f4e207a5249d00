"""What the books know of half trips' missing ends: habits, medians, how many a month, neighbours.

Asked for many half trips at once, with a fixed number of statements.
"""

from collections.abc import Sequence

import msgspec

from tongxing.city.half_trips import missing_end
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.half_trips import Waiting
from tongxing.city.terms import TermsBook
from tongxing.city.trip import order_key
from tongxing.city.usual import Figures, Place, place_of
from tongxing.kernel.clock import DAY_S, at, business_date, calendar_date
from tongxing.messages import Tap

_TAPS = msgspec.json.Decoder(Tap)


def figures_of(cursor: Cursor, halves: Sequence[Waiting], terms: TermsBook, now_s: int) -> Figures:
    """Everything a decision about these half trips rests on, as the books are now."""
    now = terms.at(now_s)
    since_s = now_s - now.habit_days * DAY_S
    habits = _habits(cursor, halves, since_s, now_s, now.habit_trips)
    places = {
        place_of(half.tap, missing_end(half.tap)) for half in halves if half.trip_id not in habits
    }
    return Figures(_ranks(cursor, halves), habits, _medians(cursor, sorted(places), since_s, now_s))


def _habits(
    cursor: Cursor, halves: Sequence[Waiting], since_s: int, until_s: int, least: int
) -> dict[str, str]:
    """Per trip id, the station at the other end of most of the rider's whole trips, when there are
    enough of them; the latest decides between equals."""
    found: dict[str, str] = {}
    columns = [
        (half.trip_id, half.rider_id, *place_of(half.tap, missing_end(half.tap))) for half in halves
    ]
    rows = cursor.execute(
        "SELECT w.trip_id, CASE WHEN w.missing = 'exit' THEN t.destination ELSE t.origin END"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
        "   AS w (trip_id, rider_id, missing, mode, line, station)"
        " JOIN trip t ON t.rider_id = w.rider_id AND t.completed_on >= %s AND t.mode = w.mode"
        "   AND (w.line = '' OR t.line = w.line)"
        "   AND w.station = CASE WHEN w.missing = 'exit' THEN t.origin ELSE t.destination END"
        " WHERE t.how IN ('both_taps', 'paired_by_account')"
        "   AND t.entered_s >= %s AND t.entered_s < %s"
        " GROUP BY 1, 2 HAVING count(*) >= %s"
        " ORDER BY 1, count(*) DESC, max(t.entered_s) DESC, 2",
        (*_transposed(columns, 6), business_date(since_s), since_s, until_s, least),
    )
    for trip_id, station in rows:
        found.setdefault(str(trip_id), str(station))
    return found


def _medians(
    cursor: Cursor, places: Sequence[Place], since_s: int, until_s: int
) -> dict[Place, int]:
    """Per place, the median fare of everybody's whole trips; of two middle ones the lower."""
    if not places:
        return {}
    rows = cursor.execute(
        "SELECT w.missing, w.mode, w.line, w.station,"
        "   percentile_disc(0.5) WITHIN GROUP (ORDER BY t.fare_fen)"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])"
        "   AS w (missing, mode, line, station)"
        " JOIN trip t ON t.mode = w.mode AND (w.line = '' OR t.line = w.line)"
        "   AND w.station = CASE WHEN w.missing = 'exit' THEN t.origin ELSE t.destination END"
        " WHERE t.business_date >= %s AND t.how IN ('both_taps', 'paired_by_account')"
        "   AND t.entered_s >= %s AND t.entered_s < %s GROUP BY 1, 2, 3, 4",
        (*_transposed(places, 4), business_date(since_s), since_s, until_s),
    )
    return {(str(a), str(b), str(c), str(d)): int(fen) for a, b, c, d, fen in rows}


def _ranks(cursor: Cursor, halves: Sequence[Waiting]) -> dict[str, int]:
    """Per trip id, how manieth half trip of its rider's calendar month it is, itself counted in
    whatever state; others that staff or open gates ended are not held against the rider."""
    columns = [
        (half.trip_id, half.rider_id, half.tap.time_s, _month_start(half.tap.time_s))
        for half in halves
    ]
    rows = cursor.execute(
        "WITH w AS (SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])"
        "   AS w (trip_id, rider_id, time_s, month_s)),"
        " known AS (SELECT trip_id, rider_id, time_s FROM half_trip"
        "   WHERE rider_id IN (SELECT rider_id FROM w)"
        "   UNION ALL SELECT trip_id, rider_id, left(order_key, 11)::bigint FROM trip"
        "   WHERE rider_id IN (SELECT rider_id FROM w) AND funding = 'account'"
        "   AND how IN ('missing_exit', 'missing_entry', 'declared', 'habitual', 'median'))"
        " SELECT w.trip_id, 1 + count(known.trip_id) FROM w LEFT JOIN known"
        "   ON known.rider_id = w.rider_id AND known.trip_id <> w.trip_id"
        "   AND known.time_s >= w.month_s AND known.time_s <= w.time_s GROUP BY 1",
        _transposed(columns, 4),
    )
    return {str(trip_id): int(rank) for trip_id, rank in rows}


def _month_start(time_s: int) -> int:
    return at(calendar_date(time_s).replace(day=1))


def neighbour_of(cursor: Cursor, half: Waiting) -> Tap | None:
    """The rider's next tap after a missing exit, or the last one before a missing entry."""
    key = order_key(half.tap)
    if missing_end(half.tap) == "exit":
        query = "AND order_key > %s ORDER BY order_key LIMIT 1"
    else:
        query = "AND order_key < %s ORDER BY order_key DESC LIMIT 1"
    row = cursor.execute(
        "SELECT coalesce(put_right, body) FROM tap"
        " WHERE rider_id = %s AND outcome = 'opened' AND set_aside = '' " + query,
        (half.rider_id, key),
    ).fetchone()
    return None if row is None else _TAPS.decode(row[0])


def last_exit_s(cursor: Cursor, rider_id: str, station: str) -> int | None:
    """When a rider's last tap was, if it was an exit at that station."""
    row = cursor.execute(
        "SELECT coalesce(put_right, body) FROM tap"
        " WHERE rider_id = %s AND outcome = 'opened' AND set_aside = ''"
        " ORDER BY order_key DESC LIMIT 1",
        (rider_id,),
    ).fetchone()
    tap = None if row is None else _TAPS.decode(row[0])
    is_exit = tap is not None and tap.kind == "exit" and tap.station == station
    return tap.time_s if tap is not None and is_exit else None


def _transposed(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    return [[row[index] for row in rows] for index in range(width)]
