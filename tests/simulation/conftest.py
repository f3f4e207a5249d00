"""Houses that have their tables before a run: made once, and each run works in a copy. That a run
makes them itself is proven by `test_commands` and `test_runbook`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tongxing.city.office import Office
from tongxing.hub import HubStore
from tongxing.simulation.scenario import load_scenario
from tongxing.storage import Database

Lasting = Callable[..., AbstractContextManager[Database]]


@pytest.fixture(scope="session")
def _empty_houses(lasting_database: Lasting) -> Iterator[Database]:
    with lasting_database() as found:
        for member in load_scenario().members:
            Office(member, found, None).close()
        HubStore(found).close()
        yield found


@pytest.fixture
def houses(lasting_database: Lasting, _empty_houses: Database) -> Iterator[Database]:
    """Houses for this test alone, with nothing in their tables."""
    with lasting_database(_empty_houses) as found:
        yield found


@pytest.fixture(scope="module")
def lasting_houses(lasting_database: Lasting, _empty_houses: Database) -> Iterator[Database]:
    """The same for the tests of one file together."""
    with lasting_database(_empty_houses) as found:
        yield found
