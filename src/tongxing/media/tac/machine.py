"""Compiles the vector kernels. Without numba they do not exist and numpy does the work; no answer
may depend on it."""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from tongxing.kernel import compiling
from tongxing.kernel.compiling import Function, inner

__all__ = ["can_compile", "entrance", "inner", "vector_code"]

Arguments = ParamSpec("Arguments")

_HERE = Path(__file__).parent


def can_compile() -> bool:
    """Whether numba is installed, on a machine whose numbers have their lowest byte first."""
    return compiling.can_compile() and sys.byteorder == "little"


def entrance(function: Function) -> Function:
    """As `compiling.entrance` says."""
    return compiling.entrance(function, _folder())


def vector_code(
    function: Callable[Concatenate[Any, Arguments], Any],
) -> Callable[Arguments, Any]:
    """A function that writes machine code itself, for compiled ones to call with all of its
    arguments but the first, numba's own. Raises ImportError without numba."""
    from numba.extending import intrinsic

    found: Callable[Arguments, Any] = intrinsic(function)
    return found


@cache
def _folder() -> Path:
    return compiling.cache_folder(
        sorted((*_HERE.glob("*.py"), *_HERE.glob("*.toml"), *_HERE.glob("compiled/*.py")))
    )
