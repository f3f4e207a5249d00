"""How a code's bytes arrive when a scanner does not hand them over as they are.

Some scanners give Base64 text, some turn every byte from 80h on into two bytes of UTF-8. Both are
undone only when what comes out begins like a ride code; nothing is ever guessed or filled in.
"""

import base64
import binascii

_VERSION = b"\x81"
_BASE64_STARTS = b"g"
_UTF8_STARTS = b"\xc2\x81"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_BLANKS = b" \t\r\n\f\v"
_QUANTUM = 4


def unwrapped(scanned: bytes) -> bytes | None:
    """The bytes behind Base64 text or behind a scanner's UTF-8; None when it is neither."""
    if scanned.startswith(_UTF8_STARTS):
        return _from_utf8(scanned)
    text = scanned.translate(None, _BLANKS)
    return _from_base64(text) if text.startswith(_BASE64_STARTS) else None


def _from_utf8(scanned: bytes) -> bytes | None:
    try:
        return scanned.decode("utf-8").encode("latin-1")
    except UnicodeError:
        return None


def _from_base64(text: bytes) -> bytes | None:
    bare = text.translate(_URL_SAFE).rstrip(b"=")
    try:
        plain = base64.b64decode(bare + b"=" * (-len(bare) % _QUANTUM), validate=True)
    except binascii.Error:
        return None
    return plain if plain.startswith(_VERSION) else None
