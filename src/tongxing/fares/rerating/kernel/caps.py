"""The most that a period costs (mirrors `tongxing.fares.caps`): taken off at the very end."""

from tongxing.fares.rerating.kernel.reliefs import reached
from tongxing.fares.rerating.layout import (
    CAP_COUNTER,
    CAP_FEN,
    CAP_OVERTIME,
    CAP_RULE,
    PLAN_CAPS,
    PLAN_CAPS_END,
    RIDE_MOST,
    RIDE_ROW,
    WORK_PLAN,
    WORK_PRICE,
    Memory,
    Outcomes,
    Prices,
)
from tongxing.fares.rerating.machine import compiled


@compiled
def has_caps(prices: Prices, memory: Memory, portions: int) -> bool:
    """Whether any portion is capped."""
    for portion in range(portions):
        plan = memory.work[portion, WORK_PLAN]
        if prices.plans[plan, PLAN_CAPS] < prices.plans[plan, PLAN_CAPS_END]:
            return True
    return False


@compiled
def with_caps(
    prices: Prices, memory: Memory, out: Outcomes, portions: int, overtime_fen: int
) -> int:
    """Cut the portions where a cap is reached; what is left of the overtime."""
    work, row = memory.work, memory.ride[RIDE_ROW]
    for counter in range(len(memory.spent)):
        memory.spent[counter] = 0
    cut_all = 0
    for portion in range(portions):
        plan = work[portion, WORK_PLAN]
        for at in range(prices.plans[plan, PLAN_CAPS], prices.plans[plan, PLAN_CAPS_END]):
            rule = prices.lists[at]
            counter = prices.caps[rule, CAP_COUNTER]
            so_far = reached(prices, memory, counter, 0) + memory.spent[counter]
            left_fen = max(0, prices.caps[rule, CAP_FEN] - so_far)
            extra_fen = overtime_fen if portion == 0 and prices.caps[rule, CAP_OVERTIME] else 0
            cut_fen = max(0, work[portion, WORK_PRICE] + extra_fen - left_fen)
            if -cut_fen < memory.ride[RIDE_MOST]:
                memory.ride[RIDE_MOST] = -cut_fen
                out.rule[row] = prices.caps[rule, CAP_RULE]
            of_extra_fen = min(extra_fen, cut_fen)
            overtime_fen -= of_extra_fen
            work[portion, WORK_PRICE] -= cut_fen - of_extra_fen
            cut_all += cut_fen - of_extra_fen
            counted_fen = work[portion, WORK_PRICE] + (overtime_fen if portion == 0 else 0)
            memory.spent[counter] += counted_fen
    out.charge_fen[row] -= cut_all
    return overtime_fen
