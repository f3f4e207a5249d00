"""Every way to compute SM2 that this machine has, one after the other."""

from collections.abc import Iterator

import pytest
from crypto_world import computers

from tongxing.media.crypto.providers import VARIABLE
from tongxing.media.crypto.sm2 import Sm2


@pytest.fixture(autouse=True)
def nothing_forced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(VARIABLE, raising=False)
    yield


@pytest.fixture(params=["compiled", "libcrypto", "plain"])
def computer(request: pytest.FixtureRequest) -> Sm2:
    found = computers().get(request.param)
    if found is None:
        pytest.skip(f"{request.param} is not on this machine")
    return found
