"""The states of a deal, as a table: what a card is in the middle of, and what ends it.

A deal is begun by INITIALIZE, may take records when it is a composite purchase, and is done by
CREDIT or DEBIT. Every other command, and every failure, ends it with nothing changed. The table has
no exceptions; nothing else in the card decides about states.
"""

from collections.abc import Mapping
from enum import Enum


class State(Enum):
    """What the card is in the middle of."""

    IDLE = "idle"
    LOADING = "loading"
    SINGLE = "single"
    COMPOSITE = "composite"
    RECORDED = "recorded"
    """A composite purchase that holds at least one record."""


class Event(Enum):
    """What happened: a step of a deal that went well, or anything else."""

    LOAD_BEGUN = "load_begun"
    SINGLE_BEGUN = "single_begun"
    COMPOSITE_BEGUN = "composite_begun"
    RECORD_TAKEN = "record_taken"
    CREDITED = "credited"
    DEBITED = "debited"
    OTHER = "other"
    """Another command, a failed one, or no power."""


_ANY = tuple(State)
_BEGINNINGS = {
    Event.LOAD_BEGUN: State.LOADING,
    Event.SINGLE_BEGUN: State.SINGLE,
    Event.COMPOSITE_BEGUN: State.COMPOSITE,
}

NEXT: Mapping[tuple[State, Event], State] = {
    **{(state, begun): after for state in _ANY for begun, after in _BEGINNINGS.items()},
    **{(state, Event.OTHER): State.IDLE for state in _ANY},
    (State.COMPOSITE, Event.RECORD_TAKEN): State.RECORDED,
    (State.RECORDED, Event.RECORD_TAKEN): State.RECORDED,
    (State.LOADING, Event.CREDITED): State.IDLE,
    (State.SINGLE, Event.DEBITED): State.IDLE,
    (State.RECORDED, Event.DEBITED): State.IDLE,
}
"""A step that is not in here is refused with 6985, and that is OTHER."""

CONTINUING = frozenset({Event.RECORD_TAKEN, Event.CREDITED, Event.DEBITED})
"""The steps that need a deal; whatever else comes ends the deal before it is looked at."""


def may(state: State, step: Event) -> bool:
    """Whether a step is allowed in this state."""
    return (state, step) in NEXT
