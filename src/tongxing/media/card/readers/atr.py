"""What a card says of itself when it gets power (its ATR), as far as a gate needs it.

A contactless reader makes this answer up: for a card with a processor it carries the card's own
historical bytes, for a memory card it names the kind of chip (PC/SC part 3, 3.1.3.2.3). A memory
card has no keys to prove that it is genuine, so a gate must know the difference before it reads.
"""

from typing import Literal

CardKind = Literal["cpu", "legacy", "other"]
"""`cpu`: speaks commands; `legacy`: MIFARE Classic, untrusted; `other`: no card of transit."""

_STORAGE = bytes.fromhex("804F0CA000000306")
_NAME_AT = 13
_CLASSIC = {0x0001: "1K", 0x0002: "4K", 0x0026: "Mini"}
_HISTORY = b"TONGXING"


def kind_of(atr: bytes) -> CardKind:
    """What kind of card answered so. Anything unknown that is no memory card counts as `cpu`."""
    start = atr.find(_STORAGE)
    if start < 0:
        return "cpu" if len(atr) >= 2 else "other"
    name = int.from_bytes(atr[_NAME_AT : _NAME_AT + 2], "big")
    return "legacy" if name in _CLASSIC else "other"


def contactless_atr(history: bytes) -> bytes:
    """The answer a contactless reader makes for a processor card with these historical bytes."""
    body = bytes((0x80 | len(history), 0x80, 0x01)) + history
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes((check,))


SOFTWARE_ATR = contactless_atr(_HISTORY)
"""What our software card answers when it stands behind a reader or a relay."""
