"""Transfers: which leg a ride is tied to, what comes off, and which leg the next one may follow."""

from collections.abc import Sequence

from tongxing.fares.model import Anchor, FarePortion, PriceLine, RideFacts, Values
from tongxing.fares.rules import FULL_BP, TransferRelief
from tongxing.fares.shares import Share, whole_fen
from tongxing.fares.tariff import Plan


def transfer_rule(
    city: str, plans: Sequence[Plan], ride: RideFacts, anchor: Anchor | None
) -> TransferRelief | None:
    """The transfer rule that ties this leg to the anchor, None when the leg stands alone."""
    if anchor is None or anchor.city != city:
        return None
    pair = f"{anchor.mode}-{ride.mode}"
    for plan in plans:
        for rule in plan.transfers:
            if pair in rule.pairs and _in_window(rule, ride, anchor):
                return rule
    return None


def with_transfer(
    rule: TransferRelief,
    portions: Sequence[FarePortion],
    plans: Sequence[Plan],
    shares: list[Share],
    ride: RideFacts,
    anchor: Anchor,
) -> list[Share]:
    """The shares after the transfer relief, spread over the portions it covers, in their order.

    Where the relief stands instead of the percentages and those are cheaper, they stay and only
    a remark says that the right to the transfer is used up.
    """
    left_fen = relief_limit(rule, anchor)
    values: Values = {
        "gap_s": _gap_s(rule, ride, anchor), "first_mode": anchor.mode, "first_line": anchor.line,
        "first_fen": anchor.nominal_fen,
    }  # fmt: skip
    relieved = list(shares)
    covered = [index for index, plan in enumerate(plans) if rule in plan.transfers]
    for index in covered:
        share = shares[index]
        before_fen = share.price_fen if rule.beside_percent == "after" else portions[index].fare_fen
        relief_fen = min(left_fen, before_fen)
        left_fen -= relief_fen
        line = PriceLine("transfer", rule.id, -relief_fen, values)
        if rule.beside_percent == "after":
            relieved[index] = Share(before_fen - relief_fen, (*share.lines, line))
        else:
            relieved[index] = _holder_rest(plans[index], before_fen - relief_fen, line)
    if rule.beside_percent == "instead":
        by_share = sum(shares[index].price_fen for index in covered)
        if by_share < sum(relieved[index].price_fen for index in covered):
            first = shares[covered[0]]
            remark = PriceLine("transfer_spent", rule.id, 0, values)
            shares[covered[0]] = Share(first.price_fen, (*first.lines, remark))
            return shares
    return relieved


def relief_limit(rule: TransferRelief, anchor: Anchor) -> int:
    """The most that comes off the next leg, in fen."""
    if rule.limit == "first_fare":
        return min(rule.relief_fen, anchor.nominal_fen)
    if rule.limit == "first_paid" and anchor.paid_fen >= 0:
        return min(rule.relief_fen, anchor.paid_fen)
    return rule.relief_fen


def next_anchor(
    city: str,
    portions: Sequence[FarePortion],
    plans: Sequence[Plan],
    charges: Sequence[int],
    ride: RideFacts,
    anchor: Anchor | None,
    used: TransferRelief | None,
) -> Anchor | None:
    """Which leg the next one may be tied to: this one, unless it used the relief itself.

    A ride outside the transfer rules (a cableway, say), or one that comes in late, from before
    the anchor, changes nothing.
    """
    if used is not None and used.chain == "alternate":
        return None
    tied = [index for index, plan in enumerate(plans) if plan.transfers]
    nominal_fen = sum(portions[index].fare_fen for index in tied)
    if nominal_fen == 0:
        return anchor
    if anchor is not None and anchor.city == city and ride.entered_s < anchor.entered_s:
        return anchor
    return Anchor(
        city, ride.mode, ride.line, ride.vehicle, nominal_fen,
        ride.entered_s, ride.exited_s or ride.entered_s, sum(charges[index] for index in tied),
    )  # fmt: skip


def _in_window(rule: TransferRelief, ride: RideFacts, anchor: Anchor) -> bool:
    gap_s = _gap_s(rule, ride, anchor)
    if not rule.min_gap_s <= gap_s <= rule.window_s:
        return False
    if ride.vehicle and ride.vehicle == anchor.vehicle and not rule.same_vehicle:
        return False
    same_line = bool(ride.line) and ride.line == anchor.line
    return not (same_line and gap_s < rule.same_line_min_s)


def _gap_s(rule: TransferRelief, ride: RideFacts, anchor: Anchor) -> int:
    """Seconds from the tap that opens the window to the tap that must lie in it."""
    by_rail_exit = anchor.mode == "rail" and rule.rail_starts == "exit"
    starts_s = anchor.exited_s if by_rail_exit else anchor.entered_s
    to_rail_exit = ride.mode == "rail" and rule.rail_ends == "exit"
    return (ride.exited_s if to_rail_exit else ride.entered_s) - starts_s


def _holder_rest(plan: Plan, rest_fen: int, line: PriceLine) -> Share:
    """What a transfer leaves over; a class of holders pays its share of that as well."""
    holder = plan.holder
    if holder is None or rest_fen == 0:
        return Share(rest_fen, (line,))
    price_fen = min(rest_fen, whole_fen(rest_fen * holder.rate_bp, FULL_BP, plan))
    values: Values = {"rate_bp": holder.rate_bp}
    return Share(price_fen, (line, PriceLine("holder", holder.id, price_fen - rest_fen, values)))
