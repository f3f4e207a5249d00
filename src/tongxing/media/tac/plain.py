"""The codes one record at a time, through the suite that cards and terminals use themselves.

Slow and obviously right: what the other engines are held against, and what a handful of records
takes, since the others need thousands to earn their start.
"""

import numpy as np

from tongxing.media.crypto.suites import CryptoSuite
from tongxing.media.tac.blocks import Bytes


class OneByOne:
    """The engine for either algorithm, by its suite."""

    name = "one by one"

    def __init__(self, suite: CryptoSuite) -> None:
        self._suite = suite

    def card_keys(self, master: bytes, factors: Bytes) -> Bytes:
        """Card keys (n, 16) from an issuer's key and card factors (n, 8)."""
        diversify = self._suite.diversify
        return _rows(16, [diversify(master, factor.tobytes()) for factor in factors])

    def codes(self, keys: Bytes, data: Bytes) -> Bytes:
        """Transaction codes (n, 4) under card keys (n, 16), of data (n, w)."""
        tac = self._suite.tac
        pairs = zip(keys, data, strict=True)
        return _rows(4, [tac(key.tobytes(), row.tobytes()) for key, row in pairs])

    def issuer_codes(self, master: bytes, factors: Bytes, data: Bytes) -> Bytes:
        """The same from an issuer's key."""
        return self.codes(self.card_keys(master, factors), data)


def _rows(width: int, rows: list[bytes]) -> Bytes:
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, width)
