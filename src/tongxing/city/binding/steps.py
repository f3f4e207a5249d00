"""The steps of a binding, and the one table of what may follow what.

begun → proven (the card answered) → mandated (consents and the password-free mandate) → moving (the
purse was told to pay) → sealing (its money is the account's) → active (the card is the key to the
account); or ended. The order is fixed: nothing leads to active but all of it (R-014). Pure.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from tongxing.city.store.binding import Step

Event = Literal[
    "proved", "mandated", "moving", "moved", "not_moved", "sealed",
    "abandoned", "refused", "disputed", "lapsed", "released", "closed",
]  # fmt: skip
"""What can happen to a binding. The first six move it on; the others end it: given up by the
passenger, turned down by staff, disputed, forgotten, released at a counter, its account closed."""

STEPS: tuple[Step, ...] = get_args(Step)
EVENTS: tuple[Event, ...] = get_args(Event)

_BEFORE_MONEY: tuple[Step, ...] = ("begun", "proven", "mandated")
_AFTER_MONEY: tuple[Step, ...] = ("sealing", "active")

TABLE: Mapping[tuple[Step, Event], Step] = {
    ("begun", "proved"): "proven",
    ("proven", "proved"): "proven",
    ("mandated", "proved"): "mandated",
    ("proven", "mandated"): "mandated",
    ("mandated", "mandated"): "mandated",
    ("mandated", "moving"): "moving",
    ("moving", "moved"): "sealing",
    ("moving", "not_moved"): "mandated",
    # A card's signature that comes late is money all the same, whatever was believed meanwhile.
    ("mandated", "moved"): "sealing",
    ("sealing", "moved"): "sealing",
    ("active", "moved"): "active",
    ("ended", "moved"): "ended",
    ("sealing", "sealed"): "active",
    ("active", "sealed"): "active",
    **{(step, "abandoned"): "ended" for step in _BEFORE_MONEY},
    **{(step, "refused"): "ended" for step in _BEFORE_MONEY},
    **{(step, "lapsed"): "ended" for step in _BEFORE_MONEY},
    **{(step, "disputed"): "ended" for step in (*_BEFORE_MONEY, *_AFTER_MONEY)},
    **{(step, "closed"): "ended" for step in (*_BEFORE_MONEY, *_AFTER_MONEY)},
    **{(step, "released"): "ended" for step in _AFTER_MONEY},
}
"""(step, event) → the step after it; whatever is not here cannot happen."""


def step_after(step: Step, event: Event) -> Step | None:
    """Where a binding stands after an event; None when that cannot happen now."""
    return TABLE.get((step, event))
