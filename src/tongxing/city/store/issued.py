"""The ranges of numbers that a city issued, and the media that are closed, in its books."""

from collections.abc import Sequence

from tongxing.city.store.cursor import Cursor
from tongxing.messages.registers import CardEntry, CardRange


def write_ranges(
    cursor: Cursor, ranges: Sequence[CardRange], is_complete: bool, now_s: int
) -> None:
    """All ranges, in place of those before."""
    cursor.execute("DELETE FROM issued_range")
    cursor.executemany(
        "INSERT INTO issued_range VALUES (%s, %s, %s, %s, %s)",
        [(one.first_no, one.last_no, one.issued_on, one.expires_on, one.schemes) for one in ranges],
    )
    cursor.execute(
        "INSERT INTO issued_ranges_told (is_complete, told_s) VALUES (%s, %s)"
        " ON CONFLICT (is_the_one) DO UPDATE"
        " SET is_complete = excluded.is_complete, told_s = excluded.told_s",
        (is_complete, now_s),
    )


def load_ranges(cursor: Cursor) -> tuple[list[CardRange], bool]:
    """The ranges in order of their numbers, and whether there are no cards outside them."""
    rows = cursor.execute(
        "SELECT first_no, last_no, issued_on, expires_on, schemes FROM issued_range"
        " ORDER BY length(first_no), first_no"
    ).fetchall()
    told = cursor.execute("SELECT is_complete FROM issued_ranges_told").fetchone()
    return [CardRange(*row) for row in rows], told is not None and bool(told[0])


def note_closed(cursor: Cursor, medium_no: str, closed_s: int) -> None:
    """Note when a medium was closed with its account; it stays closed."""
    cursor.execute(
        "INSERT INTO medium_closed VALUES (%s, %s) ON CONFLICT DO NOTHING", (medium_no, closed_s)
    )


def closed_media(cursor: Cursor) -> list[CardEntry]:
    """Every medium that ended for good, from when on: another card took its place, or its account
    was closed."""
    rows = cursor.execute(
        "SELECT medium_no, min(closed_s) FROM"
        " (SELECT old_no AS medium_no, decided_s AS closed_s FROM replacement"
        "  UNION ALL SELECT medium_no, closed_s FROM medium_closed) AS ended"
        ' GROUP BY medium_no ORDER BY medium_no COLLATE "C"'
    )
    return [CardEntry(str(medium_no), int(closed_s)) for medium_no, closed_s in rows]
