"""Whose turn it is: one thread works on a site, and each terminal has a queue of its own.

The terminals are served one after the other, so that a crowd at one lane delays the others by one
passenger and no more. Between two passengers comes at most one piece of other work. What was taken
into a queue is always worked off, also when the gate is told to stop.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from tongxing.deciding.facts import Decision
from tongxing.media.card.legacy import LegacyFace
from tongxing.media.card.link import CardLink

WAITING_MAX = 4
"""How many media may wait at one terminal; more than people can hold there."""

Medium = bytes | CardLink | LegacyFace


@dataclass(frozen=True, slots=True)
class Showing:
    """A medium that waits at a terminal; `ended` gets the decision, None when there was none."""

    terminal: str
    medium: Medium
    ended: "Future[Decision | None]" = field(default_factory=Future)


Job = Callable[[], None]


class Turns:
    """The queues. Any thread may put in; one takes out."""

    def __init__(self, terminals: Iterable[str]) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Showing]] = {name: deque() for name in terminals}
        self._order = deque(self._waiting)
        self._jobs: deque[Job] = deque()
        self._job_is_next = False
        self._closed = False

    def show(self, showing: Showing) -> bool:
        """Take a medium in; False when too many wait there, or the gate stops."""
        with self._changed:
            waiting = self._waiting[showing.terminal]
            if self._closed or len(waiting) >= WAITING_MAX:
                return False
            waiting.append(showing)
            self._changed.notify()
            return True

    def again(self, showing: Showing) -> None:
        """Take in, before those that wait there, a medium that had been taken out and put aside."""
        with self._changed:
            self._waiting[showing.terminal].appendleft(showing)
            self._changed.notify()

    def ask(self, job: Job) -> bool:
        """Take other work in; False when the gate stops."""
        with self._changed:
            if self._closed:
                return False
            self._jobs.append(job)
            self._changed.notify()
            return True

    def next(self) -> Showing | Job | None:
        """What is to be done now, waiting for it; None when everything is done and closed."""
        with self._changed:
            while True:
                found = self._taken()
                if found is not None or self._closed:
                    return found
                self._changed.wait()

    def close(self) -> None:
        """Take nothing more in."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def depths(self) -> dict[str, int]:
        """How many media wait at each terminal."""
        with self._changed:
            return {name: len(waiting) for name, waiting in self._waiting.items()}

    def _taken(self) -> Showing | Job | None:
        if self._jobs and (self._job_is_next or not any(self._waiting.values())):
            self._job_is_next = False
            return self._jobs.popleft()
        for _ in range(len(self._order)):
            name = self._order[0]
            self._order.rotate(-1)
            if self._waiting[name]:
                self._job_is_next = True
                return self._waiting[name].popleft()
        return self._jobs.popleft() if self._jobs else None
