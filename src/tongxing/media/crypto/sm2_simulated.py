"""Signing in Python for simulators and tests, with nonces made from key and message (RFC 6979).

NOT constant time: whoever can measure it learns the private key. For tests and simulation only;
it is reached through `providers.simulated_signer` and nothing else. The same key and message
always give the same signature, so a simulated day gives the same bytes every time.
"""

from collections.abc import Iterator

from tongxing.media.crypto.curve import N, encode_point, number, number_bytes
from tongxing.media.crypto.points import INFINITY, to_affine
from tongxing.media.crypto.sm2 import PublicKey, private_number
from tongxing.media.crypto.sm2_plain import add_tabled, generator_table
from tongxing.media.crypto.sm3 import DIGEST_BYTES, hmac_sm3


class SimulatedSigner:
    """Signs for simulated passengers and issuers. Not constant time; never for a real key."""

    def sign(self, private: bytes, message: bytes) -> bytes:
        """A signature of 64 bytes. Raises ValueError for a private key that is none."""
        secret = private_number(private)
        digest = PublicKey(*times_generator(secret)).digest(message)
        for nonce in nonces(private, digest):
            if signature := signed(secret, digest, nonce):
                return signature
        raise AssertionError("nonces never end")

    def public_of(self, private: bytes) -> bytes:
        """The public key (33 bytes). Raises ValueError for a private key that is none."""
        return encode_point(*times_generator(private_number(private)))


def signed(secret: int, digest: bytes, nonce: int) -> bytes | None:
    """The signature that a nonce (1 … N-1) gives, or None when it gives none."""
    r = (number(digest) + times_generator(nonce)[0]) % N
    s = pow(1 + secret, -1, N) * (nonce - r * secret) % N
    if not r or not s or r + nonce == N:
        return None
    return number_bytes(r) + number_bytes(s)


def times_generator(scalar: int) -> tuple[int, int]:
    """A multiple of G, the scalar from 1 to N-1."""
    (point,) = to_affine([add_tabled(INFINITY, generator_table(), scalar)])
    return point


def nonces(private: bytes, digest: bytes) -> Iterator[int]:
    """The numbers that RFC 6979 (3.2) makes of a key and a digest, with SM3; endless."""
    start = private + number_bytes(number(digest) % N)
    key, value = bytes(DIGEST_BYTES), b"\x01" * DIGEST_BYTES
    for mark in (b"\0", b"\x01"):
        key = hmac_sm3(key, value + mark + start)
        value = hmac_sm3(key, value)
    while True:
        value = hmac_sm3(key, value)
        if 0 < (found := number(value)) < N:
            yield found
        key = hmac_sm3(key, value + b"\0")
        value = hmac_sm3(key, value)
