"""Settlement instructions and what the bank reported about each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

from tongxing.hub.instructions import Instruction
from tongxing.hub.iso20022.status import PaymentStatus
from tongxing.hub.settlement import ENDED, Payment, PaymentState
from tongxing.hub.store.connection import Cursor
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.payments import first_id

PAYMENT: LiteralString = (
    "i.instruction_id, i.window_id, i.phase, i.message, i.debtor, i.creditor, i.amount_fen,"
    " i.settles_on, i.due_s, coalesce(i.replaces, ''), i.state, i.content,"
    " EXISTS (SELECT FROM payment_return r WHERE r.instruction_id = i.instruction_id),"
    " EXISTS (SELECT FROM payment_cover c WHERE c.instruction_id = i.instruction_id)"
)
"""The columns of a payment, of `instruction i`."""


class CameBack(NamedTuple):
    """A payment that the bank turned down, or sent back (`is_return`) with its line
    `bank_reference`; who asked for it to be sent again, who agreed, and what took its place."""

    payment: str
    window_id: str
    phase: int
    debtor: str
    creditor: str
    amount_fen: int
    state: str
    reason: str
    is_return: bool
    told_s: int
    bank_reference: str
    asked_by: str | None
    agreed_by: str | None
    why: str | None
    successor: str | None
    successor_state: str | None


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
        f"SELECT {PAYMENT} FROM instruction i WHERE window_id = %s ORDER BY instruction_id",
        (window_id,),
    )
    return [payment_of(row) for row in rows]


def last_of_chain(cursor: Cursor, status: PaymentStatus) -> Payment | None:
    """The newest of the payments that were sent in the place of the first one of a report's name;
    None when nobody instructed that one, or when it is that very payment."""
    first = first_id(status.end_to_end_id)
    rows = cursor.execute(
        f"SELECT {PAYMENT} FROM instruction i WHERE window_id = (SELECT window_id FROM instruction"
        " WHERE instruction_id = %s) AND NOT EXISTS (SELECT FROM instruction s"
        " WHERE s.replaces = i.instruction_id)",
        (first,),
    )
    found = [payment_of(row) for row in rows]
    ends = [one for one in found if first_id(one.instruction.instruction_id) == first]
    return ends[0] if ends and first != status.end_to_end_id else None


def payment_of(row: Sequence[Any]) -> Payment:
    """The payment of a row that begins with `PAYMENT`."""
    instruction, (state, message, *marks) = Instruction(*row[:10]), row[10:14]
    return Payment(instruction, PaymentState(state), bytes(message), *marks)


def window_of_payment(cursor: Cursor, instruction_id: str) -> str | None:
    """The window a payment belongs to; None for a payment nobody instructed."""
    row = cursor.execute(
        "SELECT window_id FROM instruction WHERE instruction_id = %s", (instruction_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def set_payment_state(
    cursor: Cursor,
    instruction_id: str,
    state: PaymentState,
    reported_s: int,
    bank_reference: str,
    reason: str = "",
) -> None:
    """Note what became of a payment, and the bank's reason for a no."""
    cursor.execute(
        "UPDATE instruction SET state = %s, reported_s = %s, bank_reference = %s,"
        " reason = coalesce(nullif(%s, ''), reason)"
        " WHERE instruction_id = %s",
        (state.value, reported_s, bank_reference, reason, instruction_id),
    )


def set_returned(
    cursor: Cursor, instruction_id: str, bank_reference: str, reason: str, booked_s: int
) -> None:
    """Note that the bank sent a payment back; what it reported before stays."""
    cursor.execute(
        "INSERT INTO payment_return (instruction_id, bank_reference, booked_s) VALUES (%s, %s, %s)",
        (instruction_id, bank_reference, booked_s),
    )
    cursor.execute(
        "UPDATE instruction SET state = %s, reason = %s WHERE instruction_id = %s",
        (PaymentState.RETURNED.value, reason, instruction_id),
    )


def came_back(cursor: Cursor, window_id: str | None = None) -> list[CameBack]:
    """Every payment that the bank turned down or sent back (of one window), newest first."""
    rows = cursor.execute(
        "SELECT i.instruction_id, i.window_id, i.phase, i.debtor, i.creditor, i.amount_fen,"
        " i.state, i.reason, r.booked_s IS NOT NULL, coalesce(r.booked_s, i.reported_s),"
        " coalesce(r.bank_reference, ''), a.proposed_by, a.confirmed_by, a.why, s.instruction_id,"
        " s.state FROM instruction i LEFT JOIN payment_return r USING (instruction_id)"
        " LEFT JOIN payment_reissue a USING (instruction_id)"
        " LEFT JOIN instruction s ON s.replaces = i.instruction_id"
        " WHERE (i.state IN ('rejected', 'returned', 'replaced') OR r.booked_s IS NOT NULL)"
        " AND (i.window_id = %(window)s OR %(window)s::text IS NULL)"
        " ORDER BY 10 DESC, 1",
        {"window": window_id},
    )
    return [CameBack(*row) for row in rows]


def windows_reopened(cursor: Cursor) -> list[str]:
    """Windows whose day was finished, and a payment of which came back or was sent again since."""
    rows = cursor.execute(
        "SELECT DISTINCT window_id FROM instruction JOIN day_step USING (window_id)"
        " WHERE step = 'finish' AND state = ANY(%s) ORDER BY window_id",
        ([one.value for one in PaymentState if one not in ENDED],),
    )
    return [str(row[0]) for row in rows]


def sent_since(cursor: Cursor, window_id: str, since_s: int) -> frozenset[str]:
    """The payments of a window that two persons sent again after a second."""
    rows = cursor.execute(
        "SELECT s.instruction_id FROM payment_reissue a"
        " JOIN instruction s ON s.replaces = a.instruction_id"
        " WHERE s.window_id = %s AND a.confirmed_s > %s",
        (window_id, since_s),
    )
    return frozenset(str(row[0]) for row in rows)


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
