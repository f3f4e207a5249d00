"""The terminal's side of a card: the flows of purchase, load and lock, and its security module.

A card may leave the field after any byte. Whatever was begun is kept until it is known how it
ended; nothing here opens a gate, and nothing here charges twice to be safe.
"""

from tongxing.media.card.terminal.checks import CHECKS, Presented, Rules, first_refusal
from tongxing.media.card.terminal.issuer import (
    IssuerHost,
    LoadOrder,
    LoadOrders,
    LoadRequest,
    MemoryOrders,
)
from tongxing.media.card.terminal.lists import (
    DeniedChange,
    DeniedList,
    Issuer,
    IssuerList,
    denied_entry,
    make_denied,
    make_issuers,
)
from tongxing.media.card.terminal.load import Loaded, load, settle
from tongxing.media.card.terminal.locking import Locked, lock_card, unlock_card
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
from tongxing.media.card.terminal.reading import ids_of, read_city_ids, read_ids, select
from tongxing.media.card.terminal.recovery import UnfinishedList, recover
from tongxing.media.card.terminal.sam import SoftwareSam
from tongxing.media.card.terminal.serials import FileSerials, MemorySerials, SerialCounter

__all__ = [
    "CHECKS",
    "COMPOSITE",
    "SINGLE",
    "CardIds",
    "Debit",
    "DeniedChange",
    "DeniedList",
    "FileSerials",
    "Issuer",
    "IssuerHost",
    "IssuerList",
    "LoadOrder",
    "LoadOrders",
    "LoadRequest",
    "Loaded",
    "Locked",
    "MemoryOrders",
    "MemorySerials",
    "NotDone",
    "Presented",
    "Purchase",
    "RecordWrite",
    "Rules",
    "SerialCounter",
    "SoftwareSam",
    "Unfinished",
    "UnfinishedList",
    "begin",
    "denied_entry",
    "finish",
    "first_refusal",
    "ids_of",
    "load",
    "lock_card",
    "make_denied",
    "make_issuers",
    "read_city_ids",
    "read_ids",
    "recover",
    "select",
    "settle",
    "unlock_card",
]
