"""These tests begin with a city that has its tables: they are emptied, not made anew each time."""

import pytest

from tongxing.storage import Database


@pytest.fixture
def database(city_database: Database) -> Database:
    """A city's empty tables, for this test alone."""
    return city_database
