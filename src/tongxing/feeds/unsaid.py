"""Which of our fare rules an exported feed says whole, in part, or not at all, and why.

Every rule in force is named exactly once, so that nobody believes a feed to be the tariff. The
reasons are keys of the room's texts (``[unsaid.*]``); the judgement goes by the kind of rule and
its settings, never by its name.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from tongxing.fares import Tariff
from tongxing.fares.rules import (
    FULL_BP,
    AnyRule,
    BaseRule,
    DurationFare,
    FreeRide,
    HalfTripSetting,
    MeterFare,
    MinimumSetting,
    MonthRelief,
    OvertimeCharge,
    PackRelief,
    PairFare,
    TimeRelief,
    TransferRelief,
    TurnBack,
)
from tongxing.kernel.workdays import is_announced

How = Literal["whole", "part", "none"]

_NEVER: dict[type, str] = {
    FreeRide: "history",
    PackRelief: "rides_left",
    OvertimeCharge: "stay",
    TurnBack: "turn_back",
    HalfTripSetting: "half_trip",
    MinimumSetting: "balance",
    MeterFare: "meter",
    DurationFare: "stay_price",
}


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """One rule of the tariff: how far the feed says it, and the keys of what is missing."""

    rule: str
    kind: str
    how: How
    why: tuple[str, ...]


def rules_said(
    tariff: Tariff, systems: Collection[str], transfers: Collection[str], year: int
) -> tuple[RuleSaid, ...]:
    """Every rule in force, in the tariff's order. `systems` are the fare systems of the feed,
    `transfers` the transfer rules of which it says something."""
    return tuple(_said(rule, systems, transfers, year) for rule in tariff.rules)


def _said(
    rule: AnyRule, systems: Collection[str], transfers: Collection[str], year: int
) -> RuleSaid:
    kind = str(rule.__struct_config__.tag)
    never = _NEVER.get(type(rule))
    if never is not None:
        return RuleSaid(rule.id, kind, "none", (never,))
    if rule.systems and not set(rule.systems) & set(systems):
        return RuleSaid(rule.id, kind, "none", ("no_route",))
    lost = _lost(rule, transfers, year)
    if "history" in lost:
        return RuleSaid(rule.id, kind, "none", lost)
    beyond = tuple(one for one in rule.systems if one not in systems)
    if beyond and isinstance(rule, BaseRule | PairFare):
        lost = (*lost, "no_route")
    return RuleSaid(rule.id, kind, "part" if lost else "whole", lost)


def _lost(rule: AnyRule, transfers: Collection[str], year: int) -> tuple[str, ...]:
    if isinstance(rule, MonthRelief):
        return ("first_step",) if rule.rates_bp[0] < FULL_BP else ("history",)
    if isinstance(rule, TimeRelief) and rule.days != "every" and not is_announced(year):
        return ("calendar",)
    if isinstance(rule, TransferRelief):
        return _lost_of_transfer(rule) if rule.id in transfers else ("history",)
    return ()


def _lost_of_transfer(rule: TransferRelief) -> tuple[str, ...]:
    found = ["two_legs"]
    if rule.chain == "alternate":
        found.append("alternation")
    else:
        found.append("chain_clock")
    if rule.same_line_min_s:
        found.append("same_line")
    if not rule.same_vehicle:
        found.append("same_vehicle")
    if rule.min_gap_s:
        found.append("min_gap")
    if not rule.counts_ride:
        found.append("counts_ride")
    return tuple(found)
