"""What changes, counted: by group, by passenger, as a distribution. Only sums, nothing of a tariff.

All amounts are fen; a change is after minus before, so more to pay is positive.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

BAND_EDGES_KM = (3, 6, 12, 20, 30)
_BINS_MOST = 11
"""Bins on either side of "the same"."""
_STEPS = (1, 2, 5)


class GroupRow(Struct, frozen=True):
    """Rides of one group, and what they cost before and after."""

    key: str
    rides: int
    before_fen: int
    after_fen: int

    @property
    def change_fen(self) -> int:
        return self.after_fen - self.before_fen


class Bin(Struct, frozen=True):
    """Passengers whose change lies in a range, both ends included; None has no end."""

    least_fen: int | None
    most_fen: int | None
    passengers: int

    @property
    def side(self) -> str:
        """ "less", "same" or "more"."""
        if self.least_fen == 0 == self.most_fen:
            return "same"
        return "less" if self.most_fen is not None and self.most_fen < 0 else "more"


class Spread(Struct, frozen=True):
    """How the changes of passengers lie: how many pay more and less, by how much together, the
    ten-percent marks from least to most, and the bins of the picture."""

    passengers: int
    more: int
    less: int
    same: int
    more_fen: int
    less_fen: int
    deciles_fen: tuple[int, ...]
    bins: tuple[Bin, ...]


class Sums:
    """Adds up rides by key, in the order in which the keys first appear."""

    def __init__(self) -> None:
        self._sums: dict[str, list[int]] = {}

    def add(self, key: str, before_fen: int, after_fen: int, rides: int = 1) -> None:
        row = self._sums.setdefault(key, [0, 0, 0])
        row[0] += rides
        row[1] += before_fen
        row[2] += after_fen

    def rows(self, by_key: bool = False) -> tuple[GroupRow, ...]:
        """The groups, the one with most money first; or in order of their keys."""
        found = [GroupRow(key, *row) for key, row in self._sums.items()]
        if by_key:
            return tuple(sorted(found, key=lambda row: row.key))
        return tuple(sorted(found, key=lambda row: (-row.before_fen, -row.after_fen, row.key)))


def distance_band(metres: int) -> str:
    """The band of a distance, so that the names sort as the bands do: ``1 0-3``; "" unknown."""
    if metres < 0:
        return ""
    number = bisect_right(BAND_EDGES_KM, (max(metres, 1) - 1) // 1_000)
    low = 0 if number == 0 else BAND_EDGES_KM[number - 1]
    if number == len(BAND_EDGES_KM):
        return f"{number} {low}+"
    return f"{number} {low}-{BAND_EDGES_KM[number]}"


def spread(changes_fen: Iterable[int]) -> Spread:
    """The spread of the passengers' changes."""
    ordered = sorted(changes_fen)
    more = [one for one in ordered if one > 0]
    less = [one for one in ordered if one < 0]
    return Spread(
        passengers=len(ordered),
        more=len(more),
        less=len(less),
        same=len(ordered) - len(more) - len(less),
        more_fen=sum(more),
        less_fen=sum(less),
        deciles_fen=tuple(_mark(ordered, tenth) for tenth in range(11)) if ordered else (),
        bins=_bins(ordered),
    )


def _mark(ordered: Sequence[int], tenth: int) -> int:
    """The value below which so many tenths lie (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * tenth // 10) - 1)]


def _bins(ordered: Sequence[int]) -> tuple[Bin, ...]:
    """Bins of one width on both sides of "the same"; what lies beyond goes into open ends."""
    if not ordered:
        return ()
    width = _width(max(abs(ordered[0]), abs(ordered[-1])), ordered)
    sides = [0] * _BINS_MOST, [0] * _BINS_MOST
    same = 0
    for change in ordered:
        if change == 0:
            same += 1
        else:
            number = min((abs(change) - 1) // width, _BINS_MOST - 1)
            sides[change > 0][number] += 1
    less = [_bin(number, width, count, -1) for number, count in enumerate(sides[0])]
    more = [_bin(number, width, count, 1) for number, count in enumerate(sides[1])]
    kept_less = less[: _used(sides[0])]
    kept_more = more[: _used(sides[1])]
    return (*reversed(kept_less), Bin(0, 0, same), *kept_more)


def _bin(number: int, width: int, count: int, sign: int) -> Bin:
    near, far = number * width + 1, (number + 1) * width
    is_open = number == _BINS_MOST - 1
    if sign > 0:
        return Bin(near, None if is_open else far, count)
    return Bin(None if is_open else -far, -near, count)


def _used(counts: Sequence[int]) -> int:
    return max((number + 1 for number, count in enumerate(counts) if count), default=0)


def _width(most_fen: int, ordered: Sequence[int]) -> int:
    """A round width with which nineteen of twenty passengers lie in bins that have an end."""
    sizes = sorted(abs(one) for one in ordered if one)
    reach = sizes[max(0, len(sizes) * 19 // 20 - 1)] if sizes else 1
    magnitude = 10
    while True:
        for factor in _STEPS:
            width = factor * magnitude
            if width * (_BINS_MOST - 1) >= min(reach, max(most_fen, 1)):
                return width
        magnitude *= 10
