"""What a message says of itself before its signature is checked: **not believed**, and only for
finding out which key to check it with."""

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.messages.envelope import SCHEMA_VERSION, Body, reader_of

_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError)
_PARTS = msgspec.msgpack.Decoder(tuple[str, int, str, bytes, bytes])


def claimed_sender(message: bytes, expected: type[Body]) -> str | Refusal:
    """Who says to have sent a message of this kind.

    Refuses MESSAGE_MALFORMED, MESSAGE_KIND and SCHEMA_TOO_NEW as `unseal` does.
    """
    parts = _parts(message, expected)
    return parts if isinstance(parts, Refusal) else parts[0]


def claimed(message: bytes, expected: type[Body]) -> tuple[str, Body] | Refusal:
    """The same, and what the message says. Refuses MESSAGE_BODY too."""
    parts = _parts(message, expected)
    if isinstance(parts, Refusal):
        return parts
    sender, content = parts
    try:
        return sender, reader_of(expected).decode(content)
    except _UNREADABLE as error:
        return Refusal("MESSAGE_BODY", values={"detail": str(error)})


def _parts(message: bytes, expected: type[Body]) -> tuple[str, bytes] | Refusal:
    try:
        kind, version, sender, content, _ = _PARTS.decode(message)
    except _UNREADABLE as error:
        return Refusal("MESSAGE_MALFORMED", str(error))
    if kind != expected.__name__:
        return Refusal("MESSAGE_KIND", values={"expected": expected.__name__, "found": kind})
    if version > SCHEMA_VERSION:
        return Refusal("SCHEMA_TOO_NEW", values={"version": version})
    return sender, content
