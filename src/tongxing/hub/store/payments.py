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
        " amount_fen, settles_on, due_s, state, sha256, content)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'issued', %s, %s)",
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
            )
            for item in instructions
        ],
    )


def load_payments(cursor: Cursor, window_id: str) -> list[Payment]:
    """All payments of a window, in order of id."""
    rows = cursor.execute(
        "SELECT instruction_id, window_id, phase, message, debtor, creditor, amount_fen,"
        " settles_on, due_s, state, content FROM instruction WHERE window_id = %s"
        " ORDER BY instruction_id",
        (window_id,),
    )
    return [Payment(Instruction(*row[:9]), PaymentState(row[9]), bytes(row[10])) for row in rows]


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
