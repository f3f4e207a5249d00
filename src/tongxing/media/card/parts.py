"""Parts of a card that every purse has: balance, logs, records; read one by one and never fatal.

A part that cannot be understood is noted by its name and left out of the face.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import OK, Command
from tongxing.media.card.asking import Asker
from tongxing.media.card.decode import BALANCE_MASK
from tongxing.media.card.files.transaction import TRANSACTION, Transaction, parse_transaction

LOG_RECORDS = 10
_PROPER, _TOTAL, _OVERDRAFT = 0x03, 0x00, 0x02
_MONEY_BYTES = 4

Part = TypeVar("Part")


def parsed(
    card: Asker, part: str, raw: bytes | None, parse: Callable[[bytes], Part | Refusal]
) -> Part | None:
    """What `parse` makes of the bytes; None when there are none, or when they are noted as bad."""
    if raw is None:
        return None
    found = parse(raw)
    if isinstance(found, Refusal):
        card.doubt(part, found)
        return None
    return found


def records(
    card: Asker, sfi: int, size: int, most: int, parse: Callable[[bytes], Part | Refusal]
) -> Iterator[Part]:
    """The written records of a file, the first one first, until the card has no more."""
    for number in range(1, most + 1):
        raw = card.record(sfi, number, size)
        if raw is None:
            return
        is_written = raw.strip(b"\x00") and raw.strip(b"\xff")
        found = parsed(card, f"{sfi:02X}:{number}", raw, parse) if is_written else None
        if found is not None:
            yield found


def read_logs(card: Asker, sfi: int = 0x18) -> Iterator[Transaction]:
    """The purse's own list of transactions."""
    return records(card, sfi, TRANSACTION.size, LOG_RECORDS, parse_transaction)


def read_balance(card: Asker) -> int | None:
    """The purse's money as it is stored, without the top bit that some cards set.

    A purse without money tells how much overdraft is used: then the balance is below zero.
    """
    money = _money(card, "balance", _PROPER)
    if money is None and card.status not in (0, OK):
        return _money(card, "balance", _TOTAL)
    if money == 0:
        used = _money(card, "overdraft", _OVERDRAFT)
        card.unreadable.pop("overdraft", None)
        return -used if used else 0
    return money


def _money(card: Asker, part: str, which: int) -> int | None:
    raw = card.ask(part, Command(0x80, 0x5C, which, 0x02, expected=_MONEY_BYTES))
    if raw is None:
        return None
    if len(raw) != _MONEY_BYTES:
        card.doubt(part, Refusal("CARD_RESPONSE_LENGTH", values={"length": len(raw)}))
        return None
    return int.from_bytes(raw, "big") & BALANCE_MASK
