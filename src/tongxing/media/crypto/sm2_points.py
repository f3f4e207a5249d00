"""SM2 checks by OpenSSL's arithmetic on points instead of its ready-made check.

The same verdicts as `LibcryptoSm2` in about half the time where every code brings a new key: no key
object is made, and a trusted key keeps its multiples. Private keys go to the computer it is built
over. Where OpenSSL lacks a function, that computer does everything.
"""

from functools import cache

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.curve import (
    NUMBER_BYTES,
    N,
    decode_point,
    number,
    number_bytes,
)
from tongxing.media.crypto.libcrypto import LibcryptoUnfit
from tongxing.media.crypto.libcrypto_points import Group, Points
from tongxing.media.crypto.recent import Recent
from tongxing.media.crypto.sm2 import PublicKey, Sm2, scalars_of
from tongxing.media.crypto.sm2_libcrypto import LibcryptoSm2
from tongxing.media.crypto.sm3 import DIGEST_BYTES
from tongxing.media.crypto.tables import TABLES_MAX, Point

_COMPRESSED_BYTES = 1 + NUMBER_BYTES


class PointsSm2:
    """The computer over OpenSSL's points. For any number of threads.

    `signer` does what needs a private key. Raises LibcryptoUnfit at once.
    """

    name = "libcrypto"

    def __init__(self, signer: Sm2) -> None:
        self._signer = signer
        self._points = Points()
        self._known: Recent[Point, Group] = Recent(self._with_multiples, TABLES_MAX)

    def key(self, public: bytes, *, tabled: bool = False) -> PublicKey | None:
        point = self._decoded(public)
        if point is None:
            return None
        if tabled:
            self._known.made(point)
        return PublicKey(*point)

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        return self.verify_digest(key, key.digest(message), signature)

    def verify_digest(self, key: PublicKey, digest: bytes, signature: bytes) -> bool:
        """Whether r = e + x modulo n, where x is that of s·G + t·key and t = r + s."""
        scalars = scalars_of(signature)
        if scalars is None or len(digest) != DIGEST_BYTES:
            return False
        r, _, t = scalars
        s_bytes, t_bytes = signature[NUMBER_BYTES:], number_bytes(t)
        known = self._known.find((key.x, key.y))
        if known is None:
            plain = number_bytes(key.x) + number_bytes(key.y)
            x = self._points.sum_with(s_bytes, t_bytes, plain)
        else:
            x = self._points.sum_with_known(s_bytes, t_bytes, known)
        return x is not None and (number(x) + number(digest)) % N == r

    def sign(self, private: bytes, message: bytes) -> bytes | Refusal:
        return self._signer.sign(private, message)

    def public_of(self, private: bytes) -> bytes | Refusal:
        return self._signer.public_of(private)

    def _decoded(self, public: bytes) -> Point | None:
        """The point of a key, the root of a compressed one taken by OpenSSL."""
        if len(public) != _COMPRESSED_BYTES or public[0] not in (2, 3):
            return decode_point(public)
        plain = self._points.plain(public)
        return (
            None if plain is None else (number(plain[:NUMBER_BYTES]), number(plain[NUMBER_BYTES:]))
        )

    def _with_multiples(self, point: Point) -> Group:
        return self._points.known(number_bytes(point[0]) + number_bytes(point[1]))


def quickest(computer: Sm2) -> Sm2:
    """The quicker way to the same verdicts where a computer has one, else the computer itself."""
    return _quicker(computer) if isinstance(computer, LibcryptoSm2) else computer


@cache
def _quicker(computer: LibcryptoSm2) -> Sm2:
    from tongxing.media.crypto.providers import is_right

    try:
        quicker = PointsSm2(computer)
        return quicker if is_right(quicker) else computer
    except LibcryptoUnfit:
        return computer
