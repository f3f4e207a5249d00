"""The oracle's own sums: rounding and distance bands, written apart from the engine's on purpose.

If both used one function, a mistake in it would never show. Whole fen and whole metres only.
"""

from bisect import bisect_left
from collections.abc import Sequence


def half_up(amount_fen: int, percent: int) -> int:
    """`percent` of a price to whole fen, a half fen upwards; the amount is not negative (A1)."""
    return (amount_fen * percent + 50) // 100


def banded(
    metres: int,
    edges_m: Sequence[int],
    first_fen: int,
    step_fen: int,
    then_every_m: int,
    grace_m: int = 0,
) -> int:
    """The fare of a table "up to edge 1: first; up to edge 2: one step more; ...".

    Upper ends belong to the cheaper band. Beyond the last edge each begun `then_every_m` adds a
    step; 0 means that the band behind the last edge has no end. `grace_m` metres are given away at
    every edge, the endless ones too.
    """
    counted_m = metres - grace_m
    bands = bisect_left(edges_m, counted_m)
    if bands == len(edges_m):
        beyond_m = counted_m - edges_m[-1]
        bands += -(-beyond_m // then_every_m) - 1 if then_every_m else 0
    return first_fen + step_fen * bands
