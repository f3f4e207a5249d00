"""Compiles the SM2 kernel. Without numba it does not exist, and checks take another way."""

from functools import cache
from pathlib import Path

from tongxing.kernel import compiling
from tongxing.kernel.compiling import Function
from tongxing.kernel.compiling import inner as compiled

__all__ = ["compiled", "entrance"]

_HERE = Path(__file__).parent


def entrance(function: Function) -> Function:
    """As `compiling.entrance` says."""
    return compiling.entrance(function, _folder())


@cache
def _folder() -> Path:
    shared = (_HERE / name for name in ("curve.py", "machine.py", "tables.py"))
    return compiling.cache_folder((*shared, *sorted((_HERE / "kernel").glob("*.py"))))
