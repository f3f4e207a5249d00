"""A vault whose master keys lie in this process's memory.

For tests, the simulation and small deployments that accept the risk; the keys can be read by
whoever can read the memory. It shows check values and never a key.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import KEY_BYTES
from tongxing.media.keys.marks import (
    check_value,
    enciphered,
    is_test_key,
    mark_of,
    test_key_refusal,
)
from tongxing.media.keys.vault import (
    Bytes2D,
    Environment,
    KeyUse,
    MasterName,
    check_factors,
    factor_block,
    factor_blocks,
    master_name,
    unknown_key,
)
from tongxing.media.tac.engines import engine_for

_ENGINE_FROM = 10_000
"""Keys from which the engines of transaction codes derive them faster than one call of OpenSSL."""


class SoftwareVault:
    """Master keys of 16 bytes, by name. With `environment` "prod" known test keys are refused."""

    def __init__(
        self, masters: Mapping[MasterName, bytes], environment: Environment = "test"
    ) -> None:
        if any(len(key) != KEY_BYTES for key in masters.values()):
            raise ValueError("a master key has 16 bytes")
        self._masters = dict(masters)
        self._environment: Environment = environment
        self._known = {
            name for name, key in masters.items() if is_test_key(mark_of(key, name.algorithm))
        }

    def __repr__(self) -> str:
        return f"SoftwareVault({len(self._masters)} keys, {self._environment})"

    def __reduce__(self) -> str:
        raise TypeError("a vault is not copied or written out")

    @property
    def environment(self) -> Environment:
        return self._environment

    def check_values(self) -> Mapping[MasterName, str]:
        """What may be shown of the keys: each one's check value, in the order of their names."""
        return {
            name: check_value(mark_of(key, name.algorithm))
            for name, key in sorted(self._masters.items())
        }

    def refused(self) -> tuple[Refusal, ...]:
        """TEST_KEY_IN_PROD for each key in here that the real world must refuse."""
        return tuple(test_key_refusal(name) for name in sorted(self._known))

    def card_key(
        self, use: KeyUse, algorithm: int, version: int, factors: Sequence[bytes]
    ) -> bytes | Refusal:
        """As `KeyVault.card_key` says."""
        check_factors(factors)
        found = self._master(use, algorithm, version)
        if isinstance(found, Refusal):
            return found
        name, key = found
        for factor in factors:
            key = enciphered(key, name.algorithm, factor_block(factor))
        return key

    def card_keys(
        self,
        use: KeyUse,
        algorithm: int,
        version: int,
        issuer_factor: bytes,
        card_factors: Bytes2D,
    ) -> Bytes2D | Refusal:
        """As `KeyVault.card_keys` says."""
        check_factors((issuer_factor,))
        blocks = factor_blocks(card_factors)
        issuer = self.card_key(use, algorithm, version, (issuer_factor,))
        if isinstance(issuer, Refusal):
            return issuer
        name = master_name(use, algorithm, version)
        if isinstance(name, Refusal):
            return name
        if len(card_factors) >= _ENGINE_FROM:
            return engine_for(name.algorithm, len(card_factors)).card_keys(issuer, card_factors)
        keys = enciphered(issuer, name.algorithm, blocks)
        return np.frombuffer(keys, dtype=np.uint8).reshape(-1, KEY_BYTES)

    def _master(
        self, use: KeyUse, algorithm: int, version: int
    ) -> tuple[MasterName, bytes] | Refusal:
        name = master_name(use, algorithm, version)
        if isinstance(name, Refusal):
            return name
        key = self._masters.get(name)
        if key is None:
            return unknown_key(name)
        if self._environment == "prod" and name in self._known:
            return test_key_refusal(name)
        return name, key
