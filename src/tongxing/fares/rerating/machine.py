"""Compiles the kernel of re-rating. Without numba it does not exist, and re-rating takes the exact
Python way; nothing may depend on it."""

from functools import cache
from pathlib import Path

from tongxing.kernel import compiling
from tongxing.kernel.compiling import Function, can_compile

__all__ = ["can_compile", "compiled", "entrance"]

_HERE = Path(__file__).parent


def compiled(function: Function) -> Function:
    """As `compiling.inner` says, woven into its callers."""
    return compiling.inner(function, forceinline=True)


def entrance(function: Function) -> Function:
    """As `compiling.entrance` says."""
    return compiling.entrance(function, _folder())


@cache
def _folder() -> Path:
    sources = ("layout.py", "machine.py")
    return compiling.cache_folder(
        (*(_HERE / name for name in sources), *sorted((_HERE / "kernel").glob("*.py")))
    )
