"""Millions of pairs of medium number and reason in about eight bytes each, and exact.

Numbers of one shape (any first character, then so many digits) are a sorted array of 64-bit
integers: the digits' value, and in the lowest four bits which of sixteen reasons. Other numbers are
a sorted array of byte strings, the last byte being the reason. A look-up is one binary search, one
more for each further sixteen reasons of the list. What fits neither (not ASCII, empty, very long)
is kept as it is. Nothing here is guessed or hashed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongxing.messages.list_check import MODULUS, ROWS_AT_ONCE, columns_sum, entries_sum

Pair = tuple[str, str]
Shape = tuple[str, int]
"""First character and how many digits follow it; or `BYTES` and the number's length."""

Keys = NDArray[Any]
"""Sorted keys, each once: unsigned 64-bit integers, or byte strings of one length."""

BYTES = "bytes"
_DIGITS_MAX = 18
_BYTES_MAX = 64
_CODE_BITS = 4
_CODES = 1 << _CODE_BITS
_GROWTH = 8
"""A growing array is made larger by one part in so many: little is wasted, little is copied."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A set of pairs. `names` are reasons by their code; `by_shape` holds, for each shape, the keys
    of each page of sixteen codes; `odd` the pairs that are kept as they are."""

    names: tuple[str, ...] = ()
    by_shape: Mapping[Shape, Mapping[int, Keys]] = field(default_factory=dict)
    odd: frozenset[Pair] = frozenset()

    def reasons(self, number: str) -> list[str]:
        """Every reason for which this number is listed, in no particular order."""
        shape = shape_of(number)
        if shape is None:
            return [reason for listed, reason in self.odd if listed == number]
        pages = self.by_shape.get(shape)
        if pages is None:
            return []
        find = _codes_of_bytes if shape[0] == BYTES else _codes_of_digits
        found = []
        for page, keys in pages.items():
            for code in find(keys, number):
                found.append(self.names[page * _CODES + code])
        return found

    def count(self) -> int:
        """How many pairs there are."""
        arrays = (keys for pages in self.by_shape.values() for keys in pages.values())
        return sum(map(len, arrays)) + len(self.odd)

    def total(self) -> int:
        """The sum of the hashes of all pairs (`messages.list_check`)."""
        total = entries_sum(self.odd)
        for shape, pages in self.by_shape.items():
            for page, keys in pages.items():
                for at in range(0, len(keys), ROWS_AT_ONCE):
                    total += self._part_sum(shape, page, keys[at : at + ROWS_AT_ONCE])
        return total % MODULUS

    def with_edits(self, added: Iterable[Pair], removed: Iterable[Pair]) -> "Packed":
        """The same with pairs put in that are not here and others taken out that are.

        Arrays that nothing changes are shared; this set stays as it is.
        """
        plus = pack(added, self.names)
        minus = pack(removed, plus.names)
        by_shape = {shape: dict(pages) for shape, pages in self.by_shape.items()}
        for shape in {*plus.by_shape, *minus.by_shape}:
            pages = by_shape.setdefault(shape, {})
            more, fewer = plus.by_shape.get(shape, {}), minus.by_shape.get(shape, {})
            for page in {*more, *fewer}:
                keys = pages.pop(page, np.empty(0, kind_of(shape)))
                keys = _edited(keys, more.get(page), fewer.get(page))
                if len(keys):
                    pages[page] = keys
        kept = {shape: pages for shape, pages in by_shape.items() if pages}
        return Packed(minus.names, kept, (self.odd | plus.odd) - minus.odd)

    def _part_sum(self, shape: Shape, page: int, keys: Keys) -> int:
        columns, codes = _columns_of(shape, keys)
        return sum(
            columns_sum(
                np.ascontiguousarray(columns[:, codes == code]), self.names[page * _CODES + code]
            )
            for code in np.unique(codes).tolist()
        )


class Packer:
    """Takes pairs in by the ten thousand and makes a `Packed` of them, each pair once.

    The arrays grow where they are and are sorted where they are, so that making a large set takes
    hardly more memory than having it.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._ids: dict[str, int] = defaultdict(lambda: len(self._ids))
        self._ids.update({name: number for number, name in enumerate(names)})
        self._grown: dict[tuple[Shape, int], _Grown] = {}
        self._odd: set[Pair] = set()

    def add(self, numbers: Sequence[str], reasons: Sequence[str]) -> None:
        """Put in pairs: number and reason of each stand at the same place."""
        joined = "".join(numbers)
        if "\0" in joined or not joined.isascii():
            strange = [shape_of(number) is None for number in numbers]
            pairs = list(zip(numbers, reasons, strict=True))
            self._odd |= {pair for pair, odd in zip(pairs, strange, strict=True) if odd}
            plain = [pair for pair, odd in zip(pairs, strange, strict=True) if not odd]
            self.add([number for number, _ in plain], [reason for _, reason in plain])
            return
        codes = np.fromiter(map(self._ids.__getitem__, reasons), np.int64, len(reasons))
        lengths = np.fromiter(map(len, numbers), np.int64, len(numbers))
        letters = np.frombuffer(joined.encode(), np.uint8)
        starts = np.cumsum(lengths) - lengths
        for length in np.unique(lengths).tolist():
            chosen = np.flatnonzero(lengths == length)
            if not 0 < length <= _BYTES_MAX:
                self._odd |= {(numbers[one], reasons[one]) for one in chosen.tolist()}
                continue
            rows = letters[starts[chosen][:, None] + np.arange(length)]
            self._add_rows(rows, codes[chosen])

    def finish(self) -> Packed:
        """The set. Nothing may be put in afterwards."""
        by_shape: dict[Shape, dict[int, Keys]] = defaultdict(dict)
        for shape, page in sorted(self._grown):
            by_shape[shape][page] = self._grown.pop((shape, page)).finish()
        return Packed(tuple(self._ids), dict(by_shape), frozenset(self._odd))

    def _add_rows(self, rows: NDArray[np.uint8], codes: NDArray[np.int64]) -> None:
        """Numbers of one length: those that are digits after the first character, the others."""
        length = rows.shape[1]
        packs = np.full(len(rows), 1 < length <= _DIGITS_MAX + 1)
        packs &= (rows[:, 1:] - np.uint8(48) < 10).all(axis=1)
        for first in np.unique(rows[packs, 0]).tolist():
            chosen = packs & (rows[:, 0] == first)
            values = _values(rows[chosen, 1:]) << np.uint64(_CODE_BITS)
            values |= (codes[chosen] % _CODES).astype(np.uint64)
            self._keep((chr(first), length - 1), codes[chosen], values)
        others, of = rows[~packs], codes[~packs]
        spelt = np.hstack([others, (of % _CODES + 1).astype(np.uint8)[:, None]])
        self._keep((BYTES, length), of, spelt.view(f"S{length + 1}").ravel())

    def _keep(self, shape: Shape, codes: NDArray[np.int64], keys: Keys) -> None:
        pages = codes // _CODES
        for page in np.unique(pages).tolist():
            grown = self._grown.setdefault((shape, page), _Grown(kind_of(shape)))
            grown.extend(keys[pages == page])


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


def pack(pairs: Iterable[Pair], names: Sequence[str] = ()) -> Packed:
    """A set of these pairs; reasons that have a name already keep its code."""
    packer, listed = Packer(names), list(pairs)
    packer.add([number for number, _ in listed], [reason for _, reason in listed])
    return packer.finish()


def shape_of(number: str) -> Shape | None:
    """The shape of a number; None for one that is kept as it is."""
    length = len(number)
    if not 0 < length <= _BYTES_MAX or not number.isascii() or "\0" in number:
        return None
    if length <= _DIGITS_MAX + 1 and number[1:].isdigit():
        return number[0], length - 1
    return BYTES, length


def kind_of(shape: Shape) -> "np.dtype[Any]":
    """Of what the arrays of a shape consist, on every machine in the same order of bytes."""
    first, length = shape
    return np.dtype(f"S{length + 1}") if first == BYTES else np.dtype("<u8")


def _codes_of_digits(keys: Keys, number: str) -> list[int]:
    value, found = int(number[1:]), []
    place, count = int(keys.searchsorted(np.uint64(value << _CODE_BITS))), len(keys)
    while place < count and (key := keys.item(place)) >> _CODE_BITS == value:
        found.append(key % _CODES)
        place += 1
    return found


def _codes_of_bytes(keys: Keys, number: str) -> list[int]:
    spelt, found = number.encode(), []
    place, count = int(keys.searchsorted(spelt)), len(keys)
    while place < count and (key := keys.item(place))[:-1] == spelt:
        found.append(key[-1] - 1)
        place += 1
    return found


def _columns_of(shape: Shape, keys: Keys) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The characters of the numbers behind some keys (row `i` is character `i` of each), and the
    codes of their reasons."""
    first, length = shape
    if first == BYTES:
        rows = keys.view(np.uint8).reshape(len(keys), length + 1)
        return rows[:, :-1].T, rows[:, -1] - np.uint8(1)
    columns = np.empty((length + 1, len(keys)), np.uint8)
    columns[0] = ord(first)
    rest = keys >> np.uint64(_CODE_BITS)
    for column in range(length, 0, -1):
        tens = rest // np.uint64(10)
        columns[column] = rest - tens * np.uint64(10) + np.uint64(48)
        rest = tens
    return columns, (keys % np.uint64(_CODES)).astype(np.uint8)


def _values(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """What rows of digits say as numbers."""
    found = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        found *= np.uint64(10)
        found += column - np.uint8(48)
    return found


def _edited(keys: Keys, more: Keys | None, fewer: Keys | None) -> Keys:
    if fewer is not None:
        keys = np.delete(keys, keys.searchsorted(fewer))
    return keys if more is None else np.insert(keys, keys.searchsorted(more), more)
