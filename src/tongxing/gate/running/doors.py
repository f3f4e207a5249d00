"""Doors: an order to open goes out after the journal has the tap, and never waits at a reader.

Each door has a thread of its own, so that one that hangs keeps nobody else's lane. An order that a
door does not take is told on its screen: the passenger has been let in and stands before a shut
lane, so the staffed one takes over.
"""

import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tongxing.gate.running.config import FileRelaySpec, TcpRelaySpec
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.readers.tcp import parse_address

ANSWER_S = 2.0
_ORDERS_MAX = 8
_LINE_MAX = 64

Told = Callable[[Refusal | None], None]
"""Called with what is wrong with a door, or with None when it opened."""


class Relay(Protocol):
    """What opens a lane for a moment. Raises OSError when it could not."""

    def pulse(self, terminal: str, pulse_ms: int) -> None:
        """Open for so many milliseconds."""


class FileRelay:
    """A line of the machine, as a file: 1 for the time of the pulse, then 0."""

    def __init__(self, path: Path, sleep: Callable[[float], None] = time.sleep) -> None:
        self._path, self._sleep = path, sleep

    def pulse(self, terminal: str, pulse_ms: int) -> None:
        """Hold the line up for the pulse; it is let go whatever happens in between."""
        self._write(b"1")
        try:
            self._sleep(pulse_ms / 1000)
        finally:
            self._write(b"0")

    def _write(self, value: bytes) -> None:
        handle = os.open(self._path, os.O_WRONLY)
        try:
            os.write(handle, value)
        finally:
            os.close(handle)


class TcpRelay:
    """A door controller in the network: ``open TERMINAL MILLISECONDS`` is answered ``ok``."""

    def __init__(self, address: tuple[str, int], answer_s: float = ANSWER_S) -> None:
        self._address, self._answer_s = address, answer_s

    def pulse(self, terminal: str, pulse_ms: int) -> None:
        """One order on a connection of its own: an old one may have died unseen."""
        with socket.create_connection(self._address, self._answer_s) as connection:
            connection.settimeout(self._answer_s)
            connection.sendall(f"open {terminal} {pulse_ms}\n".encode())
            with connection.makefile("rb") as answers:
                answer = answers.readline(_LINE_MAX)
        if answer.strip() != b"ok":
            raise OSError("the door did not say ok")


def relay_of(spec: FileRelaySpec | TcpRelaySpec, file: Callable[[str], Path]) -> Relay:
    """The relay of a configuration; its address was checked when that was read."""
    if isinstance(spec, FileRelaySpec):
        return FileRelay(file(spec.path))
    address = parse_address(spec.address)
    assert not isinstance(address, Refusal)
    return TcpRelay(address)


class Door:
    """One door, opened for one order after the other."""

    def __init__(self, name: str, relay: Relay, pulse_ms: int, told: Callable[[str], Told]) -> None:
        self._relay, self._pulse_ms, self._told = relay, pulse_ms, told
        self._orders: queue.Queue[str | None] = queue.Queue()
        self.held_until = 0.0
        self.opened_for = ""
        self._thread = threading.Thread(target=self._work, name=f"door {name}", daemon=True)

    def start(self) -> None:
        """Take orders from now on."""
        self._thread.start()

    def open(self, terminal: str) -> None:
        """Order it to open for whoever stands at this terminal; returns at once."""
        self.opened_for = terminal
        self.held_until = time.monotonic() + self._pulse_ms / 1000
        if self._orders.qsize() < _ORDERS_MAX:
            self._orders.put(terminal)
        else:
            self._told(terminal)(Refusal("LANE_DOOR", values={"detail": "busy"}))

    def is_held_for_another(self, terminal: str) -> bool:
        """Whether somebody is passing from the other side at this moment."""
        return self.opened_for != terminal and time.monotonic() < self.held_until

    def stop(self) -> None:
        """Carry out what was ordered, then end."""
        self._orders.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (terminal := self._orders.get()) is not None:
            told = self._told(terminal)
            try:
                self._relay.pulse(terminal, self._pulse_ms)
            except OSError as error:
                told(Refusal("LANE_DOOR", values={"detail": error.strerror or str(error)}))
            else:
                told(None)
