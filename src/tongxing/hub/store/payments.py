"""Settlement instructions and what the bank reported about each."""

from collections.abc import Iterable, Mapping

from tongxing.hub.instructions import Instruction
from tongxing.hub.settlement import Payment, PaymentState
from tongxing.hub.store.connection import Cursor
from tongxing.kernel.ids import sha256_hex


def write_instructions(
    cursor: Cursor, instructions: Iterable[Instruction], messages: Mapping[str, bytes]
) -> None:
    """Keep the instructions of a window with their messages, by instruction id."""
    cursor.executemany(
        "INSERT INTO instruction (instruction_id, window_id, phase, message, debtor, creditor,"
        " amount_fen, settles_on, due_s, state, sha256, content, replaces)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'issued', %s, %s, nullif(%s, ''))",
        [
            (
                item.instruction_id,
                item.window_id,
                item.phase,
                item.message,
                item.debtor,
                item.creditor,
                item.amount_fen,
                item.settles_on,
                item.due_s,
                sha256_hex(messages[item.instruction_id]),
                messages[item.instruction_id],
                item.replaces,
            )
            for item in instructions
        ],
    )


def load_payments(cursor: Cursor, window_id: str) -> list[Payment]:
    """All payments of a window, in order of id."""
    rows = cursor.execute(
        "SELECT instruction_id, window_id, phase, message, debtor, creditor, amount_fen,"
        " settles_on, due_s, coalesce(replaces, ''), state, content FROM instruction"
        " WHERE window_id = %s"
        " ORDER BY instruction_id",
        (window_id,),
    )
    return [Payment(Instruction(*row[:10]), PaymentState(row[10]), bytes(row[11])) for row in rows]


def window_of_payment(cursor: Cursor, instruction_id: str) -> str | None:
    """The window a payment belongs to; None for a payment nobody instructed."""
    row = cursor.execute(
        "SELECT window_id FROM instruction WHERE instruction_id = %s", (instruction_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def set_payment_state(
    cursor: Cursor, instruction_id: str, state: PaymentState, reported_s: int, bank_reference: str
) -> None:
    """Note the final state of a payment."""
    cursor.execute(
        "UPDATE instruction SET state = %s, reported_s = %s, bank_reference = %s"
        " WHERE instruction_id = %s",
        (state.value, reported_s, bank_reference, instruction_id),
    )


def reissue_proposed_by(cursor: Cursor, instruction_id: str) -> str | None:
    """Who first said that a payment is to be sent again; None for nobody."""
    row = cursor.execute(
        "SELECT proposed_by FROM payment_reissue WHERE instruction_id = %s", (instruction_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def propose_reissue(cursor: Cursor, instruction_id: str, why: str, by: str, now_s: int) -> None:
    """Write down what the first of two persons said."""
    cursor.execute(
        "INSERT INTO payment_reissue (instruction_id, why, proposed_by, proposed_s)"
        " VALUES (%s, %s, %s, %s)",
        (instruction_id, why, by, now_s),
    )


def confirm_reissue(cursor: Cursor, instruction_id: str, by: str, now_s: int) -> None:
    """Write down what the second one said."""
    cursor.execute(
        "UPDATE payment_reissue SET confirmed_by = %s, confirmed_s = %s WHERE instruction_id = %s",
        (by, now_s, instruction_id),
    )


def set_replaced(cursor: Cursor, instruction_id: str) -> None:
    """Note that another payment takes the place of one; what the bank said of it stays."""
    cursor.execute(
        "UPDATE instruction SET state = %s WHERE instruction_id = %s",
        (PaymentState.REPLACED.value, instruction_id),
    )
