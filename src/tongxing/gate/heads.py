"""A vehicle with one reader for boarding and alighting: what a medium that is held there is doing.

Whoever has a boarding open on this vehicle alights, everybody else boards. A purse carries its open
boarding; that of an account only the vehicle remembers. A second touch within seconds is the same
passenger's, and is what the first one was. A boarding of hours ago was never ended: whoever comes
then boards anew, and the old ride is a half trip. Pure.
"""

from dataclasses import replace

from tongxing.deciding.facts import GateContext, Role, ValidatorFacts
from tongxing.deciding.token import MediumToken


def side_of(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> ValidatorFacts:
    """The validator as it is for this medium: with one head it is either side."""
    if not facts.one_head:
        return facts
    return replace(facts, role=_role(token, facts, context))


def _role(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Role:
    last = context.recent.last(token.medium_no)
    if last is not None and 0 <= context.now_s - last[1] <= context.rules.double_tap_s:
        return "alight" if last[0] == "alight" else "board"
    boarded_s = _boarded_s(token, facts, context)
    if boarded_s is None or context.now_s - boarded_s > context.rules.aboard_s_max:
        return "board"
    return "alight"


def _boarded_s(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> int | None:
    """When this medium boarded here; None when it has not, or has alighted since."""
    if token.funding != "purse":
        return context.recent.boarded_s(facts.vehicle, token.medium_no)
    entry = token.open_entry
    if entry is None:
        return None
    there = entry.city, entry.mode, entry.line, entry.vehicle
    here = facts.city, facts.mode, facts.line, facts.vehicle
    return entry.time_s if there == here else None
