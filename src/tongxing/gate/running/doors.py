"""Doors: an order to open goes out after the journal has the tap, and never waits at a reader.

A door opens for a moment, or stands open while the city has ordered so. Each has a thread of its
own, so that one that hangs keeps nobody else's lane. An order that a door does not take is told on
its screen: the passenger has been let in and stands before a shut lane, so the staffed one takes
over.
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
"""Called with what is wrong with a door, or with None when it did as it was told."""
Order = Callable[[], None]


class Relay(Protocol):
    """What moves a lane's door. Raises OSError when it could not."""

    def pulse(self, terminal: str, pulse_ms: int) -> None:
        """Open for so many milliseconds."""

    def hold(self, terminal: str) -> None:
        """Open, and stay so until `release`."""

    def release(self, terminal: str) -> None:
        """Stand open no more."""


class FileRelay:
    """A line of the machine, as a file: 1 while the door is to stand open, else 0."""

    def __init__(self, path: Path, sleep: Callable[[float], None] = time.sleep) -> None:
        self._path, self._sleep = path, sleep

    def pulse(self, terminal: str, pulse_ms: int) -> None:
        """Hold the line up for the pulse; it is let go whatever happens in between."""
        self._write(b"1")
        try:
            self._sleep(pulse_ms / 1000)
        finally:
            self._write(b"0")

    def hold(self, terminal: str) -> None:
        """The line stays up, also after this process."""
        self._write(b"1")

    def release(self, terminal: str) -> None:
        """The line goes down."""
        self._write(b"0")

    def _write(self, value: bytes) -> None:
        handle = os.open(self._path, os.O_WRONLY)
        try:
            os.write(handle, value)
        finally:
            os.close(handle)


class TcpRelay:
    """A door controller in the network: ``open TERMINAL MILLISECONDS``, ``hold TERMINAL`` and
    ``release TERMINAL`` are answered ``ok``."""

    def __init__(self, address: tuple[str, int], answer_s: float = ANSWER_S) -> None:
        self._address, self._answer_s = address, answer_s

    def pulse(self, terminal: str, pulse_ms: int) -> None:
        """Open for a moment."""
        self._ask(f"open {terminal} {pulse_ms}")

    def hold(self, terminal: str) -> None:
        """Stand open, also when nobody asks any more."""
        self._ask(f"hold {terminal}")

    def release(self, terminal: str) -> None:
        """Stand open no more."""
        self._ask(f"release {terminal}")

    def _ask(self, order: str) -> None:
        """One order on a connection of its own: an old one may have died unseen."""
        with socket.create_connection(self._address, self._answer_s) as connection:
            connection.settimeout(self._answer_s)
            connection.sendall(f"{order}\n".encode())
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
    """One door: opened for one order after the other, or standing open for as long as it is told.

    `terminal` is the one in whose name it is held; what came of it is told there.
    """

    def __init__(
        self,
        name: str,
        terminal: str,
        relay: Relay,
        pulse_ms: int,
        told: Callable[[str], Told],
    ) -> None:
        self._relay, self._pulse_ms, self._told = relay, pulse_ms, told
        self._terminal = terminal
        self._orders: queue.Queue[Order | None] = queue.Queue()
        self.held_until = 0.0
        self.opened_for = ""
        self._stands = self._is_to_stand = self._is_unsettled = False
        self._thread = threading.Thread(target=self._work, name=f"door {name}", daemon=True)

    def start(self) -> None:
        """Take orders from now on."""
        self._thread.start()

    def open(self, terminal: str) -> None:
        """Order it to open for whoever stands at this terminal; returns at once. Nothing is to be
        done where it stands open."""
        if self._is_to_stand:
            return
        self.opened_for = terminal
        self.held_until = time.monotonic() + self._pulse_ms / 1000
        if self._orders.qsize() < _ORDERS_MAX:
            self._orders.put(lambda: self._pulse(terminal))
        else:
            self._told(terminal)(Refusal("LANE_DOOR", values={"detail": "busy"}))

    def stand(self, is_open: bool, anew: bool = False) -> None:
        """Whether it is to stand open. Ask as often as you like: a door that could not is asked
        again. `anew` asks it even if it is believed to stand so already."""
        self._is_to_stand = is_open
        self._is_unsettled |= anew
        if self._has_to_settle() and self._orders.empty():
            self._orders.put(self._settle)

    def is_held_for_another(self, terminal: str) -> bool:
        """Whether somebody is passing from the other side at this moment."""
        return (
            not self._is_to_stand
            and self.opened_for != terminal
            and time.monotonic() < self.held_until
        )

    def stop(self) -> None:
        """Carry out what was ordered, then end. One that stands open is left so."""
        self._orders.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            order()

    def _pulse(self, terminal: str) -> None:
        if not self._stands:  # a pulse would shut one that stands open
            self._try("LANE_DOOR", terminal, lambda: self._relay.pulse(terminal, self._pulse_ms))

    def _has_to_settle(self) -> bool:
        return self._is_unsettled or self._stands != self._is_to_stand

    def _settle(self) -> None:
        if not self._has_to_settle():
            return
        wanted = self._is_to_stand
        move = self._relay.hold if wanted else self._relay.release
        self._is_unsettled = True
        if self._try("LANE_DOOR_STANDS", self._terminal, lambda: move(self._terminal)):
            self._stands, self._is_unsettled = wanted, False

    def _try(self, code: str, terminal: str, move: Callable[[], None]) -> bool:
        told = self._told(terminal)
        try:
            move()
        except OSError as error:
            told(Refusal(code, values={"detail": error.strerror or str(error)}))
            return False
        told(None)
        return True
