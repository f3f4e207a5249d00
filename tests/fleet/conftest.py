"""A served city, and devices that end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fleet_world import Device, Town, open_town

from tongxing.storage import Database


@pytest.fixture
def town(city_database: Database) -> Iterator[Town]:
    """The city, on loopback."""
    with open_town(city_database) as found:
        yield found


@pytest.fixture
def device(town: Town, tmp_path: Path) -> Iterator[Callable[..., Device]]:
    """Makes enrolled devices."""
    made: list[Device] = []

    def make(site: str = "XSZ", *terminals: str, **how: Any) -> Device:
        folder = tmp_path / f"{site} {len(made)}"
        identity = town.enrolled(folder, site, *(terminals or ("IN", "OUT")))
        made.append(Device(identity, folder, town.clock, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()
