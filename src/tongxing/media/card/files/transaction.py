"""File 0x18: the card's own list of what moved its purse, the newest first.

Only the card writes it. Its counter is the one after the transaction, where the terminal's record
carries the one before.
"""

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import bcd_moment
from tongxing.media.card.files.layout import Field, Fields, Layout

TRANSACTION = Layout(
    "transaction",
    0x18,
    23,
    23,
    (
        Field("counter", 0, 2, "whole"),
        Field("overdraft_fen", 2, 3, "fen"),
        Field("amount_fen", 5, 4, "fen"),
        Field("kind", 9, 1, "hex", "transaction"),
        Field("terminal", 10, 6),
        Field("time", 16, 7, "moment"),
    ),
    cyclic=True,
)


class Transaction(msgspec.Struct, frozen=True):
    """A record of file 0x18. `counter` is the card's counter after it; `time` YYYYMMDDhhmmss.

    `kind`: 2 load, 6 single purchase, 9 composite purchase. `terminal` is 6 bytes.
    """

    counter: int
    overdraft: int
    amount_fen: int
    kind: int
    terminal: bytes
    time: str | None
    raw: bytes


def parse_transaction(raw: bytes) -> Transaction | Refusal:
    """Read one record. Refuses CARD_FILE_LENGTH and nothing else."""
    if refusal := TRANSACTION.refusal(raw):
        return refusal
    fields = Fields(TRANSACTION, raw)
    return Transaction(
        counter=fields.whole("counter"),
        overdraft=fields.whole("overdraft_fen"),
        amount_fen=fields.whole("amount_fen"),
        kind=fields.whole("kind"),
        terminal=fields.raw("terminal"),
        time=fields.moment("time"),
        raw=raw,
    )


def make_transaction(
    counter: int, amount_fen: int, kind: int, terminal: bytes, time: str, *, overdraft: int = 0
) -> bytes:
    """The 23 bytes of a record. Raises OverflowError or ValueError for what does not fit."""
    return TRANSACTION.assemble(
        {
            "counter": counter.to_bytes(2, "big"),
            "overdraft_fen": overdraft.to_bytes(3, "big"),
            "amount_fen": amount_fen.to_bytes(4, "big"),
            "kind": bytes((kind,)),
            "terminal": terminal,
            "time": bcd_moment(time),
        }
    )
