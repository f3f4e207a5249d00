"""What a journey of several legs costs under Fares v2: products, transfers, the cheapest choice.

Each leg may match several rules, each transfer several records; the journey's cost is the least
over all of them, found leg by leg. How transfer records meet is the format's own table: the first
transfer of a chain makes A + AB, A + AB + B or AB; every further one adds BC, or BC + C, to what
the chain cost so far. A transfer over its limits is no transfer: the legs are paid apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.feeds.fares_v2 import EffectiveLeg, Leg, Matcher, Priced, effective_legs, product_rows
from tongxing.feeds.model import FareProduct, Feed, TransferRule
from tongxing.kernel.reasons import Refusal

_Run = tuple[tuple[str, str], int, int]
"""A chain of transfers of one kind: its groups, the leg it began with, how many so far."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A transfer record that applies between two legs, with the product row it asks for."""

    rule: TransferRule
    product: FareProduct | None


@dataclass(frozen=True, slots=True)
class Step:
    """One effective leg of a priced journey: its rule and product, and how it was reached.

    `adds_minor` is what the journey costs more by it; `crossing` is None where the leg stands
    alone.
    """

    leg: EffectiveLeg
    priced: Priced
    crossing: Crossing | None
    adds_minor: int


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey's cost in minor units of its currency. `medium` is "" where none is named."""

    total_minor: int
    currency: str
    rider: str
    medium: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _State:
    total_minor: int
    choice: Priced
    first: bool
    run: _Run | None
    steps: tuple[Step, ...]


def price_journey(
    matcher: Matcher, legs: Sequence[Leg], rider: str, medium: str | None
) -> Journey | Refusal:
    """The least that a journey costs a rider category ("" none) with a medium (None: any one,
    the same throughout if that can be).

    Refusals: GTFS_FARE_UNKNOWN (no rule matches a leg), GTFS_NO_PRODUCT (a rule matches, but its
    product is not for this rider or medium), GTFS_CURRENCIES.
    """
    feed = matcher.feed
    effective = effective_legs(feed, legs)
    rules = [matcher.rules(leg) for leg in effective]
    for leg, matched in zip(effective, rules, strict=True):
        if not matched:
            return _unknown(feed, leg)
    media = [medium] if medium is not None else [*feed.media, ""]
    tried: list[str | None] = [*media] if medium is not None else [*media, None]
    best: Journey | None = None
    for one in tried:
        if one is None and best is not None:
            break
        options = [
            [Priced(rule, rows[0]) for rule in matched
             if (rows := product_rows(feed, rule.product, rider, one))]
            for matched in rules
        ]  # fmt: skip
        if not all(options):
            continue
        if len({choice.product.currency for some in options for choice in some}) > 1:
            return Refusal("GTFS_CURRENCIES", "fare_products.txt")
        found = _cheapest(matcher, effective, options, rider, one)
        if best is None or found.total_minor < best.total_minor:
            best = found
    if best is None:
        products = ", ".join(dict.fromkeys(rule.product for some in rules for rule in some))
        return Refusal("GTFS_NO_PRODUCT", "fare_products.txt", {"products": products})
    return best


def _unknown(feed: Feed, leg: EffectiveLeg) -> Refusal:
    stops = feed.stops
    values = {
        "origin": stops[leg.first.origin].name,
        "destination": stops[leg.last.destination].name,
        "network": leg.network or "-",
        "from_areas": ", ".join(feed.areas_of(leg.first.origin)) or "-",
        "to_areas": ", ".join(feed.areas_of(leg.last.destination)) or "-",
    }
    return Refusal("GTFS_FARE_UNKNOWN", "fare_leg_rules.txt", values)


def _cheapest(
    matcher: Matcher,
    legs: Sequence[EffectiveLeg],
    options: Sequence[Sequence[Priced]],
    rider: str,
    medium: str | None,
) -> Journey:
    states = [
        _State(
            choice.product.amount_minor, choice, True, None,
            (Step(legs[0], choice, None, choice.product.amount_minor),),
        )
        for choice in options[0]
    ]  # fmt: skip
    for index in range(1, len(legs)):
        best: dict[object, _State] = {}
        for state in states:
            for choice in options[index]:
                for found in _crossed(matcher, legs, index, state, choice, rider, medium):
                    key = (found.choice, found.first, found.run)
                    if key not in best or found.total_minor < best[key].total_minor:
                        best[key] = found
        states = list(best.values())
    least = min(states, key=lambda state: state.total_minor)
    currency = least.choice.product.currency
    shown = medium or next((step.priced.product.medium for step in least.steps), "")
    return Journey(least.total_minor, currency, rider, shown, least.steps)


def _crossed(
    matcher: Matcher,
    legs: Sequence[EffectiveLeg],
    index: int,
    state: _State,
    choice: Priced,
    rider: str,
    medium: str | None,
) -> list[_State]:
    """The ways to go on to leg `index` by one of its rules."""
    price = choice.product.amount_minor
    found: list[_State] = []
    for rule in matcher.transfers(state.choice.rule.group, choice.rule.group):
        run = _run_after(rule, state.run, index)
        if not _in_count(rule, run) or not _in_limit(rule, legs, run, index):
            continue
        rows = product_rows(matcher.feed, rule.product, rider, medium) if rule.product else ()
        if rule.product and not rows:
            continue
        crossing = Crossing(rule, rows[0] if rows else None)
        adds = rows[0].amount_minor if rows else 0
        if rule.kind == 1:
            adds += price
        elif rule.kind == 2 and state.first:
            adds -= state.choice.product.amount_minor
        step = Step(legs[index], choice, crossing, adds)
        found.append(_State(state.total_minor + adds, choice, False, run, (*state.steps, step)))
    least = _least_count(found)
    if least:
        return least
    step = Step(legs[index], choice, None, price)
    return [_State(state.total_minor + price, choice, True, None, (*state.steps, step))]


def _least_count(states: list[_State]) -> list[_State]:
    """Of records of one kind that differ in their count, those with the least that suffices."""
    counts = [_count(state) for state in states]
    least = min(counts, default=0)
    return [state for state, count in zip(states, counts, strict=True) if count == least]


def _count(state: _State) -> int:
    crossing = state.steps[-1].crossing
    count = crossing.rule.count if crossing else None
    return 10**9 if count == -1 else count or 0


def _run_after(rule: TransferRule, run: _Run | None, index: int) -> _Run | None:
    """The chain of like transfers after this one; None for one between different groups."""
    if rule.from_group != rule.to_group:
        return None
    groups = (rule.from_group, rule.to_group)
    if run is not None and run[0] == groups:
        return groups, run[1], run[2] + 1
    return groups, index - 1, 1


def _in_count(rule: TransferRule, run: _Run | None) -> bool:
    return run is None or rule.count in (None, -1) or run[2] <= (rule.count or 0)


def _in_limit(
    rule: TransferRule, legs: Sequence[EffectiveLeg], run: _Run | None, index: int
) -> bool:
    """Whether the time from the chain's first leg to this one lies in the record's limit."""
    if rule.limit_s is None:
        return True
    start, end = legs[index - 1 if run is None else run[1]], legs[index]
    from_s = start.first.depart_s if rule.limit_kind in (0, 1) else start.last.arrive_s
    to_s = end.first.depart_s if rule.limit_kind in (1, 2) else end.last.arrive_s
    return to_s - from_s <= rule.limit_s
