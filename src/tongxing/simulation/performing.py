"""A plan carried out in a home folder: signed in, run, noted, or found finished from before.

This is what `tongxing demo` and `tongxing simulate` do between their arguments and their words.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from tongxing.simulation.day import Tell
from tongxing.simulation.run import Plan, simulate
from tongxing.simulation.runbook import RunBook
from tongxing.simulation.summary import Summary
from tongxing.storage import Database


@dataclass(frozen=True, slots=True)
class Performed:
    """How a plan ended. `from_before` when the same run stood finished here already."""

    summary: Summary
    from_before: bool


def perform(plan: Plan, database: Database, home: Path, anew: bool, tell: Tell) -> Performed:
    """Carry out the plan, unless it stands finished here and `anew` is not asked for.

    An unfinished or another run of the simulation is replaced (`tell` hears "replacing"). Raises
    Problem: RUN_ACTIVE, DATABASE_NOT_OURS, HOME_NOT_OURS, HOME_NOT_WRITABLE.
    """
    book = RunBook(database, home)
    try:
        found = book.found()
        same = found is not None and found.parameters == plan.parameters().encoded()
        if found is not None and same and found.summary and not anew:
            return Performed(msgspec.convert(found.summary, Summary), True)
        if found is not None:
            tell("replacing", found.finished)
        book.begin(plan.parameters())
        summary = simulate(plan, database, home, tell)
        book.finish(plan.parameters(), msgspec.to_builtins(summary))
        return Performed(summary, False)
    finally:
        book.close()
