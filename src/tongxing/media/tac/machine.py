"""Compiles the vector kernels, where the machine can: numba comes with the extra ``[fast]``.

What was compiled is kept in the user's cache folder under a digest of all sources that it came
from, since numba itself looks only at the file of the outermost function. Without numba the kernels
do not exist and numpy does the work; no answer may depend on it.
"""

import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from platformdirs import user_cache_path

from tongxing.kernel.ids import digest

Function = TypeVar("Function", bound=Callable[..., Any])
Arguments = ParamSpec("Arguments")

_HERE = Path(__file__).parent


def can_compile() -> bool:
    """Whether numba is installed, on a machine whose numbers have their lowest byte first."""
    return find_spec("numba") is not None and sys.byteorder == "little"


@cache
def cache_folder() -> Path:
    """Where machine code of exactly these sources is kept."""
    sources = sorted((*_HERE.glob("*.py"), *_HERE.glob("*.toml"), *_HERE.glob("compiled/*.py")))
    name = digest(*(source.read_bytes() for source in sources))[:16]
    return user_cache_path("tongxing") / "kernels" / name


def inner(function: Function) -> Function:
    """A function as machine code, for other compiled ones to call. Raises ImportError."""
    import numba

    found: Function = numba.njit(function, nogil=True, error_model="numpy", _nrt=False)
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


def vector_code(
    function: Callable[Concatenate[Any, Arguments], Any],
) -> Callable[Arguments, Any]:
    """A function that writes machine code itself, for compiled ones to call with all of its
    arguments but the first, numba's own. Raises ImportError without numba."""
    from numba.extending import intrinsic

    found: Callable[Arguments, Any] = intrinsic(function)
    return found
