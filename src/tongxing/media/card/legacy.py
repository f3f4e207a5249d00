"""A card without a processor (MIFARE Classic, "M1"): recognised, and trusted with nothing.

Its ciphers are broken and its number can be copied, so it is `legacy_untrusted` from the first
moment. It answers no command; a reader tells what it is by its SAK (ISO/IEC 14443-3) or by the
answer it makes up (ATR). Nothing here reads its sectors.
"""

import msgspec

from tongxing.media.card.readers.atr import kind_of
from tongxing.network.legacy import LEGACY, Trust

_PROCESSOR = 0x20
_CLASSIC_SAKS = {0x01: "1K", 0x08: "1K", 0x09: "Mini", 0x18: "4K", 0x19: "2K", 0x88: "1K"}
_NAME_AT = 13
_CLASSIC_NAMES = {0x0001: "1K", 0x0002: "4K", 0x0026: "Mini"}


class LegacyFace(msgspec.Struct, frozen=True):
    """What a reader sees of an M1 card. `uid` proves nothing: any card can be given any one."""

    uid: bytes
    chip: str
    trust: Trust = LEGACY


def recognise_sak(uid: bytes, sak: int) -> LegacyFace | None:
    """The M1 card that answered with this SAK, None for any other card.

    A card that also speaks commands (SAK bit 20) is a processor card, whatever else it can do.
    """
    chip = _CLASSIC_SAKS.get(sak)
    return LegacyFace(uid, chip) if chip and not sak & _PROCESSOR else None


def recognise_atr(uid: bytes, atr: bytes) -> LegacyFace | None:
    """The M1 card for which a reader made up this answer, None for any other card."""
    if kind_of(atr) != "legacy":
        return None
    name = int.from_bytes(atr[_NAME_AT : _NAME_AT + 2], "big")
    return LegacyFace(uid, _CLASSIC_NAMES[name])
