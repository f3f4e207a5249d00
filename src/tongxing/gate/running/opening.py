"""Opening a site: its journal, its own means, and the gates that decide over both.

All of it is for the gate's own thread, in which the site works from then on.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tongxing.entry import Policy
from tongxing.gate.clearance import Clearance
from tongxing.gate.facts import EntryAtGate, ValidatorFacts
from tongxing.gate.journal import Journal
from tongxing.gate.lane import LaneOutput
from tongxing.gate.running.condition import Condition
from tongxing.gate.running.means import Means
from tongxing.gate.running.plan import Plan
from tongxing.gate.site import Site, SiteSetup
from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Opened:
    """A site that can work. `means` is None at a gate that hears no city."""

    site: Site
    journal: Journal
    means: Means | None


def open_site(
    plan: Plan,
    validators: Mapping[str, ValidatorFacts],
    lane: LaneOutput,
    clock: Callable[[], int],
    new_epoch: int,
) -> Opened | Refusal:
    """The site of a plan. `validators` are looked at again at each tap, for those that move;
    `clock` gives the machine's time. Refuses what the journal refuses; then it is closed again."""
    path = plan.written.file(plan.config.journal.path)
    journal = Journal.open(path, plan.config.site.name, new_epoch)
    if isinstance(journal, Refusal):
        return journal
    opened = _over(journal, plan, validators, lane, clock)
    if isinstance(opened, Refusal):
        journal.close()
    return opened


def _over(
    journal: Journal,
    plan: Plan,
    validators: Mapping[str, ValidatorFacts],
    lane: LaneOutput,
    clock: Callable[[], int],
) -> Opened | Refusal:
    means = None
    if plan.device is not None:
        found = Means.open(journal, clock(), time.monotonic)
        if isinstance(found, Refusal):
            return found
        means = found
    setup = SiteSetup(
        city=plan.config.site.city,
        validators=validators,
        fares=plan.fares,
        registry=plan.registry,
        key=plan.key,
        city_keys=plan.city_keys,
        media=plan.media(journal),
        clearance=Clearance() if means is None else means.clearance,
        entry=plan.entry,
        entry_of=None if plan.condition is None else partial(_asked, plan.condition),
    )
    site = Site.open(setup, journal, lane)
    return site if isinstance(site, Refusal) else Opened(site, journal, means)


def _asked(condition: Condition, known: Sequence[Policy]) -> EntryAtGate | Refusal | None:
    """What is asked under the policies that the city publishes; nothing under one that it has taken
    away."""
    name = condition.spec.policy
    if not name.endswith(".toml") and all(policy.name != name for policy in known):
        return None
    return condition.of(known)
