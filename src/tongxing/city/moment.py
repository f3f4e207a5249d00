"""One moment of the books, kept for as long as a page is made.

All desks that a page asks see the same moment, and what one of them has asked is not asked again:
nothing can have changed. Read only; nothing here decides anything.

What each page of a kind asks is known from those before it: it is asked in advance, all at once,
for a way to the database and back costs more than most questions. A question that was not foreseen
is asked as ever; the answers are the same, of the same moment.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from tongxing.city.store.cursor import Row, answers_of, rows_of
from tongxing.storage.database import Connection

Key = tuple[Any, tuple[Any, ...], tuple[str, ...] | None]
"""A question: its statement, its values, and the names of these where they have names."""
Answers = dict[Key, list[Row]]
Question = tuple[Any, tuple[tuple[str, Hashable], ...], tuple[str, ...] | None]
"""A question of any page of a kind: for each value the name of what is known and what is added to
it, or "" and the value itself."""

READ_ONLY = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NOW, _NEAR_S, _WORTH_IT = "now_s", 400 * 86_400, 2


Known = Mapping[str, Hashable]


class MomentCursor(psycopg.Cursor[Row]):
    """A cursor that remembers answers in its moment, which others share.

    Only for a read-only transaction of one snapshot: there the same question has the same answer.
    """

    def __init__(self, connection: Connection, moment: "Moment") -> None:
        super().__init__(connection)
        self._moment = moment
        self._given: Iterator[Row] = iter(())

    def execute(self, query: Any, params: Any = None, **how: Any) -> "MomentCursor":
        """Ask, or remember."""
        key = _key(query, params)
        rows = None if key is None else self._moment.remembered(key)
        if rows is None:
            self._moment.begin()
            super().execute(query, params, **how)
            rows = rows_of(self)
            if key is not None:
                self._moment.answers[key] = rows
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


class Foresight:
    """What pages ask, by their kind. For any number of threads."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[frozenset[Question], tuple[Question, ...]]] = {}

    def questions(self, page: str) -> tuple[Question, ...]:
        """What each of the last two pages of a kind asked."""
        return self._pages.get(page, (frozenset(), ()))[1]

    def learn(self, page: str, asked: Sequence[Question]) -> None:
        """Note what a page asked."""
        before = self._pages.get(page, (frozenset(), ()))[0]
        self._pages[page] = frozenset(asked), tuple(one for one in asked if one in before)


class Moment:
    """A connection in a read-only transaction, which begins with the first question, and what was
    asked in it. `is_over` once the same thread has written: what it reads then is another moment.
    """

    def __init__(self, connection: Connection, foresight: Foresight) -> None:
        self._connection, self._foresight = connection, foresight
        self._page, self._known = "", dict[str, Hashable]()
        self._asked: dict[Key, None] = {}
        self.answers: Answers = {}
        self.has_begun = self.is_over = False

    def cursor(self) -> MomentCursor:
        """Another cursor of the same moment."""
        return MomentCursor(self._connection, self)

    def begin(self) -> None:
        """Now, unless it was before."""
        if not self.has_begun:
            self._connection.execute(READ_ONLY)
            self.has_begun = True

    def remembered(self, key: Key) -> list[Row] | None:
        """The answer to a question that was asked, or foreseen."""
        self._asked[key] = None
        return self.answers.get(key)

    def foresee(self, page: str, known: Known) -> None:
        """Ask at once what pages of this kind ask. `known` are the values by which one differs from
        another: whose it is, and its time (``now_s``)."""
        self._page, self._known = page, dict(known)
        keys = [_of_this(question, known) for question in self._foresight.questions(page)]
        new = [key for key in keys if key not in self.answers]
        if self.is_over or len(new) < _WORTH_IT:
            return
        questions = [(key[0], _values(key)) for key in new]
        if self.has_begun:
            answers = answers_of(self._connection, questions)
        else:
            _begun, *answers = answers_of(self._connection, [(READ_ONLY, None), *questions])
            self.has_begun = True
        self.answers.update(zip(new, answers, strict=True))

    def end(self) -> None:
        """The page is made: what it asked is what the next one of its kind will ask."""
        if self._page and not self.is_over:
            asked = [_of_any(key, self._known) for key in self._asked]
            self._foresight.learn(self._page, asked)


def _of_any(key: Key, known: Known) -> Question:
    """A question with the names of what is known in place of its values."""
    query, values, names = key
    return query, tuple(_said(value, known) for value in values), names


def _said(value: Hashable, known: Known) -> tuple[str, Hashable]:
    for name, other in known.items():
        if type(value) is type(other) and value == other:
            return name, None
    now_s = known.get(_NOW)
    if type(value) is int and type(now_s) is int and abs(value - now_s) < _NEAR_S:
        return _NOW, value - now_s
    return "", value


def _of_this(question: Question, known: Known) -> Key:
    """A question with the values of one page in place of their names."""
    query, said, names = question
    return query, tuple(_meant(name, value, known) for name, value in said), names


def _meant(name: str, value: Hashable, known: Known) -> Hashable:
    if not name:
        return value
    found = known[name]
    return found + value if isinstance(found, int) and isinstance(value, int) else found


def _values(key: Key) -> Any:
    """The values of a question as they are given to a cursor."""
    _query, values, names = key
    return values if names is None else dict(zip(names, values, strict=True))


def _key(query: Any, params: object) -> Key | None:
    """What a question is remembered by; None for one that has no such form."""
    names: tuple[str, ...] | None = None
    if isinstance(params, Mapping):
        names = tuple(sorted(params))
        values: tuple[Any, ...] = tuple(params[name] for name in names)
    else:
        values = tuple(params) if isinstance(params, Sequence) else ()
    key = (query, values, names)
    try:
        hash(key)
    except TypeError:
        return None
    return key
