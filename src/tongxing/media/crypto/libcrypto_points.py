"""Points on the SM2 curve, added and multiplied by the system's OpenSSL: public data only.

Its ready-made check of a signature needs a key object for every key, which costs half as much as
the check; multiplying points needs none, and lets the multiples of a known key be kept. Pointers
never leave this module; what is scratch belongs to one thread. Not for private keys: the time
depends on the numbers.
"""

import ctypes
import threading
import weakref
from ctypes import c_char_p, c_int, c_size_t, c_void_p
from typing import Any

from tongxing.media.crypto.curve import NUMBER_BYTES, G, number_bytes
from tongxing.media.crypto.libcrypto import LibcryptoUnfit, load

_PLAIN_FORM = 4
_PLAIN_BYTES = 1 + 2 * NUMBER_BYTES

_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "OBJ_sn2nid": (c_int, (c_char_p,)),
    "EC_GROUP_new_by_curve_name": (c_void_p, (c_int,)),
    "EC_GROUP_free": (None, (c_void_p,)),
    "EC_GROUP_get0_order": (c_void_p, (c_void_p,)),
    "EC_GROUP_get0_cofactor": (c_void_p, (c_void_p,)),
    "EC_GROUP_set_generator": (c_int, (c_void_p,) * 4),
    "EC_GROUP_precompute_mult": (c_int, (c_void_p, c_void_p)),
    "EC_POINT_new": (c_void_p, (c_void_p,)),
    "EC_POINT_free": (None, (c_void_p,)),
    "EC_POINT_mul": (c_int, (c_void_p,) * 6),
    "EC_POINT_add": (c_int, (c_void_p,) * 5),
    "EC_POINT_oct2point": (c_int, (c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)),
    "EC_POINT_point2oct": (
        c_size_t, (c_void_p, c_void_p, c_int, c_void_p, c_size_t, c_void_p),
    ),
    "BN_CTX_new": (c_void_p, ()),
    "BN_CTX_free": (None, (c_void_p,)),
    "BN_new": (c_void_p, ()),
    "BN_free": (None, (c_void_p,)),
    "BN_bin2bn": (c_void_p, (c_char_p, c_int, c_void_p)),
    "ERR_clear_error": (None, ()),
}  # fmt: skip


class Group:
    """The curve with one point whose multiples are kept, as OpenSSL's generator of it."""

    __slots__ = ("__weakref__", "pointer")

    def __init__(self, library: ctypes.CDLL, pointer: int) -> None:
        self.pointer = pointer
        weakref.finalize(self, library.EC_GROUP_free, pointer).atexit = False


class Points:
    """The arithmetic. For any number of threads; raises LibcryptoUnfit when OpenSSL lacks it."""

    def __init__(self) -> None:
        self._library = _bound()
        self._curve = self._library.OBJ_sn2nid(b"SM2")
        self._scratch = threading.local()
        self._generator = self._group()
        self._keep_multiples(self._generator)

    def plain(self, encoded: bytes) -> bytes | None:
        """x and y (64 bytes) of a point of 33 or 65 bytes; None when it is off the curve."""
        one = self._thread()
        if not self._read(one, encoded):
            return None
        written = self._library.EC_POINT_point2oct(
            self._generator.pointer, one.point, _PLAIN_FORM, one.out, _PLAIN_BYTES, one.context
        )
        return one.out.raw[1:] if written == _PLAIN_BYTES else None

    def known(self, plain: bytes) -> Group:
        """A point (64 bytes) with its multiples, for `sum_with_known`. Takes about 1 ms."""
        group, one = self._group(), self._thread()
        self._need(self._read(one, b"\x04" + plain))
        order = self._library.EC_GROUP_get0_order(self._generator.pointer)
        cofactor = self._library.EC_GROUP_get0_cofactor(self._generator.pointer)
        self._need(
            self._library.EC_GROUP_set_generator(group.pointer, one.point, order, cofactor) == 1
        )
        self._keep_multiples(group)
        return group

    def sum_with(self, s: bytes, t: bytes, plain: bytes) -> bytes | None:
        """x of s·G + t·P (32 bytes) for a point P of 64 bytes; None at infinity."""
        one, library = self._thread(), self._library
        if not self._read(one, b"\x04" + plain):
            return None
        library.BN_bin2bn(s, len(s), one.first)
        library.BN_bin2bn(t, len(t), one.second)
        self._need(
            library.EC_POINT_mul(
                self._generator.pointer, one.reached, one.first, one.point, one.second, one.context
            )
            == 1
        )
        return self._x(one)

    def sum_with_known(self, s: bytes, t: bytes, known: Group) -> bytes | None:
        """x of s·G + t·P (32 bytes) for a known point P; None at infinity.

        A second factor of zero keeps OpenSSL from its slow way for secret numbers.
        """
        one, library = self._thread(), self._library
        library.BN_bin2bn(s, len(s), one.first)
        library.BN_bin2bn(t, len(t), one.second)
        for group, factor, reached in (
            (self._generator, one.first, one.reached),
            (known, one.second, one.point),
        ):
            self._need(
                library.EC_POINT_mul(
                    group.pointer, reached, factor, one.other, one.zero, one.context
                )
                == 1
            )
        self._need(
            library.EC_POINT_add(
                self._generator.pointer, one.reached, one.reached, one.point, one.context
            )
            == 1
        )
        return self._x(one)

    def _x(self, one: "_Scratch") -> bytes | None:
        written = self._library.EC_POINT_point2oct(
            self._generator.pointer, one.reached, _PLAIN_FORM, one.out, _PLAIN_BYTES, one.context
        )
        return one.out.raw[1 : 1 + NUMBER_BYTES] if written == _PLAIN_BYTES else None

    def _read(self, one: "_Scratch", encoded: bytes) -> bool:
        found = self._library.EC_POINT_oct2point(
            self._generator.pointer, one.point, encoded, len(encoded), one.context
        )
        if found != 1:
            self._library.ERR_clear_error()
        return bool(found == 1)

    def _thread(self) -> "_Scratch":
        try:
            found: _Scratch = self._scratch.one
        except AttributeError:
            found = self._scratch.one = _Scratch(self._library, self._generator)
        return found

    def _group(self) -> Group:
        pointer = self._library.EC_GROUP_new_by_curve_name(self._curve)
        self._need(bool(pointer))
        return Group(self._library, pointer)

    def _keep_multiples(self, group: Group) -> None:
        context = self._thread().context
        self._need(self._library.EC_GROUP_precompute_mult(group.pointer, context) == 1)

    def _need(self, fine: bool) -> None:
        if not fine:
            self._library.ERR_clear_error()
            raise LibcryptoUnfit


class _Scratch:
    """What one thread computes in; freed with the thread."""

    def __init__(self, library: ctypes.CDLL, generator: Group) -> None:
        self.out = ctypes.create_string_buffer(_PLAIN_BYTES)
        self.context: int = library.BN_CTX_new()
        numbers: list[int] = [library.BN_new() for _ in range(3)]
        points: list[int] = [library.EC_POINT_new(generator.pointer) for _ in range(3)]
        self.first, self.second, self.zero = numbers
        self.point, self.reached, self.other = points
        weakref.finalize(self, _release, library, self.context, numbers, points).atexit = False
        encoded = b"\x04" + number_bytes(G[0]) + number_bytes(G[1])
        found = library.EC_POINT_oct2point(
            generator.pointer, self.other, encoded, len(encoded), self.context
        )
        if not all((self.context, *numbers, *points)) or found != 1:
            raise LibcryptoUnfit


def _release(library: ctypes.CDLL, context: int, numbers: list[int], points: list[int]) -> None:
    for point in points:
        library.EC_POINT_free(point)
    for number in numbers:
        library.BN_free(number)
    library.BN_CTX_free(context)


def _bound() -> ctypes.CDLL:
    library = load()
    try:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise LibcryptoUnfit from error
    return library
