"""One database for all tests of this room, emptied before each: far quicker than one for each."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from people_world import CHONGQING

from tongxing.city.office import Office
from tongxing.storage import Database

_TABLES = (
    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE tablename <> 'migration'"
    " AND (schemaname LIKE 'city\\_%' OR schemaname LIKE 'people\\_%')"
)
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="session")
def people_database(database_server: Database) -> Iterator[Database]:
    """A database in which a city and its people have their tables."""
    name = f"people_{os.getpid()}"
    found = Database(urlunsplit(urlsplit(database_server.dsn)._replace(path=f"/{name}")))
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        Office(CHONGQING, found, None).close()
        yield found
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def database(people_database: Database) -> Iterator[Database]:
    """That database, empty, for this test alone; connections it forgot are cut."""
    with psycopg.connect(people_database.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # evidence cannot be deleted
        for (table,) in connection.execute(_TABLES).fetchall():
            connection.execute(f"DELETE FROM {table}".encode())
    yield people_database
    with psycopg.connect(people_database.dsn, autocommit=True) as connection:
        connection.execute(_CUT)
