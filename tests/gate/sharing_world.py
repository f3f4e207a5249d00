"""Validators of a station on real sockets, and a network between them that misbehaves."""

import itertools
import random
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread

from gate_world import site_key

from deciding_world import DAY
from tongxing.gate.replay import Display, Mode, PassedTwice, ReplayEvent, ReplayModes, ReplayRules
from tongxing.gate.sharing import Address, DisplayDesk, RegisterServer
from tongxing.kernel.clock import at
from tongxing.messages import KeyRing

EIGHT = at(DAY, 8)
DEVICES = [f"V{number}" for number in range(1, 6)]
REGISTERS = {"STATION": "REG-STATION", "CENTRAL": "REG-CITY"}
DEVICE_KEYS = KeyRing({name: site_key(name).public_bytes() for name in DEVICES})
REGISTER_KEYS = KeyRing({name: site_key(name).public_bytes() for name in REGISTERS.values()})
PATIENT = ReplayRules({"CENTRAL": 3_000, "STATION": 3_000}, misses_most=1)
"""Waits long, so that a busy machine loses no answer; gives up at once where nobody is."""
HASTY = ReplayRules({"CENTRAL": 30, "STATION": 30}, misses_most=1)


def server(mode: Mode = "STATION", address: Address = ("127.0.0.1", 0)) -> RegisterServer:
    return RegisterServer(address, site_key(REGISTERS[mode]), DEVICE_KEYS, lambda: EIGHT)


def nobody() -> Address:
    """An address at which nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        address: Address = one.getsockname()[:2]
        return address


@dataclass
class Gate:
    """A validator: opens to displays that it has not seen and that nobody else has."""

    name: str
    places: dict[Mode, Address]
    rules: ReplayRules = PATIENT
    opened: list[Display] = field(default_factory=list)
    events: list[ReplayEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = itertools.count()
        self.desk = DisplayDesk(
            {mode: (place, REGISTERS[mode]) for mode, place in self.places.items()},
            ReplayModes(list(self.places), self.rules),
            site_key(self.name),
            REGISTER_KEYS,
            lambda: f"{self.name}-{next(numbers)}",
            self.events.append,
        )

    def show(self, display: Display) -> bool:
        if display in self.opened or self.desk.shown_elsewhere(display, EIGHT):
            return False
        self.opened.append(display)
        self.desk.note_opened()
        return True

    @property
    def flagged(self) -> list[Display]:
        return [event.display for event in self.events if isinstance(event, PassedTwice)]


class BadNetwork:
    """Stands before a register: loses, doubles, delays and reorders what passes, both ways."""

    def __init__(self, target: Address, seed: int, loss: float = 0.3) -> None:
        self._dice, self._target, self._loss = random.Random(seed), target, loss
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self._front.settimeout(0.05)
        self.address: Address = self._front.getsockname()[:2]
        self._late: list[tuple[bytes, Address]] = []
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._front.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(OSError):
                datagram, sender = self._front.recvfrom(2_000)
                for answer in self._asked(datagram):
                    self._pass_on(answer, sender)

    def _asked(self, datagram: bytes) -> list[bytes]:
        answers = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
            back.settimeout(1)
            for _ in range(self._copies()):
                back.sendto(datagram, self._target)
                with suppress(OSError):
                    answers.append(back.recv(2_000))
        return answers

    def _copies(self) -> int:
        roll = self._dice.random()
        return 0 if roll < self._loss else 2 if roll > 0.9 else 1

    def _pass_on(self, answer: bytes, sender: Address) -> None:
        for _ in range(self._copies()):
            if self._dice.random() < 0.2:
                self._late.append((answer, sender))
            else:
                self._front.sendto(answer, sender)
        if self._late and self._dice.random() < 0.3:
            self._front.sendto(*self._late.pop())
