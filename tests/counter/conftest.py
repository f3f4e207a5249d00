"""A city of one's own for each test, and one shared by the tests that only look."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from staff_life import Life, lived
from staff_world import World, open_world, quick_secrets

from tongxing.storage import Database


@pytest.fixture
def database(city_database: Database) -> Database:
    """A city's empty tables, for this test alone."""
    return city_database


@pytest.fixture(autouse=True)
def _quick_secrets() -> Iterator[None]:
    with quick_secrets():
        yield


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A city with its staff and nobody else, for one test alone."""
    found = open_world(database)
    yield found
    found.close()


@pytest.fixture(scope="session")
def seen(database_server: Database) -> Iterator[Life]:
    """A passenger for all tests that only look at pages."""
    name = f"counter_{os.getpid()}"
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    parts = urlsplit(database_server.dsn)
    with quick_secrets():
        world = open_world(Database(urlunsplit(parts._replace(path=f"/{name}"))))
        life = lived(world)
    yield life
    world.close()
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
