"""Signed messages: an Ed25519 signature over kind, version, sender and the exact body bytes.

A body is read only after its signature holds, and strictly: unknown fields and wrong types are
refused (B02, B11, B29). Keys are made from a 32-byte secret, so that a simulation can derive them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tongxing.kernel.reasons import Refusal

_NUL = b"\\u0000"
"""A NUL as JSON writes it; the one character that no text of the books can hold."""
_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError)

Body = TypeVar("Body", bound=msgspec.Struct)
Value = TypeVar("Value")

SCHEMA_VERSION = 1


class _Envelope(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    kind: str
    version: int
    sender: str
    body: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Believed:
    """What a signature that holds covers: kind, sender and the exact bytes of the body."""

    kind: str
    sender: str
    body: bytes


_ENVELOPES = msgspec.msgpack.Decoder(_Envelope)


@cache
def reader_of(body: type[Body]) -> msgspec.json.Decoder[Body]:
    """The strict reader of one kind of body, made once.

    The kinds of this package get theirs when it is imported: the library builds what it knows of a
    struct at the first use, and two threads that build it at the same time crash the process.
    """
    return msgspec.json.Decoder(body)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A sender's name and its private key."""

    sender: str
    private: Ed25519PrivateKey

    @classmethod
    def from_secret(cls, sender: str, secret: bytes) -> "SigningKey":
        """The key of a 32-byte secret. Raises ValueError for any other length."""
        return cls(sender, Ed25519PrivateKey.from_private_bytes(secret))

    def public_bytes(self) -> bytes:
        """The 32 bytes that others need to check this key's signatures."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


class KeyRing:
    """The public keys a house trusts, by sender."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = {
            sender: Ed25519PublicKey.from_public_bytes(raw) for sender, raw in keys.items()
        }

    def verify(self, sender: str, signature: bytes, signed: bytes) -> bool:
        """Whether `sender` is trusted and signed exactly these bytes."""
        key = self._keys.get(sender)
        if key is None:
            return False
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True


def encode(body: msgspec.Struct) -> bytes:
    """Canonical JSON of a message body: the same value is always the same bytes."""
    return msgspec.json.encode(body, order="deterministic")


def seal(body: msgspec.Struct, key: SigningKey) -> bytes:
    """The signed message that carries `body`."""
    kind, content = type(body).__name__, encode(body)
    signature = key.private.sign(_signed_bytes(kind, SCHEMA_VERSION, key.sender, content))
    return msgspec.msgpack.encode(_Envelope(kind, SCHEMA_VERSION, key.sender, content, signature))


def unseal(message: bytes, expected: type[Body], keys: KeyRing) -> tuple[str, Body] | Refusal:
    """The sender and body of a signed message, or why it is not believed.

    Refuses with MESSAGE_MALFORMED, MESSAGE_KIND, SCHEMA_TOO_NEW, SIGNATURE_INVALID or
    MESSAGE_BODY, in this order; nothing of a refused message has been acted on.
    """
    believed = believe(message, (expected.__name__,), keys)
    if isinstance(believed, Refusal):
        return believed
    body = read_body(believed.body, reader_of(expected))
    return body if isinstance(body, Refusal) else (believed.sender, body)


def believe(message: bytes, kinds: Sequence[str], keys: KeyRing) -> Believed | Refusal:
    """A message of one of these kinds whose signature holds, its body not read yet.

    Refuses as `unseal` does; MESSAGE_BODY only for one with a NUL, which no book can hold.
    """
    try:
        envelope = _ENVELOPES.decode(message)
    except _UNREADABLE as error:
        return Refusal("MESSAGE_MALFORMED", str(error))
    if envelope.kind not in kinds:
        expected = " / ".join(kinds)
        return Refusal("MESSAGE_KIND", values={"expected": expected, "found": envelope.kind})
    if envelope.version > SCHEMA_VERSION:
        return Refusal("SCHEMA_TOO_NEW", values={"version": envelope.version})
    signed = _signed_bytes(envelope.kind, envelope.version, envelope.sender, envelope.body)
    if not keys.verify(envelope.sender, envelope.signature, signed):
        return Refusal("SIGNATURE_INVALID", values={"sender": envelope.sender})
    if _NUL in envelope.body:
        return Refusal("MESSAGE_BODY", values={"detail": "NUL"})
    return Believed(envelope.kind, envelope.sender, envelope.body)


def as_told(message: bytes) -> Believed | Refusal:
    """What a message says of itself, for whoever has somebody else's word that it is genuine: its
    signature is not asked. Refuses MESSAGE_MALFORMED."""
    try:
        envelope = _ENVELOPES.decode(message)
    except _UNREADABLE as error:
        return Refusal("MESSAGE_MALFORMED", str(error))
    return Believed(envelope.kind, envelope.sender, envelope.body)


def own_body(message: bytes, expected: type[Body]) -> Body:
    """The body of a message that this house sealed and kept itself: its signature is not asked, for
    the key may have changed since. Never for what came from anywhere else. Raises msgspec's errors
    for bytes that are no such message."""
    body: Body = reader_of(expected).decode(_ENVELOPES.decode(message).body)
    return body


def read_body(content: bytes | memoryview, reader: msgspec.json.Decoder[Value]) -> Value | Refusal:
    """What a body, or a part of one, says. Refuses MESSAGE_BODY."""
    try:
        return reader.decode(content)
    except _UNREADABLE as error:
        return Refusal("MESSAGE_BODY", values={"detail": str(error)})


def _signed_bytes(kind: str, version: int, sender: str, body: bytes) -> bytes:
    return f"tongxing/{kind}/{version}/{sender}\n".encode() + body
