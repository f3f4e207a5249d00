"""When a device calls again: soon while all goes well, ever later while it does not.

Devices that fail together must not come back together: the wait is drawn between half of it and
the whole. The longest wait bounds how long taps lie about once the city is back.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `in_flight` is how many batches travel at a time. What was refused is tried again
    after `refused_again_s`; a list that was damaged on its way sooner, first after
    `damaged_again_s`, then after twice that, and so on."""

    first_s: float = 2.0
    longest_s: float = 120.0
    in_flight: int = 8
    refused_again_s: int = 900
    damaged_again_s: int = 30


class Backoff:
    """How long to wait after failures in a row; `chance` gives numbers from 0 up to 1."""

    def __init__(self, pace: Pace, chance: Callable[[], float]) -> None:
        self._pace, self._chance = pace, chance
        self.failures = 0

    def succeeded(self) -> None:
        """All is well again."""
        self.failures = 0

    def failed(self, at_least_s: float = 0.0) -> float:
        """One more failure; how long to wait now. `at_least_s` is what the other side asked for."""
        self.failures += 1
        whole_s = min(self._pace.longest_s, self._pace.first_s * 2.0 ** min(self.failures - 1, 20))
        return max(at_least_s, whole_s * (0.5 + 0.5 * self._chance()))
