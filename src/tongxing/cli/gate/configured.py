"""The configuration that a command of a gate is given, read and checked."""

from pathlib import Path
from typing import TYPE_CHECKING

from tongxing.kernel.reasons import Problem, Refusal

if TYPE_CHECKING:
    from tongxing.gate.running.config import Written
    from tongxing.gate.running.plan import Plan

CONFIG = "gate.toml"


def written_at(path: Path) -> "Written":
    """What a file says. Raises Problem with line and column."""
    from tongxing.gate.running.config import read_config

    found = read_config(path, path.read_bytes())
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **dict(found.values))
    return found


def plan_at(path: Path) -> "Plan":
    """What a file asks for, with the keys and places that it names. Raises Problem."""
    from tongxing.gate.running.plan import load_plan

    found = load_plan(written_at(path))
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **dict(found.values))
    return found
