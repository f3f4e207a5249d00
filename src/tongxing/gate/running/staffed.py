"""The lanes of a site as a condition of entry sees them, with what staff have just found at one.

Staff check somebody by hand and say so; the next medium at that lane is theirs, and only that one.
What they found is forgotten with it, or after half a minute.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from tongxing.deciding.facts import EntryLane
from tongxing.entry import StaffCheck

CHECKED_S = 30.0


class StaffedLanes(Mapping[str, EntryLane]):
    """The lanes by terminal. `clock` gives seconds that only run forward."""

    def __init__(
        self, lanes: Mapping[str, EntryLane], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lanes, self._clock = dict(lanes), clock
        self._lock = threading.Lock()
        self._found: dict[str, tuple[StaffCheck, float]] = {}

    def __getitem__(self, terminal: str) -> EntryLane:
        here = self._lanes[terminal]
        with self._lock:
            found, until = self._found.get(terminal, ("none", 0.0))
        if found == "none" or self._clock() >= until:
            return here
        return replace(here, lane=replace(here.lane, staff_check=found))

    def __iter__(self) -> Iterator[str]:
        return iter(self._lanes)

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def manual(self) -> frozenset[str]:
        """The terminals at which staff check."""
        return frozenset(name for name, one in self._lanes.items() if one.lane.kind == "manual")

    def checked(self, terminal: str, passed: bool) -> bool:
        """Staff have checked who comes next at a manual lane; False where there is none."""
        if terminal not in self.manual:
            return False
        with self._lock:
            self._found[terminal] = "passed" if passed else "failed", self._clock() + CHECKED_S
        return True

    def used(self, terminal: str) -> None:
        """A medium was decided about: what staff found was about that one."""
        with self._lock:
            self._found.pop(terminal, None)
