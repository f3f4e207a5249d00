"""SM2 checks in nothing but Python: always there, on every machine, and public data only.

About 1.2 ms for a key seen for the first time and 0.3 ms for a tabled one. It never signs: its
time depends on the numbers, which would give a private key away (`sm2_simulated` is for tests).
"""

from functools import cache

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.curve import G, N, P, decode_point, number
from tongxing.media.crypto.points import INFINITY, Jacobian, add, double_times, to_affine
from tongxing.media.crypto.recent import Recent
from tongxing.media.crypto.sm2 import PublicKey, private_number, scalars_of
from tongxing.media.crypto.sm3 import DIGEST_BYTES
from tongxing.media.crypto.tables import (
    TABLES_MAX,
    Point,
    Table,
    build_table,
    digits,
)

_WINDOW_BITS = 5
_WINDOW = 1 << _WINDOW_BITS
_ODD_MULTIPLES = _WINDOW // 4


class PlainSm2:
    """The computer that needs nothing. It keeps the tables of its own last tabled keys."""

    name = "plain"

    def __init__(self) -> None:
        self._known: Recent[Point, Table] = Recent(build_table, TABLES_MAX)

    def key(self, public: bytes, *, tabled: bool = False) -> PublicKey | None:
        point = decode_point(public)
        if point is None:
            return None
        if tabled:
            self._known.made(point)
        return PublicKey(*point)

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        return self.verify_digest(key, key.digest(message), signature)

    def verify_digest(self, key: PublicKey, digest: bytes, signature: bytes) -> bool:
        scalars = scalars_of(signature)
        if scalars is None or len(digest) != DIGEST_BYTES:
            return False
        r, s, t = scalars
        x, _, z = add_tabled(self._multiplied(key, t), generator_table(), s)
        return bool(z) and _is_x(x, z, (r - number(digest)) % N)

    def _multiplied(self, key: PublicKey, scalar: int) -> Jacobian:
        table = self._known.find((key.x, key.y))
        if table is None:
            return multiplied(key.x, key.y, scalar)
        return add_tabled(INFINITY, table, scalar)

    def sign(self, private: bytes, message: bytes) -> Refusal:
        return no_signer(private)

    def public_of(self, private: bytes) -> Refusal:
        return no_signer(private)


def no_signer(private: bytes) -> Refusal:
    """That no library is here that may compute with a private key. Raises ValueError for none."""
    private_number(private)
    return Refusal("SM2_NO_SIGNER")


@cache
def generator_table() -> Table:
    """The multiples of G."""
    return build_table(G)


def add_tabled(start: Jacobian, table: Table, scalar: int) -> Jacobian:
    """A point plus `scalar` times the point of the table."""
    reached = start
    for row, digit in zip(table, digits(scalar), strict=True):
        if digit > 0:
            x, y = row[digit - 1]
            reached = add(reached, x, y)
        elif digit:
            x, y = row[-digit - 1]
            reached = add(reached, x, P - y)
    return reached


def multiplied(x: int, y: int, scalar: int) -> Jacobian:
    """`scalar` times a point on the curve, by a window of 5 bits over odd multiples."""
    odd = _odd_multiples(x, y)
    reached = INFINITY
    waiting = 0
    for digit in _windows(scalar):
        waiting += 1
        if digit:
            px, py = odd[abs(digit) >> 1]
            reached = add(double_times(reached, waiting), px, py if digit > 0 else P - py)
            waiting = 0
    return double_times(reached, waiting)


def _windows(scalar: int) -> list[int]:
    """The non-adjacent form of a number, highest first: odd digits below 16, zeros between."""
    found = []
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (_WINDOW - 1)
            if digit >= _WINDOW // 2:
                digit -= _WINDOW
            scalar -= digit
        found.append(digit)
        scalar >>= 1
    found.reverse()
    return found


def _odd_multiples(x: int, y: int) -> list[tuple[int, int]]:
    (twice,) = to_affine([double_times((x, y, 1), 1)])
    found: list[Jacobian] = [(x, y, 1)]
    for _ in range(_ODD_MULTIPLES - 1):
        found.append(add(found[-1], *twice))
    return to_affine(found)


def _is_x(x: int, z: int, wanted: int) -> bool:
    """Whether the plain x coordinate of a point is `wanted` modulo N, without an inversion."""
    zz = z * z % P
    return wanted * zz % P == x or (wanted + N < P and (wanted + N) * zz % P == x)
