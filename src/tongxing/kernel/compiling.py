"""Compiles functions, where the machine can: numba comes with the extra ``[fast]``.

What was compiled is kept in the user's cache folder under a digest of all sources that it came
from, since numba itself looks only at the file of the outermost function; each room with such
functions names its own sources in a `machine.py`. Where nothing can be kept, it is compiled anew.
Of several processes that need the same function first, one compiles it and the others wait.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar

from platformdirs import user_cache_path

from tongxing.kernel.ids import digest

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__)


def can_compile() -> bool:
    """Whether numba is installed."""
    return find_spec("numba") is not None


def cache_folder(sources: Iterable[Path]) -> Path:
    """Where machine code of exactly these sources, compiled in this way, is kept."""
    name = digest(*(source.read_bytes() for source in (_HERE, *sources)))[:16]
    return user_cache_path("tongxing") / "kernels" / name


def inner(function: Function, *, forceinline: bool = False) -> Function:
    """A function as machine code, for other compiled ones to call. Raises ImportError."""
    import numba

    found: Function = numba.njit(
        function, nogil=True, error_model="numpy", _nrt=False, forceinline=forceinline
    )
    return found


def entrance(function: Function, folder: Path) -> Function:
    """A function as machine code, for Python to call: runs without the lock, and is kept in
    `folder` where this user may write.

    Raises ImportError without numba.
    """
    import numba

    keep = _is_writable(folder)
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(folder)
    try:
        found: Function = numba.njit(
            function, nogil=True, cache=keep, error_model="numpy", _nrt=False
        )
    finally:
        numba.config.CACHE_DIR = before
    if keep:
        source = Path(function.__code__.co_filename).stem
        _compile_alone(found, folder / f"{source}.{function.__name__}.lock")
    return found


def _compile_alone(found: Any, lock: Path) -> None:
    """Compile only while no other process compiles the same: then read what that one has kept."""
    from numba.core.compiler_lock import global_compiler_lock

    compiled = found.compile

    def alone(signature: Any) -> Any:
        with global_compiler_lock, _held(lock):
            try:
                return compiled(signature)
            except OSError:  # it is compiled, but there is no room to keep it
                return compiled(signature)

    found.compile = alone


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold a lock that ends with its process, also a killed one. Where there is none to be had,
    nobody waits, and at worst the same work is done twice."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with ExitStack() as held:
        with suppress(OSError):
            file = held.enter_context(lock.open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
            held.callback(fcntl.flock, file, fcntl.LOCK_UN)  # a child may have the file as well
        yield


def _is_writable(folder: Path) -> bool:
    """Whether a folder is there, or can be made, and takes a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
