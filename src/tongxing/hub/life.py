"""The life of a record at the hub: which step follows which, and which of them move money.

No step leads back but three: a row is judged again, once, for its acquirer presents it again, a
record whose purse forks is frozen, once, and one to which its issuer objects is held, once. Every
step of a record that stands is written down (``record_event``) and never changed.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from tongxing.hub.verdicts import Status
from tongxing.hub.windows import WindowState
from tongxing.hub.words import in_both
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
    FROZEN = "frozen"
    SETTLED = "settled"
    CHARGED_BACK = "charged_back"


BY_ITSELF = "hub"
"""Who it was, where nobody decided."""


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
    AGREEMENT = "agreement"
    REINSTATE = "reinstate"
    CLOSE = "close"
    SETTLE = "settle"
    FREEZE = "freeze"
    OBJECT = "object"


PROPOSALS: Mapping[RecordEvent, str] = {
    RecordEvent.PROOF: "proof_proposed",
    RecordEvent.DISPROOF: "disproof_proposed",
    RecordEvent.AGREEMENT: "agreement_proposed",
}
"""How it is written down that the first of two persons would let one of these happen."""


class Arrow(NamedTuple):
    """Where a step leads, and what money it moves: it is ``posted``, ``reserved`` or ``released``,
    goes into escrow (``escrowed``) or from there to the issuer (``returned``); "" for none."""

    after: RecordState
    money: str = ""


LIFE: Mapping[tuple[RecordState, RecordEvent], Arrow] = {
    (RecordState.JUDGED, RecordEvent.ACCEPT): Arrow(RecordState.ACCEPTED, "posted"),
    (RecordState.JUDGED, RecordEvent.HOLD): Arrow(RecordState.HELD, "reserved"),
    (RecordState.JUDGED, RecordEvent.CARRY): Arrow(RecordState.CARRIED),
    (RecordState.JUDGED, RecordEvent.REJECT): Arrow(RecordState.REJECTED),
    (RecordState.REJECTED, RecordEvent.PRESENT_AGAIN): Arrow(RecordState.JUDGED),
    (RecordState.HELD, RecordEvent.PROOF): Arrow(RecordState.ACCEPTED, "posted"),
    (RecordState.HELD, RecordEvent.AGREEMENT): Arrow(RecordState.ACCEPTED, "posted"),
    (RecordState.HELD, RecordEvent.CARRY): Arrow(RecordState.CARRIED, "released"),
    (RecordState.HELD, RecordEvent.DISPROOF): Arrow(RecordState.VOID, "released"),
    (RecordState.HELD, RecordEvent.DEADLINE): Arrow(RecordState.VOID, "released"),
    (RecordState.CARRIED, RecordEvent.REINSTATE): Arrow(RecordState.ACCEPTED, "posted"),
    (RecordState.ACCEPTED, RecordEvent.CLOSE): Arrow(RecordState.NETTED),
    (RecordState.NETTED, RecordEvent.SETTLE): Arrow(RecordState.SETTLED),
    (RecordState.ACCEPTED, RecordEvent.FREEZE): Arrow(RecordState.HELD, "reserved"),
    (RecordState.CARRIED, RecordEvent.FREEZE): Arrow(RecordState.HELD, "reserved"),
    (RecordState.ACCEPTED, RecordEvent.OBJECT): Arrow(RecordState.HELD, "reserved"),
    (RecordState.CARRIED, RecordEvent.OBJECT): Arrow(RecordState.HELD, "reserved"),
    (RecordState.NETTED, RecordEvent.FREEZE): Arrow(RecordState.FROZEN, "escrowed"),
    (RecordState.SETTLED, RecordEvent.FREEZE): Arrow(RecordState.FROZEN, "escrowed"),
    (RecordState.FROZEN, RecordEvent.PROOF): Arrow(RecordState.SETTLED, "released"),
    (RecordState.FROZEN, RecordEvent.DISPROOF): Arrow(RecordState.CHARGED_BACK, "returned"),
    (RecordState.FROZEN, RecordEvent.DEADLINE): Arrow(RecordState.CHARGED_BACK, "returned"),
}
"""Every step there is. Where members agree on less than a held record states, it is accepted, and
the rest goes back in the same window (`cases.by_hub`). Adjustments and disputes of what is settled
are new money of a later window
(`journals`, `cases`): they never change the record. Nor does freezing it once it is netted: then
the state is that of the case about its fork (`cases`)."""


def state_of(
    status: Status | str, window: WindowState | None, is_frozen: bool = False
) -> RecordState:
    """The state of a record from how it stands, its window's state (None without one), and whether
    a case about its fork is open."""
    if is_frozen:
        return RecordState.FROZEN
    if status != RecordState.ACCEPTED or window in (None, WindowState.OPEN):
        return RecordState(status)
    return RecordState.SETTLED if window is WindowState.SETTLED else RecordState.NETTED


def step(record_id: str, state: RecordState, event: RecordEvent) -> Arrow | Refusal:
    """The arrow of `event` from `state`. Refuses with RECORD_STATE for one that is not there."""
    arrow = LIFE.get((state, event))
    if arrow is None:
        values = {"record": record_id, **in_both("state", f"record.{state}")}
        return Refusal("RECORD_STATE", values=values)
    return arrow
