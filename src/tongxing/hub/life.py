"""The life of a record at the hub: which step follows which, and which of them move money.

No state is reached twice, but that of a row which is judged again because its acquirer presents it
again. Every step of a record that stands is written down (``record_event``) and never changed.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from tongxing.hub.verdicts import Status
from tongxing.hub.windows import WindowState
from tongxing.kernel.reasons import Refusal


class RecordState(StrEnum):
    """Where a record is."""

    JUDGED = "judged"
    REJECTED = "rejected"
    HELD = "held"
    CARRIED = "carried"
    ACCEPTED = "accepted"
    VOID = "void"
    NETTED = "netted"
    SETTLED = "settled"


class RecordEvent(StrEnum):
    """What moves a record on."""

    ACCEPT = "accept"
    HOLD = "hold"
    CARRY = "carry"
    REJECT = "reject"
    PRESENT_AGAIN = "present_again"
    PROOF = "proof"
    DISPROOF = "disproof"
    DEADLINE = "deadline"
    REINSTATE = "reinstate"
    CLOSE = "close"
    SETTLE = "settle"


PROPOSALS: Mapping[RecordEvent, str] = {
    RecordEvent.PROOF: "proof_proposed",
    RecordEvent.DISPROOF: "disproof_proposed",
}
"""How it is written down that the first of two persons would let one of these happen."""


class Arrow(NamedTuple):
    """Where a step leads, and what money it moves: it is ``posted``, ``reserved`` or ``released``;
    "" for none."""

    after: RecordState
    money: str = ""


LIFE: Mapping[tuple[RecordState, RecordEvent], Arrow] = {
    (RecordState.JUDGED, RecordEvent.ACCEPT): Arrow(RecordState.ACCEPTED, "posted"),
    (RecordState.JUDGED, RecordEvent.HOLD): Arrow(RecordState.HELD, "reserved"),
    (RecordState.JUDGED, RecordEvent.CARRY): Arrow(RecordState.CARRIED),
    (RecordState.JUDGED, RecordEvent.REJECT): Arrow(RecordState.REJECTED),
    (RecordState.REJECTED, RecordEvent.PRESENT_AGAIN): Arrow(RecordState.JUDGED),
    (RecordState.HELD, RecordEvent.PROOF): Arrow(RecordState.ACCEPTED, "posted"),
    (RecordState.HELD, RecordEvent.CARRY): Arrow(RecordState.CARRIED, "released"),
    (RecordState.HELD, RecordEvent.DISPROOF): Arrow(RecordState.VOID, "released"),
    (RecordState.HELD, RecordEvent.DEADLINE): Arrow(RecordState.VOID, "released"),
    (RecordState.CARRIED, RecordEvent.REINSTATE): Arrow(RecordState.ACCEPTED, "posted"),
    (RecordState.ACCEPTED, RecordEvent.CLOSE): Arrow(RecordState.NETTED),
    (RecordState.NETTED, RecordEvent.SETTLE): Arrow(RecordState.SETTLED),
}
"""Every step there is. Adjustments and disputes of what is settled are new money of a later window
(`journals`, `cases`): they never change the record."""


def state_of(status: Status | str, window: WindowState | None) -> RecordState:
    """The state of a record from how it stands and its window's state (None without one)."""
    if status != RecordState.ACCEPTED or window in (None, WindowState.OPEN):
        return RecordState(status)
    return RecordState.SETTLED if window is WindowState.SETTLED else RecordState.NETTED


def step(record_id: str, state: RecordState, event: RecordEvent) -> Arrow | Refusal:
    """The arrow of `event` from `state`. Refuses with RECORD_STATE for one that is not there."""
    arrow = LIFE.get((state, event))
    if arrow is None:
        return Refusal("RECORD_STATE", values={"record": record_id, "state": state.value})
    return arrow
