"""Who computes codes for many records: the engines of each algorithm, and which one for how many.

All engines of an algorithm answer alike, byte for byte; choosing is a matter of time only. The
compiled one exists where numba is installed.
"""

from functools import cache
from typing import Protocol

from tongxing.media.crypto.suites import SM4, suite_of
from tongxing.media.tac.blocks import Bytes
from tongxing.media.tac.machine import can_compile
from tongxing.media.tac.plain import OneByOne
from tongxing.media.tac.sliced import SlicedDes
from tongxing.media.tac.tabled import TabledSm4

NUMPY_FROM = {"SM4": 64, "3DES": 4_000}
"""Records from which the numpy engine is the faster one (measured on one machine)."""

COMPILED_FROM = 100_000
"""Records from which the compiled engine is worth loading (0.3 s) or, once, compiling (10 s)."""

COMPILED_AGAIN_FROM = 64
"""The same once something large has had it loaded: many small issuers in a large file."""

_loaded: set[str] = set()


class Engine(Protocol):
    """Computes for columns of bytes (`blocks.Bytes`), one row per record, without any vault.

    Data are 22 bytes a row for payments, 24 for loads. Rows may be none. Raises nothing of its own;
    whoever calls has seen to the shapes.
    """

    @property
    def name(self) -> str:
        """How measurements call it."""

    def card_keys(self, master: bytes, factors: Bytes) -> Bytes:
        """Card keys (n, 16) from an issuer's 16-byte key and card factors (n, 8)."""

    def codes(self, keys: Bytes, data: Bytes) -> Bytes:
        """Transaction codes (n, 4) under card keys (n, 16), of data (n, w)."""

    def issuer_codes(self, master: bytes, factors: Bytes, data: Bytes) -> Bytes:
        """Transaction codes (n, 4) of cards whose keys come from one issuer's key."""


@cache
def engines(algorithm: int) -> tuple[Engine, ...]:
    """The engines of an algorithm byte, slowest first. Raises ValueError for an unknown one."""
    suite = suite_of(algorithm)
    if suite is None:
        raise ValueError("nobody knows this algorithm byte")
    by_numpy: Engine = TabledSm4() if algorithm == SM4 else SlicedDes()
    found: tuple[Engine, ...] = (OneByOne(suite), by_numpy)
    return (*found, _compiled(algorithm)) if can_compile() else found


def engine_for(algorithm: int, count: int) -> Engine:
    """The engine that is done first with so many records. Raises ValueError as `engines` does."""
    found = engines(algorithm)
    suite = suite_of(algorithm)
    assert suite is not None
    if count >= (COMPILED_AGAIN_FROM if suite.name in _loaded else COMPILED_FROM):
        if can_compile():
            _loaded.add(suite.name)
        return found[-1]
    return found[0] if count < NUMPY_FROM[suite.name] else found[1]


def _compiled(algorithm: int) -> Engine:
    if algorithm == SM4:
        from tongxing.media.tac.compiled.sm4 import CompiledSm4

        return CompiledSm4()
    from tongxing.media.tac.compiled.des import CompiledDes

    return CompiledDes()
