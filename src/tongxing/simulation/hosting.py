"""Where a simulated house runs: here, in a thread, or in a process that can really be killed.

A *host* holds one object and calls its methods in the order they were sent. All kinds behave
alike, so that a test can follow a day in one process and a demo can use every core. What is called
travels by name, what is said by value; nothing is shared. A host never retries: whoever sent a
request to a house that died decides what to do.
"""

import contextlib
import gc
import os
import signal
import threading
import traceback
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from tongxing.kernel.reasons import Problem

Held = TypeVar("Held")
Result = TypeVar("Result")
Params = ParamSpec("Params")

Report = Callable[[object], None]
"""What a held object calls to say how far it is; the host's owner hears it."""

_GC_THRESHOLD = (200_000, 20, 50)
"""A house keeps hundreds of thousands of values that never form a cycle: looking through them at
Python's usual rhythm would cost a tenth of the day."""

_SPAWN = get_context("spawn")


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Look for cycles as rarely as a house's own process does, while houses are held here."""
    before = gc.get_threshold()
    gc.set_threshold(*_GC_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class HouseDied(Exception):
    """The house ended without an answer. Nobody knows whether it had committed."""


class HouseFailed(RuntimeError):
    """A bug inside a house; the text is its traceback."""


class Killed(BaseException):
    """Ends a house that runs in this process, as SIGKILL ends one that has its own.

    Not an Exception: nothing inside the house may catch it and carry on.
    """


class Host(ABC, Generic[Held]):
    """Holds one object; answers come back in the order of the requests.

    At most a few requests may wait unanswered: both ends write into pipes of limited size.
    """

    @abstractmethod
    def send(
        self,
        method: Callable[Concatenate[Held, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> "Pending[Result]":
        """Ask for a method's result without waiting for it."""

    def call(
        self,
        method: Callable[Concatenate[Held, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Ask for a method's result and wait."""
        return self.send(method, *args, **kwargs).result()

    @abstractmethod
    def close(self) -> None:
        """End the object in good order."""

    def abandon(self) -> None:
        """End it without waiting for what it is doing."""
        self.close()


class Pending(Generic[Result]):
    """An answer that may not have come yet."""

    def __init__(self, fetch: Callable[[], Result]) -> None:
        self._fetch = fetch
        self._known: list[Result] = []

    def result(self) -> Result:
        """Wait for the answer. Raises HouseDied, HouseFailed or the Problem the house raised."""
        if not self._known:
            self._known.append(self._fetch())
        return self._known[0]


class InlineHost(Host[Held]):
    """Calls at once, in this process. A kill ends the object and every later call."""

    def __init__(self, build: Callable[..., Held], *config: Any, hear: Report) -> None:
        self._held: Held | None = build(*config, hear)

    def send(
        self,
        method: Callable[Concatenate[Held, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Pending[Result]:
        try:
            if self._held is None:
                raise HouseDied
            answer = method(self._held, *args, **kwargs)
        except (Killed, HouseDied):
            self._held = None
            return Pending(_raise_died)
        return Pending(lambda: answer)

    def close(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            _close_held(held)


class ProcessHost(Host[Held]):
    """Runs the object in a process of its own, which ends when this one does, however it ends."""

    def __init__(self, build: Callable[..., Held], *config: Any, hear: Report) -> None:
        self._hear = hear
        self._ours, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, build, config))
        self._process.start()
        theirs.close()
        self._waiting: deque[list[Any]] = deque()

    def send(
        self,
        method: Callable[Concatenate[Held, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Pending[Result]:
        slot: list[Any] = []
        try:
            self._ours.send((method, args, kwargs))
        except OSError:  # the process is gone, or this end is closed already
            return Pending(_raise_died)
        self._waiting.append(slot)
        return Pending(lambda: self._answer(slot))

    def close(self) -> None:
        """Ask the process to end; after a while end it."""
        with contextlib.suppress(OSError):
            self._ours.send(None)
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._ours.close()

    def abandon(self) -> None:
        self._process.kill()
        self._process.join()
        self._ours.close()

    def _answer(self, slot: list[Any]) -> Any:
        """Read answers, oldest request first, until the one for `slot` is there."""
        while not slot:
            try:
                kind, content = self._ours.recv()
            except (EOFError, OSError) as error:
                self._process.join()
                raise HouseDied(self._process.exitcode) from error
            if kind == "report":
                self._hear(content)
            else:
                self._waiting.popleft().append((kind, content))
        kind, content = slot[0]
        if kind == "failed":
            raise HouseFailed(content)
        if kind == "problem":
            code, where, values = content
            raise Problem(code, where, **values)
        return content


class ThreadHost(Host[Held]):
    """Runs the object in a thread of its own: for work that waits for the disk more than it works.

    Such an object dies only with its process.
    """

    def __init__(self, build: Callable[..., Held], *config: Any, hear: Report) -> None:
        self._requests: SimpleQueue[Any] = SimpleQueue()
        self._answers: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        self._waiting: deque[list[tuple[bool, Any]]] = deque()
        self._thread = threading.Thread(target=self._live, args=(build, config, hear), daemon=True)
        self._thread.start()

    def send(
        self,
        method: Callable[Concatenate[Held, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Pending[Result]:
        slot: list[tuple[bool, Any]] = []
        self._waiting.append(slot)
        self._requests.put((method, args, kwargs))
        return Pending(lambda: self._answer(slot))

    def close(self) -> None:
        self._requests.put(None)
        self._thread.join()

    def _answer(self, slot: list[tuple[bool, Any]]) -> Any:
        while not slot:
            self._waiting.popleft().append(self._answers.get())
        good, content = slot[0]
        if not good:
            raise content
        return content

    def _live(self, build: Callable[..., Held], config: tuple[Any, ...], hear: Report) -> None:
        held: Held | None = None
        while (request := self._requests.get()) is not None:
            method, args, kwargs = request
            try:
                if held is None:
                    held = build(*config, hear)
                self._answers.put((True, method(held, *args, **kwargs)))
            except Exception as error:
                self._answers.put((False, error))
        if held is not None:
            _close_held(held)


def kill_own_process() -> None:
    """End this process the way a power cut does: no clean-up, nothing flushed, no farewell."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def _raise_died() -> Any:
    raise HouseDied


def _close_held(held: object) -> None:
    close = getattr(held, "close", None)
    if close is not None:
        close()


def _serve(connection: Connection, build: Callable[..., Any], config: tuple[Any, ...]) -> None:
    """The life of a house's own process: build the object, answer until told to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process to handle
    gc.set_threshold(*_GC_THRESHOLD)  # for the whole life of this process
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def report(content: object) -> None:
        connection.send(("report", content))

    held: Any = None
    try:
        while (request := connection.recv()) is not None:
            try:
                if held is None:
                    held = build(*config, report)
                method, args, kwargs = request
                answer = ("answer", method(held, *args, **kwargs))
            except Problem as problem:
                refusal = problem.refusal
                answer = ("problem", (refusal.code, refusal.where, dict(refusal.values)))
            except Exception:
                answer = ("failed", traceback.format_exc())
            connection.send(answer)
        if held is not None:
            _close_held(held)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(1)  # the first process is gone: its books are its own matter, ours end here


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
