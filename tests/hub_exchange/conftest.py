"""These tests begin with a hub that has its tables: they are emptied, not made anew each time."""

import pytest

from tongxing.storage import Database


@pytest.fixture
def database(hub_database: Database) -> Database:
    """A hub's empty tables, for this test alone."""
    return hub_database
