"""How far a medium has come toward its next relief: what is left to pay or ride, and what it gives.

Read from the rules of the tariff in force and from the medium's counters, never from a price: a
passenger who is promised a step must get it at the gate. What cannot be told with certainty is left
out; a rule that another standing relief makes worthless for this medium is not told at all. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tongxing.fares import FareState
from tongxing.fares.counters import counter_of
from tongxing.fares.packs import pack_name
from tongxing.fares.rules import (
    FULL_BP,
    CapRelief,
    CombineSetting,
    FreeRide,
    MonthRelief,
    PackRelief,
    PercentRelief,
    Period,
)
from tongxing.fares.tariff import Tariff
from tongxing.kernel.clock import at, calendar_date

Kind = Literal["rate", "free_ride", "cap"]
Counts = Literal["paid", "rides"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a rule: from `reach` on (fen, or rides) one pays `rate_bp` of the fare."""

    reach: int
    rate_bp: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a counter of one medium stands under one rule.

    `reached` and the reaches of `steps` are fen when `counts` is "paid", else rides. `rate_bp` is
    what one pays of the fare now. `next` is the step ahead and `left` what is missing to it; both
    None when the last one is reached. Of a "free_ride" rule `left` counts the rides up to the free
    one, itself included; of a "cap" it is what can still be charged in the period. `resets_s` is
    when the counter begins anew. `slices`: a single fare is cut at the step. `shared`: the media of
    the account count together.
    """

    kind: Kind
    rule: str
    counts: Counts
    period: Period
    systems: tuple[str, ...]
    reached: int
    rate_bp: int
    steps: tuple[Step, ...]
    next: Step | None
    left: int | None
    resets_s: int
    slices: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class PackHeld:
    """A ride pack that a medium holds: the rule it is of, rides left, and its last second."""

    rule: str
    systems: tuple[str, ...]
    rides_left: int
    rides: int
    until_s: int


def progress_of(
    tariff: Tariff, medium_kind: str, product: str, state: FareState, now_s: int
) -> tuple[Progress, ...]:
    """Every cumulative rule that can still give this local medium something, in the tariff's order.

    `state` is the medium's own fare state together with what its account counts in common
    (`fares.with_account`).
    """
    found = []
    for rule in tariff.rules:
        if not isinstance(rule, MonthRelief | FreeRide | CapRelief):
            continue
        if (rule.products and product not in rule.products) or medium_kind not in rule.media:
            continue
        counter = counter_of(state.counters, f"{tariff.city}.{rule.counter_name}", now_s)
        if isinstance(rule, MonthRelief):
            usual_bp = _usual_bp(tariff, rule.systems, medium_kind, product)
            told = _of_rates(rule, counter.paid_fen, counter.rides, usual_bp, now_s)
        elif isinstance(rule, FreeRide):
            travels_free = _usual_bp(tariff, rule.systems, medium_kind, product) == 0
            told = None if travels_free else _of_free_rides(rule, counter.rides, now_s)
        else:
            told = _of_cap(rule, counter.paid_fen, now_s)
        if told is not None:
            found.append(told)
    return tuple(found)


def packs_of(
    tariff: Tariff, medium_kind: str, product: str, state: FareState, now_s: int
) -> tuple[PackHeld, ...]:
    """The ride packs of a medium that can still be used."""
    rules = {
        pack_name(tariff.city, rule): rule
        for rule in tariff.rules
        if isinstance(rule, PackRelief)
        and (not rule.products or product in rule.products)
        and medium_kind in rule.media
    }
    return tuple(
        PackHeld(
            rules[pack.name].id, rules[pack.name].systems, pack.rides_left,
            rules[pack.name].rides, pack.until_s,
        )
        for pack in state.packs
        if pack.name in rules and pack.rides_left > 0 and now_s <= pack.until_s
    )  # fmt: skip


def period_ends_s(period: Period, now_s: int) -> int:
    """The first second of the next calendar month, week (from Monday) or day in China."""
    day = calendar_date(now_s)
    if period == "month":
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    elif period == "week":
        following = day + timedelta(days=7 - day.weekday())
    else:
        following = day + timedelta(days=1)
    return at(following)


def _of_rates(
    rule: MonthRelief, paid_fen: int, rides: int, usual_bp: int, now_s: int
) -> Progress | None:
    """None when no step of the rule is better than what the medium always gets."""
    if min(rule.rates_bp) >= usual_bp:
        return None
    reached = paid_fen if rule.counts == "paid" else rides
    steps = tuple(
        Step(reach, min(rate, usual_bp))
        for reach, rate in zip(rule.reach, rule.rates_bp[1:], strict=True)
    )
    now_bp = min(rule.rate(reached), usual_bp)
    ahead = next((step for step in steps if step.reach > reached and step.rate_bp != now_bp), None)
    return Progress(
        kind="rate",
        rule=rule.id,
        counts=rule.counts,
        period=rule.period,
        systems=rule.systems,
        reached=reached,
        rate_bp=now_bp,
        steps=steps,
        next=ahead,
        left=None if ahead is None else ahead.reach - reached,
        resets_s=period_ends_s(rule.period, now_s),
        slices=rule.applies == "slice",
        shared=rule.per == "account",
    )


def _of_free_rides(rule: FreeRide, rides: int, now_s: int) -> Progress:
    steps = tuple(Step(ride, 0) for ride in sorted(rule.rides))
    ahead = next((step for step in steps if step.reach > rides), None)
    return Progress(
        kind="free_ride",
        rule=rule.id,
        counts="rides",
        period=rule.period,
        systems=rule.systems,
        reached=rides,
        rate_bp=FULL_BP,
        steps=steps,
        next=ahead,
        left=None if ahead is None else ahead.reach - rides,
        resets_s=period_ends_s(rule.period, now_s),
        shared=rule.per == "account",
    )


def _of_cap(rule: CapRelief, paid_fen: int, now_s: int) -> Progress:
    step = Step(rule.cap_fen, 0)
    left_fen = max(0, rule.cap_fen - paid_fen)
    return Progress(
        kind="cap",
        rule=rule.id,
        counts="paid",
        period=rule.period,
        systems=rule.systems,
        reached=paid_fen,
        rate_bp=FULL_BP if left_fen else 0,
        steps=(step,),
        next=step if left_fen else None,
        left=left_fen if left_fen else None,
        resets_s=period_ends_s(rule.period, now_s),
        shared=rule.per == "account",
    )


def _usual_bp(tariff: Tariff, systems: Iterable[str], medium_kind: str, product: str) -> int:
    """What the medium pays at most wherever the rule holds, by its standing percentages alone.

    Where the tariff multiplies reliefs, another one takes nothing from a step: the full fare.
    """
    wanted = tuple(systems) or ("",)
    rates = []
    for system in wanted:
        multiplies = any(
            isinstance(rule, CombineSetting)
            and rule.how == "multiply"
            and rule.applies_to(system, medium_kind, product)
            for rule in tariff.rules
        )
        standing = [
            rule.rate_bp
            for rule in tariff.rules
            if isinstance(rule, PercentRelief) and rule.applies_to(system, medium_kind, product)
        ]
        rates.append(FULL_BP if multiplies else min(standing, default=FULL_BP))
    return max(rates)
