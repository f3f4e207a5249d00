"""Opening a site: its journal, its own means, and the gates that decide over both.

All of it is for the gate's own thread, in which the site works from then on.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fasteners import InterProcessLock

from tongxing.deciding.facts import EntryAtGate, ValidatorFacts
from tongxing.entry import Policy
from tongxing.gate.clearance import Clearance
from tongxing.gate.epochs import Custody
from tongxing.gate.journal import Journal
from tongxing.gate.lane import LaneOutput
from tongxing.gate.running.condition import Condition
from tongxing.gate.running.machine import machine_name
from tongxing.gate.running.means import Means
from tongxing.gate.running.plan import Plan
from tongxing.gate.running.registers import Registers
from tongxing.gate.site import Site, SiteSetup
from tongxing.kernel.reasons import Refusal

_log = logging.getLogger("tongxing.gate")


@dataclass(frozen=True, slots=True)
class Opened:
    """A site that can work. `means` is None at a gate that hears no city, `registers` at one that
    asks nobody about displays."""

    site: Site
    journal: Journal
    means: Means | None
    registers: Registers | None


def open_site(
    plan: Plan,
    validators: Mapping[str, ValidatorFacts],
    lane: LaneOutput,
    clock: Callable[[], int],
    new_epoch: int,
) -> Opened | Refusal:
    """The site of a plan. `validators` are looked at again at each tap, for those that move;
    `clock` gives the machine's time. Refuses what the journal refuses; then it is closed again."""
    journal = open_journal(plan, new_epoch)
    if isinstance(journal, Refusal):
        return journal
    opened = _over(journal, plan, validators, lane, clock)
    if isinstance(opened, Refusal):
        journal.sign_off()
    return opened


def lock_of(plan: Plan) -> InterProcessLock:
    """The lock of a plan's journal: one process has a site."""
    return InterProcessLock(f"{_journal_path(plan)}.lock")


def open_journal(plan: Plan, new_epoch: int) -> Journal | Refusal:
    """The journal of a plan, in this machine's hands: without its slip, or with another machine's,
    `new_epoch` begins. Refuses what the journal refuses."""
    name = plan.config.site.name
    slip = plan.written.file(plan.config.journal.slip)
    custody = Custody(machine_name() or name, slip)
    return Journal.open(_journal_path(plan), name, new_epoch, custody=custody)


def _journal_path(plan: Plan) -> Path:
    return plan.written.file(plan.config.journal.path)


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
    own_time = clock if means is None else means.now_s
    registers = Registers.open(plan, own_time)
    if isinstance(registers, Refusal):
        return registers
    clearance = Clearance() if means is None else means.clearance
    if registers is not None:
        clearance = replace(clearance, displays=registers.desk)
    setup = SiteSetup(
        city=plan.config.site.city,
        validators=validators,
        fares=plan.fares,
        registry=plan.registry,
        key=plan.key,
        city_keys=plan.city_keys,
        media=plan.media(journal),
        clearance=clearance,
        entry=plan.entry,
        entry_of=None if plan.condition is None else partial(_asked, plan.condition),
    )
    site = Site.open(setup, journal, lane)
    if isinstance(site, Refusal):
        if registers is not None:
            registers.close()
        return site
    noted = site.events.note_epoch(own_time())
    if noted is not None:  # it is noted later then
        _log.warning("events: %s", noted.code)
    return Opened(site, journal, means, registers)


def _asked(condition: Condition, known: Sequence[Policy]) -> EntryAtGate | Refusal | None:
    """What is asked under the policies that the city publishes; nothing under one that it has taken
    away."""
    name = condition.spec.policy
    if not name.endswith(".toml") and all(policy.name != name for policy in known):
        return None
    return condition.of(known)
