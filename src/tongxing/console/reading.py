"""One moment of all houses: read-only snapshots over the schemas that the database holds.

A page reads everything in one transaction, so its figures belong together even while a day is
running. Connections are kept for the next page; one that broke is replaced once, and a database
that stays away is a `Problem`, never a stack trace. Nothing here can write.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, Full, LifoQueue
from threading import Lock
from typing import Any, TypeVar, TypeVarTuple

import psycopg
from psycopg import sql

from tongxing.kernel.reasons import Problem
from tongxing.storage import Database
from tongxing.storage.database import Connection, house_schemas

Cursor = psycopg.Cursor[tuple[Any, ...]]

Result = TypeVar("Result")
Given = TypeVarTuple("Given")

KEPT_MAX = 32
STATEMENT_TIMEOUT_MS = 20_000
IDLE_CONNECTIONS_MAX = 8
CITY_PREFIX, PEOPLE_PREFIX = "city_", "people_"
HUB = "hub"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The houses as of one moment.

    `schemas` are those of the houses that are ready. Two snapshots with the same `moment` read the
    same: nothing was written in between.
    """

    schemas: tuple[str, ...]
    moment: str
    cursor: Cursor

    @property
    def cities(self) -> tuple[str, ...]:
        return tuple(name.removeprefix(CITY_PREFIX) for name in self.schemas if name != HUB)

    @property
    def has_hub(self) -> bool:
        return HUB in self.schemas

    def of_city(self, code: str) -> Cursor:
        """A cursor in a city's schema, good until the next `of_...` call."""
        return self._within(CITY_PREFIX + code)

    def of_people(self, code: str) -> Cursor | None:
        """A cursor in a city's schema and that of its people, good until the next `of_...` call;
        None for a city that has no accounts of people."""
        if not _has(self.cursor, PEOPLE_PREFIX + code, "person_feedback"):
            return None
        return self._within(CITY_PREFIX + code, PEOPLE_PREFIX + code)

    def of_hub(self) -> Cursor:
        """A cursor in the hub's schema, good until the next `of_...` call."""
        return self._within(HUB)

    def _within(self, *schemas: str) -> Cursor:
        path = sql.SQL(", ").join(map(sql.Identifier, schemas))
        self.cursor.execute(sql.SQL("SET LOCAL search_path TO {}").format(path))
        return self.cursor


class Books:
    """Where the console reads: snapshots of one database, over connections that are kept.

    What was worked out over a moment is kept too, as long as that moment is asked for.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._lock = Lock()
        self._idle: LifoQueue[Connection] = LifoQueue(IDLE_CONNECTIONS_MAX)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A snapshot for one page.

        Raises Problem: DB_UNAVAILABLE when the database is away, PAGE_TOO_SLOW when it takes too
        long over one question.
        """
        connection, found = self._begun()
        try:
            yield found
            connection.rollback()
        except psycopg.errors.QueryCanceled as error:
            connection.rollback()
            raise Problem("PAGE_TOO_SLOW") from error
        except psycopg.OperationalError as error:
            raise _away(error) from error
        finally:
            self._put_back(connection)

    def once(
        self, snapshot: Snapshot, work: Callable[[Snapshot, *Given], Result], *given: *Given
    ) -> Result:
        """``work(snapshot, *given)``, done once for as long as nothing is written."""
        key = (snapshot.moment, work, *given)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: Result = self._kept[key]
                return found
        found = work(snapshot, *given)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return found

    def close(self) -> None:
        """Let go of the connections that are kept."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def _begun(self) -> tuple[Connection, Snapshot]:
        """A connection with a transaction begun; one that broke while idle is replaced."""
        with suppress(Empty):
            while True:
                connection = self._idle.get_nowait()
                with suppress(psycopg.OperationalError):
                    return connection, _begin(connection)
                connection.close()
        connection = self._database.connect_to_read(STATEMENT_TIMEOUT_MS)
        try:
            return connection, _begin(connection)
        except psycopg.OperationalError as error:
            connection.close()
            raise _away(error) from error

    def _put_back(self, connection: Connection) -> None:
        if connection.closed or connection.broken:
            connection.close()
            return
        with suppress(psycopg.OperationalError):
            connection.rollback()
        try:
            self._idle.put_nowait(connection)
        except Full:
            connection.close()


def _begin(connection: Connection) -> Snapshot:
    cursor = connection.cursor()
    row = cursor.execute("SELECT pg_current_snapshot()::text").fetchone()
    assert row is not None
    schemas = tuple(name for name in house_schemas(connection) if _is_ready(cursor, name))
    return Snapshot(schemas, str(row[0]), cursor)


def _is_ready(cursor: Cursor, schema: str) -> bool:
    """A house that is being set up has its schema before it has its tables."""
    return _has(cursor, schema, "clearing_window" if schema == HUB else "trip")


def _has(cursor: Cursor, schema: str, table: str) -> bool:
    row = cursor.execute(
        "SELECT to_regclass(format('%%I.%%I', %s::text, %s::text)) IS NOT NULL", (schema, table)
    ).fetchone()
    return row is not None and bool(row[0])


def _away(error: psycopg.OperationalError) -> Problem:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return Problem("DB_UNAVAILABLE", detail=first)
