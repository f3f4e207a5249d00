"""Virtual time: what happens next, in order of time and, within a second, of being planned.

There is no other clock in a simulated day. An action may plan further actions, never earlier ones.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

Action = Callable[..., None]


class Timeline:
    """Planned actions by time. `now_s` is the time of the one that runs."""

    def __init__(self, now_s: int) -> None:
        self.now_s = now_s
        self._planned: list[tuple[int, int, Action, tuple[Any, ...]]] = []
        self._number = 0

    def plan(self, time_s: int, action: Action, *args: Any) -> None:
        """Run ``action(*args)`` at `time_s`. Raises ValueError for a time that has passed."""
        if time_s < self.now_s:
            raise ValueError(f"{time_s} is before {self.now_s}")
        self._number += 1
        heappush(self._planned, (time_s, self._number, action, args))

    def run_until(self, until_s: int) -> None:
        """Run everything planned before `until_s`; then it is `until_s`."""
        planned = self._planned
        while planned and planned[0][0] < until_s:
            self.now_s, _, action, args = heappop(planned)
            action(*args)
        self.now_s = max(self.now_s, until_s)

    @property
    def next_s(self) -> int | None:
        """When the next action is due; None when nothing is planned."""
        return self._planned[0][0] if self._planned else None
