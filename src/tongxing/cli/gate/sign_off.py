"""`tongxing gate sign-off`: the journal of a gate that has stopped, closed in order."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.gate.configured import plan_at
from tongxing.cli.shell import command as command_of
from tongxing.kernel.reasons import Problem

if TYPE_CHECKING:
    from tongxing.gate.journal import Journal

WORDS = Words("gate")
_EPOCH_BITS = 62


@command_of("sign-off")
@click.option("--config", "config", type=READABLE_FILE, required=True, metavar="FILE")
def command(config: Path) -> None:
    from tongxing.gate.running.opening import lock_of, open_journal

    plan = plan_at(config)
    journal = plan.written.file(plan.config.journal.path)
    if not journal.exists():
        raise Problem("GATE_NO_JOURNAL", str(journal))
    lock = lock_of(plan)
    if not lock.acquire(blocking=False):
        raise Problem("GATE_RUNNING", str(config))
    try:
        epoch = secrets.randbits(_EPOCH_BITS) + 1
        told = _signed_off(granted(open_journal(plan, epoch)))
    finally:
        lock.release()
    told |= {"site": plan.config.site.name, "slip": plan.config.journal.slip}
    if settings().json:
        emit_json(told)
        return
    cause = WORDS(f"cause.{told['cause']}")
    say(WORDS("sign_off.done", **(told | {"cause": cause})))
    if told["waiting"]:
        say(WORDS("sign_off.waiting", count=f"{told['waiting']:,}"))


def _signed_off(journal: "Journal") -> dict[str, object]:
    """How it stood, after it was closed. Raises Problem."""
    state = granted(journal.state(0))
    refusal = journal.sign_off()
    if refusal is not None:
        raise Problem(refusal.code, refusal.where, **dict(refusal.values))
    return {"epoch": f"{journal.epoch:x}", "cause": state.cause, "waiting": state.waiting_taps}
