"""The exploit search: other ways to tap the same travel that cost less.

From the honest sequence every move is tried where the tariff has an edge; the best of each kind of
deed are moved again, up to three deeds deep; what remains is cut down to what the gain needs. The
measure of effort is the number of sequences priced, so that the same tariff, seed and effort give
the same findings on any machine. A finding is judged by `sequences.serves`, never by its maker.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from tongxing.fares.model import Quote
from tongxing.fares.rules import AnyRule, HalfTripSetting, TimeRelief, TransferRelief
from tongxing.fares.trying.moves import MOVES, Reach
from tongxing.fares.trying.plans import Plan
from tongxing.fares.trying.sequences import (
    Bills,
    Step,
    Steps,
    honest_steps,
    medium_kind,
    serves,
)
from tongxing.fares.trying.world import World

Deed = Literal["added", "omitted", "split", "moved", "other_kind", "second_medium"]
Verdict = Literal["loophole", "by_design"]
_SHARES = (3, 1, 1)
"""How the effort is shared between sequences of one, two and three deeds."""
_WIDTH = 4
_TURN = 16


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to search. `priced` is the number of sequences per plan, `every` makes plans of
    every level of the price list and every class of card."""

    name: str
    priced: int
    cuts: int
    every: bool


QUICK = Effort("quick", 1_000, 8, False)
FULL = Effort("full", 12_000, 40, True)
EFFORTS = {effort.name: effort for effort in (QUICK, FULL)}


@dataclass(frozen=True, slots=True)
class Finding:
    """Another way to tap the travel of a plan, and what it saves.

    `rule` is the one whose part of the bill falls most. `honest` and `exploit` have a quote per
    step. A finding is "by_design" when it only uses a relief as it is meant; what a loophole adds
    to such a saving is told against it, so `honest_steps` may already use a relief well.
    """

    plan: Plan
    deeds: tuple[Deed, ...]
    verdict: Verdict
    rule: str
    gain_fen: int
    honest_steps: Steps
    honest: tuple[Quote, ...]
    exploit_steps: Steps
    exploit: tuple[Quote, ...]

    @property
    def honest_fen(self) -> int:
        return sum(quote.charge_fen for quote in self.honest)

    @property
    def exploit_fen(self) -> int:
        return sum(quote.charge_fen for quote in self.exploit)


@dataclass(slots=True)
class _Best:
    """The cheapest sequence found for each set of deeds."""

    by_deeds: dict[frozenset[Deed], tuple[int, Steps]]

    def offer(self, deeds: frozenset[Deed], total_fen: int, steps: Steps) -> None:
        known = self.by_deeds.get(deeds)
        if known is None or (total_fen, len(steps)) < (known[0], len(known[1])):
            self.by_deeds[deeds] = (total_fen, steps)


def search_plan(world: World, plan: Plan, effort: Effort, delay_s: int) -> list[Finding]:
    """The findings for one plan: the best sequence for each set of deeds that gains anything more
    than its parts do."""
    honest = honest_steps(plan)
    bills = Bills(world, plan)
    honest_fen = bills.rest_on(honest)
    best = _Best({})
    frontier: list[Steps] = [honest]
    reach = Reach(delay_s, effort.cuts)
    for depth, share in enumerate(_SHARES):
        rest = max(0, effort.priced - bills.priced)
        shares = max(1, rest * share // sum(_SHARES[depth:]) // len(frontier))
        for steps in frontier:
            bills.rest_on(steps)
            for found in islice(_proposals(world, steps, reach), shares):
                total_fen = bills.total_fen(found)
                if total_fen < honest_fen and serves(plan, found, delay_s):
                    best.offer(_deeds(honest, found), total_fen, found)
        ranked = sorted(best.by_deeds.values(), key=lambda one: (one[0], len(one[1])))
        frontier = [steps for _, steps in ranked[:_WIDTH]]
        if not frontier or bills.priced >= effort.priced:
            break
    return _findings(world, plan, bills, best, honest_fen, delay_s)


def _proposals(world: World, steps: Steps, reach: Reach) -> Iterator[Steps]:
    """The proposals of all moves in turn, so that none starves the others of the effort."""
    running: list[Iterator[Steps]] = [move(world, steps, reach) for move in MOVES]
    while running:
        for one in tuple(running):
            chunk = list(islice(one, _TURN))
            if not chunk:
                running.remove(one)
            yield from chunk


def _findings(
    world: World, plan: Plan, bills: Bills, best: _Best, honest_fen: int, delay_s: int
) -> list[Finding]:
    honest = honest_steps(plan)
    lean = _Best({})
    for _, steps in best.by_deeds.values():
        rest = pruned(plan, bills, honest, steps, delay_s)
        lean.offer(_deeds(honest, rest), bills.total_fen(rest), rest)
    meant: list[tuple[frozenset[Deed], int, Steps]] = [(frozenset(), honest_fen, honest)]
    for deeds, (total_fen, steps) in lean.by_deeds.items():
        if deeds and _finding(world, plan, bills, honest, steps).verdict == "by_design":
            meant.append((deeds, total_fen, steps))
    found = []
    for deeds, (total_fen, steps) in lean.by_deeds.items():
        fewer = [fen for other, (fen, _) in lean.by_deeds.items() if other < deeds]
        if deeds and total_fen < min([honest_fen, *fewer]):
            known = [(fen, reference) for other, fen, reference in meant if other < deeds]
            reference = min(known, key=lambda one: one[0])[1]
            found.append(_finding(world, plan, bills, reference, steps))
    return sorted(found, key=rank)


def rank(finding: Finding) -> tuple[int, int, str]:
    """Largest gain first; equal gains with fewer steps first."""
    return -finding.gain_fen, len(finding.exploit_steps), finding.plan.pattern


def pruned(plan: Plan, bills: Bills, honest: Steps, steps: Steps, delay_s: int) -> Steps:
    """The sequence without every part that the gain does not need, tried from the end."""
    total_fen = bills.rest_on(steps)
    own = {step.serves: step for step in honest}
    is_fresh = True
    while is_fresh:
        is_fresh = False
        for simpler in _simpler(steps, own):
            if serves(plan, simpler, delay_s) and bills.total_fen(simpler) <= total_fen:
                steps, total_fen, is_fresh = simpler, bills.rest_on(simpler), True
                break
    return steps


def _simpler(steps: Steps, own: dict[int, Step]) -> Iterator[Steps]:
    """The sequence with one thing undone: a ride left out, a trip tapped as planned, a medium
    changed back."""
    first = next(iter(own.values())).medium
    for index in range(len(steps) - 1, -1, -1):
        step = steps[index]
        if step.serves < 0:
            yield steps[:index] + steps[index + 1 :]
            continue
        planned = own[step.serves]
        members = [number for number, one in enumerate(steps) if one.serves == step.serves]
        if members[0] != index:
            continue
        if len(members) > 1 or step.ride != planned.ride:
            back = replace(planned, medium=step.medium)
            yield (*steps[:index], back, *steps[members[-1] + 1 :])
        if step.medium != first:
            yield (*steps[:index], replace(step, medium=first), *steps[index + 1 :])


def _deeds(honest: Steps, steps: Steps) -> frozenset[Deed]:
    """What was done otherwise than in the honest sequence, told from the two themselves."""
    found: set[Deed] = set()
    parts: dict[int, int] = {}
    for step in steps:
        parts[step.serves] = parts.get(step.serves, 0) + 1
    for step in steps:
        planned = honest[max(step.serves, 0)]
        if step.medium != planned.medium:
            is_second = medium_kind(step.medium) == medium_kind(planned.medium)
            found.add("second_medium" if is_second else "other_kind")
        if step.serves < 0:
            found.add("added")
        elif parts[step.serves] > 1:
            found.add("split")
            if step.start == planned.start != step.end and step.leaves_s != planned.leaves_s:
                found.add("moved")
        elif step.ride.missing:
            found.add("omitted")
        elif step.ride != planned.ride:
            found.add("moved")
    return frozenset(found)


def _finding(world: World, plan: Plan, bills: Bills, honest: Steps, steps: Steps) -> Finding:
    """The finding that a sequence is beside another that uses the tariff as it is meant."""
    deeds = _deeds(honest, steps)
    planned, other = tuple(bills.quotes(honest)), tuple(bills.quotes(steps))
    rule = _giving_rule(world, planned, other, deeds)
    gain_fen = sum(one.charge_fen for one in planned) - sum(one.charge_fen for one in other)
    kinds = {type(world.fares.book.rules[rule])} if rule in world.fares.book.rules else set()
    return Finding(
        plan=plan,
        deeds=tuple(sorted(deeds)),
        verdict=_verdict(deeds, steps, kinds),
        rule=rule,
        gain_fen=gain_fen,
        honest_steps=honest,
        honest=planned,
        exploit_steps=steps,
        exploit=other,
    )


def _verdict(deeds: frozenset[Deed], steps: Steps, kinds: set[type[AnyRule]]) -> Verdict:
    """By design: going at the hour or within the window that a relief asks for, or paying
    everything with the kind of medium that is cheaper."""
    if deeds == {"moved"} and kinds <= {TimeRelief, TransferRelief}:
        return "by_design"
    if deeds == {"other_kind"} and len({step.medium for step in steps}) == 1:
        return "by_design"
    return "loophole"


def _giving_rule(
    world: World, honest: tuple[Quote, ...], exploit: tuple[Quote, ...], deeds: frozenset[Deed]
) -> str:
    """The rule whose part of the bill falls most; of an omitted tap, the one for half trips."""
    if deeds == {"omitted"}:
        for rule in world.tariff.rules:
            if isinstance(rule, HalfTripSetting):
                return rule.id
    sums: dict[str, int] = {}
    for sign, quotes in ((-1, honest), (1, exploit)):
        for quote in quotes:
            for line in quote.lines:
                sums[line.rule] = sums.get(line.rule, 0) + sign * line.amount_fen
    return min(sums, key=lambda rule: (sums[rule], rule))


def search(
    world: World,
    plans: list[Plan],
    effort: Effort,
    delay_s: int,
    advance: Callable[[int], None] = lambda amount: None,
) -> list[Finding]:
    """The findings of all plans, largest gain first; of one pattern, rule and set of deeds only
    the largest. `advance` hears of each plan that is done."""
    kept: dict[tuple[object, ...], Finding] = {}
    for plan in plans:
        for finding in search_plan(world, plan, effort, delay_s):
            key = (plan.pattern, finding.rule, finding.deeds, finding.verdict)
            if key not in kept or rank(finding) < rank(kept[key]):
                kept[key] = finding
        advance(1)
    return sorted(kept.values(), key=rank)
