"""Compiles the kernel's functions, where the machine can: numba comes with the extra ``[fast]``.

What was compiled is kept in the user's cache folder, never beside the source. Without numba the
kernel does not exist, and re-rating takes the exact Python way; nothing may depend on it.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar

from platformdirs import user_cache_path

Function = TypeVar("Function", bound=Callable[..., Any])


def can_compile() -> bool:
    """Whether numba is installed."""
    return find_spec("numba") is not None


def compiled(function: Function) -> Function:
    """A function as machine code, releasing the interpreter's lock while it runs.

    Raises ImportError without numba.
    """
    import numba

    numba.config.CACHE_DIR = str(user_cache_path("tongxing") / "kernels")
    found: Function = numba.njit(function, nogil=True, cache=True, error_model="numpy")
    return found
