"""Millions of pairs of medium number and reason in about eight bytes each, and exact.

Numbers of one shape (one first character at most that is no digit, then so many digits) that are
listed for one reason are a sorted array of 64-bit integers; other numbers are a sorted array of
byte strings of their length. A look-up is one binary search for each reason of the shape. What
fits neither (not ASCII, empty, very long) is kept as it is. Nothing here is guessed or hashed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongxing.messages.list_check import (
    MODULUS,
    ROWS_AT_ONCE,
    columns_sum,
    entries_sum,
)

Pair = tuple[str, str]
Shape = tuple[str, int]
"""First character ("" for none) and how many digits follow; or `_BYTES` and the length."""

Keys = NDArray[Any]
"""Sorted keys, each once: unsigned 64-bit integers, or byte strings of one length."""

_BYTES = "bytes"
_DIGITS_MAX = 19
_BYTES_MAX = 64
_GROWTH = 8
"""A growing array is made larger by one part in so many: little is wasted, little is copied."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A set of pairs. `by_shape` holds, for each shape, the keys of each reason; `odd` the rest."""

    by_shape: Mapping[Shape, Mapping[str, Keys]] = field(default_factory=dict)
    odd: frozenset[Pair] = frozenset()

    def reasons(self, number: str) -> list[str]:
        """Every reason for which this number is listed, in no particular order."""
        split = split_number(number)
        if split is None:
            return [reason for listed, reason in self.odd if listed == number]
        shape, key = split
        return [
            reason for reason, keys in self.by_shape.get(shape, {}).items() if _holds(keys, key)
        ]

    def count(self) -> int:
        """How many pairs there are."""
        arrays = (keys for listed in self.by_shape.values() for keys in listed.values())
        return sum(len(keys) for keys in arrays) + len(self.odd)

    def total(self) -> int:
        """The sum of the hashes of all pairs (`messages.list_check`)."""
        parts = (
            _keys_sum(shape, reason, keys)
            for shape, listed in self.by_shape.items()
            for reason, keys in listed.items()
        )
        return (sum(parts) + entries_sum(self.odd)) % MODULUS

    def with_edits(self, added: Sequence[Pair], removed: Sequence[Pair]) -> "Packed":
        """The same with pairs put in that are not here and others taken out that are.

        Arrays that nothing changes are shared; this set stays as it is.
        """
        plus, minus = pack(added), pack(removed)
        by_shape = {shape: dict(listed) for shape, listed in self.by_shape.items()}
        for shape in [*plus.by_shape, *minus.by_shape]:
            listed = by_shape.setdefault(shape, {})
            more, fewer = plus.by_shape.get(shape, {}), minus.by_shape.get(shape, {})
            for reason in {*more, *fewer}:
                keys = self.by_shape.get(shape, {}).get(reason)
                listed[reason] = _edited(keys, more.get(reason), fewer.get(reason), kind_of(shape))
        kept = {
            shape: {reason: keys for reason, keys in listed.items() if len(keys)}
            for shape, listed in by_shape.items()
        }
        return Packed(
            {shape: listed for shape, listed in kept.items() if listed},
            (self.odd | plus.odd) - minus.odd,
        )


class Packer:
    """Takes pairs in by the ten thousand and makes a `Packed` of them, each pair once.

    The arrays grow where they are and are sorted where they are, so that making a large set takes
    hardly more memory than having it.
    """

    def __init__(self) -> None:
        self._grown: dict[tuple[Shape, str], _Grown] = {}
        self._odd: set[Pair] = set()

    def add(self, numbers: Sequence[str], reasons: Sequence[str]) -> None:
        """Put in pairs: number and reason of each stand at the same place."""
        joined = "".join(numbers)
        if not joined.isascii():
            for pair in zip(numbers, reasons, strict=True):
                self._add_one(*pair)
            return
        ids: dict[str, int] = defaultdict(lambda: len(ids))
        codes = np.fromiter(map(ids.__getitem__, reasons), np.uint32, len(reasons))
        lengths = np.fromiter(map(len, numbers), np.int64, len(numbers))
        letters = np.frombuffer(joined.encode(), np.uint8)
        starts = np.cumsum(lengths) - lengths
        for reason, code in ids.items():
            for length in np.unique(lengths[codes == code]).tolist():
                chosen = starts[(codes == code) & (lengths == length)]
                self._add_rows(letters[chosen[:, None] + np.arange(length)], reason)

    def finish(self) -> Packed:
        """The set. Nothing may be put in afterwards."""
        by_shape: dict[Shape, dict[str, Keys]] = defaultdict(dict)
        for shape, reason in sorted(self._grown):
            by_shape[shape][reason] = self._grown.pop((shape, reason)).finish()
        return Packed(dict(by_shape), frozenset(self._odd))

    def _add_one(self, number: str, reason: str) -> None:
        split = split_number(number)
        if split is None:
            self._odd.add((number, reason))
            return
        shape, key = split
        self._keep(shape, reason, np.array([key], kind_of(shape)))

    def _add_rows(self, rows: NDArray[np.uint8], reason: str) -> None:
        """Numbers of one length: those that are digits but for the first character, the others."""
        length = rows.shape[1]
        whole = np.zeros(len(rows), bool)
        if 0 < length <= _DIGITS_MAX + 1:
            digits = rows - np.uint8(48) < 10
            whole = digits.all(axis=1) & (length <= _DIGITS_MAX)
            tails = digits[:, 1:].all(axis=1) & ~whole & (length > 1)
            self._keep(("", length), reason, _values(rows[whole]))
            for first in np.unique(rows[tails, 0]).tolist():
                chosen = rows[tails & (rows[:, 0] == first), 1:]
                self._keep((chr(first), length - 1), reason, _values(chosen))
            whole |= tails
        others = rows[~whole]
        if 0 < length <= _BYTES_MAX and others.all():
            keys = np.ascontiguousarray(others).view(f"S{length}").ravel()
            self._keep((_BYTES, length), reason, keys)
            return
        for row in others:
            number = row.tobytes().decode("ascii")
            if split_number(number) is None:
                self._odd.add((number, reason))
            else:
                self._add_one(number, reason)

    def _keep(self, shape: Shape, reason: str, keys: Keys) -> None:
        if len(keys):
            self._grown.setdefault((shape, reason), _Grown(keys.dtype)).extend(keys)


class _Grown:
    """One array while it grows."""

    def __init__(self, kind: "np.dtype[Any]") -> None:
        self._keys: Keys = np.empty(0, kind)
        self._used = 0

    def extend(self, keys: Keys) -> None:
        need = self._used + len(keys)
        if need > len(self._keys):
            self._keys.resize(need + need // _GROWTH, refcheck=False)
        self._keys[self._used : need] = keys
        self._used = need

    def finish(self) -> Keys:
        """The keys sorted, each once."""
        self._keys.resize(self._used, refcheck=False)
        self._keys.sort()
        again = self._keys[1:] == self._keys[:-1]
        return np.unique(self._keys) if again.any() else self._keys


def pack(pairs: Sequence[Pair]) -> Packed:
    """A set of these pairs."""
    packer = Packer()
    packer.add([number for number, _ in pairs], [reason for _, reason in pairs])
    return packer.finish()


def split_number(number: str) -> tuple[Shape, Any] | None:
    """The shape of a number and its key there; None for one that is kept as it is."""
    if not number.isascii():
        return None
    length = len(number)
    if length <= _DIGITS_MAX and number.isdigit():
        return ("", length), np.uint64(int(number))
    tail = number[1:]
    if length <= _DIGITS_MAX + 1 and tail.isdigit():
        return (number[0], length - 1), np.uint64(int(tail))
    if not 0 < length <= _BYTES_MAX or "\0" in number:
        return None
    return (_BYTES, length), number.encode()


def kind_of(shape: Shape) -> "np.dtype[Any]":
    """Of what the arrays of a shape consist, on every machine in the same order of bytes."""
    first, length = shape
    return np.dtype(f"S{length}") if first == _BYTES else np.dtype("<u8")


def columns_of(shape: Shape, keys: Keys) -> NDArray[np.uint8]:
    """The characters of the numbers behind some keys: row `i` is character `i` of each."""
    first, length = shape
    if first == _BYTES:
        return np.ascontiguousarray(keys.view(np.uint8).reshape(len(keys), length).T)
    columns = np.empty((len(first) + length, len(keys)), np.uint8)
    if first:
        columns[0] = ord(first)
    rest = keys.copy()
    for column in range(len(columns) - 1, len(first) - 1, -1):
        tens = rest // np.uint64(10)
        columns[column] = rest - tens * np.uint64(10) + np.uint64(48)
        rest = tens
    return columns


def _keys_sum(shape: Shape, reason: str, keys: Keys) -> int:
    total = 0
    for at in range(0, len(keys), ROWS_AT_ONCE):
        total += columns_sum(columns_of(shape, keys[at : at + ROWS_AT_ONCE]), reason)
    return total


def _holds(keys: Keys, key: Any) -> bool:
    place = keys.searchsorted(key)
    return bool(place < len(keys) and keys[place] == key)


def _values(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """What rows of digits say as numbers."""
    found = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        found *= np.uint64(10)
        found += column - np.uint8(48)
    return found


def _edited(keys: Keys | None, more: Keys | None, fewer: Keys | None, kind: Any) -> Keys:
    found: Keys = np.empty(0, kind) if keys is None else keys
    if fewer is not None:
        found = np.delete(found, found.searchsorted(fewer))
    return found if more is None else np.insert(found, found.searchsorted(more), more)
