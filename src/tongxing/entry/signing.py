"""What travels between gates and attesters: bytes with who signed them and an Ed25519 signature.

Each kind of message has a domain of its own, so that none can be taken for another. Names and bytes
are in `docs/entry.md`.
"""

from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

Keys = Mapping[str, Ed25519PublicKey]
"""Public keys by the name of who signs with them."""


class Signed(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A message as it travels: `body` is MessagePack again."""

    signer: str
    body: bytes
    signature: bytes


def sign(domain: bytes, signer: str, key: Ed25519PrivateKey, body: bytes) -> bytes:
    """A message, signed."""
    signature = key.sign(domain + signer.encode() + b"\0" + body)
    return msgspec.msgpack.encode(Signed(signer, body, signature))


def read_signed(raw: bytes, bytes_max: int) -> Signed | None:
    """A message, not yet believed; None for what is none, or is too long."""
    if len(raw) > bytes_max:
        return None
    try:
        return msgspec.msgpack.decode(raw, type=Signed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def is_genuine(signed: Signed, domain: bytes, keys: Keys) -> bool:
    """Whether one of these keys signed exactly this, under its own name."""
    key = keys.get(signed.signer)
    if key is None:
        return False
    try:
        key.verify(signed.signature, domain + signed.signer.encode() + b"\0" + signed.body)
    except InvalidSignature:
        return False
    return True
