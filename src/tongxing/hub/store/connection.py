"""The hub's connection: migrations at the start, transactions that keep others out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tongxing.ledger.store import MIGRATIONS as LEDGER_MIGRATIONS
from tongxing.storage import Database, migrate

MIGRATIONS = "tongxing.hub.store.migrations"
_LOCK = 0x68756231
_DUTY = 0x68756232

Cursor = psycopg.Cursor[tuple[Any, ...]]


class HubStore:
    """One connection to the hub's schema. Raises Problem as `Database.connect` and `migrate` do."""

    def __init__(self, database: Database, schema: str = "hub") -> None:
        self._connection = database.connect(schema)
        migrate(self._connection, "ledger", LEDGER_MIGRATIONS)
        migrate(self._connection, "hub", MIGRATIONS)
        self._connection.commit()

    @contextmanager
    def changing(self) -> Iterator[Cursor]:
        """A transaction that is alone: another waits until this one is over."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            yield cursor

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """A transaction that sees one moment of the books, and changes nothing."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield cursor

    @contextmanager
    def on_duty(self) -> Iterator[bool]:
        """Whether this connection, and no other on the server, may work the settlement day until
        the end of the block. The lock dies with the connection, as does every write it allows."""
        taken = self._duty("pg_try_advisory_lock")
        try:
            yield taken
        finally:
            if taken and not self._connection.closed:
                self._duty("pg_advisory_unlock")

    def _duty(self, function: str) -> bool:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s, hashtext(current_schema()))", (_DUTY,))
            row = cursor.fetchone()
            return row is not None and bool(row[0])

    def close(self) -> None:
        self._connection.close()
