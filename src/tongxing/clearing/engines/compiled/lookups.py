"""Joined tables as the loops look into them: by a key that no two rows have."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.engines.compiled.machine import put_in

_ROOM = 4
"""Places for each key: most keys that are not there are missed at the first look."""
_SMALLEST_BITS = 4


class LookUp:
    """A table with a key. Only columns that are asked for (`place`) are laid out by `arrays`.

    Raises ValueError for a key that comes twice. Empty keys are no keys.
    """

    def __init__(self, columns: Mapping[str, NDArray[Any]], key: str) -> None:
        keys = columns[key]
        there = ~np.ma.getmaskarray(keys)
        self._columns = {name: column[there] for name, column in columns.items()}
        self._places: dict[tuple[str, bool], int] = {}
        found = np.ma.getdata(self._columns[key]).astype(np.int64)
        bits = max(int(len(found) * _ROOM).bit_length(), _SMALLEST_BITS)
        self._shift = np.uint64(64 - bits)
        self._tags = np.zeros(1 << bits, np.uint8)
        self._keys = np.zeros((1 << bits, 2), np.int64)
        if not put_in()(self._tags, self._keys, self._shift, found):
            raise ValueError(f"{key}: a key comes twice")

    def place(self, name: str) -> int:
        """Where the cells of a column will be."""
        return self._places.setdefault((name, False), len(self._places))

    def has_gaps(self, name: str) -> bool:
        """Whether a column is empty in some row."""
        return bool(np.ma.getmaskarray(self._columns[name]).any())

    def gap_place(self, name: str) -> int:
        """Where it will be said whether a cell of a column is empty."""
        return self._places.setdefault((name, True), len(self._places))

    def arrays(self) -> tuple[Any, ...]:
        """Tags, keys with their rows, shift and cells, as a compiled loop takes them; row 0 is
        none."""
        rows = len(next(iter(self._columns.values())))
        cells = np.zeros((rows + 1, max(len(self._places), 1)), np.int64)
        for (name, is_gap), place in self._places.items():
            column = self._columns[name]
            told = np.ma.getmaskarray(column) if is_gap else np.ma.filled(column, 0)
            cells[0, place] = is_gap
            cells[1:, place] = told
        return self._tags, self._keys, self._shift, cells


def warm_up() -> None:
    """Loads what compiled code needs, which takes half a second at the first call."""
    LookUp({"key": np.ma.arange(1)}, "key")
