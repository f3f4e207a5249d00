"""How much may come from whom: bodies by bytes and seconds, requests by device and by address.

Counts are kept in this process, by keys that are bounded in number, so that strangers cannot fill
the memory with made-up names.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from starlette.requests import Request

from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """`body_bytes` holds a batch of 500 taps with cards' proofs and ride codes. A device may send
    `burst` requests at once and `a_second` for ever; a stranger's address far fewer."""

    body_bytes: int = 2 << 20
    header_bytes: int = 4_096
    body_s: float = 20.0
    burst: int = 240
    a_second: float = 20.0
    strangers_burst: int = 120
    strangers_a_second: float = 2.0
    known_most: int = 20_000


class Rates:
    """A bucket of requests for each key; `clock` gives seconds that only rise."""

    def __init__(self, burst: int, a_second: float, most: int, clock: Callable[[], float]) -> None:
        self._burst, self._a_second, self._most, self._clock = burst, a_second, most, clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def refuses(self, key: Hashable) -> Refusal | None:
        """Count a request; TOO_MANY_REQUESTS when there is none left for this key."""
        now = self._clock()
        with self._lock:
            left, since = self._left.pop(key, (float(self._burst), now))
            left = min(self._burst, left + (now - since) * self._a_second)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, now)
            while len(self._left) > self._most:
                self._left.popitem(last=False)
        return None if allowed else Refusal("TOO_MANY_REQUESTS")


async def whole_body(request: Request, limits: Limits) -> bytes | Refusal:
    """The body of a request. Refuses BODY_TOO_LARGE, without reading on, and BODY_SLOW."""
    most = limits.body_bytes
    too_large = Refusal("BODY_TOO_LARGE", values={"most": most})
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated[:20]) > most:
        return too_large
    found = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            async for part in request.stream():
                found += part
                if len(found) > most:
                    return too_large
    except TimeoutError:
        return Refusal("BODY_SLOW", values={"most": int(limits.body_s)})
    return bytes(found)
