"""Transfers (mirrors `tongxing.fares.transfers`): what comes off, and what the next leg may use."""

from tongxing.fares.rerating.kernel.reliefs import listed
from tongxing.fares.rerating.kernel.rounding import whole_fen
from tongxing.fares.rerating.layout import (
    ANCHOR_ENTERED,
    ANCHOR_EXITED,
    ANCHOR_LINE,
    ANCHOR_MODE,
    ANCHOR_NOMINAL,
    ANCHOR_ON,
    ANCHOR_PAID,
    ANCHOR_VEHICLE,
    FIRST_FARE,
    FIRST_PAID,
    FULL_BP,
    NONE,
    NUMBER_RAIL,
    PLAN_HOLDER_BP,
    PLAN_HOLDER_RULE,
    PLAN_HOW,
    PLAN_QUANTUM,
    PLAN_TRANSFERS,
    PLAN_TRANSFERS_END,
    RIDE_ROW,
    RIDE_SLOT,
    WORK_FARE,
    WORK_LINE,
    WORK_PLAN,
    WORK_PRICE,
    WORK_RULE,
    WORK_SHARE,
    WORK_SHARE_LINE,
    WORK_SHARE_RULE,
    XFER_AFTER,
    XFER_COUNTS_RIDE,
    XFER_ENDS_AT_EXIT,
    XFER_EVERY,
    XFER_LIMIT,
    XFER_LINE_MIN,
    XFER_MIN_GAP,
    XFER_RELIEF,
    XFER_RULE,
    XFER_STARTS_AT_EXIT,
    XFER_VEHICLE,
    XFER_WINDOW,
    Columns,
    Memory,
    Prices,
)
from tongxing.fares.rerating.machine import compiled


@compiled
def in_window(prices: Prices, rule: int, rides: Columns, memory: Memory) -> bool:
    """Whether this leg follows the anchor as the rule asks."""
    row, anchors, slot = memory.ride[RIDE_ROW], memory.anchors, memory.ride[RIDE_SLOT]
    rail = prices.numbers[NUMBER_RAIL]
    by_exit = anchors[slot, ANCHOR_MODE] == rail and prices.transfers[rule, XFER_STARTS_AT_EXIT]
    starts_s = anchors[slot, ANCHOR_EXITED] if by_exit else anchors[slot, ANCHOR_ENTERED]
    to_exit = rides.mode[row] == rail and prices.transfers[rule, XFER_ENDS_AT_EXIT]
    gap_s = (rides.exited_s[row] if to_exit else rides.entered_s[row]) - starts_s
    if gap_s < prices.transfers[rule, XFER_MIN_GAP] or gap_s > prices.transfers[rule, XFER_WINDOW]:
        return False
    vehicle = rides.vehicle[row]
    same_vehicle = vehicle != 0 and vehicle == anchors[slot, ANCHOR_VEHICLE]
    if same_vehicle and not prices.transfers[rule, XFER_VEHICLE]:
        return False
    line = rides.line[row]
    same_line = line != 0 and line == anchors[slot, ANCHOR_LINE]
    return not (same_line and gap_s < prices.transfers[rule, XFER_LINE_MIN])


@compiled
def transfer_rule(prices: Prices, rides: Columns, memory: Memory, portions: int) -> int:
    """The transfer rule that ties this leg to the anchor; NONE when the leg stands alone."""
    slot, mode = memory.ride[RIDE_SLOT], rides.mode[memory.ride[RIDE_ROW]]
    if not memory.anchors[slot, ANCHOR_ON]:
        return NONE
    first_mode = memory.anchors[slot, ANCHOR_MODE]
    for portion in range(portions):
        plan = memory.work[portion, WORK_PLAN]
        begin, end = prices.plans[plan, PLAN_TRANSFERS], prices.plans[plan, PLAN_TRANSFERS_END]
        for at in range(begin, end):
            rule = prices.lists[at]
            tied = prices.transfer_pairs[rule, first_mode, mode] != 0
            if tied and in_window(prices, rule, rides, memory):
                return rule
    return NONE


@compiled
def covers(prices: Prices, plan: int, rule: int) -> bool:
    """Whether a plan knows a transfer rule."""
    begin, end = prices.plans[plan, PLAN_TRANSFERS], prices.plans[plan, PLAN_TRANSFERS_END]
    return listed(prices, begin, end, rule)


@compiled
def relief_limit(prices: Prices, rule: int, memory: Memory) -> int:
    """The most that comes off this leg, in fen."""
    slot, relief_fen = memory.ride[RIDE_SLOT], prices.transfers[rule, XFER_RELIEF]
    limit = prices.transfers[rule, XFER_LIMIT]
    if limit == FIRST_FARE:
        return min(relief_fen, memory.anchors[slot, ANCHOR_NOMINAL])
    if limit == FIRST_PAID:
        return min(relief_fen, memory.anchors[slot, ANCHOR_PAID])
    return relief_fen


@compiled
def relieve(prices: Prices, rule: int, portion: int, left_fen: int, memory: Memory) -> int:
    """Take the transfer off one portion; the fen that were taken."""
    work = memory.work
    plan, after = work[portion, WORK_PLAN], prices.transfers[rule, XFER_AFTER]
    before_fen = work[portion, WORK_SHARE] if after else work[portion, WORK_FARE]
    relief_fen = min(left_fen, before_fen)
    rest_fen = before_fen - relief_fen
    if not after:
        work[portion, WORK_LINE] = 0
        work[portion, WORK_RULE] = NONE
    if -relief_fen < work[portion, WORK_LINE]:
        work[portion, WORK_LINE] = -relief_fen
        work[portion, WORK_RULE] = prices.transfers[rule, XFER_RULE]
    holder_bp = prices.plans[plan, PLAN_HOLDER_BP]
    price_fen = rest_fen
    if not after and holder_bp != NONE and rest_fen:
        quantum, how = prices.plans[plan, PLAN_QUANTUM], prices.plans[plan, PLAN_HOW]
        price_fen = min(rest_fen, whole_fen(rest_fen * holder_bp, FULL_BP, quantum, how))
        if price_fen - rest_fen < work[portion, WORK_LINE]:
            work[portion, WORK_LINE] = price_fen - rest_fen
            work[portion, WORK_RULE] = prices.plans[plan, PLAN_HOLDER_RULE]
    work[portion, WORK_PRICE] = price_fen
    return relief_fen


@compiled
def with_transfer(prices: Prices, rule: int, memory: Memory, portions: int) -> None:
    """Spread the relief over the portions it covers, unless percentages are cheaper."""
    work = memory.work
    left_fen = relief_limit(prices, rule, memory)
    by_share = by_transfer = 0
    for portion in range(portions):
        if covers(prices, work[portion, WORK_PLAN], rule):
            left_fen -= relieve(prices, rule, portion, left_fen, memory)
            by_share += work[portion, WORK_SHARE]
            by_transfer += work[portion, WORK_PRICE]
    if not prices.transfers[rule, XFER_AFTER] and by_share < by_transfer:
        back_to_shares(memory, portions)


@compiled
def back_to_shares(memory: Memory, portions: int) -> None:
    """Every portion costs what its percentages leave."""
    work = memory.work
    for portion in range(portions):
        work[portion, WORK_PRICE] = work[portion, WORK_SHARE]
        work[portion, WORK_LINE] = work[portion, WORK_SHARE_LINE]
        work[portion, WORK_RULE] = work[portion, WORK_SHARE_RULE]


@compiled
def counts_ride(prices: Prices, used: int) -> int:
    """How many rides the counters move by: none where a relieved leg is no ride."""
    return 1 if used == NONE or prices.transfers[used, XFER_COUNTS_RIDE] else 0


@compiled
def next_anchor(prices: Prices, rides: Columns, memory: Memory, portions: int, used: int) -> None:
    """Remember which leg the next one may be tied to."""
    row, slot, anchors, work = (
        memory.ride[RIDE_ROW], memory.ride[RIDE_SLOT], memory.anchors, memory.work
    )  # fmt: skip
    if used != NONE and not prices.transfers[used, XFER_EVERY]:
        anchors[slot, ANCHOR_ON] = 0
        return
    nominal_fen = paid_fen = 0
    for portion in range(portions):
        plan = work[portion, WORK_PLAN]
        if prices.plans[plan, PLAN_TRANSFERS] < prices.plans[plan, PLAN_TRANSFERS_END]:
            nominal_fen += work[portion, WORK_FARE]
            paid_fen += work[portion, WORK_PRICE]
    if nominal_fen == 0:
        return
    entered_s = rides.entered_s[row]
    if anchors[slot, ANCHOR_ON] and entered_s < anchors[slot, ANCHOR_ENTERED]:
        return
    anchors[slot, ANCHOR_ON] = 1
    anchors[slot, ANCHOR_MODE] = rides.mode[row]
    anchors[slot, ANCHOR_LINE] = rides.line[row]
    anchors[slot, ANCHOR_VEHICLE] = rides.vehicle[row]
    anchors[slot, ANCHOR_NOMINAL] = nominal_fen
    anchors[slot, ANCHOR_ENTERED] = entered_s
    anchors[slot, ANCHOR_EXITED] = rides.exited_s[row] or entered_s
    anchors[slot, ANCHOR_PAID] = paid_fen
