"""Where batches of many devices wait for one another: all that wait are taken in together.

The city's intake is one writer, and its commit is one wait for the disk, however many batches it
holds; so whatever has come in while it wrote is the next call. An answer is handed out only after
the commit. When the books go away, everybody who waits is told so, and the intake is opened anew.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol

import psycopg

from tongxing.city.fleet import DeviceBatch
from tongxing.kernel.reasons import Problem, Refusal

Answer = bytes | Refusal
TOGETHER_MAX = 40
WAITING_MAX = 400
_UNSTORABLE = (psycopg.DataError, OverflowError, ValueError)
_log = logging.getLogger("tongxing.api")


class Intake(Protocol):
    """The city, as far as it takes batches of devices."""

    def intake_of_devices(
        self, batches: Sequence[DeviceBatch], received_s: int
    ) -> list[Answer]: ...

    def close(self) -> None: ...


class Letterbox:
    """Takes in what comes, in a thread of its own. `open_intake` opens the city's books, and is
    called again whenever they were lost."""

    def __init__(self, open_intake: Callable[[], Intake], clock: Callable[[], int]) -> None:
        self._open, self._clock = open_intake, clock
        self._intake: Intake | None = None
        self._waiting: queue.Queue[tuple[DeviceBatch, Future[Answer]] | None] = queue.Queue(
            WAITING_MAX
        )
        self._thread = threading.Thread(target=self._run, name="letterbox", daemon=True)
        self._thread.start()

    def put(self, batch: DeviceBatch) -> "Future[Answer]":
        """The answer to a batch, once it is committed. Refuses INTAKE_BUSY when too many wait, and
        when the books are away; MESSAGE_BODY for what no book can hold."""
        future: Future[Answer] = Future()
        try:
            self._waiting.put_nowait((batch, future))
        except queue.Full:
            future.set_result(Refusal("INTAKE_BUSY"))
        return future

    def close(self) -> None:
        """Take in what waits, then end."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            together, is_over = self._next()
            if together:
                for (_, future), answer in zip(
                    together, self._answers([batch for batch, _ in together]), strict=True
                ):
                    if future.set_running_or_notify_cancel():
                        future.set_result(answer)
            if is_over:
                self._lose()
                return

    def _next(self) -> tuple[list[tuple[DeviceBatch, "Future[Answer]"]], bool]:
        """What waits, and whether that was the last."""
        found = self._waiting.get()
        together = []
        while found is not None:
            together.append(found)
            if len(together) == TOGETHER_MAX:
                return together, False
            try:
                found = self._waiting.get_nowait()
            except queue.Empty:
                return together, False
        return together, True

    def _answers(self, batches: Sequence[DeviceBatch]) -> list[Answer]:
        """The answers to batches; when they cannot be taken together, to each by itself, so that
        one which no book can hold harms no other."""
        try:
            if self._intake is None:
                self._intake = self._open()
            return self._intake.intake_of_devices(batches, self._clock())
        except (psycopg.OperationalError, psycopg.InterfaceError, Problem):
            _log.exception("the books are away; %d batches must come again", len(batches))
            self._lose()
            return [Refusal("INTAKE_BUSY")] * len(batches)
        except Exception as error:
            self._lose()
            if len(batches) > 1:
                return [answer for batch in batches for answer in self._answers([batch])]
            if isinstance(error, _UNSTORABLE):
                where = batches[0].device.device
                return [Refusal("MESSAGE_BODY", where, {"detail": type(error).__name__})]
            _log.exception("a batch of %s could not be taken in", batches[0].device.device)
            return [Refusal("API_FAILED")]

    def _lose(self) -> None:
        """Let go of the books; they are opened again when they are next needed."""
        intake, self._intake = self._intake, None
        if intake is not None:
            intake.close()
