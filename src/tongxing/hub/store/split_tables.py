"""Split tables in the database: handed in, released, and those that a city's rides may need."""

from datetime import date
from typing import NamedTuple

from tongxing.hub.acc.table import Header
from tongxing.hub.store.connection import Cursor
from tongxing.kernel.clock import business_day_end
from tongxing.kernel.ids import sha256_hex

_LISTED = (
    "version, city, valid_from, valid_until, replaces, sha256, why, handed_in_by, handed_in_s,"
    " released_by, released_s"
)
_DAY_S = 86_400


class ListedTable(NamedTuple):
    """A split table as the hub keeps it, without its bytes. `released_by` and `released_s` are None
    while it waits for its second person; `valid_until` is None where no end is set."""

    version: str
    city: str
    valid_from: date
    valid_until: date | None
    replaces: str
    sha256: str
    why: str
    handed_in_by: str
    handed_in_s: int
    released_by: str | None
    released_s: int | None


def find_table(cursor: Cursor, version: str) -> ListedTable | None:
    """A table by its version; None for one that nobody handed in."""
    row = cursor.execute(
        f"SELECT {_LISTED} FROM split_table WHERE version = %s", (version,)
    ).fetchone()
    return None if row is None else ListedTable(*row)


def list_tables(cursor: Cursor) -> list[ListedTable]:
    """All tables in order of city, first day and version."""
    rows = cursor.execute(f"SELECT {_LISTED} FROM split_table ORDER BY city, valid_from, version")
    return [ListedTable(*row) for row in rows]


def released_tables(cursor: Cursor, city: str, since: date) -> list[ListedTable]:
    """The released tables of a city that hold on a day from `since` on, in order of version."""
    rows = cursor.execute(
        f"SELECT {_LISTED} FROM split_table WHERE city = %s AND released_s IS NOT NULL"
        " AND (valid_until IS NULL OR valid_until > %s) ORDER BY version",
        (city, since),
    )
    return [ListedTable(*row) for row in rows]


def table_content(cursor: Cursor, version: str) -> bytes | None:
    """The bytes of a table's file; None for one that nobody handed in."""
    row = cursor.execute(
        "SELECT content FROM split_table WHERE version = %s", (version,)
    ).fetchone()
    return None if row is None else bytes(row[0])


def add_table(
    cursor: Cursor, header: Header, content: bytes, why: str, by: str, now_s: int
) -> None:
    """Keep a table that was handed in."""
    cursor.execute(
        "INSERT INTO split_table (version, city, valid_from, valid_until, replaces, sha256, why,"
        " handed_in_by, handed_in_s, content) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            header.version,
            header.city,
            header.valid_from,
            header.valid_until,
            header.replaces,
            sha256_hex(content),
            why,
            by,
            now_s,
            content,
        ),
    )


def release_table(cursor: Cursor, version: str, by: str, now_s: int) -> None:
    """Note who released a table, and when."""
    cursor.execute(
        "UPDATE split_table SET released_by = %s, released_s = %s WHERE version = %s",
        (by, now_s, version),
    )


def last_ride_of(cursor: Cursor, listed: ListedTable) -> int | None:
    """When the last rail ride of a table's days that stands began; None when there is none."""
    begins_s = business_day_end(listed.valid_from) - _DAY_S
    until = listed.valid_until
    ends_s = None if until is None else business_day_end(until) - _DAY_S
    row = cursor.execute(
        "SELECT max(entered_s) FROM record JOIN record_file USING (sender, file_id)"
        " JOIN member ON member_id = sender,"
        " LATERAL (SELECT (body::jsonb ->> 'entered_s')::bigint AS entered_s,"
        "  body::jsonb ->> 'mode' AS mode) AS ride"
        " WHERE city = %s AND received_s >= %s AND mode = 'rail' AND entered_s >= %s"
        " AND (%s::bigint IS NULL OR entered_s < %s)",
        (listed.city, begins_s, begins_s, ends_s, ends_s),
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])
