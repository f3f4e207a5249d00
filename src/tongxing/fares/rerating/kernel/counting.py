"""Counters and ride packs (mirrors `tongxing.fares.counters` and `tongxing.fares.packs`)."""

from tongxing.fares.rerating.kernel.reliefs import counter_row, listed
from tongxing.fares.rerating.layout import (
    COUNTER_PERIOD,
    DAY_MONTH_END_S,
    DONE,
    EXACT,
    HELD_LEFT,
    HELD_NAME,
    HELD_UNTIL,
    MAX_PACKS,
    NONE,
    NUMBER_DAY_ZERO,
    NUMBER_DAYS,
    PACK_DAYS,
    PACK_NAME,
    PACK_RIDES,
    PACK_RULE,
    PLAN_COUNTERS,
    PLAN_COUNTERS_END,
    PLAN_PACKS,
    PLAN_PACKS_END,
    RIDE_KEYS,
    RIDE_ROW,
    RIDE_SLOT,
    WORK_FARE,
    WORK_LINE,
    WORK_PLAN,
    WORK_PRICE,
    WORK_RULE,
    Memory,
    Outcomes,
    Prices,
)
from tongxing.fares.rerating.machine import compiled

_DAY_S = 86_400
_OFFSET_S = 28_800


@compiled
def keeps(prices: Prices, plan: int, counter: int) -> bool:
    """Whether a plan counts for a counter."""
    for at in range(prices.plans[plan, PLAN_COUNTERS], prices.plans[plan, PLAN_COUNTERS_END]):
        if prices.lists[at] == counter:
            return True
    return False


@compiled
def count(prices: Prices, memory: Memory, out: Outcomes, portions: int, rides: int) -> None:
    """Move every counter of the portions by what they cost (`WORK_PRICE`) and by the ride."""
    work, row = memory.work, memory.ride[RIDE_ROW]
    seen = 0
    for portion in range(portions):
        plan = work[portion, WORK_PLAN]
        for at in range(prices.plans[plan, PLAN_COUNTERS], prices.plans[plan, PLAN_COUNTERS_END]):
            counter = prices.lists[at]
            if seen >> counter & 1:
                continue
            seen |= 1 << counter
            paid_fen = work[portion, WORK_PRICE]
            for other in range(portion + 1, portions):
                if keeps(prices, work[other, WORK_PLAN], counter):
                    paid_fen += work[other, WORK_PRICE]
            move(prices, memory, out, counter, paid_fen, rides, row)


@compiled
def move(
    prices: Prices, memory: Memory, out: Outcomes, counter: int, paid_fen: int, rides: int, row: int
) -> None:
    """Move one counter; the first that moves stands in the outcome."""
    where = counter_row(prices, counter, memory.ride[RIDE_SLOT])
    key = memory.ride[RIDE_KEYS + prices.counters[counter, COUNTER_PERIOD]]
    if memory.key[where, counter] > key:
        return
    if memory.key[where, counter] != key:
        memory.key[where, counter] = key
        memory.paid[where, counter] = 0
        memory.rides[where, counter] = 0
    memory.paid[where, counter] += paid_fen
    memory.rides[where, counter] += rides
    if out.counter[row] == NONE:
        out.counter[row] = counter
        out.counter_fen[row] = memory.paid[where, counter]
        out.counter_rides[row] = memory.rides[where, counter]


@compiled
def drop_ended(memory: Memory, entered_s: int) -> None:
    """Forget the packs that ended before this ride, keeping the order of the others."""
    slot, kept = memory.ride[RIDE_SLOT], 0
    for at in range(memory.pack_count[slot]):
        if entered_s <= memory.packs[slot, at, HELD_UNTIL]:
            for column in range(3):
                memory.packs[slot, kept, column] = memory.packs[slot, at, column]
            kept += 1
    memory.pack_count[slot] = kept


@compiled
def held_pack(memory: Memory, name: int, entered_s: int) -> int:
    """The pack of that name with a ride left that ends first; NONE without one."""
    slot, found = memory.ride[RIDE_SLOT], NONE
    for at in range(memory.pack_count[slot]):
        if memory.packs[slot, at, HELD_NAME] != name or memory.packs[slot, at, HELD_LEFT] <= 0:
            continue
        until_s = memory.packs[slot, at, HELD_UNTIL]
        if entered_s <= until_s and (
            found == NONE or until_s < memory.packs[slot, found, HELD_UNTIL]
        ):
            found = at
    return found


@compiled
def knows_pack(prices: Prices, plan: int, rule: int) -> bool:
    """Whether a pack pays in a plan."""
    begin, end = prices.plans[plan, PLAN_PACKS], prices.plans[plan, PLAN_PACKS_END]
    return listed(prices, begin, end, rule)


@compiled
def pack_of_ride(prices: Prices, memory: Memory, portions: int, entered_s: int) -> tuple[int, int]:
    """The pack rule that pays for something this ride still costs, and the pack held for it."""
    work = memory.work
    for portion in range(portions):
        plan = work[portion, WORK_PLAN]
        for at in range(prices.plans[plan, PLAN_PACKS], prices.plans[plan, PLAN_PACKS_END]):
            rule = prices.lists[at]
            held = held_pack(memory, prices.packs[rule, PACK_NAME], entered_s)
            if held == NONE:
                continue
            for other in range(portions):
                if work[other, WORK_PRICE] and knows_pack(prices, work[other, WORK_PLAN], rule):
                    return rule, held
    return NONE, NONE


@compiled
def use_pack(prices: Prices, memory: Memory, portions: int, rule: int, held: int) -> None:
    """Let a pack pay for the portions it covers, and take one ride off it."""
    work, slot = memory.work, memory.ride[RIDE_SLOT]
    for portion in range(portions):
        if knows_pack(prices, work[portion, WORK_PLAN], rule):
            fare_fen = work[portion, WORK_FARE]
            work[portion, WORK_PRICE] = 0
            work[portion, WORK_LINE] = -fare_fen
            work[portion, WORK_RULE] = prices.packs[rule, PACK_RULE] if fare_fen else NONE
    memory.packs[slot, held, HELD_LEFT] -= 1
    if memory.packs[slot, held, HELD_LEFT]:
        return
    for at in range(held + 1, memory.pack_count[slot]):
        for column in range(3):
            memory.packs[slot, at - 1, column] = memory.packs[slot, at, column]
    memory.pack_count[slot] -= 1


@compiled
def buy_pack(prices: Prices, memory: Memory, rule: int, bought_s: int) -> int:
    """Put a pack into the medium's memory; EXACT when it holds too many for this table, or when the
    day is not in the table of days (no time of the purchase is known)."""
    slot = memory.ride[RIDE_SLOT]
    at = memory.pack_count[slot]
    day = (bought_s + _OFFSET_S) // _DAY_S
    listed_day = day - prices.numbers[NUMBER_DAY_ZERO]
    if at >= MAX_PACKS or listed_day < 0 or listed_day >= prices.numbers[NUMBER_DAYS]:
        return EXACT
    days = prices.packs[rule, PACK_DAYS]
    month_end_s = prices.days[listed_day, DAY_MONTH_END_S]
    until_s = (day + days) * _DAY_S - _OFFSET_S - 1 if days else month_end_s
    memory.packs[slot, at, HELD_NAME] = prices.packs[rule, PACK_NAME]
    memory.packs[slot, at, HELD_UNTIL] = until_s
    memory.packs[slot, at, HELD_LEFT] = prices.packs[rule, PACK_RIDES]
    memory.pack_count[slot] = at + 1
    return DONE
