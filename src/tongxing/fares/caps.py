"""Caps: what a period costs at most, taken off at the very end."""

from collections.abc import Sequence

from tongxing.fares.counters import counter_of
from tongxing.fares.model import Counter, PriceLine, Values
from tongxing.fares.rules import CapRelief
from tongxing.fares.tariff import Plan


def capped(
    city: str,
    plans: Sequence[Plan],
    charges: list[int],
    counters: tuple[Counter, ...],
    charged_s: int,
    overtime_fen: int,
) -> tuple[int, list[PriceLine]]:
    """Cut the charges of a ride's portions (in place) where a cap is reached.

    `overtime_fen` is what overtime adds to the first portion. Returns what is left of it, and a
    line for each cut. A portion counts for the cap as soon as it is charged, in travel order.
    """
    lines: list[PriceLine] = []
    spent: dict[str, int] = {}
    for index, plan in enumerate(plans):
        for rule in plan.caps:
            name = f"{city}.{rule.counter_name}"
            reached_fen = counter_of(counters, name, charged_s).paid_fen
            left_fen = max(0, rule.cap_fen - reached_fen - spent.get(name, 0))
            extra_fen = overtime_fen if index == 0 and rule.with_overtime else 0
            cut_fen = max(0, charges[index] + extra_fen - left_fen)
            if cut_fen:
                lines.append(_line(rule, reached_fen, -cut_fen))
            of_extra_fen = min(extra_fen, cut_fen)
            overtime_fen -= of_extra_fen
            charges[index] -= cut_fen - of_extra_fen
            counted_fen = charges[index] + (overtime_fen if index == 0 else 0)
            spent[name] = spent.get(name, 0) + counted_fen
    return overtime_fen, lines


def _line(rule: CapRelief, reached_fen: int, amount_fen: int) -> PriceLine:
    values: Values = {"reached": reached_fen, "cap": rule.cap_fen, "period": rule.period}
    return PriceLine("cap", rule.id, amount_fen, values)
