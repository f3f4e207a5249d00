"""A world of one's own for each test, and one shared by the tests that only look."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from rider_life import Life, lived
from rider_world import World, open_world

from tongxing.storage import Database


@pytest.fixture
def database(city_database: Database) -> Database:
    """A city's empty tables, for this test alone."""
    return city_database


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A city with nobody in it, for one test alone."""
    found = open_world(database)
    yield found
    found.close()


@pytest.fixture
def life(world: World) -> Life:
    """A passenger who rides, in a world of their own."""
    return lived(world)


@pytest.fixture(scope="session")
def seen(database_server: Database) -> Iterator[Life]:
    """The same passenger for all tests that only look at pages."""
    name = f"rider_{os.getpid()}"
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    parts = urlsplit(database_server.dsn)
    world = open_world(Database(urlunsplit(parts._replace(path=f"/{name}"))))
    yield lived(world)
    world.close()
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
