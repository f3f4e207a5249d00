"""SM2 checks in machine code, for those who check thousands: several times OpenSSL's speed.

numba compiles the kernel on a machine's first use (some ten seconds) and keeps it in the user's
cache folder; loading it again costs under a second. What surrounds the arithmetic (hashing, the
range of r and s) stays in Python. Public data only: a private key goes to another computer.
"""

import numpy as np
from numpy.typing import NDArray

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.curve import G, N, P, decode_point, number
from tongxing.media.crypto.recent import Recent
from tongxing.media.crypto.sm2 import PublicKey, Sm2, scalars_of
from tongxing.media.crypto.sm3 import DIGEST_BYTES
from tongxing.media.crypto.tables import TABLES_MAX, Point, Table, build_table

Limbs = NDArray[np.uint64]

_LIMB_BYTES = 32
_FORM = (1 << 256) % P


class CompiledKey(PublicKey):
    """A public key with its point in the kernel's form, as a table of that one point."""

    __slots__ = ("point",)

    def __init__(self, x: int, y: int) -> None:
        super().__init__(x, y)
        self.point = limbs_of([[(x, y)]])


class CompiledSm2:
    """The computer over the kernel. `signer` does what needs a private key.

    For any number of threads. Raises ImportError without numba.
    """

    name = "compiled"

    def __init__(self, signer: Sm2) -> None:
        from tongxing.media.crypto.kernel import checking

        self._kernel = checking
        self._signer = signer
        self._generator = limbs_of(build_table(G))
        self._known: Recent[Point, Limbs] = Recent(lambda p: limbs_of(build_table(p)), TABLES_MAX)

    def key(self, public: bytes, *, tabled: bool = False) -> CompiledKey | None:
        point = decode_point(public)
        if point is None:
            return None
        if tabled:
            self._known.made(point)
        return CompiledKey(*point)

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        return self.verify_digest(key, key.digest(message), signature)

    def verify_digest(self, key: PublicKey, digest: bytes, signature: bytes) -> bool:
        """Whether the range is right and s·G + t·key has the x that was signed."""
        scalars = scalars_of(signature)
        if scalars is None or len(digest) != DIGEST_BYTES:
            return False
        table = self._known.find((key.x, key.y))
        if table is None:
            table = key.point if isinstance(key, CompiledKey) else limbs_of([[(key.x, key.y)]])
        r, s, t = scalars
        x = (r - number(digest)) % N
        x_too = x + N if x + N < P else x
        return bool(
            self._kernel.checks(
                self._generator,
                table,
                _limbs((s, t, x * _FORM % P, x_too * _FORM % P, _FORM)),
                np.empty((self._kernel.ODD_MULTIPLES, 12), np.uint64),
                np.empty(self._kernel.DIGITS, np.int8),
            )
        )

    def sign(self, private: bytes, message: bytes) -> bytes | Refusal:
        return self._signer.sign(private, message)

    def public_of(self, private: bytes) -> bytes | Refusal:
        return self._signer.public_of(private)


def limbs_of(table: Table) -> Limbs:
    """A table of points in the kernel's form: its rows and columns, then 8 limbs (x, y)."""
    numbers = [part * _FORM % P for row in table for point in row for part in point]
    return _limbs(numbers).reshape(len(table), len(table[0]), 8)


def _limbs(numbers: "list[int] | tuple[int, ...]") -> Limbs:
    """Numbers as rows of four limbs, lowest first."""
    raw = bytearray(b"".join([value.to_bytes(_LIMB_BYTES, "little") for value in numbers]))
    return np.frombuffer(raw, np.uint64).reshape(-1, 4)
