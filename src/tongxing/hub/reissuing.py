"""A payment that the bank turned down is sent once more, and its money moves once.

A creditor's or an operator's: a debtor's is covered (`reserves`). The position stays open until the
bank has paid. The new payment has an identification of its own and names the old one; of the old
one nothing is awaited any more, so if the bank pays it after all, its line is a break.
"""

from dataclasses import replace

from tongxing.hub.instructions import Instruction
from tongxing.hub.iso20022 import payment_message
from tongxing.hub.rows import is_name
from tongxing.hub.settlement import Payment, PaymentState
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import members as member_table
from tongxing.hub.store import payments as table
from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.workdays import is_workday

MARK = "R"


class ReissueDesk:
    """Payments that the bank turned down, for the people who answer for them."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def reissue(self, name: str, by: str, why: str, now_s: int) -> Instruction | Refusal | None:
        """Send a payment again, once a second person says so; None for the first one's word.

        Refuses HUB_PERSON, PAYMENT_UNKNOWN, REISSUE_STATE for one that was not turned down, has a
        successor, or is a debtor's, and REISSUE_TWO_PERSONS for the first person again.
        """
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        with self._store.changing() as cursor:
            payment = _payment(cursor, name)
            if payment is None:
                return Refusal("PAYMENT_UNKNOWN", values={"reference": name})
            if payment.state is not PaymentState.REJECTED or payment.instruction.phase == 1:
                values = {"reference": name, "state": payment.state.value}
                return Refusal("REISSUE_STATE", values=values)
            first = table.reissue_proposed_by(cursor, name)
            if first is None:
                table.propose_reissue(cursor, name, why, by, now_s)
                return None
            if first == by:
                return Refusal("REISSUE_TWO_PERSONS", name, {"person": by})
            table.confirm_reissue(cursor, name, by, now_s)
            successor = successor_of(payment.instruction, now_s)
            members = member_table.load_members(cursor).values()
            names = {member.member_id: member.name_zh for member in members}
            message = payment_message(successor, now_s, names)
            table.write_instructions(cursor, [successor], {successor.instruction_id: message})
            table.set_replaced(cursor, name)
        return successor


def successor_of(instruction: Instruction, now_s: int) -> Instruction:
    """The same payment under a new identification, due at the same hour of the next bank day that
    has not come to it yet."""
    first, _, times = instruction.instruction_id.partition(MARK)
    due_s = instruction.due_s
    while due_s <= now_s or not is_workday(calendar_date(due_s)):
        due_s += DAY_S
    return replace(
        instruction,
        instruction_id=f"{first}{MARK}{int(times or 0) + 1}",
        settles_on=calendar_date(due_s),
        due_s=due_s,
        replaces=instruction.instruction_id,
    )


def _payment(cursor: Cursor, name: str) -> Payment | None:
    window_id = table.window_of_payment(cursor, name) or ""
    known = {one.instruction.instruction_id: one for one in table.load_payments(cursor, window_id)}
    return known.get(name)
