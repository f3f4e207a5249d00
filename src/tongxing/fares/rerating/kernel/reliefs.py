"""Percentage reliefs on one portion (mirrors `tongxing.fares.shares`)."""

from tongxing.fares.rerating.kernel.rounding import common, half_up, whole_fen
from tongxing.fares.rerating.layout import (
    COUNTER_ACCOUNT,
    COUNTER_PERIOD,
    DONE,
    EVERY_DAY,
    EXACT,
    FULL_BP,
    HOURS,
    NONE,
    NTH_FREE,
    PERCENT,
    PLAN_HOW,
    PLAN_MULTIPLY,
    PLAN_QUANTUM,
    PLAN_RELIEFS,
    PLAN_RELIEFS_END,
    RELIEF_BP,
    RELIEF_COUNTER,
    RELIEF_DAYS,
    RELIEF_FROM,
    RELIEF_KIND,
    RELIEF_RATES,
    RELIEF_RIDES,
    RELIEF_RULE,
    RELIEF_STATIONS,
    RELIEF_STEPS,
    RELIEF_STEPS_END,
    RELIEF_UNTIL,
    RIDE_KEYS,
    RIDE_ORIGIN,
    RIDE_SECOND,
    RIDE_SLOT,
    RIDE_WORKDAY,
    SLICES,
    STEPS,
    STEPS_SLICED,
    WORK_FARE,
    WORK_PLAN,
    WORK_SHARE,
    WORK_SHARE_LINE,
    WORK_SHARE_RULE,
    WORKDAY,
    Memory,
    Prices,
)
from tongxing.fares.rerating.machine import compiled

_ROOM = 4_000_000_000_000_000_000


@compiled
def listed(prices: Prices, begin: int, end: int, rule: int) -> bool:
    """Whether a rule stands in a part of the lists (a plan's packs, its transfers)."""
    found = False
    for at in range(begin, end):
        found = found or prices.lists[at] == rule
    return found


@compiled
def counter_row(prices: Prices, counter: int, slot: int) -> int:
    """Where a counter stands: with the account (row 0) or with the medium."""
    return 0 if prices.counters[counter, COUNTER_ACCOUNT] else slot


@compiled
def reached(prices: Prices, memory: Memory, counter: int, by_rides: int) -> int:
    """What a counter of this ride's period holds, in fen or rides."""
    ride = memory.ride
    row = counter_row(prices, counter, ride[RIDE_SLOT])
    if memory.key[row, counter] != ride[RIDE_KEYS + prices.counters[counter, COUNTER_PERIOD]]:
        return 0
    return memory.rides[row, counter] if by_rides else memory.paid[row, counter]


@compiled
def stepped(prices: Prices, relief: int, so_far: int, fare_fen: int) -> int:
    """What is paid of a fare that climbs the steps of a counter, in fen times 10000."""
    lists = prices.lists
    left, paid = fare_fen * FULL_BP, 0
    rates = prices.reliefs[relief, RELIEF_RATES]
    for at in range(prices.reliefs[relief, RELIEF_STEPS], prices.reliefs[relief, RELIEF_STEPS_END]):
        rate_bp = lists[rates]
        rates += 1
        room = (lists[at] - so_far) * FULL_BP - paid
        if room <= 0:
            continue
        covers = half_up(room * FULL_BP, rate_bp) if rate_bp else left
        if left <= covers:
            return paid + half_up(left * rate_bp, FULL_BP)
        left, paid = left - covers, paid + room
    return paid + half_up(left * lists[rates], FULL_BP)


@compiled
def sliced(prices: Prices, relief: int, fare_fen: int) -> int:
    """What is paid of a fare slice by slice, in fen times 10000."""
    lists = prices.lists
    paid, below = 0, 0
    rates = prices.reliefs[relief, RELIEF_RATES]
    for at in range(prices.reliefs[relief, RELIEF_STEPS], prices.reliefs[relief, RELIEF_STEPS_END]):
        upper = min(lists[at], fare_fen)
        paid += max(0, upper - below) * lists[rates]
        below = max(below, upper)
        rates += 1
    return paid + max(0, fare_fen - below) * lists[rates]


@compiled
def rate_of_steps(prices: Prices, relief: int, so_far: int) -> int:
    """The rate by what was reached before this ride, in basis points."""
    rates = prices.reliefs[relief, RELIEF_RATES]
    for at in range(prices.reliefs[relief, RELIEF_STEPS], prices.reliefs[relief, RELIEF_STEPS_END]):
        if so_far < prices.lists[at]:
            break
        rates += 1
    return prices.lists[rates]


@compiled
def in_hours(prices: Prices, relief: int, memory: Memory) -> bool:
    """Whether the ride was entered in the hours, on the days and at the stations of a relief."""
    ride, rule = memory.ride, prices.reliefs
    second = ride[RIDE_SECOND]
    if second < rule[relief, RELIEF_FROM] or second > rule[relief, RELIEF_UNTIL]:
        return False
    days = rule[relief, RELIEF_DAYS]
    if days != EVERY_DAY and (ride[RIDE_WORKDAY] == 1) != (days == WORKDAY):
        return False
    stations = rule[relief, RELIEF_STATIONS]
    return stations == NONE or prices.station_sets[stations, ride[RIDE_ORIGIN]] != 0


@compiled
def is_nth(prices: Prices, relief: int, number: int) -> bool:
    """Whether the ride of this number is one of the free ones."""
    for at in range(prices.reliefs[relief, RELIEF_STEPS], prices.reliefs[relief, RELIEF_STEPS_END]):
        if prices.lists[at] == number:
            return True
    return False


@compiled
def paid_under(prices: Prices, relief: int, fare_fen: int, memory: Memory) -> int:
    """What is paid of a fare under one relief, in fen times 10000."""
    rule = prices.reliefs
    kind = rule[relief, RELIEF_KIND]
    if kind == PERCENT:
        return fare_fen * rule[relief, RELIEF_BP]
    if kind == HOURS:
        return fare_fen * (rule[relief, RELIEF_BP] if in_hours(prices, relief, memory) else FULL_BP)
    if kind == SLICES:
        return sliced(prices, relief, fare_fen)
    so_far = reached(prices, memory, rule[relief, RELIEF_COUNTER], rule[relief, RELIEF_RIDES])
    if kind == STEPS:
        return fare_fen * rate_of_steps(prices, relief, so_far)
    if kind == STEPS_SLICED:
        return stepped(prices, relief, so_far, fare_fen)
    if kind == NTH_FREE and is_nth(prices, relief, so_far + 1):
        return 0
    return fare_fen * FULL_BP


@compiled
def multiplied(prices: Prices, plan: int, portion: int, memory: Memory) -> int:
    """The share when every relief takes its part of what the one before left."""
    work = memory.work
    fare_fen = work[portion, WORK_FARE]
    whole = fare_fen * FULL_BP
    quantum, how = prices.plans[plan, PLAN_QUANTUM], prices.plans[plan, PLAN_HOW]
    numerator, denominator, price_fen = 0, 0, fare_fen
    for at in range(prices.plans[plan, PLAN_RELIEFS], prices.plans[plan, PLAN_RELIEFS_END]):
        relief = prices.lists[at]
        paid = paid_under(prices, relief, fare_fen, memory)
        if paid >= whole:
            continue
        if denominator == 0:
            numerator, denominator = paid, FULL_BP
        else:
            over = whole
            if max(numerator, 1) > _ROOM // max(paid, 1) or denominator > _ROOM // (over * quantum):
                shared, own = common(numerator, denominator), common(paid, over)
                numerator, denominator = numerator // shared, denominator // shared
                paid, over = paid // own, over // own
                if max(numerator, 1) > _ROOM // max(paid, 1):
                    return EXACT
                if denominator > _ROOM // (over * quantum):
                    return EXACT
            numerator, denominator = numerator * paid, denominator * over
        after_fen = min(price_fen, whole_fen(numerator, denominator, quantum, how))
        if after_fen - price_fen < work[portion, WORK_SHARE_LINE]:
            work[portion, WORK_SHARE_LINE] = after_fen - price_fen
            work[portion, WORK_SHARE_RULE] = prices.reliefs[relief, RELIEF_RULE]
        price_fen = after_fen
    work[portion, WORK_SHARE] = price_fen
    return DONE


@compiled
def best_share(prices: Prices, portion: int, memory: Memory) -> int:
    """The price of one portion by its percentage reliefs, and the line that takes off most."""
    work = memory.work
    plan, fare_fen = work[portion, WORK_PLAN], work[portion, WORK_FARE]
    work[portion, WORK_SHARE] = fare_fen
    work[portion, WORK_SHARE_LINE] = 0
    work[portion, WORK_SHARE_RULE] = NONE
    if prices.plans[plan, PLAN_MULTIPLY]:
        return multiplied(prices, plan, portion, memory)
    lowest, winner = fare_fen * FULL_BP, NONE
    for at in range(prices.plans[plan, PLAN_RELIEFS], prices.plans[plan, PLAN_RELIEFS_END]):
        paid = paid_under(prices, prices.lists[at], fare_fen, memory)
        if paid < lowest:
            lowest, winner = paid, prices.lists[at]
    if winner == NONE:
        return DONE
    quantum, how = prices.plans[plan, PLAN_QUANTUM], prices.plans[plan, PLAN_HOW]
    price_fen = min(fare_fen, whole_fen(lowest, FULL_BP, quantum, how))
    work[portion, WORK_SHARE] = price_fen
    if price_fen < fare_fen:
        work[portion, WORK_SHARE_LINE] = price_fen - fare_fen
        work[portion, WORK_SHARE_RULE] = prices.reliefs[winner, RELIEF_RULE]
    return DONE
