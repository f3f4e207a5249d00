"""One ride to one charge: base fare, shares, transfer, overtime, counters, each with its line.

The order of steps is fixed and the same in every city; what a step does is tariff data. No city,
date or rule id stands in this module, and it must never read a clock: the same ride, rider, state
and tariff always give the same quote. docs/algorithms/pricing.md walks through it with tables.
"""

from collections.abc import Sequence

from tongxing.fares.model import (
    Anchor,
    BaseFare,
    Counter,
    FarePortion,
    FareState,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
    Values,
)
from tongxing.fares.rules import FULL_BP, TransferRelief
from tongxing.fares.shares import Moment, Share, best_share, counter_of, whole_fen
from tongxing.fares.tariff import Plan, Tariff
from tongxing.kernel.clock import month_key


def settle(
    tariff: Tariff,
    base: BaseFare,
    ride: RideFacts,
    rider: Rider,
    state: FareState,
    surcharge: PriceLine | None = None,
) -> Quote:
    """The quote of a whole ride whose base fare is known; `surcharge` comes on top, unrelieved,
    and counts for the month like all money paid in the first fare system.

    The lines always add up to the charge, and the charge is never negative.
    """
    month = month_key(ride.exited_s or ride.entered_s)
    portions = base.portions
    plans = [tariff.plan(portion.system, ride.mode, ride.place, rider) for portion in portions]
    moment = Moment(ride, rider, state.counters, month, tariff.city)
    shares = [
        best_share(portion.fare_fen, plan, moment)
        for portion, plan in zip(portions, plans, strict=True)
    ]
    transfer = _transfer_rule(tariff.city, plans, ride, state.anchor)
    if transfer is not None and state.anchor is not None:
        shares = _with_transfer(transfer, portions, plans, shares, ride, state.anchor)
    lines = list(base.lines)
    charges: list[int] = []
    for share in shares:
        charges.append(share.price_fen)
        lines += share.lines
    charge_fen = sum(charges)
    if surcharge is not None:
        charge_fen += surcharge.amount_fen
        lines.append(surcharge)
        charges[0] += surcharge.amount_fen
    counters = _counted(state.counters, plans, charges, month, lines)
    used = transfer is not None
    anchor = _next_anchor(tariff.city, portions, plans, ride, state.anchor, used)
    return Quote(base.fare_fen, charge_fen, tuple(lines), FareState(counters, anchor), tariff.name)


def settle_half(
    tariff: Tariff, base: BaseFare, ride: RideFacts, rider: Rider, state: FareState
) -> Quote:
    """The quote of a half trip: the fare stands without relief, only free travel stays free.

    The money counts for the month in which it fell due, but no ride is counted, and the transfer
    window is untouched: nobody knows what was ridden.
    """
    lines = list(base.lines)
    plans: list[Plan] = []
    charges: list[int] = []
    for portion in base.portions:
        plan = tariff.plan(portion.system, ride.mode, ride.place, rider)
        holder = plan.holder
        free = holder is not None and plan.travels_free
        if holder is not None and free:
            lines.append(PriceLine("holder", holder.id, -portion.fare_fen, {"rate_bp": 0}))
        plans.append(plan)
        charges.append(0 if free else portion.fare_fen)
    month = month_key(ride.exited_s or ride.entered_s)
    counters = _counted(state.counters, plans, charges, month, lines, rides=0)
    after = FareState(counters, state.anchor)
    return Quote(base.fare_fen, sum(charges), tuple(lines), after, tariff.name)


def _transfer_rule(
    city: str, plans: Sequence[Plan], ride: RideFacts, anchor: Anchor | None
) -> TransferRelief | None:
    """The transfer rule that ties this leg to the anchor, None when the leg stands alone."""
    if anchor is None or anchor.city != city:
        return None
    pair = f"{anchor.mode}-{ride.mode}"
    for plan in plans:
        for rule in plan.transfers:
            if pair not in rule.pairs:
                continue
            gap_s = ride.entered_s - _window_start(rule, anchor)
            same_line = bool(ride.line) and ride.line == anchor.line
            same_vehicle = bool(ride.vehicle) and ride.vehicle == anchor.vehicle
            if (
                rule.min_gap_s <= gap_s <= rule.window_s
                and not same_vehicle
                and not (same_line and gap_s < rule.same_line_min_s)
            ):
                return rule
    return None


def _window_start(rule: TransferRelief, anchor: Anchor) -> int:
    """When the first leg opened the window: its boarding, or its exit where the rule says so."""
    if anchor.mode == "rail" and rule.rail_starts == "exit":
        return anchor.exited_s
    return anchor.entered_s


def _with_transfer(
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
    left_fen = rule.relief_fen
    if rule.limit == "first_fare":
        left_fen = min(left_fen, anchor.nominal_fen)
    gap_s = ride.entered_s - _window_start(rule, anchor)
    values: Values = {
        "gap_s": gap_s, "first_mode": anchor.mode, "first_line": anchor.line,
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


def _holder_rest(plan: Plan, rest_fen: int, line: PriceLine) -> Share:
    """What a transfer leaves over; a class of holders pays its share of that as well."""
    holder = plan.holder
    if holder is None or rest_fen == 0:
        return Share(rest_fen, (line,))
    price_fen = whole_fen(rest_fen * holder.rate_bp, FULL_BP, plan.quantum_fen)
    values: Values = {"rate_bp": holder.rate_bp}
    return Share(price_fen, (line, PriceLine("holder", holder.id, price_fen - rest_fen, values)))


def _counted(
    counters: tuple[Counter, ...],
    plans: Sequence[Plan],
    charges: Sequence[int],
    month: int,
    lines: list[PriceLine],
    rides: int = 1,
) -> tuple[Counter, ...]:
    """The counters after this ride, with a remark for each one that moved.

    Counters of months gone by are dropped. A ride of a month before a counter's month leaves the
    counter alone: the city prices in order, so this is only ever a late repair.
    """
    paid: dict[str, int] = {}
    for plan, charge_fen in zip(plans, charges, strict=True):
        for name in plan.counters:
            paid[name] = paid.get(name, 0) + charge_fen
    if not paid:
        return counters
    kept = [one for one in counters if one.month >= month and one.name not in paid]
    for name, paid_fen in paid.items():
        newer = next((one for one in counters if one.name == name and one.month > month), None)
        if newer is not None:
            kept.append(newer)
            continue
        before = counter_of(counters, name, month)
        after = Counter(name, month, before.paid_fen + paid_fen, before.rides + rides)
        kept.append(after)
        values: Values = {
            "month": month, "before_fen": before.paid_fen, "after_fen": after.paid_fen,
            "rides": after.rides,
        }  # fmt: skip
        lines.append(PriceLine("count", name, 0, values))
    return tuple(kept)


def _next_anchor(
    city: str,
    portions: Sequence[FarePortion],
    plans: Sequence[Plan],
    ride: RideFacts,
    anchor: Anchor | None,
    used: bool,
) -> Anchor | None:
    """Which leg the next one may be tied to: this one, unless it used the relief itself.

    A ride outside the transfer rules (a cableway, say), or one that comes in late, from before
    the anchor, changes nothing.
    """
    if used:
        return None
    nominal_fen = sum(
        portion.fare_fen for portion, plan in zip(portions, plans, strict=True) if plan.transfers
    )
    if nominal_fen == 0:
        return anchor
    if anchor is not None and anchor.city == city and ride.entered_s < anchor.entered_s:
        return anchor
    return Anchor(
        city, ride.mode, ride.line, ride.vehicle, nominal_fen,
        ride.entered_s, ride.exited_s or ride.entered_s,
    )  # fmt: skip
