"""How far a settlement day is: what is done, by whom, what is next and what it waits for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tongxing.hub.rulebook import Rulebook
from tongxing.hub.running.steps import ORDER, Step, due_s
from tongxing.hub.settlement import CAME_BACK, ENDED, Payment
from tongxing.hub.store.days import DoneStep
from tongxing.hub.windows import WindowTimes, window_times

TIME, BANK, BANK_SAID_NO = "time", "bank", "bank_said_no"
"""Why a day waits: for its hour, for the bank's report, for a person since the bank said no."""


@dataclass(frozen=True, slots=True)
class StepStatus:
    """A step of a day: done (`done_s`, `done_by`, `figures`), or due from `due_s` on."""

    step: Step
    due_s: int
    done_s: int | None = None
    done_by: str = ""
    figures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayStatus:
    """A day, its nine steps in order, and what came `so_far`: files, rows, what became of them.

    The `next_step` is "" when all are done, `waits` is "" when it can be done now. Of the
    `payments_open`, which are not settled, `payments_late` are past their time; the bank turned
    `payments_refused` down and sent `payments_returned` back, also when all steps are done.
    """

    window_id: str
    times: WindowTimes
    steps: tuple[StepStatus, ...]
    so_far: Mapping[str, int] = field(default_factory=dict)
    waits: str = ""
    payments_open: int = 0
    payments_late: int = 0
    payments_refused: tuple[str, ...] = ()
    payments_returned: tuple[str, ...] = ()

    @property
    def next_step(self) -> str:
        left = [step.step.value for step in self.steps if step.done_s is None]
        return left[0] if left else ""


def day_status(
    window_id: str,
    done: Mapping[str, DoneStep],
    payments: Sequence[Payment],
    so_far: Mapping[str, int],
    rules: Rulebook,
    now_s: int,
) -> DayStatus:
    """The status of a day from its steps, payments and files as they stand. Pure."""
    times = window_times(window_id, rules)
    steps = tuple(_step(step, done.get(step.value), times) for step in ORDER)
    left = [item for item in payments if item.state not in ENDED]
    refused, returned = (
        tuple(item.instruction.instruction_id for item in left if item.state is state)
        for state in CAME_BACK
    )
    for_the_bank = BANK_SAID_NO if refused or returned else BANK if left else ""
    following = next((step for step in steps if step.done_s is None), None)
    waits = for_the_bank if following is None or following.step is Step.SETTLE else ""
    if following is not None and now_s < following.due_s:
        waits = TIME
    late = sum(item.instruction.due_s < now_s for item in left)
    return DayStatus(window_id, times, steps, so_far, waits, len(left), late, refused, returned)


def _step(step: Step, done: DoneStep | None, times: WindowTimes) -> StepStatus:
    if done is None:
        return StepStatus(step, due_s(step, times))
    return StepStatus(step, due_s(step, times), done.done_s, done.done_by, done.figures)
