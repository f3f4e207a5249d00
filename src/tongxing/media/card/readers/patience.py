"""Waiting for somebody else's call, but not for ever: a reader that hangs must not hang a gate.

A call that cannot be cancelled runs in a thread of its own. When it is late the thread is left
behind (it cannot be ended) and the link is dead: its answer, should it come, is nobody's.
"""

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Late(Exception):
    """The call did not come back in time, or one before it did not."""


class Patience(Generic[T]):
    """Makes calls one after the other and waits at most `wait_s` seconds for each."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._calls: queue.SimpleQueue[Callable[[], T] | None] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()
        self.is_lost = False
        threading.Thread(target=self._work, daemon=True).start()

    def call(self, function: Callable[[], T]) -> T:
        """What the function returns. Raises Late, or what the function raises."""
        if self.is_lost:
            raise Late
        self._calls.put(function)
        try:
            end = self._ends.get(timeout=self._wait_s)
        except queue.Empty:
            self.is_lost = True
            raise Late from None
        if isinstance(end, BaseException):
            raise end
        return end

    def close(self, last: Callable[[], T]) -> None:
        """Make a last call and let the thread end: at once, or as soon as a late call is back."""
        try:
            self.call(last)
        except Late:
            self._calls.put(last)
        self.is_lost = True
        self._calls.put(None)

    def _work(self) -> None:
        while (function := self._calls.get()) is not None:
            try:
                self._ends.put(function())
            except BaseException as error:
                self._ends.put(error)
