"""What was booked of trips, for those who look at a split again: last revisions of a day."""

from collections.abc import Iterator
from datetime import date

from tongxing.hub.store.connection import Cursor
from tongxing.kernel.clock import business_date, business_day_end

_DAY_S = 86_400


def last_revisions(cursor: Cursor, city: str, day: date) -> Iterator[tuple[str, str]]:
    """Record and split of its whole charge, as JSON, of the last accepted revision of each trip
    that began in a city on a business day, in order of trip."""
    end_s = business_day_end(day)
    cursor.execute(
        "SELECT body, whole FROM (SELECT DISTINCT ON (trip_id) trip_id, body, whole FROM record"
        " WHERE status = 'accepted' ORDER BY trip_id, revision DESC) AS last"
        " WHERE body::jsonb ->> 'city' = %s"
        " AND (body::jsonb ->> 'entered_s')::bigint BETWEEN %s AND %s ORDER BY trip_id",
        (city, end_s - _DAY_S, end_s - 1),
    )
    yield from cursor


def rail_days(cursor: Cursor, city: str) -> tuple[date, date] | None:
    """The first and the last business day on which an accepted rail trip began in a city; None
    where there is none."""
    row = cursor.execute(
        "SELECT min((body::jsonb ->> 'entered_s')::bigint),"
        " max((body::jsonb ->> 'entered_s')::bigint) FROM record WHERE status = 'accepted'"
        " AND body::jsonb ->> 'city' = %s AND body::jsonb ->> 'mode' = 'rail'",
        (city,),
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return business_date(int(row[0])), business_date(int(row[1]))
