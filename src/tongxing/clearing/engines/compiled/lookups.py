"""Joined tables as the loops look into them: by a key that no two rows have."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.engines.compiled.machine import put_in

_ROOM, _ROOM_OF_MANY, _MANY = 4, 2, 1 << 20
"""Places for each key, and for each of many: keys that are not there are mostly missed at the first
look, and ten million take a third of a gigabyte."""
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
        self._keys = np.concatenate([np.zeros(1, np.int64), found])
        room = _ROOM_OF_MANY if len(found) > _MANY else _ROOM
        bits = max((len(found) * room).bit_length(), _SMALLEST_BITS)
        self._shift = np.uint64(64 - bits)
        self._tags, self._rows = np.zeros(1 << bits, np.uint8), np.zeros(1 << bits, np.uint32)
        if not put_in()(self._tags, self._rows, self._keys, self._shift):
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
        """Tags, rows, keys, shift and cells, as a compiled loop takes them; row 0 is none."""
        rows = len(self._keys) if self._places else 1
        cells = np.zeros((rows, max(len(self._places), 1)), np.int64)
        for (name, is_gap), place in self._places.items():
            column = self._columns[name]
            told = np.ma.getmaskarray(column) if is_gap else np.ma.filled(column, 0)
            cells[0, place] = is_gap
            cells[1:, place] = told
        return self._tags, self._rows, self._keys, self._shift, cells


def warm_up() -> None:
    """Loads what compiled code needs, which takes half a second at the first call."""
    LookUp({"key": np.ma.arange(1)}, "key")
