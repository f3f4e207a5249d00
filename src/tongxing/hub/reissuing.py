"""A payment that the bank turned down or sent back is sent once more, and its money moves once.

A creditor's or an operator's: a debtor's is covered (`reserves`). The position stays open until the
bank has paid. The new payment has an identification of its own and names the old one; of the old
one nothing is awaited any more, so if the bank pays it after all, its line is a break.
"""

from dataclasses import replace

from tongxing.hub.instructions import Instruction
from tongxing.hub.iso20022 import payment_message
from tongxing.hub.rows import is_name
from tongxing.hub.settlement import CAME_BACK, Payment
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import members as member_table
from tongxing.hub.store import payments as table
from tongxing.hub.store.payments import CameBack
from tongxing.hub.words import in_both
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.payments import is_same_person, next_due_s, successor_id
from tongxing.kernel.reasons import Refusal


class ReissueDesk:
    """Payments that the bank turned down or sent back, for the people who answer for them."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def reissue(self, name: str, by: str, why: str, now_s: int) -> Instruction | Refusal | None:
        """Send a payment again, once a second person says so; None for the first one's word.

        Refuses HUB_PERSON, HUB_WHY, PAYMENT_UNKNOWN, REISSUE_STATE for one that did not
        come back, has a successor, or is a debtor's, and REISSUE_TWO_PERSONS for the first again.
        """
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        if not why.strip():
            return Refusal("HUB_WHY")
        with self._store.changing() as cursor:
            payment = _payment(cursor, name)
            if payment is None:
                return Refusal("PAYMENT_UNKNOWN", values={"reference": name})
            if payment.state not in CAME_BACK or payment.instruction.phase == 1:
                values = {"reference": name, **in_both("state", f"payment.{payment.state}")}
                return Refusal("REISSUE_STATE", values=values)
            first = table.reissue_proposed_by(cursor, name)
            if first is None:
                table.propose_reissue(cursor, name, why, by, now_s)
                return None
            if is_same_person(first, by):
                return Refusal("REISSUE_TWO_PERSONS", name, {"person": by})
            table.confirm_reissue(cursor, name, by, now_s)
            successor = successor_of(payment.instruction, now_s)
            members = member_table.load_members(cursor).values()
            names = {member.member_id: member.name_zh for member in members}
            message = payment_message(successor, now_s, names)
            table.write_instructions(cursor, [successor], {successor.instruction_id: message})
            table.set_replaced(cursor, name)
        return successor

    def came_back(self) -> list[CameBack]:
        """Every payment that the bank turned down or sent back, and what became of it."""
        with self._store.reading() as cursor:
            return table.came_back(cursor)


def successor_of(instruction: Instruction, now_s: int) -> Instruction:
    """The same payment under a new identification, due at the same hour of the next bank day that
    has not come to it yet."""
    due_s = next_due_s(instruction.due_s, now_s)
    return replace(
        instruction,
        instruction_id=successor_id(instruction.instruction_id),
        settles_on=calendar_date(due_s),
        due_s=due_s,
        replaces=instruction.instruction_id,
    )


def _payment(cursor: Cursor, name: str) -> Payment | None:
    window_id = table.window_of_payment(cursor, name) or ""
    known = {one.instruction.instruction_id: one for one in table.load_payments(cursor, window_id)}
    return known.get(name)
