"""One ride to one charge: base fare, shares, transfer, packs, overtime, caps, counters, each with
a line.

The order of steps is fixed and the same in every city; what a step does is tariff data. No city,
date or rule id stands in this module, and it must never read a clock: the same ride, rider, state
and tariff always give the same quote. docs/algorithms/pricing.md walks through it with tables.
"""

from collections.abc import Sequence

from tongxing.fares.caps import capped
from tongxing.fares.counters import counted
from tongxing.fares.model import (
    BaseFare,
    Counter,
    FarePortion,
    FareState,
    Pack,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
    Values,
)
from tongxing.fares.packs import held_pack, pack_name, used
from tongxing.fares.shares import Moment, Share, best_share
from tongxing.fares.tariff import Plan, Tariff
from tongxing.fares.transfers import next_anchor, transfer_rule, with_transfer


def settle(
    tariff: Tariff,
    base: BaseFare,
    ride: RideFacts,
    rider: Rider,
    state: FareState,
    surcharge: PriceLine | None = None,
) -> Quote:
    """The quote of a whole ride whose base fare is known; `surcharge` comes on top, unrelieved,
    and counts for the period like all money paid in the first fare system.

    The lines always add up to the charge, and the charge is never negative.
    """
    charged_s = ride.exited_s or ride.entered_s
    portions = base.portions
    plans = [tariff.plan(portion.system, ride.mode, ride.place, rider) for portion in portions]
    moment = Moment(ride, rider, state.counters, charged_s, tariff.city)
    shares = [
        best_share(portion.fare_fen, plan, moment)
        for portion, plan in zip(portions, plans, strict=True)
    ]
    transfer = transfer_rule(tariff.city, plans, ride, state.anchor)
    relieved = shares
    if transfer is not None and state.anchor is not None:
        relieved = with_transfer(transfer, portions, plans, list(shares), ride, state.anchor)
    packs = state.packs
    if packs:
        packs = tuple(pack for pack in packs if ride.entered_s <= pack.until_s)
        by_pack = _by_pack(tariff.city, portions, plans, shares, relieved, packs, ride.entered_s)
        if by_pack is not None:
            relieved, packs = by_pack
            transfer = None
    lines = list(base.lines)
    charges: list[int] = []
    for share in relieved:
        charges.append(share.price_fen)
        lines += share.lines
    overtime_fen = 0
    if surcharge is not None:
        lines.append(surcharge)
        overtime_fen = surcharge.amount_fen
    if any(plan.caps for plan in plans):
        overtime_fen, cuts = capped(
            tariff.city, plans, charges, state.counters, charged_s, overtime_fen
        )
        lines += cuts
    anchor = next_anchor(tariff.city, portions, plans, charges, ride, state.anchor, transfer)
    charges[0] += overtime_fen
    charge_fen = sum(charges)
    rides = 1 if transfer is None or transfer.counts_ride else 0
    counters = _counted(state, plans, charges, charged_s, rides, lines)
    after = FareState(counters, anchor, packs)
    return Quote(base.fare_fen, charge_fen, tuple(lines), after, tariff.name)


def settle_half(
    tariff: Tariff, base: BaseFare, ride: RideFacts, rider: Rider, state: FareState
) -> Quote:
    """The quote of a half trip: the fare stands without relief, only free travel stays free.

    The money counts for the period in which it fell due, but no ride is counted, and the transfer
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
    counters = _counted(state, plans, charges, ride.exited_s or ride.entered_s, 0, lines)
    after = FareState(counters, state.anchor, state.packs)
    return Quote(base.fare_fen, sum(charges), tuple(lines), after, tariff.name)


def _by_pack(
    city: str,
    portions: Sequence[FarePortion],
    plans: Sequence[Plan],
    shares: Sequence[Share],
    relieved: Sequence[Share],
    packs: tuple[Pack, ...],
    entered_s: int,
) -> tuple[list[Share], tuple[Pack, ...]] | None:
    """The shares when a ride pack pays for what it covers; None where no pack is used.

    A pack is not spent on a ride that costs nothing anyway, and a ride that it pays for uses no
    transfer: the portions it does not cover keep their percentages.
    """
    for plan in plans:
        for rule in plan.packs:
            pack = held_pack(packs, pack_name(city, rule), entered_s)
            covered = [index for index, one in enumerate(plans) if rule in one.packs]
            if pack is None or not any(relieved[index].price_fen for index in covered):
                continue
            found = list(shares)
            for index in covered:
                fare_fen = portions[index].fare_fen
                values: Values = {"pack": rule.pack, "left": pack.rides_left - 1}
                found[index] = Share(0, (PriceLine("pack", rule.id, -fare_fen, values),))
            return found, used(packs, pack)
    return None


def _counted(
    state: FareState,
    plans: Sequence[Plan],
    charges: Sequence[int],
    charged_s: int,
    rides: int,
    lines: list[PriceLine],
) -> tuple[Counter, ...]:
    paid = [(plan.counters, charge) for plan, charge in zip(plans, charges, strict=True)]
    return counted(state.counters, paid, charged_s, rides, lines)
