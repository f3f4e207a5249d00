"""Windows: which one a file belongs to, and the states a window passes through.

Membership is a pure function of the second at which the whole file was there, so a replay puts
every file where it was. Nothing here may look at a clock or at what is in a window.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tongxing.hub.rulebook import Rulebook
from tongxing.hub.words import in_both
from tongxing.kernel.clock import DAY_S, at, calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.workdays import is_workday

_ID = re.compile(r"W([0-9]{4})([0-9]{2})([0-9]{2})")


@dataclass(frozen=True, slots=True)
class WindowTimes:
    """When a window opens and closes, and when its money moves.

    `opens_s` is inside the window, `cutoff_s` is not. Windows close every calendar day; the money
    of one that closes on a bank holiday moves on the next bank day, and is never merged.
    """

    opens_s: int
    cutoff_s: int
    statement_s: int
    settles_on: date
    debtors_pay_s: int
    creditors_paid_s: int
    operators_paid_s: int


def window_of(received_s: int, rules: Rulebook) -> str:
    """The window of a file that was complete at `received_s`: ``W20260318``."""
    past_cutoff_s = received_s - rules.window.second_of_day("cutoff")
    return f"W{calendar_date(past_cutoff_s + DAY_S):%Y%m%d}"


def closing_day(window_id: str) -> date | Refusal:
    """The calendar day on which a window closes. Refuses with WINDOW_ID for what is no id."""
    match = _ID.fullmatch(window_id)
    try:
        if match is not None:
            return date(*(int(part) for part in match.groups()))
    except ValueError:
        pass
    return Refusal("WINDOW_ID", values={"window": window_id})


def window_times(window_id: str, rules: Rulebook) -> WindowTimes:
    """The clock of a window. Raises ValueError for what is no id: ask `closing_day` first."""
    day = closing_day(window_id)
    if isinstance(day, Refusal):
        raise ValueError(window_id)
    settles_on = next_bank_day(day)
    clock = rules.window
    return WindowTimes(
        opens_s=at(day - timedelta(days=1), second=clock.second_of_day("cutoff")),
        cutoff_s=at(day, second=clock.second_of_day("cutoff")),
        statement_s=at(day, second=clock.second_of_day("statement")),
        settles_on=settles_on,
        debtors_pay_s=at(settles_on, second=clock.second_of_day("debtors_pay")),
        creditors_paid_s=at(settles_on, second=clock.second_of_day("creditors_paid")),
        operators_paid_s=at(settles_on, second=clock.second_of_day("operators_paid")),
    )


def next_bank_day(day: date) -> date:
    """`day` if banks work on it, else the next day they do."""
    while not is_workday(day):
        day += timedelta(days=1)
    return day


class WindowState(StrEnum):
    """Where a window is: taking files, netted, paid in part, paid."""

    OPEN = "open"
    CLOSED = "closed"
    SETTLING = "settling"
    SETTLED = "settled"


class WindowEvent(StrEnum):
    """What moves a window on."""

    CLOSE = "close"
    NOTHING_DUE = "nothing_due"
    PAYMENT = "payment"
    LAST_PAYMENT = "last_payment"
    RETURN = "return"


TRANSITIONS: Mapping[tuple[WindowState, WindowEvent], WindowState] = {
    (WindowState.OPEN, WindowEvent.CLOSE): WindowState.CLOSED,
    (WindowState.CLOSED, WindowEvent.NOTHING_DUE): WindowState.SETTLED,
    (WindowState.CLOSED, WindowEvent.PAYMENT): WindowState.SETTLING,
    (WindowState.CLOSED, WindowEvent.LAST_PAYMENT): WindowState.SETTLED,
    (WindowState.SETTLING, WindowEvent.PAYMENT): WindowState.SETTLING,
    (WindowState.SETTLING, WindowEvent.LAST_PAYMENT): WindowState.SETTLED,
    (WindowState.SETTLING, WindowEvent.RETURN): WindowState.SETTLING,
    (WindowState.SETTLED, WindowEvent.RETURN): WindowState.SETTLING,
}
"""Every step a window may take; a pair that is not here is refused."""


def step(window_id: str, state: WindowState, event: WindowEvent) -> WindowState | Refusal:
    """The state after `event`. Refuses with WINDOW_STATE for a step that is not in the table."""
    after = TRANSITIONS.get((state, event))
    if after is None:
        values = {"window": window_id, **in_both("state", f"window.{state}")}
        return Refusal("WINDOW_STATE", values=values)
    return after
