"""One journey after the other, one unit after the other (mirrors `tongxing.fares.pricing`)."""

from tongxing.fares.rerating.kernel.bases import measured
from tongxing.fares.rerating.kernel.caps import has_caps, with_caps
from tongxing.fares.rerating.kernel.counting import (
    buy_pack,
    count,
    drop_ended,
    pack_of_ride,
    use_pack,
)
from tongxing.fares.rerating.kernel.reliefs import best_share
from tongxing.fares.rerating.kernel.transfers import (
    back_to_shares,
    counts_ride,
    next_anchor,
    transfer_rule,
    with_transfer,
)
from tongxing.fares.rerating.layout import (
    ANCHOR_ON,
    BASE_COUNT,
    BASE_FIRST,
    BASE_HALF,
    BASE_KIND,
    BASE_NEEDS_METER,
    BASE_REFUSAL,
    DAY_DAY,
    DAY_MONTH,
    DAY_VERSION,
    DAY_WEEK,
    DAY_WORKDAY,
    DONE,
    EXACT,
    HIGHEST,
    IN_ROW,
    MOST,
    NONE,
    NUMBER_DAY_ZERO,
    NUMBER_DAYS,
    NUMBER_NO_ENTRY_WORKDAY,
    NUMBER_NO_FARE,
    NUMBER_NO_METER,
    NUMBER_NO_PACK_PRICE,
    PACK_PRICE,
    PACK_RULE,
    PLAN_HOLDER_BP,
    PLAN_HOLDER_RULE,
    PLAN_OVER_AMOUNT,
    PLAN_OVER_LIMIT,
    PLAN_TURN_RULE,
    PLAN_TURN_WITHIN,
    REFUSED,
    RIDE_FARE,
    RIDE_KEYS,
    RIDE_MOST,
    RIDE_ORIGIN,
    RIDE_ROW,
    RIDE_SECOND,
    RIDE_SLOT,
    RIDE_WORKDAY,
    SEVERAL,
    STATED,
    UNKNOWN,
    WORK_FARE,
    WORK_LINE,
    WORK_PLAN,
    WORK_PRICE,
    WORK_RULE,
    Columns,
    Memory,
    Outcomes,
    Prices,
)
from tongxing.fares.rerating.machine import compiled, entrance

_DAY_S = 86_400
_OFFSET_S = 28_800


@compiled
def load_portions(prices: Prices, rides: Columns, memory: Memory, base: int, version: int) -> int:
    """Put the portions of the base fare and their plans on the work table."""
    work, row, who = memory.work, memory.ride[RIDE_ROW], rides.who[memory.ride[RIDE_ROW]]
    kind, first = prices.bases[base, BASE_KIND], prices.bases[base, BASE_FIRST]
    total_fen = 0
    for portion in range(prices.bases[base, BASE_COUNT]):
        if kind == STATED:
            fare_fen = prices.portion_fen[first + portion]
        elif kind == IN_ROW:
            fare_fen = rides.stated_fen[row]
        else:
            fare_fen = measured(prices, rides, memory, base)
        plan = prices.plan_at[version, who, prices.portion_system[first + portion]]
        if plan == NONE or fare_fen < 0 or fare_fen > MOST:
            return EXACT
        work[portion, WORK_PLAN] = plan
        work[portion, WORK_FARE] = fare_fen
        total_fen += fare_fen
    memory.ride[RIDE_FARE] = total_fen
    return DONE


@compiled
def overtime(prices: Prices, rides: Columns, memory: Memory, portions: int, version: int) -> int:
    """What the stay adds, in fen; UNKNOWN where the city cannot say the highest fare, SEVERAL
    where only the exact engine can."""
    row, limit_s, amount = memory.ride[RIDE_ROW], NONE, 0
    for portion in range(portions):
        plan = memory.work[portion, WORK_PLAN]
        if prices.plans[plan, PLAN_HOLDER_BP] == 0:
            return 0
        if prices.plans[plan, PLAN_OVER_LIMIT] > limit_s:
            limit_s = prices.plans[plan, PLAN_OVER_LIMIT]
            amount = prices.plans[plan, PLAN_OVER_AMOUNT]
    if limit_s == NONE or rides.exited_s[row] - rides.entered_s[row] <= limit_s:
        return 0
    return prices.highest[version, rides.mode[row]] if amount == HIGHEST else amount


@compiled
def close(memory: Memory, out: Outcomes, portions: int) -> None:
    """Add the portions up, and name the rule whose line takes off most."""
    row, work = memory.ride[RIDE_ROW], memory.work
    charge_fen = most = 0
    for portion in range(portions):
        charge_fen += work[portion, WORK_PRICE]
        if work[portion, WORK_LINE] < most:
            most = work[portion, WORK_LINE]
            out.rule[row] = work[portion, WORK_RULE]
    memory.ride[RIDE_MOST] = most
    out.charge_fen[row] = charge_fen


@compiled
def settle_half(prices: Prices, memory: Memory, out: Outcomes, portions: int) -> None:
    """A half trip: the fare stands, only free travel stays free, no ride is counted."""
    work = memory.work
    for portion in range(portions):
        plan, fare_fen = work[portion, WORK_PLAN], work[portion, WORK_FARE]
        free = prices.plans[plan, PLAN_HOLDER_BP] == 0
        work[portion, WORK_PRICE] = 0 if free else fare_fen
        work[portion, WORK_LINE] = -fare_fen if free else 0
        work[portion, WORK_RULE] = prices.plans[plan, PLAN_HOLDER_RULE]
    close(memory, out, portions)
    count(prices, memory, out, portions, 0)


@compiled
def settle(
    prices: Prices, rides: Columns, memory: Memory, out: Outcomes, portions: int, extra_fen: int
) -> int:
    """A whole ride: shares, transfer, pack, what comes on top, counters."""
    row, slot, work = memory.ride[RIDE_ROW], memory.ride[RIDE_SLOT], memory.work
    for portion in range(portions):
        if best_share(prices, portion, memory) == EXACT:
            return EXACT
    back_to_shares(memory, portions)
    used = transfer_rule(prices, rides, memory, portions)
    if used != NONE:
        with_transfer(prices, used, memory, portions)
    if memory.pack_count[slot]:
        entered_s = rides.entered_s[row]
        drop_ended(memory, entered_s)
        pack, held = pack_of_ride(prices, memory, portions, entered_s)
        if pack != NONE:
            back_to_shares(memory, portions)
            use_pack(prices, memory, portions, pack, held)
            used = NONE
    close(memory, out, portions)
    if has_caps(prices, memory, portions):
        extra_fen = with_caps(prices, memory, out, portions, extra_fen)
    next_anchor(prices, rides, memory, portions, used)
    work[0, WORK_PRICE] += extra_fen
    out.charge_fen[row] += extra_fen
    count(prices, memory, out, portions, counts_ride(prices, used))
    return DONE


@compiled
def turned_back(prices: Prices, rides: Columns, memory: Memory, out: Outcomes, row: int) -> bool:
    """Whether the ride is in and out of one station in a short time, which is no ride at all."""
    origin = rides.origin[row]
    if not rides.exited_s[row] or origin == 0 or origin != rides.destination[row]:
        return False
    plan = memory.work[0, WORK_PLAN]
    stay_s = rides.exited_s[row] - rides.entered_s[row]
    if stay_s < 0 or stay_s > prices.plans[plan, PLAN_TURN_WITHIN]:
        return False
    out.charge_fen[row] = 0
    if memory.ride[RIDE_FARE]:
        out.rule[row] = prices.plans[plan, PLAN_TURN_RULE]
    return True


@compiled
def price_base(
    prices: Prices, rides: Columns, memory: Memory, out: Outcomes, row: int, version: int
) -> int:
    """A ride whose tariff is known."""
    base, who = prices.base_of[rides.base[row]], rides.who[row]
    if prices.bases[base, BASE_KIND] == REFUSED:
        out.refusal[row] = prices.bases[base, BASE_REFUSAL]
        return DONE
    if prices.bases[base, BASE_NEEDS_METER] and rides.metres[row] < 0:
        out.refusal[row] = prices.numbers[NUMBER_NO_METER]
        return DONE
    if prices.who_refusal[version, who] != NONE:
        out.refusal[row] = prices.who_refusal[version, who]
        return DONE
    portions = prices.bases[base, BASE_COUNT]
    if load_portions(prices, rides, memory, base, version) == EXACT:
        return EXACT
    out.version[row] = version
    out.fare_fen[row] = memory.ride[RIDE_FARE]
    if prices.bases[base, BASE_HALF]:
        settle_half(prices, memory, out, portions)
        return DONE
    if turned_back(prices, rides, memory, out, row):
        return DONE
    extra_fen = 0
    if rides.exited_s[row]:
        extra_fen = overtime(prices, rides, memory, portions, version)
        if extra_fen == SEVERAL:
            return EXACT
        if extra_fen == UNKNOWN:
            out.version[row] = NONE
            out.fare_fen[row] = 0
            out.refusal[row] = prices.numbers[NUMBER_NO_FARE]
            return DONE
    return settle(prices, rides, memory, out, portions, extra_fen)


@compiled
def sell(prices: Prices, rides: Columns, memory: Memory, out: Outcomes, row: int) -> int:
    """A row that buys a ride pack."""
    pack = rides.pack[row]
    price_fen = prices.packs[pack, PACK_PRICE]
    if price_fen < 0:
        out.refusal[row] = prices.numbers[NUMBER_NO_PACK_PRICE]
        return DONE
    out.charge_fen[row] = price_fen
    out.fare_fen[row] = price_fen
    out.rule[row] = prices.packs[pack, PACK_RULE]
    return buy_pack(prices, memory, pack, rides.entered_s[row])


@compiled
def price_row(prices: Prices, rides: Columns, memory: Memory, out: Outcomes, row: int) -> int:
    """One row: find its day, its tariff version and its period, then price it.

    The exit stands in for an entry that is not known where the version is found, never where the
    hours of a relief are asked.
    """
    entered_s, exited_s, ride = rides.entered_s[row], rides.exited_s[row], memory.ride
    zero, days = prices.numbers[NUMBER_DAY_ZERO], prices.numbers[NUMBER_DAYS]
    day = ((entered_s or exited_s) + _OFFSET_S) // _DAY_S - zero
    charged = ((exited_s or entered_s) + _OFFSET_S) // _DAY_S - zero
    if day < 0 or day >= days or charged < 0 or charged >= days:
        return EXACT
    ride[RIDE_ROW] = row
    ride[RIDE_SLOT] = rides.slot[row] + 1
    if rides.pack[row] != NONE:
        return sell(prices, rides, memory, out, row)
    ride[RIDE_SECOND] = (entered_s + _OFFSET_S) % _DAY_S
    workday = prices.days[day, DAY_WORKDAY]
    ride[RIDE_WORKDAY] = workday if entered_s else prices.numbers[NUMBER_NO_ENTRY_WORKDAY]
    ride[RIDE_ORIGIN] = rides.origin[row]
    ride[RIDE_KEYS] = prices.days[charged, DAY_MONTH]
    ride[RIDE_KEYS + 1] = prices.days[charged, DAY_WEEK]
    ride[RIDE_KEYS + 2] = prices.days[charged, DAY_DAY]
    return price_base(prices, rides, memory, out, row, prices.days[day, DAY_VERSION])


@compiled
def forget(memory: Memory, slots: int, counters: int) -> None:
    """Begin with a unit whose media were never used."""
    for slot in range(slots + 1):
        memory.anchors[slot, ANCHOR_ON] = 0
        memory.pack_count[slot] = 0
        for counter in range(counters):
            memory.key[slot, counter] = 0


@entrance
def walk(
    prices: Prices, rides: Columns, memory: Memory, out: Outcomes, units: tuple[int, int, int]
) -> None:
    """Price the units from the first number to the second; the third says how many counters."""
    for unit in range(units[0], units[1]):
        forget(memory, rides.slots[unit], units[2])
        for row in range(rides.first[unit], rides.first[unit + 1]):
            if price_row(prices, rides, memory, out, row) == EXACT:
                out.exact[unit] = 1
                break
