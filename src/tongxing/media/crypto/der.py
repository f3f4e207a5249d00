"""Signatures in DER, as certificates and some libraries write them, to and from r then s.

Read strictly: one way to write a signature, or none. It judges form only, never a signature.
"""

from tongxing.media.crypto.curve import NUMBER_BYTES, number

_SEQUENCE, _INTEGER = 0x30, 0x02
_SHORT_MAX = 0x7F


def to_der(signature: bytes) -> bytes:
    """A signature of 64 bytes as DER (8 to 72 bytes)."""
    body = _integer(signature[:NUMBER_BYTES]) + _integer(signature[NUMBER_BYTES:])
    return bytes((_SEQUENCE, len(body))) + body


def from_der(raw: bytes) -> bytes | None:
    """The 64 bytes of a signature in DER, or None for anything else, longer or loosely written."""
    if len(raw) < 2 or raw[0] != _SEQUENCE or raw[1] > _SHORT_MAX or raw[1] != len(raw) - 2:
        return None
    at = 2
    found = b""
    for _ in range(2):
        part = _read_integer(raw[at:])
        if part is None:
            return None
        found += part
        at += 2 + raw[at + 1]
    return found if at == len(raw) else None


def _integer(value: bytes) -> bytes:
    bare = value.lstrip(b"\0")
    if not bare or bare[0] > _SHORT_MAX:
        bare = b"\0" + bare
    return bytes((_INTEGER, len(bare))) + bare


def _read_integer(raw: bytes) -> bytes | None:
    """A whole positive number below 2²⁵⁶ in its shortest form, as 32 bytes."""
    if len(raw) < 3 or raw[0] != _INTEGER or raw[1] > NUMBER_BYTES + 1:
        return None
    body = raw[2 : 2 + raw[1]]
    if len(body) != raw[1] or not body or body[0] > _SHORT_MAX:
        return None
    if len(body) > 1 and body[0] == 0 and body[1] <= _SHORT_MAX:
        return None
    bare = body.lstrip(b"\0")
    return number(bare).to_bytes(NUMBER_BYTES, "big") if len(bare) <= NUMBER_BYTES else None
