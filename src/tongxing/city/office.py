"""The city's office: where the pages of passengers and staff reach its books, many at a time.

The desk of gates and hub has one connection and one writer; people come in hundreds. Here each call
has a connection of its own, its names resolve in the city's tables first and in those of its people
second, and a writer locks the rows it works on, not the house. What must not run beside an intake
asks for `alone`. Nothing here decides anything.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue

from psycopg import sql

from tongxing.city.desk import schema_of
from tongxing.city.people.store import MIGRATIONS as PEOPLE_MIGRATIONS
from tongxing.city.store import MIGRATIONS
from tongxing.city.store.cursor import Cursor
from tongxing.fares import CityFares
from tongxing.ledger.store import MIGRATIONS as LEDGER_MIGRATIONS
from tongxing.storage import Database, migrate
from tongxing.storage.database import Connection

IDLE_MAX = 16
_THIS_HOUSE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def people_schema_of(city: str) -> str:
    """The database schema that holds a city's personal data, apart from its books."""
    return f"people_{city}"


class Office:
    """One city's books and people, for desks that serve many at once.

    `fares` is None for a city that only issues. Thread-safe: each `with` has its own connection.
    """

    def __init__(self, code: str, database: Database, fares: CityFares | None) -> None:
        self.code = code
        self.fares = fares
        self._database = database
        self._idle: LifoQueue[Connection] = LifoQueue(IDLE_MAX)
        for schema, component, package in (
            (schema_of(code), "ledger", LEDGER_MIGRATIONS),
            (schema_of(code), "city", MIGRATIONS),
            (people_schema_of(code), "people", PEOPLE_MIGRATIONS),
        ):
            connection = database.connect(schema)
            try:
                migrate(connection, component, package)
            finally:
                connection.close()

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """One moment of the books, which cannot be written through it.

        Raises Problem(DB_UNAVAILABLE) when the server is away.
        """
        with self._transaction() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """One transaction, beside whatever else is written; lock the rows you decide by."""
        with self._transaction() as cursor:
            yield cursor

    @contextmanager
    def alone(self) -> Iterator[Cursor]:
        """One transaction with the city's door closed: no intake, desk or other `alone` beside it
        (the advisory lock of `Desk`)."""
        with self._transaction() as cursor:
            cursor.execute(_THIS_HOUSE, (schema_of(self.code),))
            yield cursor

    def close(self) -> None:
        """Let go of the idle connections."""
        try:
            while True:
                self._idle.get_nowait().close()
        except Empty:
            return

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        connection = self._taken()
        try:
            with connection.transaction(), connection.cursor() as cursor:
                yield cursor
        finally:
            self._put_back(connection)

    def _taken(self) -> Connection:
        while True:
            try:
                connection = self._idle.get_nowait()
            except Empty:
                return self._opened()
            if not (connection.closed or connection.broken):
                return connection
            connection.close()

    def _opened(self) -> Connection:
        connection = self._database.connect(schema_of(self.code))
        names = (schema_of(self.code), people_schema_of(self.code))
        path = sql.SQL(", ").join(sql.Identifier(name) for name in names)
        connection.execute(sql.SQL("SET search_path TO {}").format(path))
        connection.commit()
        return connection

    def _put_back(self, connection: Connection) -> None:
        if connection.closed or connection.broken or self._idle.full():
            connection.close()
        else:
            self._idle.put(connection)
