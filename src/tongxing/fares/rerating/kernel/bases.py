"""Base fares that only the ride itself can tell: by metres, by a meter, by the length of the stay.

Mirrors `tongxing.fares.rules.bases`; all other base fares are worked out beforehand.
"""

from tongxing.fares.rerating.kernel.rounding import half_up
from tongxing.fares.rerating.layout import (
    BANDS,
    BASE_KIND,
    BASE_NUMBERS,
    FULL_BP,
    METER,
    MOST,
    NONE,
    RIDE_ROW,
    RIDE_SECOND,
    Columns,
    Memory,
    Prices,
)
from tongxing.fares.rerating.machine import compiled


@compiled
def by_steps(prices: Prices, at: int, measure: int) -> int:
    """A price list: `count` edges, their fares, one more fare or so much for every so many."""
    lists = prices.lists
    count, every, add, cap_fen = lists[at], lists[at + 1], lists[at + 2], lists[at + 3]
    edges, fares = at + 4, at + 4 + count
    step = 0
    while step < count and lists[edges + step] < measure:
        step += 1
    if step < count:
        fare_fen = lists[fares + step]
    elif not every:
        fare_fen = lists[fares + count]
    else:
        begun = -((lists[edges + count - 1] - measure) // every)
        fare_fen = lists[fares + count - 1] + begun * add
    return min(fare_fen, cap_fen) if cap_fen else fare_fen


@compiled
def by_meter(prices: Prices, at: int, metres: int, slow_m: int, second: int) -> int:
    """What a meter asks by day or night."""
    lists = prices.lists
    first, end = lists[at + 5], lists[at + 6]
    night = first <= second < end if first < end else second >= first or second < end
    start_fen, per_km_fen = (lists[at + 3], lists[at + 4]) if night else (lists[at], lists[at + 2])
    scaled = per_km_fen * (max(0, metres - lists[at + 1]) * FULL_BP + slow_m * lists[at + 7])
    return start_fen + half_up(scaled, 1000 * FULL_BP)


@compiled
def measured(prices: Prices, rides: Columns, memory: Memory, base: int) -> int:
    """The base fare of a measured ride in fen; NONE where the figures are out of bounds."""
    row, at = memory.ride[RIDE_ROW], prices.bases[base, BASE_NUMBERS]
    kind = prices.bases[base, BASE_KIND]
    metres, slow_m = rides.metres[row], rides.slow_metres[row]
    if metres > MOST or slow_m < 0 or slow_m > MOST:
        return NONE
    if kind == BANDS:
        return by_steps(prices, at + 1, max(0, max(0, metres) - prices.lists[at]))
    if kind == METER:
        return by_meter(prices, at, max(0, metres), slow_m, memory.ride[RIDE_SECOND])
    stay_s = max(0, rides.exited_s[row] - rides.entered_s[row])
    if stay_s > MOST:
        return NONE
    return by_steps(prices, at + 1, stay_s)
