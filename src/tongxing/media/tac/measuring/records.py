"""Records invented for a measurement: every one of another card, some codes wrong on purpose.

The same seed gives the same records on every machine. Keys are invented too.
"""

from dataclasses import dataclass

import numpy as np

from tongxing.media.tac.blocks import Bytes
from tongxing.media.tac.columns import Flags
from tongxing.media.tac.fields import FACTOR_BYTES, TAC_BYTES, TAC_INPUT_BYTES

WRONG_EVERY = 9_973


@dataclass(frozen=True, slots=True)
class Records:
    """One issuer's key and n records of n cards, without their codes."""

    master: bytes
    factors: Bytes
    data: Bytes

    def first(self, count: int) -> "Records":
        """The first so many of them."""
        return Records(self.master, self.factors[:count], self.data[:count])


def invented(count: int, seed: int) -> Records:
    """So many records; card factors are counted up, so that no two are the same."""
    chance = np.random.default_rng(seed)
    factors = np.arange(count, dtype=">u8") + np.uint64(0x9010_0000_0000_0000)
    return Records(
        chance.bytes(16),
        factors.view(np.uint8).reshape(count, FACTOR_BYTES),
        chance.integers(0, 256, (count, TAC_INPUT_BYTES), np.uint8),
    )


def with_wrong_ones(codes: Bytes, seed: int) -> tuple[Bytes, Flags]:
    """Codes of which one in some ten thousand has one bit wrong, and which are right."""
    chance = np.random.default_rng(seed)
    count = len(codes)
    chosen = np.unique(chance.integers(0, count, -(-count // WRONG_EVERY)))
    bits = chance.integers(0, 8 * TAC_BYTES, len(chosen))
    mixed = codes.copy()
    mixed[chosen, bits // 8] ^= (1 << bits % 8).astype(np.uint8)
    right = np.ones(count, np.bool_)
    right[chosen] = False
    return mixed, right
