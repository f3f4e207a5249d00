"""The terminal's side of a card: the flows of purchase, load and lock, and its security module.

A card may leave the field after any byte. Whatever was begun is kept until it is known how it
ended; nothing here opens a gate, and nothing here charges twice to be safe.
"""

from tongxing.media.card.terminal.model import (
    COMPOSITE,
    SINGLE,
    CardIds,
    Debit,
    NotDone,
    Purchase,
    RecordWrite,
    Unfinished,
)
from tongxing.media.card.terminal.purchase import begin, finish
from tongxing.media.card.terminal.recovery import recover
from tongxing.media.card.terminal.sam import SoftwareSam
from tongxing.media.card.terminal.serials import MemorySerials, SerialCounter

__all__ = [
    "COMPOSITE",
    "SINGLE",
    "CardIds",
    "Debit",
    "MemorySerials",
    "NotDone",
    "Purchase",
    "RecordWrite",
    "SerialCounter",
    "SoftwareSam",
    "Unfinished",
    "begin",
    "finish",
    "recover",
]
