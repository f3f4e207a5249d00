"""What a computer of SM2 signatures offers (GM/T 0003.2), and what all of them share.

Signatures are 64 bytes, r then s; the signer's id is the default one of GM/T 0009, as codes and
their certificates use it. No bytes from outside raise: a wrong signature is False, a wrong key is
None. A private key appears only as an argument and is never kept in an object with a repr.
"""

from typing import Protocol

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.curve import (
    NUMBER_BYTES,
    A,
    B,
    G,
    N,
    encode_point,
    number,
    number_bytes,
)
from tongxing.media.crypto.sm3 import sm3

SIGNATURE_BYTES = 2 * NUMBER_BYTES
PRIVATE_BYTES = NUMBER_BYTES
SIGNER_ID = b"1234567812345678"

_IDENTITY = b"".join(
    (
        (len(SIGNER_ID) * 8).to_bytes(2, "big"),
        SIGNER_ID,
        *(number_bytes(part) for part in (A, B, *G)),
    )
)


class PublicKey:
    """A point on the curve, with the hash of its owner's identity (Z) that every check needs.

    Made by `Sm2.key`, kept and used again by callers, free to share among threads. Any computer
    takes the keys of any other, but is quickest with its own.
    """

    __slots__ = ("__weakref__", "identity", "x", "y")

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y
        self.identity = sm3(_IDENTITY + number_bytes(x) + number_bytes(y))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self) -> int:
        return hash((self.x, self.y))

    def __repr__(self) -> str:
        return f"PublicKey({self.compressed.hex()})"

    @property
    def compressed(self) -> bytes:
        """The key as codes and certificates carry it (33 bytes)."""
        return encode_point(self.x, self.y)

    def digest(self, message: bytes) -> bytes:
        """What is signed under this key for a message: e = SM3(Z, message) (32 bytes)."""
        return sm3(self.identity + message)


class Sm2(Protocol):
    """One way to compute SM2. `name` is "plain", "libcrypto" or "compiled"."""

    name: str

    def key(self, public: bytes, *, tabled: bool = False) -> PublicKey | None:
        """A public key of 33, 65 or 64 bytes; None when it is none or off the curve.

        `tabled` asks for faster checks under a key that is used again and again and is trusted
        already (roots, issuers); the room for such keys is bounded. Costs up to 50 ms.
        """

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        """Whether the signature (64 bytes, r then s) is the key's over the message."""

    def verify_digest(self, key: PublicKey, digest: bytes, signature: bytes) -> bool:
        """The same for a message that is digested already (`PublicKey.digest`, 32 bytes)."""

    def sign(self, private: bytes, message: bytes) -> bytes | Refusal:
        """A signature of 64 bytes, or SM2_NO_SIGNER where nothing here may hold a real key.

        Raises ValueError for a private key that is none; its text does not show the key.
        """

    def public_of(self, private: bytes) -> bytes | Refusal:
        """The public key (33 bytes) of a private one. Refuses and raises as `sign` does."""


def scalars_of(signature: bytes) -> tuple[int, int, int] | None:
    """r, s and t = r + s of a signature, each within 1 … N-1; None when one of them is not."""
    if len(signature) != SIGNATURE_BYTES:
        return None
    r, s = number(signature[:NUMBER_BYTES]), number(signature[NUMBER_BYTES:])
    if not (0 < r < N and 0 < s < N):
        return None
    t = (r + s) % N
    return (r, s, t) if t else None


def is_private(private: bytes) -> bool:
    """Whether these bytes can be a private key: 32 bytes, from 1 to N-2."""
    return len(private) == PRIVATE_BYTES and 0 < number(private) < N - 1


def private_number(private: bytes) -> int:
    """A private key as a number. Raises ValueError, without showing it, when it is none."""
    if not is_private(private):
        raise ValueError("an SM2 private key is 32 bytes, from 1 to n-2")
    return number(private)
