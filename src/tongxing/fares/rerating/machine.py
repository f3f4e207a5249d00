"""Compiles the kernel's functions, where the machine can: numba comes with the extra ``[fast]``.

What was compiled is kept in the user's cache folder under a digest of all kernel sources, since
numba itself looks only at the file of the outermost function. Without numba the kernel does not
exist, and re-rating takes the exact Python way; nothing may depend on it.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_cache_path

from tongxing.kernel.ids import digest

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent


def can_compile() -> bool:
    """Whether numba is installed."""
    return find_spec("numba") is not None


@cache
def cache_folder() -> Path:
    """Where machine code of exactly these sources is kept."""
    sources = [_HERE / "layout.py", *sorted((_HERE / "kernel").glob("*.py"))]
    name = digest(*(source.read_bytes() for source in sources))[:16]
    return user_cache_path("tongxing") / "kernels" / name


def compiled(function: Function) -> Function:
    """A function as machine code, for other compiled ones to call. Raises ImportError."""
    import numba

    found: Function = numba.njit(
        function, nogil=True, error_model="numpy", _nrt=False, forceinline=True
    )
    return found


def entrance(function: Function) -> Function:
    """A function as machine code, for Python to call: kept on disk, runs without the lock.

    Raises ImportError without numba.
    """
    import numba

    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(cache_folder())
    try:
        found: Function = numba.njit(
            function, nogil=True, cache=True, error_model="numpy", _nrt=False
        )
    finally:
        numba.config.CACHE_DIR = before
    return found
