"""Numbers for the names of an export: given once, kept for good, never given twice."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tongxing.hub.store.connection import Cursor
from tongxing.kernel.reasons import Refusal


class Span(NamedTuple):
    """From where on numbers are given out, and the last one that may be."""

    first: int
    last: int


def give_numbers(
    cursor: Cursor, kind: str, asked: Iterable[tuple[str, int]], span: Span
) -> Iterator[tuple[str, int]] | Refusal:
    """The number of each name of a kind, in order of name. One that has none yet gets the number it
    wishes (0: none) where that lies before the span and is free, else the next of the span.

    Refuses, and gives none, with EXPORT_NUMBERS when the span is used up. Run it to its end inside
    the caller's transaction.
    """
    cursor.execute("DROP TABLE IF EXISTS asked_number")
    cursor.execute(
        'CREATE TEMPORARY TABLE asked_number (name text COLLATE "C", wish bigint) ON COMMIT DROP'
    )
    with cursor.copy("COPY asked_number FROM STDIN") as copy:
        for row in asked:
            copy.write_row(row)
    values = {"kind": kind, "first": span.first, "last": span.last}
    last = cursor.execute(
        f"SELECT {_NEXT} + count(DISTINCT name) FROM ({_NEW}) new", values
    ).fetchone()
    if last is not None and int(last[0]) > span.last:
        return Refusal("EXPORT_NUMBERS", values={"kind": kind, "limit": span.last})
    cursor.execute(
        "INSERT INTO clearing_number SELECT %(kind)s, name, wish FROM ("
        f" SELECT DISTINCT ON (wish) name, wish FROM ({_NEW}) new"
        " WHERE wish BETWEEN 1 AND %(first)s - 1 ORDER BY wish, name) AS wished"
        " ON CONFLICT DO NOTHING",
        values,
    )
    cursor.execute(
        f"INSERT INTO clearing_number SELECT %(kind)s, name, {_NEXT}"
        f" + row_number() OVER (ORDER BY name) FROM (SELECT DISTINCT name FROM ({_NEW}) new) one",
        values,
    )
    return _given(cursor, kind)


_NEW = (
    "SELECT name, wish FROM asked_number WHERE NOT EXISTS (SELECT FROM clearing_number known"
    " WHERE known.kind = %(kind)s AND known.name = asked_number.name)"
)
_NEXT = (
    "greatest(%(first)s - 1, (SELECT coalesce(max(number), 0) FROM clearing_number"
    " WHERE kind = %(kind)s AND number >= %(first)s))"
)


def _given(cursor: Cursor, kind: str) -> Iterator[tuple[str, int]]:
    cursor.execute(
        "SELECT name, number FROM clearing_number WHERE kind = %s"
        " AND name IN (SELECT name FROM asked_number) ORDER BY name",
        (kind,),
    )
    yield from ((str(name), int(number)) for name, number in cursor)
