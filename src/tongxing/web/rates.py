"""How many requests may come from whom.

Counts are kept in this process, by keys that are bounded in number, so that strangers cannot fill
the memory with made-up names.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from tongxing.kernel.reasons import Refusal


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
