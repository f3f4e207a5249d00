"""Compiles the loops, and keeps them; see `kernel.compiling`. Without numba there are none."""

import linecache
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tongxing.kernel import compiling
from tongxing.kernel.compiling import entrance, inner
from tongxing.kernel.files import write_whole
from tongxing.kernel.ids import digest

_HERE = Path(__file__).parent
_LOOPS_KEPT = 24


def can_compile() -> bool:
    """Whether numba is installed, on a machine whose numbers have their lowest byte first."""
    return compiling.can_compile() and sys.byteorder == "little"


def loop_of(source: str, name: str) -> Callable[..., Any]:
    """The function of that name in a source that knows what `pieces` knows, compiled. What lies in
    the cache is only asked for machine code: the source that is run is this one.

    Raises ImportError without numba.
    """
    from tongxing.clearing.engines.compiled import pieces

    path = _folder() / f"loop-{digest(source)[:16]}.py"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # its time is part of the name under which machine code is kept
            write_whole(path, source.encode())
            _forget_old(path.parent)
    lines = source.splitlines(keepends=True)
    linecache.cache[str(path)] = (len(source), None, lines, str(path))
    found = {**vars(pieces)}  # with its name: kept machine code asks for the module it came from
    exec(compile(source, str(path), "exec"), found)
    function: Callable[..., Any] = found[name]
    return entrance(function, path.parent) if path.exists() else inner(function)


def _forget_old(folder: Path) -> None:
    """Loops are made anew for other rules: only the latest are kept. Raises OSError."""
    sources = sorted(folder.glob("loop-*.py"), key=lambda path: path.stat().st_mtime)
    for source in sources[:-_LOOPS_KEPT]:
        for path in folder.rglob(f"{source.stem}*"):
            path.unlink(missing_ok=True)


@cache
def put_in() -> Callable[..., Any]:
    """`pieces.put_in`, compiled. Raises ImportError without numba."""
    from tongxing.clearing.engines.compiled import pieces

    return entrance(pieces.put_in, _folder())


@cache
def _folder() -> Path:
    return compiling.cache_folder(sorted(_HERE.glob("*.py")))
