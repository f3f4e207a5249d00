"""A payment that was paid and that the bank sent back: its money is owed again, as it was before.

The bank's line says so (`matching`), and only whole payments come back: a part of one is a break. A
window that was settled is being settled again until the money has reached whom it is owed to: a
creditor's is sent once more (`reissuing`), a debtor's is covered (`reserves`).
"""

from tongxing.hub.books import payment_posting
from tongxing.hub.iso20022.bank_statements import BankLine
from tongxing.hub.settlement import Payment
from tongxing.hub.shutting import moved_on
from tongxing.hub.store import Cursor
from tongxing.hub.store import payments as table
from tongxing.hub.windows import WindowEvent
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.ids import digest
from tongxing.ledger import Posting
from tongxing.ledger.store import write_postings


def take_back(cursor: Cursor, payment: Payment, line: BankLine, now_s: int) -> None:
    """Book a return that was matched with its payment, which is paid and was not covered."""
    instruction = payment.instruction
    write_postings(cursor, [return_posting(payment, now_s)])
    name, reference = instruction.instruction_id, line.bank_reference
    table.set_returned(cursor, name, reference, line.return_reason, now_s)
    moved_on(cursor, instruction.window_id, WindowEvent.RETURN, now_s)


def return_posting(payment: Payment, now_s: int) -> Posting:
    """The posting of the payment the other way round."""
    instruction = payment.instruction
    paid = payment_posting(instruction, now_s)
    return paid._replace(
        posting_id=digest("hub", "return", instruction.instruction_id),
        kind="settle_back",
        booked_on=calendar_date(now_s),
        lines=tuple(line._replace(amount_fen=-line.amount_fen) for line in paid.lines),
    )
