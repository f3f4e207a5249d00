"""Compiles the SM2 kernel, where the machine can: numba comes with the extra ``[fast]``.

What was compiled is kept in the user's cache folder under a digest of all sources that go into it,
since numba itself looks only at the file of the outermost function. Without numba the kernel does
not exist, and checks take another way; nothing may depend on it.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar

from platformdirs import user_cache_path

from tongxing.kernel.ids import digest

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent


@cache
def cache_folder() -> Path:
    """Where machine code of exactly these sources is kept."""
    shared = (_HERE / name for name in ("curve.py", "machine.py", "tables.py"))
    sources = (*shared, *sorted((_HERE / "kernel").glob("*.py")))
    name = digest(*(source.read_bytes() for source in sources))[:16]
    return user_cache_path("tongxing") / "kernels" / f"sm2-{name}"


def compiled(function: Function) -> Function:
    """A function as machine code, for other compiled ones to call. Raises ImportError."""
    import numba

    found: Function = numba.njit(function, nogil=True, error_model="numpy", _nrt=False)
    return found


def entrance(function: Function) -> Function:
    """A function as machine code, for Python to call: runs without the lock, and is kept on disk
    where this user may write.

    Raises ImportError without numba.
    """
    import numba

    keep = is_writable(cache_folder())
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(cache_folder())
    try:
        found: Function = numba.njit(
            function, nogil=True, cache=keep, error_model="numpy", _nrt=False
        )
    finally:
        numba.config.CACHE_DIR = before
    return found


def is_writable(folder: Path) -> bool:
    """Whether a folder is there, or can be made, and takes a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
