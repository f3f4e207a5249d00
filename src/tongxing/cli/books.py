"""The books behind a home folder or a DSN, as commands open them that only read.

Those who write bring their own tables up to date. A reader would find the tables of an older
version and fail over what they lack, so they are brought up to date for it first. Nothing else is
ever written here, and a house that is being set up is left to those who do it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from tongxing.city.store import MIGRATIONS as CITY_MIGRATIONS
from tongxing.hub.store import HubStore
from tongxing.hub.store.connection import MIGRATIONS as HUB_MIGRATIONS
from tongxing.kernel.reasons import Problem
from tongxing.ledger.store import MIGRATIONS as LEDGER_MIGRATIONS
from tongxing.storage import Database, is_behind, migrate
from tongxing.storage.database import database_at, house_schemas

HUB = "hub"
_TIMEOUT_MS = 10_000


@contextmanager
def books_at(dsn: str | None, home: Path) -> Iterator[Database]:
    """The database there, with the tables that this version reads.

    Raises what `open_database` raises, and Problem(SCHEMA_MISMATCH) as `migrate` does.
    """
    with database_at(dsn, home) as database:
        bring_up_to_date(database)
        yield database


@contextmanager
def hub_books(dsn: str | None, home: Path) -> Iterator[HubStore]:
    """The clearing house's store there, for a command that works at one of its desks.

    Raises Problem(NOTHING_TO_PROVE) where there is none, and as `books_at` does.
    """
    where = "TONGXING_DSN" if dsn else str(home)
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", where)
    with books_at(dsn, home) as database:
        if HUB not in database.schemas():
            raise Problem("NOTHING_TO_PROVE", where)
        store = HubStore(database)
        try:
            yield store
        finally:
            store.close()


def bring_up_to_date(database: Database) -> list[str]:
    """Add what the tables of older houses lack; the names of those houses. Books that are not
    older are only read, so whoever may only read them can."""
    older = _older(database)
    for schema in dict.fromkeys(schema for schema, _, _ in older):
        connection = database.connect(schema)
        try:
            for of_schema, component, package in older:
                if of_schema == schema:
                    migrate(connection, component, package)
            connection.commit()
        finally:
            connection.close()
    return list(dict.fromkeys(schema for schema, _, _ in older))


def _older(database: Database) -> list[tuple[str, str, str]]:
    """Schema, component and its migrations, of all that lack some."""
    connection = database.connect_to_read(_TIMEOUT_MS)
    found = []
    try:
        for schema in house_schemas(connection):
            name = sql.Identifier(schema)
            connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
            own = ("hub", HUB_MIGRATIONS) if schema == HUB else ("city", CITY_MIGRATIONS)
            for component, package in (("ledger", LEDGER_MIGRATIONS), own):
                if is_behind(connection, component, package):
                    found.append((schema, component, package))
    finally:
        connection.close()
    return found
