"""The city's office: where the pages of passengers and staff reach its books, many at a time.

The desk of gates and hub has one connection and one writer; people come in hundreds. Here each call
has a connection of its own, its names resolve in the city's tables first and in those of its people
second, and a writer locks the rows it works on, not the house. What must not run beside an intake
asks for `alone`. Nothing here decides anything.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue

from psycopg import sql

from tongxing.city.desk import schema_of
from tongxing.city.moment import READ_ONLY, Foresight, Known, Moment
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
        self._here = threading.local()
        self._foresight = Foresight()
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
    def moment(self) -> Iterator[None]:
        """Every `reading` of this thread inside is of one and the same moment, in one transaction,
        and asks nothing twice: for a page that several desks bring together.

        It ends early where the thread writes: whoever then reads sees what was written. Raises
        what `reading` raises.
        """
        if self._now() is not None:
            yield
            return
        before = getattr(self._here, "moment", None)
        connection = self._taken()
        self._here.moment = moment = Moment(connection, self._foresight)
        try:
            yield
            moment.end()
        finally:
            self._here.moment = before
            self._read_out(connection, has_begun=moment.has_begun)

    def foresee(self, page: str, known: Known) -> None:
        """Inside a `moment`: ask at once what pages of this kind ask, with what is `known` of this
        one; its time is ``now_s``. Changes nothing but how long the page takes."""
        moment = self._now()
        if moment is not None:
            moment.foresee(page, known)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """One moment of the books, which cannot be written through it.

        Raises Problem(DB_UNAVAILABLE) when the server is away.
        """
        moment = self._now()
        if moment is not None:
            with moment.cursor() as cursor:
                yield cursor
            return
        with self._read() as connection, connection.cursor() as cursor:
            yield cursor

    @contextmanager
    def asking(self) -> Iterator[Cursor]:
        """For one question, which is a moment of its own: two of them may see two moments. Cheaper
        than `reading`; raises what that raises."""
        moment = self._now()
        if moment is not None:
            with moment.cursor() as cursor:
                yield cursor
            return
        connection = self._taken()
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            self._put_back(connection)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """One transaction, beside whatever else is written; lock the rows you decide by."""
        moment = self._now()
        if moment is not None:
            moment.is_over = True
        connection = self._taken()
        try:
            with connection.transaction(), connection.cursor() as cursor:
                yield cursor
        finally:
            self._put_back(connection)

    @contextmanager
    def alone(self) -> Iterator[Cursor]:
        """One transaction with the city's door closed: no intake, desk or other `alone` beside it
        (the advisory lock of `Desk`)."""
        with self.writing() as cursor:
            cursor.execute(_THIS_HOUSE, (schema_of(self.code),))
            yield cursor

    def close(self) -> None:
        """Let go of the idle connections."""
        try:
            while True:
                self._idle.get_nowait().close()
        except Empty:
            return

    def _now(self) -> Moment | None:
        """The moment that this thread is in."""
        found: Moment | None = getattr(self._here, "moment", None)
        return None if found is None or found.is_over else found

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """A connection in a transaction that only reads."""
        connection = self._taken()
        try:
            connection.execute(READ_ONLY)
            yield connection
        finally:
            self._read_out(connection, has_begun=True)

    def _read_out(self, connection: Connection, *, has_begun: bool) -> None:
        """The end of a transaction that only read."""
        try:
            if has_begun and not connection.closed:
                connection.commit()  # a rollback would also forget prepared statements
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
        connection.autocommit = True  # each transaction is begun by name, with what it may do
        return connection

    def _put_back(self, connection: Connection) -> None:
        if connection.closed or connection.broken or self._idle.full():
            connection.close()
        else:
            self._idle.put(connection)
