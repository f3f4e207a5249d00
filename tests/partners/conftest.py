"""A running sandbox, and a merchant that hears its notices, for each test."""

from collections.abc import Iterator

import pytest
from partners_merchant import Merchant, listening

from tongxing.sandbox import Sandbox, start_sandbox


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with listening() as heard:
        yield heard


@pytest.fixture
def sandbox(merchant: Merchant) -> Iterator[Sandbox]:
    with start_sandbox(notify_base=merchant.address, pace=0.0001) as running:
        yield running
