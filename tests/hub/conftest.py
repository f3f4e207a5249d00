"""These tests begin with a hub that has its tables: they are emptied, not made anew each time."""

from collections.abc import Iterator

import pytest
from hub_world import HUB_KEY, RULES, World, make_world

from tongxing.hub.holding import HoldingDesk
from tongxing.storage import Database


@pytest.fixture
def database(hub_database: Database) -> Database:
    """A hub's empty tables, for this test alone."""
    return hub_database


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A hub in them, and cities that present to it."""
    found = make_world(database)
    yield found
    found.hub.close()


@pytest.fixture
def desk(world: World) -> HoldingDesk:
    """Where its people decide what waits."""
    return HoldingDesk(world.store, HUB_KEY, RULES)
