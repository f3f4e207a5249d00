"""How many rows there are of each kind: a table that the loops fill, and the statements for it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 10
"""Rows that go through one loop after the other: what is known of them stays near the processor."""
PLACES_BITS = 20
FULL = (1 << PLACES_BITS) * 5 // 8
"""Kinds that are counted before the table is emptied: beyond, finding a place takes longer."""
ROW_OF_BLOCK = (
    "        for j in range(end - first):",
    "            b, i = np.uint64(j), np.uint64(first + j)",
)
"""Places without a sign: else it is asked of each whether it counts from the end."""


class Kinds:
    """What a loop counts. Cells of a kind: its numbers, the flags of those that are empty, and how
    many rows it has. A place has half of a hash and the number of the kind from 1, 0 for none. The
    rest is room for a block of rows."""

    def __init__(self, keys: int, lookups: int, rows_max: int) -> None:
        self.places = np.zeros(1 << PLACES_BITS, np.uint64)
        self.cells = np.zeros((FULL + rows_max, keys + 2), np.int64)
        self.used = 0
        self.keyed = np.zeros((BLOCK, keys + 1), np.int64)
        self.spots = np.zeros(BLOCK, np.uint64)
        self.gone = np.zeros(BLOCK, np.bool_)
        self.found = np.zeros((lookups, BLOCK), np.uint32)

    def taken(self) -> NDArray[np.int64]:
        """The cells of all kinds; none is left."""
        found = self.cells[: self.used].copy()
        self.places[:] = 0
        self.used = 0
        return found


def keeping(keys: Sequence[tuple[str, str]]) -> list[str]:
    """Keeps the numbers of a row, each with the flag that it is empty ("" for never), and a hash of
    them all."""
    cells = [f"np.int64({value}) if not ({empty or False}) else 0" for value, empty in keys]
    flags = [f"(np.int64({flag}) << {place})" for place, (_, flag) in enumerate(keys) if flag]
    cells.append(" | ".join(flags) or "np.int64(0)")
    lines = [f"k{place} = {cell}" for place, cell in enumerate(cells)]
    lines += [f"keyed[b, {place}] = k{place}" for place in range(len(cells))]
    spread = " + ".join(
        f"np.uint64(k{place}) * np.uint64({_ODD[place % len(_ODD)]})" for place in range(len(cells))
    )
    lines += [f"h = {spread}", f"spots[b] = (h ^ (h >> np.uint64(29))) * np.uint64({_ODD[0]})"]
    return lines


def counting(keys: int) -> str:
    """Puts the kinds of a block where they belong. All places are looked at once first: the
    processor waits for their memory at the same time."""
    cells = range(keys + 1)
    equal = " and ".join(f"cells[e, {cell}] == keyed[b, {cell}]" for cell in cells)
    put = "\n".join(f"{' ' * 20}cells[e, {cell}] = keyed[b, {cell}]" for cell in cells)
    shift, last = 64 - PLACES_BITS, (1 << PLACES_BITS) - 1
    return _COUNTING.format(shift=shift, last=last, equal=equal, put=put, count=keys + 1)


_COUNTING = """        near = np.int64(0)
        for j in range(end - first):
            at = places[spots[np.uint64(j)] >> np.uint64({shift})]
            near += cells[at & np.uint64(0xFFFFFFFF), 0]
        for j in range(end - first):
            b = np.uint64(j)
            if gone[b]:
                continue
            p = spots[b] >> np.uint64({shift})
            half = spots[b] << np.uint64(32)
            while True:
                at = places[p]
                if at == 0:
                    e = np.uint64(used)
                    used += 1
                    places[p] = half | np.uint64(used)
{put}
                    cells[e, {count}] = 1
                    break
                e = (at & np.uint64(0xFFFFFFFF)) - np.uint64(1)
                if at ^ (e + np.uint64(1)) == half and {equal}:
                    cells[e, {count}] += 1
                    break
                p = (p + np.uint64(1)) & np.uint64({last})
        keyed[0, 0] = near"""
"""What is looked at first is added up, for a number nobody asks for would not be looked at."""
_ODD = (
    0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93,
    0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3,
)  # fmt: skip
