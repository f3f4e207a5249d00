"""How far a business day is: what is done, by whom, what is next and what it waits for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from tongxing.city.running.steps import ORDER, Step, due_s
from tongxing.city.store.business_days import DoneStep, Figures

Waits = Literal["", "time", "line", "hub", "bank"]
"""Why a day waits: for its hour, for somebody to name the hub, for the hub's statements, for
the bank's lines; "" when it can go on now."""


@dataclass(frozen=True, slots=True)
class StepStatus:
    """A step of a day, and when and by whom it was done; `done_s` is None before that."""

    step: Step
    done_s: int | None = None
    done_by: str = ""
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayStatus:
    """A business day and its nine steps in order. It may be worked from `due_s` on; `missing` is
    how many statements or bank lines it waits for."""

    day: date
    due_s: int
    steps: tuple[StepStatus, ...]
    waits: Waits = ""
    missing: int = 0

    @property
    def next_step(self) -> str:
        """The first step that is not done; "" when all are."""
        return next((step.step.value for step in self.steps if step.done_s is None), "")


def day_status(
    day: date,
    done: Mapping[str, DoneStep],
    now_s: int,
    *,
    has_line: bool,
    statements_missing: int,
    bank_lines_missing: int,
) -> DayStatus:
    """The status of a day from its steps and from what is missing in its books. Without `has_line`
    nothing can be sent."""
    steps = tuple(_step(step, done.get(step.value)) for step in ORDER)
    following = next((step.step for step in steps if step.done_s is None), None)
    waits: Waits = ""
    missing = 0
    if following is not None and now_s < due_s(day):
        waits = "time"
    elif following is Step.BOOK and statements_missing:
        waits, missing = "hub", statements_missing
    elif following is Step.SETTLE and bank_lines_missing:
        waits, missing = "bank", bank_lines_missing
    elif following is Step.SEND and not has_line:
        waits = "line"
    return DayStatus(day, due_s(day), steps, waits, missing)


def _step(step: Step, done: DoneStep | None) -> StepStatus:
    if done is None:
        return StepStatus(step)
    return StepStatus(step, done.done_s, done.done_by, done.figures)
