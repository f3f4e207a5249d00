"""The outside of a line file: a gzip file whose header carries sender, length and signature.

Any tool unpacks it; ours looks at nothing behind the header before the signature over the packed
bytes holds. The header is fixed but for the signature field, so that no bit of it is free::

    1f 8b 08 04 00 00 00 00 02 ff           gzip, deflate, an extra field, no time
    <2> length of the extra field           little endian, as gzip has it
    "TX" <2>                                our subfield and its length
    01 <8> <1> <sender> <64>                version, packed length, sender (ASCII), Ed25519
    deflate stream, CRC-32, size            one gzip member, nothing behind it
"""

import struct
from dataclasses import dataclass

from tongxing.kernel.contents import HEAD_BYTES, kind_shown
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey

GZIP = bytes.fromhex("1f8b08040000000002ff")
VERSION = 1

_SUBFIELD = b"TX"
_SIGNATURE = 64
_SENDER_MAX = 64
_FIXED = 1 + 8 + 1


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A file whose signature holds: who signed, and the gzip member without the header."""

    sender: str
    packed: bytes


def is_line_file(data: bytes) -> bool:
    """Whether the bytes begin as a line file does."""
    return data.startswith(GZIP)


def wrap(packed: bytes, key: SigningKey) -> bytes:
    """The signed file of a raw deflate stream with its CRC and size.

    Raises ValueError for a sender that is not 1 to 64 ASCII characters.
    """
    sender = key.sender.encode("ascii")
    if not 0 < len(sender) <= _SENDER_MAX:
        raise ValueError("a sender has 1 to 64 ASCII characters")
    signature = key.private.sign(_signed(key.sender, packed))
    field = struct.pack("<BQB", VERSION, len(packed), len(sender)) + sender + signature
    extra = _SUBFIELD + struct.pack("<H", len(field)) + field
    return GZIP + struct.pack("<H", len(extra)) + extra + packed


def unwrap(data: bytes, keys: KeyRing, name: str = "") -> Wrapped | Refusal:
    """The packed bytes of a file, once its sender's signature over them holds.

    Refuses with FILE_EMPTY, FILE_TYPE (no line file, or bytes behind its end), FILE_TRUNCATED,
    SCHEMA_TOO_NEW or FILE_SIGNATURE (of somebody else, or none at all).
    """
    if not data:
        return Refusal("FILE_EMPTY", name)
    if not data.startswith(GZIP):
        if GZIP.startswith(data):
            return Refusal("FILE_TRUNCATED", f"{name}:byte {len(data) + 1}")
        kind = kind_shown(data[:HEAD_BYTES])
        if kind == "gzip":
            return Refusal("FILE_SIGNATURE", name, {"sender": "-"})
        return Refusal("FILE_TYPE", f"{name}:byte 1", {"found": kind})
    at = len(GZIP)
    if len(data) < at + 6 + _FIXED:
        return Refusal("FILE_TRUNCATED", f"{name}:byte {len(data) + 1}")
    extra, tag, size, version, length, sender_size = struct.unpack_from("<H2sHBQB", data, at)
    if version > VERSION:
        return Refusal("SCHEMA_TOO_NEW", f"{name}:byte {at + 7}", {"version": version})
    sized = size == _FIXED + sender_size + _SIGNATURE and extra == size + 4
    if tag != _SUBFIELD or version != VERSION or not 0 < sender_size <= _SENDER_MAX or not sized:
        return Refusal("FILE_TYPE", f"{name}:byte {at + 1}", {"found": "gzip, ?"})
    begin = at + 6 + size
    if len(data) < begin + length:
        return Refusal("FILE_TRUNCATED", f"{name}:byte {len(data) + 1}")
    if len(data) > begin + length:
        more = len(data) - begin - length
        place = f"{name}:byte {begin + length + 1}"
        return Refusal("FILE_TYPE", place, {"found": f"gzip + {more} B"})
    text = data[at + 6 + _FIXED : at + 6 + _FIXED + sender_size]
    sender = text.decode("ascii", "replace")
    signature, packed = data[begin - _SIGNATURE : begin], data[begin:]
    if not text.isascii() or not keys.verify(sender, signature, _signed(sender, packed)):
        shown = sender if sender.isprintable() else "?"
        return Refusal("FILE_SIGNATURE", name, {"sender": shown})
    return Wrapped(sender, packed)


def _signed(sender: str, packed: bytes) -> bytes:
    return f"tongxing/lines/{VERSION}/{sender}\n".encode() + packed
