"""What two houses compare to know that they hold the same list: a count and a sum of hashes.

The sum does not depend on any order and follows a change without a look at the rest, so that a gate
can prove a delta on a list of millions in microseconds. It finds mistakes; against forgery stands
the signature. An entry's hash is FNV-1a (64 bits) over number, line feed and reason, stirred once
more with the finaliser of MurmurHash3; the sum is taken modulo 2^64. Vectors: docs/deny-list.md.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_BASIS, _PRIME = 0xCBF29CE484222325, 0x100000001B3
_STIR = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)
_SHIFT = 33
MODULUS = 2**64
ROWS_AT_ONCE = 32_768
"""As many as fit a processor's cache with their hashes."""


def entry_hash(number: str, reason: str) -> int:
    """The hash of one entry."""
    found = _BASIS
    for byte in _spelt(number) + _tail(reason):
        found = ((found ^ byte) * _PRIME) % MODULUS
    for factor in _STIR:
        found = ((found ^ (found >> _SHIFT)) * factor) % MODULUS
    return found ^ (found >> _SHIFT)


def columns_sum(columns: NDArray[np.uint8], reason: str) -> int:
    """The sum over entries of one reason and length; column `i` holds byte `i` of each number."""
    found = np.full(columns.shape[1], _BASIS, np.uint64)
    prime = np.uint64(_PRIME)
    for column in columns:
        found ^= column
        found *= prime
    for byte in _tail(reason):
        found ^= np.uint64(byte)
        found *= prime
    for factor in _STIR:
        found ^= found >> np.uint64(_SHIFT)
        found *= np.uint64(factor)
    found ^= found >> np.uint64(_SHIFT)
    return int(found.sum(dtype=np.uint64))


def rows_sum(rows: NDArray[np.uint8], reason: str) -> int:
    """The sum over entries of one reason and length, one number in each row."""
    parts = (rows[at : at + ROWS_AT_ONCE] for at in range(0, len(rows), ROWS_AT_ONCE))
    return sum(columns_sum(np.ascontiguousarray(part.T), reason) for part in parts) % MODULUS


def entries_sum(pairs: Iterable[tuple[str, str]]) -> int:
    """The sum over pairs of number and reason, each of which comes once."""
    alike: dict[tuple[int, str], list[bytes]] = defaultdict(list)
    for number, reason in pairs:
        spelt = _spelt(number)
        alike[len(spelt), reason].append(spelt)
    total = 0
    for (length, reason), numbers in alike.items():
        rows = np.frombuffer(b"".join(numbers), np.uint8).reshape(len(numbers), length)
        total += rows_sum(rows, reason)
    return total % MODULUS


def written(total: int) -> str:
    """A sum as it travels: sixteen hexadecimal digits."""
    return f"{total:016x}"


def _spelt(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _tail(reason: str) -> bytes:
    return b"\n" + _spelt(reason)
