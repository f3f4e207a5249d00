"""What pages ask of a window's payments: where each is, why it came back, what took its place.

Read-only, like `views`.
"""

from dataclasses import dataclass

from tongxing.hub.settlement import DONE, PaymentState
from tongxing.hub.store import Cursor


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment in a list; `reported_s` is None until the bank has said what became of it, and
    `returned_s` unless it came back after it was paid. `reason` is the bank's code for why it did
    not reach its payee, `replaces` and `successor` name the payments before and after it, the last
    three who sent it again and why."""

    instruction_id: str
    phase: int
    message: str
    debtor: str
    creditor: str
    amount_fen: int
    due_s: int
    state: PaymentState
    reported_s: int | None
    bank_reference: str
    reason: str
    returned_s: int | None
    return_reference: str
    replaces: str
    successor: str
    asked_by: str
    agreed_by: str
    why: str

    @property
    def is_done(self) -> bool:
        """Whether its money is there."""
        return self.state in DONE

    @property
    def came_back(self) -> bool:
        """Whether the bank turned it down or sent it back, whatever was done about it since."""
        is_down = self.state in (PaymentState.REJECTED, PaymentState.REPLACED)
        return is_down or self.returned_s is not None

    @property
    def is_replaced(self) -> bool:
        """Whether another one counts in its place."""
        return self.state is PaymentState.REPLACED


def payments(cursor: Cursor, window_id: str) -> list[PaymentLine]:
    """The payments of a window, in order of id."""
    rows = cursor.execute(
        "SELECT i.instruction_id, i.phase, i.message, i.debtor, i.creditor, i.amount_fen, i.due_s,"
        " i.state, i.reported_s, coalesce(i.bank_reference, ''), i.reason, r.booked_s,"
        " coalesce(r.bank_reference, ''), coalesce(i.replaces, ''),"
        " coalesce(s.instruction_id, ''), coalesce(a.proposed_by, ''),"
        " coalesce(a.confirmed_by, ''), coalesce(a.why, '') FROM instruction i"
        " LEFT JOIN payment_return r USING (instruction_id)"
        " LEFT JOIN payment_reissue a USING (instruction_id)"
        " LEFT JOIN instruction s ON s.replaces = i.instruction_id"
        " WHERE i.window_id = %s ORDER BY i.instruction_id",
        (window_id,),
    )
    found = ([*row[:7], PaymentState(row[7]), *row[8:]] for row in rows)
    return [PaymentLine(*values) for values in found]
