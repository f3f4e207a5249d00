"""Business days: which are closed, and what their closing found."""

from datetime import date

from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import business_day_end


def closed_until(cursor: Cursor) -> int:
    """The end of the newest closed business day; 0 when none is closed."""
    row = cursor.execute("SELECT max(business_date) FROM day_close").fetchone()
    return 0 if row is None or row[0] is None else business_day_end(row[0])


def overdue_riders(cursor: Cursor, day: date) -> list[str]:
    """Riders whose trip was begun by the end of `day` and is still open."""
    return [
        str(row[0])
        for row in cursor.execute(
            "SELECT rider_id FROM rider WHERE open_since_s < %s ORDER BY rider_id",
            (business_day_end(day),),
        )
    ]


def write_close(cursor: Cursor, day: date, closed_s: int, half_trips: int) -> None:
    """Note that a business day is closed."""
    cursor.execute(
        "INSERT INTO day_close (business_date, closed_s, half_trips) VALUES (%s, %s, %s)",
        (day, closed_s, half_trips),
    )
