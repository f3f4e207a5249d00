"""What the hub settled of a window, in the form in which `hub clear` writes the same."""

from collections.abc import Iterator

from tongxing.clearing.money import sheet
from tongxing.hub.store import Cursor
from tongxing.kernel.clock import stamp

POSITIONS, PAIRS, INSTRUCTIONS = "positions.csv", "pairs.csv", "instructions.csv"
HEADS = {
    POSITIONS: ("member", "debit_fen", "credit_fen", "net_fen"),
    PAIRS: (
        "acquirer", "issuer", "cross_city", "records", "charge_fen", "fee_fen", "fee_issuer_fen",
        "fee_acquirer_fen", "fee_hub_fen", "operator", "share_fen", "fee_borne_fen",
    ),
    INSTRUCTIONS: (
        "instruction", "phase", "message", "debtor", "creditor", "amount_fen", "due",
    ),
}  # fmt: skip
"""The columns of each, in order."""


def settled_documents(cursor: Cursor, window_id: str) -> Iterator[tuple[str, bytes]]:
    """Positions, pairs with fees and operators' shares, and payments of a closed window. A payment
    that was sent again in another's place is left out: it is the same money."""
    rows = cursor.execute(
        "SELECT member, debit_fen, credit_fen, net_fen FROM member_position"
        " WHERE window_id = %s ORDER BY member",
        (window_id,),
    ).fetchall()
    yield POSITIONS, sheet(HEADS[POSITIONS], rows)
    rows = cursor.execute(
        "SELECT acquirer, issuer, CASE WHEN is_cross_city THEN 'yes' ELSE 'no' END, records,"
        " p.delta_fen, p.fee_fen, fee_issuer_fen, fee_acquirer_fen, fee_hub_fen,"
        " coalesce(operator, ''), coalesce(share_fen, 0), coalesce(o.fee_fen, 0)"
        " FROM pair_net p LEFT JOIN operator_net o USING (window_id, acquirer, issuer)"
        " WHERE window_id = %s ORDER BY acquirer, issuer, operator",
        (window_id,),
    ).fetchall()
    yield PAIRS, sheet(HEADS[PAIRS], rows)
    rows = cursor.execute(
        "SELECT instruction_id, phase, message, debtor, creditor, amount_fen, due_s"
        " FROM instruction WHERE window_id = %s AND replaces IS NULL ORDER BY instruction_id",
        (window_id,),
    ).fetchall()
    yield INSTRUCTIONS, sheet(HEADS[INSTRUCTIONS], [(*row[:-1], stamp(row[-1])) for row in rows])
