"""A small claim on the scales: what a record shows for each side, point by point.

Which facts count, and for whom, is data (`rules`). Pure, so that the hub can say at any time why a
claim was granted or not.
"""

from dataclasses import dataclass
from typing import Protocol

from tongxing.hub.cases.rules import GRANTED, NOT_GRANTED, DisputeTerms, Weight
from tongxing.messages import CaseAct, CaseNews


@dataclass(frozen=True, slots=True)
class Weighed:
    """A small claim on the scales: the ending it leads to, the points for each side, and why."""

    ending: str
    issuer_points: int
    acquirer_points: int
    facts: tuple[Weight, ...]


class Shows(Protocol):
    """What of a record counts when a small claim about it is weighed."""

    @property
    def codes(self) -> tuple[str, ...]: ...
    @property
    def how(self) -> str: ...
    @property
    def is_signed(self) -> bool: ...


def weighed(act: CaseAct | CaseNews, about: Shows, terms: DisputeTerms) -> Weighed:
    """What a record shows for and against a small claim. With as many points as the other side the
    passenger has it."""
    points = {"issuer": 0, "acquirer": 0}
    facts = []
    for weight in terms.weight:
        holds = about.how in weight.how or bool(set(weight.codes) & set(about.codes))
        holds |= weight.fact == "signed" and about.is_signed
        holds |= weight.fact == "evidence" and bool(act.evidence)
        if holds:
            points[weight.side] += weight.points
            facts.append(weight)
    ending = GRANTED if points["issuer"] >= points["acquirer"] else NOT_GRANTED
    return Weighed(ending, points["issuer"], points["acquirer"], tuple(facts))
