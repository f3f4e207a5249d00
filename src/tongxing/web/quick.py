"""Pages that are answered where the server listens, without a thread of their own.

Handing a request to a thread and back costs more than a page that asks the city's own database a
few questions (`docs/benchmarks.md`, "A passenger's pages"). Such a page waits for nothing else: not
for a partner, not for a lock that is held long. All others are plain functions, which the framework
gives a thread.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


def quick(page: Callable[_Asked, _Answer]) -> Callable[_Asked, Awaitable[_Answer]]:
    """A page that is answered at once."""

    @wraps(page)
    async def at_once(*given: _Asked.args, **named: _Asked.kwargs) -> _Answer:
        return page(*given, **named)

    return at_once
