"""What people type as the bytes of a card and the name of a file, read strictly.

Full-width digits look the same and are none; a left-out digit is told, never filled in.
"""

import sys

from tongxing.kernel.reasons import Problem
from tongxing.media.card.decode import ANSWERS, BYTES_MAX, NAMED, unknown_file

STDIN = "-"
_HEX = frozenset("0123456789abcdefABCDEF")
_BETWEEN = frozenset(" \t\r\n:")


def card_bytes(words: tuple[str, ...]) -> bytes:
    """The bytes that the words spell, or standard input where they are ``-`` alone.

    Raises Problem(CARD_HEX, CARD_HEX_ODD, CARD_FILE_LENGTH).
    """
    most = BYTES_MAX * 4
    text = sys.stdin.read(most + 1) if words == (STDIN,) else " ".join(words)
    if len(text) > most:
        raise Problem("CARD_FILE_LENGTH", file="HEX", length=len(text) // 2, expected=BYTES_MAX)
    text = text.strip()
    start = 2 if text[:2].lower() == "0x" else 0
    digits = []
    for position, sign in enumerate(text[start:], start + 1):
        if sign in _HEX:
            digits.append(sign)
        elif sign not in _BETWEEN:
            raise Problem("CARD_HEX", "HEX", position=position, sign=sign)
    if len(digits) % 2:
        raise Problem("CARD_HEX_ODD", "HEX", count=len(digits))
    return bytes.fromhex("".join(digits))


def file_of(text: str) -> int | str:
    """The short file identifier or the answer that a name means: ``15``, ``0x1E``, ``fci``.

    Numbers are hexadecimal, as on paper about cards. Raises Problem(CARD_FILE_UNKNOWN).
    """
    name = text.strip().lower()
    if name in ANSWERS:
        return name
    if name in NAMED:
        return NAMED[name]
    digits = name.removeprefix("0x")
    if not 1 <= len(digits) <= 2 or not _HEX.issuperset(digits):
        raise Problem("CARD_FILE_UNKNOWN", "--file", **unknown_file(text).values)
    return int(digits, 16)
