"""One moment of the books, kept for as long as a page is made.

All desks that a page asks see the same moment, and what one of them has asked is not asked again:
nothing can have changed. Read only; nothing here decides anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from tongxing.storage.database import Connection

Row = tuple[Any, ...]
Answers = dict[tuple[Any, ...], list[Row]]


class MomentCursor(psycopg.Cursor[Row]):
    """A cursor that remembers answers, in `answers`, which others of its moment share.

    Only for a read-only transaction of one snapshot: there the same question has the same answer.
    """

    def __init__(self, connection: Connection, answers: Answers) -> None:
        super().__init__(connection)
        self._answers = answers
        self._given: Iterator[Row] = iter(())

    def execute(self, query: Any, params: Any = None, **how: Any) -> "MomentCursor":
        """Ask, or remember."""
        key = _key(query, params)
        rows = None if key is None else self._answers.get(key)
        if rows is None:
            super().execute(query, params, **how)
            rows = super().fetchall() if self.description is not None else []
            if key is not None:
                self._answers[key] = rows
        self._given = iter(rows)
        return self

    def fetchone(self) -> Row | None:
        """The next row of the answer."""
        return next(self._given, None)

    def fetchall(self) -> list[Row]:
        """The rows that are left."""
        return list(self._given)

    def __iter__(self) -> "MomentCursor":
        return self

    def __next__(self) -> Row:
        return next(self._given)


class Moment:
    """A connection in the middle of a read-only transaction, and what was asked in it. `is_over`
    once the same thread has written: what it reads then is another moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._answers: Answers = {}
        self.is_over = False

    def cursor(self) -> MomentCursor:
        """Another cursor of the same moment."""
        return MomentCursor(self._connection, self._answers)


def _key(query: object, params: object) -> tuple[Any, ...] | None:
    """What a question is remembered by; None for one that has no such form."""
    if isinstance(params, Mapping):
        values: tuple[Any, ...] = tuple(sorted(params.items()))
    elif isinstance(params, Sequence):
        values = tuple(params)
    else:
        values = ()
    key = (query, values)
    try:
        hash(key)
    except TypeError:
        return None
    return key
