"""A reader that is looked after: it may die, be pulled out and come back; its lane never crashes.

What is wrong with it is told once, and it is tried again and again, more slowly each time, until it
is there or the gate stops.
"""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from tongxing.gate.running.turns import Medium
from tongxing.kernel.reasons import Refusal

FIRST_S, LONGEST_S = 0.5, 15.0
LOOK_S = 0.2
"""How often a reader that waits looks whether the gate stops."""

_log = logging.getLogger("tongxing.gate")


Handed = Callable[[Medium], str]
"""Takes what a reader has read. Returns when the medium may leave (a code at once, a card after the
lane was told): the outcome and the reason, "" where there is no answer."""


class Reader(ABC):
    """One reader of a terminal. Subclasses work in `read` until they raise or are stopped.

    `waits`: it hands on each medium once and waits for the decision. Other readers see a code many
    times while it is held there, and never wait.
    """

    waits = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.trouble: Refusal | None = None
        self.is_ready = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._tell: Callable[[Refusal | None], None] = lambda _refusal: None

    def start(self, hand: Handed, tell: Callable[[Refusal | None], None]) -> None:
        """Read from now on. `tell` hears what is wrong, and None when nothing is any more."""
        self._tell = tell
        self._thread = threading.Thread(
            target=self._run, args=(hand,), name=f"reader {self.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Read nothing any more; what has been handed on stays."""
        self._stopping.set()

    def join(self, wait_s: float) -> None:
        """Wait for the thread to end; one that hangs in its hardware is left behind."""
        if self._thread is not None:
            self._thread.join(wait_s)

    @abstractmethod
    def read(self, hand: Handed) -> Refusal | None:
        """Open the hardware and read it. What ended it, None when it was stopped. OSError is
        trouble too."""

    @property
    def stopping(self) -> bool:
        """Whether the gate wants no more."""
        return self._stopping.is_set()

    def pause(self, seconds: float) -> bool:
        """Wait; whether the reader goes on afterwards."""
        return not self._stopping.wait(seconds)

    def ready(self) -> None:
        """The hardware is there and can be read."""
        self.is_ready = True
        self._say(None)

    def _run(self, hand: Handed) -> None:
        wait_s = FIRST_S
        while not self.stopping:
            self.is_ready = False
            try:
                ended = self.read(hand)
            except OSError as error:
                detail = error.strerror or str(error)
                ended = Refusal(
                    "LANE_READER_GONE", self.name, {"name": self.name, "detail": detail}
                )
            except Exception:
                _log.exception("reader %s failed", self.name)
                values = {"name": self.name, "detail": "bug"}
                ended = Refusal("LANE_READER_GONE", self.name, values)
            if self.stopping or ended is None:
                continue
            wait_s = FIRST_S if self.is_ready else min(wait_s * 2, LONGEST_S)
            self.is_ready = False
            self._say(ended)
            self.pause(wait_s)

    def _say(self, refusal: Refusal | None) -> None:
        self.trouble = refusal
        self._tell(refusal)
