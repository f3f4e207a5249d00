"""One day, told once to a real database and shown by every test of the pages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from console_world import OPERATORS, open_world
from fastapi.testclient import TestClient
from page_reading import PAGES

from tongxing.console import create_app
from tongxing.storage import Database


@pytest.fixture(scope="session")
def told(database_server: Database) -> Iterator[Database]:
    """The whole day, from the first tap to the last payment. Tests only read it."""
    name = f"console_{os.getpid()}"
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    parts = urlsplit(database_server.dsn)
    database = Database(urlunsplit(parts._replace(path=f"/{name}")))
    world = open_world(database)
    world.whole_day()
    world.close()
    yield database
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def pages(told: Database) -> Iterator[TestClient]:
    """The console over that day."""
    with TestClient(create_app(told, "simulated"), base_url=PAGES) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Booked:
    """A trip as it stands in a city's table, read without any of the code under test."""

    city: str
    mode: str
    how: str
    revision: int
    fare_fen: int
    charge_fen: int


@pytest.fixture(scope="session")
def booked(told: Database) -> list[Booked]:
    """Every trip of the day that stands."""
    found = []
    for city in OPERATORS:
        with told.connect(f"city_{city}") as connection:
            rows = connection.execute(
                "SELECT mode, how, revision, fare_fen, charge_fen FROM trip WHERE how <> 'void'"
            )
            found += [Booked(city, *row) for row in rows]
    return found


@pytest.fixture
def empty(database: Database) -> Iterator[TestClient]:
    """The console over a database without any house."""
    with TestClient(create_app(database), base_url=PAGES) as client:
        yield client
