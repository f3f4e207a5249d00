"""An attestation: a signed yes or no about a holder, for one city, for a short time.

It says nothing of why and nothing of who: the holder is a keyed hash of the medium's number, and
only gates and attester hold that key. Whatever is not exactly what an attester of this city signed
about this holder is refused, and then it is as if nobody had answered.
"""

import hmac
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from tongxing.entry.signing import Keys, is_genuine, read_signed, sign
from tongxing.kernel.reasons import Refusal

_DOMAIN = b"tongxing/entry/attestation/1\0"
_HOLDER_DOMAIN = b"tongxing/entry/holder/1\0"
_HOLDER_BYTES = 16
_SIZE_MAX = 512
CLOCK_SKEW_S = 90

Attesters = Keys
"""The keys of one city's attesters by name; while keys are changed there are two of them."""


class Attestation(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A yes (`passed`) or no about a holder in a city, good before `expires_s`."""

    city: str
    holder: str
    passed: bool
    issued_s: int
    expires_s: int


def holder_of(key: bytes, city: str, medium_no: str) -> str:
    """The name of a medium's holder in attestations: means nothing to whoever has not the key."""
    text = _HOLDER_DOMAIN + msgspec.msgpack.encode((city, medium_no))
    return hmac.new(key, text, sha256).digest()[:_HOLDER_BYTES].hex()


def sign_attestation(attestation: Attestation, attester: str, key: Ed25519PrivateKey) -> bytes:
    """An attestation as it travels."""
    return sign(_DOMAIN, attester, key, msgspec.msgpack.encode(attestation))


def read_attestation(
    raw: bytes, attesters: Attesters, city: str, holder: str, now_s: int, life_s_max: int
) -> Attestation | Refusal:
    """What an attester says of this holder, now.

    Refuses ENTRY_ATTESTATION_MALFORMED, ENTRY_ATTESTATION_FORGED (also of an attester that is not
    this city's), ENTRY_ATTESTATION_CITY, ENTRY_ATTESTATION_HOLDER, ENTRY_ATTESTATION_LIFE for one
    that is not good yet or would be for too long, and ENTRY_ATTESTATION_EXPIRED.
    """
    signed = read_signed(raw, _SIZE_MAX)
    if signed is None:
        return Refusal("ENTRY_ATTESTATION_MALFORMED")
    if not is_genuine(signed, _DOMAIN, attesters):
        return Refusal("ENTRY_ATTESTATION_FORGED")
    try:
        found = msgspec.msgpack.decode(signed.body, type=Attestation)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal("ENTRY_ATTESTATION_MALFORMED")
    if found.city != city:
        return Refusal("ENTRY_ATTESTATION_CITY")
    if not hmac.compare_digest(found.holder.encode(), holder.encode()):
        return Refusal("ENTRY_ATTESTATION_HOLDER")
    early = found.issued_s > now_s + CLOCK_SKEW_S
    if early or not 0 < found.expires_s - found.issued_s <= life_s_max:
        return Refusal("ENTRY_ATTESTATION_LIFE")
    return found if now_s < found.expires_s else Refusal("ENTRY_ATTESTATION_EXPIRED")
