"""Which card is in the field: the few bytes of its public file that every flow needs.

This is not the reading of a whole card; it names the card so that a flow can begin.
"""

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.applications import T_UNION_AID
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal.model import CardIds
from tongxing.media.card.terminal.talking import ask

PUBLIC_BYTES = 30
CODE9_BYTES = 9

_READ_PUBLIC = Command(0x00, 0xB0, 0x95, 0x00, expected=PUBLIC_BYTES)
_CITY_TAIL = bytes.fromhex("FF0000000000")


def select(card: CardLink, aid: bytes = T_UNION_AID) -> bytes | Refusal:
    """Select an application by name; its FCI. Refuses CARD_APP_MISSING, CARD_LOCKED."""
    return ask(card, Command(0x00, 0xA4, 0x04, 0x00, aid, 0))


def read_ids(card: CardLink) -> CardIds | Refusal:
    """The names of the card whose T-Union application is selected."""
    public = ask(card, _READ_PUBLIC, PUBLIC_BYTES)
    return public if isinstance(public, Refusal) else ids_of(public)


def ids_of(public: bytes) -> CardIds:
    """The names in the 30 bytes of a T-Union card's public file."""
    return CardIds(public[10:20], public[0:8], public[12:20])


def read_city_ids(card: CardLink, *, with_code: bool = False) -> CardIds | Refusal:
    """The names of the card whose City Union application is selected.

    Its issuer factor is its city code and FF0000000000. `with_code` asks the card for its 9-byte
    security code too, which then goes into MAC1.
    """
    public = ask(card, _READ_PUBLIC, PUBLIC_BYTES)
    if isinstance(public, Refusal):
        return public
    code = b""
    if with_code:
        told = ask(card, Command(0x80, 0xCA, 0x00, 0x00, expected=CODE9_BYTES), CODE9_BYTES)
        if isinstance(told, Refusal):
            return told
        code = told
    return CardIds(public[10:20], city_factor(public[2:4]), public[12:20], code)


def city_factor(city: bytes) -> bytes:
    """The issuer factor of a City Union card, from its 2-byte city code."""
    return city + _CITY_TAIL
