"""The nine steps of a settlement day, their order, and from when each may be done. Pure.

Until the cut-off the first ones are done again and again, for more files may come; a step is
written down as done only when nothing can be added to it (docs/operations).
"""

from enum import StrEnum

from tongxing.hub.windows import WindowTimes
from tongxing.kernel.clock import at


class Step(StrEnum):
    """What is done, one after the other."""

    RECEIVE = "receive"
    ADMIT = "admit"
    EXPIRE = "expire"
    ANSWER = "answer"
    CLOSE = "close"
    PROVE = "prove"
    PUBLISH = "publish"
    SETTLE = "settle"
    FINISH = "finish"


ORDER = tuple(Step)
BEFORE_CUTOFF = (Step.RECEIVE, Step.ADMIT, Step.ANSWER)
"""What is also done before the cut-off, as often as anybody likes."""


def due_s(step: Step, times: WindowTimes) -> int:
    """From when a step can be finished. Papers bear the statement's time and are not handed out
    before it; payments bear the day that they settle on."""
    if step in (Step.PUBLISH, Step.FINISH):
        return times.statement_s
    if step is Step.SETTLE:
        return max(times.statement_s, at(times.settles_on))
    return times.cutoff_s


def before(step: Step) -> tuple[Step, ...]:
    """The steps that have to be done first."""
    return ORDER[: ORDER.index(step)]
