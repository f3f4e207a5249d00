"""What tests of media share: a smart card service of the run's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pcsc_world import CardService, missing, running


@pytest.fixture(scope="session")
def card_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardService]:
    """A real pcscd with a virtual reader; without one the test is skipped, loudly."""
    lacking = missing()
    if lacking:
        pytest.skip(f"no PC/SC: {lacking}")
    folder: Path = tmp_path_factory.mktemp("pcsc")
    with running(folder) as service:
        yield service
