"""Settling a window: which payments may go to the bank, and what a bank's report means.

Debtors pay before creditors are paid, creditors before operators; a payment that the bank reports
out of that order, twice, or with another amount is refused and books nothing. Pure: the payments
as they stand come in as values.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tongxing.hub.instructions import Instruction
from tongxing.hub.iso20022.status import REJECTED, SETTLED, PaymentStatus
from tongxing.hub.windows import WindowEvent
from tongxing.kernel.payments import DUPLICATE
from tongxing.kernel.reasons import Refusal

PAYOUT_PHASE = 3


class PaymentState(StrEnum):
    """Where a payment is: with the bank, paid, turned down by it, paid and sent back (`returns`),
    covered because its debtor did not pay (`reserves`), or turned down or sent back and replaced by
    another one (`reissuing`)."""

    ISSUED = "issued"
    SETTLED = "settled"
    REJECTED = "rejected"
    RETURNED = "returned"
    COVERED = "covered"
    REPLACED = "replaced"


DONE = (PaymentState.SETTLED, PaymentState.COVERED)
"""A payment whose money is there."""
ENDED = (*DONE, PaymentState.REPLACED)
"""A payment of which nothing is awaited: the one that replaced it has to be paid itself."""
CAME_BACK = (PaymentState.REJECTED, PaymentState.RETURNED)
"""A payment that did not reach its payee: a person has to act."""


@dataclass(frozen=True, slots=True)
class Payment:
    """An instruction, where it stands, and the message that carries it to the bank. What the bank
    sent back, and what was covered, stays so whatever becomes of it later."""

    instruction: Instruction
    state: PaymentState
    message: bytes
    was_returned: bool = False
    was_covered: bool = False


def judge_report(
    status: PaymentStatus, payment: Payment | None, window: Iterable[Payment]
) -> PaymentState | Refusal:
    """What a report makes of its payment, given all payments of that window. A debtor whose payment
    was covered may still pay it.

    Refuses with PAYMENT_UNKNOWN, PAYMENT_MISMATCH, PAYMENT_REPLACED (it is paid after it was sent
    again), PAYMENT_REPEATED, PAYMENT_DUPLICATE (the bank knows another order under this name),
    PAYMENT_NOT_FINAL or PAYMENT_TOO_EARLY, in this order.
    """
    reference = status.end_to_end_id
    if payment is None:
        return Refusal("PAYMENT_UNKNOWN", values={"reference": reference})
    expected_fen = payment.instruction.amount_fen
    if status.amount_fen != expected_fen:
        values = {"reference": reference, "expected": expected_fen, "found": status.amount_fen}
        return Refusal("PAYMENT_MISMATCH", values=values)
    is_again = payment.was_returned  # a report of what came back since is an old one
    if payment.state is PaymentState.REPLACED and status.status == SETTLED and not is_again:
        return Refusal("PAYMENT_REPLACED", values={"reference": reference})
    is_late = payment.state is PaymentState.COVERED and status.status == SETTLED and not is_again
    if payment.state is not PaymentState.ISSUED and not is_late:
        return Refusal("PAYMENT_REPEATED", values={"reference": reference})
    if status.status == REJECTED and status.reason == DUPLICATE:
        return Refusal("PAYMENT_DUPLICATE", values={"reference": reference})
    if status.status == REJECTED:
        return PaymentState.REJECTED
    if status.status != SETTLED:
        values = {"reference": reference, "status": status.status}
        return Refusal("PAYMENT_NOT_FINAL", values=values)
    if not may_be_paid(payment, window):
        return Refusal("PAYMENT_TOO_EARLY", values={"reference": reference})
    return PaymentState.SETTLED


def judge_payout_again(status: PaymentStatus, last: Payment) -> PaymentState | Refusal:
    """What a report makes of the `last` payment of a chain when it is about one that the hub did
    not make: an acquirer sends its operators' payments again by itself, under the next name. Paid,
    it takes the place of one that is not; else nothing changes. Refuses PAYMENT_UNKNOWN for a
    payment that is no operator's, and PAYMENT_MISMATCH."""
    reference, expected_fen = status.end_to_end_id, last.instruction.amount_fen
    if last.instruction.phase != PAYOUT_PHASE:
        return Refusal("PAYMENT_UNKNOWN", values={"reference": reference})
    if status.amount_fen != expected_fen:
        values = {"reference": reference, "expected": expected_fen, "found": status.amount_fen}
        return Refusal("PAYMENT_MISMATCH", values=values)
    is_open = last.state in (PaymentState.ISSUED, PaymentState.REJECTED)
    return PaymentState.REPLACED if is_open and status.status == SETTLED else last.state


def may_be_paid(payment: Payment, window: Iterable[Payment]) -> bool:
    """Whether the money of every payment of an earlier phase of the window is there."""
    return all(
        other.state in ENDED
        for other in window
        if other.instruction.phase < payment.instruction.phase
    )


def event_of(payment: Payment, window: Iterable[Payment]) -> WindowEvent | None:
    """What the settling of a payment does to its window, given the payments before it settled.

    Payouts to operators do nothing: positions are settled without them.
    """
    if payment.instruction.phase == PAYOUT_PHASE:
        return None
    others_open = any(
        other.state not in ENDED
        for other in window
        if other.instruction.phase != PAYOUT_PHASE
        and other.instruction.instruction_id != payment.instruction.instruction_id
    )
    return WindowEvent.PAYMENT if others_open else WindowEvent.LAST_PAYMENT
