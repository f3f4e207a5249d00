"""Validators of a station tell one another which displays they have seen: signed datagrams.

One process of the station (or the city) holds the register; the others claim each display there
before a lane opens, and hear who was first. Claims and answers may be lost, doubled, reordered or
late: a claim that comes again gets the same answer, an answer belongs to the claim whose number it
carries, and whatever is not signed by a known device is counted and dropped. A claim holds an
account's token and two times, and nothing else of a passenger.
"""

import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread

from msgspec import Struct

from tongxing.gate.replay import (
    KEPT_AFTER_END_S,
    Display,
    DisplayRegister,
    Mode,
    PassedTwice,
    ReplayEvent,
    ReplayModes,
)
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey, seal, unseal
from tongxing.messages.envelope import reader_of

DATAGRAM_MAX = 1_200
WAITING_MOST = 10_000
"""Claims without an answer that are kept to be told later; the oldest go first."""
_POLL_S = 0.2

_NOTHING = Display("", 0, 0)

Address = tuple[str, int]


class Claim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A validator is about to open to a display, or has done so while nobody answered; or it takes
    its claim back (`withdrawn`), since its lane stayed shut."""

    number: str
    medium_no: str
    issued_s: int
    ends_s: int
    withdrawn: bool = False


class Claimed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The register's answer to one claim: which device was the first with that display."""

    number: str
    first: str


for _body in (Claim, Claimed):
    reader_of(_body)


@dataclass
class Dropped:
    """Datagrams that were not believed, by reason code."""

    counts: dict[str, int]

    def note(self, code: str) -> None:
        """One more."""
        self.counts[code] = self.counts.get(code, 0) + 1


class RegisterServer:
    """A register on a socket, answered by a thread of its own."""

    def __init__(
        self, address: Address, key: SigningKey, devices: KeyRing, clock: Callable[[], int]
    ) -> None:
        """Listens from now on (port 0: any free one). Raises OSError when the place is taken."""
        self.register, self.dropped = DisplayRegister(), Dropped({})
        self._key, self._devices, self._clock = key, devices, clock
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(_POLL_S)
        self.address: Address = self._socket.getsockname()[:2]
        self._stop = Event()
        self._thread = Thread(target=self._serve, name="display-register", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more."""
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def believe(self, devices: KeyRing) -> None:
        """From now on these devices and no others. Any thread may say so."""
        self._devices = devices

    def answer(self, datagram: bytes) -> bytes | None:
        """The signed answer to a claim, None for what is not believed."""
        opened = unseal(datagram, Claim, self._devices)
        if isinstance(opened, Refusal):
            self.dropped.note(opened.code)
            return None
        claimer, claim = opened
        display = Display(claim.medium_no, claim.issued_s, claim.ends_s)
        if claim.withdrawn:
            self.register.withdraw(display, claimer)
            return seal(Claimed(number=claim.number, first=claimer), self._key)
        first = self.register.first(display, claimer, self._clock())
        return seal(Claimed(number=claim.number, first=first), self._key)

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                datagram, sender = self._socket.recvfrom(DATAGRAM_MAX + 1)
            except OSError:  # nothing for a while, or a sender that has gone away
                continue
            answer = self.answer(datagram)
            if answer is not None:
                with suppress(OSError):
                    self._socket.sendto(answer, sender)


@dataclass(slots=True)
class _Waiting:
    """A claim and the registers that have not answered it; `opened` once a lane has."""

    display: Display
    datagram: bytes
    silent: set[Mode]
    opened: bool = False


class DisplayDesk:
    """A validator's side: claims displays at every register it knows. For one thread.

    `registers` says where each stands and by which name it signs. `number` gives a new random
    number for each claim.
    """

    def __init__(
        self,
        registers: Mapping[Mode, tuple[Address, str]],
        modes: ReplayModes,
        key: SigningKey,
        keys: KeyRing,
        number: Callable[[], str],
        tell: Callable[[ReplayEvent], None],
    ) -> None:
        self.modes, self.dropped = modes, Dropped({})
        self._key, self._keys, self._number, self._tell = key, keys, number, tell
        self._senders = {mode: sender for mode, (_, sender) in registers.items()}
        self._addresses = {mode: address for mode, (address, _) in registers.items()}
        self._sockets: dict[Mode, socket.socket] = {}
        self._connected: set[Mode] = set()
        for mode in registers:
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.setblocking(False)
            self._sockets[mode] = made
        self._waiting: dict[str, _Waiting] = {}
        self._last, self._claimed = "", _NOTHING

    def close(self) -> None:
        """Let go of the sockets."""
        for one in self._sockets.values():
            one.close()

    def shown_elsewhere(self, display: Display, now_s: int) -> str:
        """Claim a display before a lane opens: who was first with it, "" when nobody else was as
        far as any register that answered in time knows."""
        self.listen(now_s)
        for earlier, said in list(self._waiting.items()):
            if said.display == display and not said.opened:  # withdrawn, and claimed anew
                del self._waiting[earlier]
        number = self._last = self._say_of(display)
        self._claimed = display
        elsewhere = self._wait(number, now_s)
        if elsewhere:
            self._waiting.pop(number, None)
        return elsewhere

    def note_opened(self) -> None:
        """The lane has opened for the display claimed last: what a register still says of it is
        that it passed twice."""
        self._claimed = _NOTHING
        waiting = self._waiting.get(self._last)
        if waiting is not None:
            waiting.opened = True

    def withdraw(self, display: Display) -> None:
        """No lane has opened for this display after all: take the claim back, where it was the last
        one. Waits for no answer; a register that gives none is told again (`catch_up`)."""
        if display != self._claimed:
            return
        self._waiting.pop(self._last, None)
        self._last, self._claimed = "", _NOTHING
        self._say_of(display, withdrawn=True)

    def _say_of(self, display: Display, withdrawn: bool = False) -> str:
        """Claim a display at all registers, or take that back; the number by which it is said."""
        number = self._number()
        claim = Claim(
            number=number,
            medium_no=display.medium_no,
            issued_s=display.issued_s,
            ends_s=display.ends_s,
            withdrawn=withdrawn,
        )
        self._keep(number, _Waiting(display, seal(claim, self._key), set(self._sockets)))
        for mode in self._sockets:
            self._send(mode, self._waiting[number].datagram)
        return number

    def catch_up(self, now_s: int, most: int = 50) -> int:
        """Tell the registers again what they have not answered, oldest first; how many wait. For
        when nobody stands at the lane: it waits for no answer."""
        self.listen(now_s)
        for number, waiting in list(self._waiting.items()):
            if now_s > waiting.display.ends_s + KEPT_AFTER_END_S:
                del self._waiting[number]
        for waiting in list(self._waiting.values())[:most]:
            for mode in waiting.silent:
                self._send(mode, waiting.datagram)
        return len(self._waiting)

    def listen(self, now_s: int) -> None:
        """Take the answers that have come by now."""
        for mode in self._sockets:
            for answer in self._received(mode):
                self._take(mode, answer, now_s)

    def _keep(self, number: str, waiting: _Waiting) -> None:
        while len(self._waiting) >= WAITING_MOST:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[number] = waiting

    def _wait(self, number: str, now_s: int) -> str:
        """Wait for the registers that are waited for, each for its own time; who was first."""
        started, waits = time.monotonic(), self.modes.is_waited_for
        open_ = {mode: self._budget_s(mode) for mode in self._sockets if waits(mode)}
        repeated: set[Mode] = set()
        while open_:
            past_s = time.monotonic() - started
            for mode in [mode for mode, budget_s in open_.items() if past_s >= budget_s]:
                del open_[mode]
                self._say(self.modes.missed(mode, now_s))
            for mode, budget_s in open_.items():
                if mode not in repeated and past_s >= budget_s / 2:
                    repeated.add(mode)
                    self._send(mode, self._waiting[number].datagram)
            ends = [budget_s / (1 if mode in repeated else 2) for mode, budget_s in open_.items()]
            if not ends:
                break
            heard, _, _ = select.select(
                [self._sockets[mode] for mode in open_], [], [], max(min(ends) - past_s, 0)
            )
            for mode in [mode for mode in open_ if self._sockets[mode] in heard]:
                for answer in self._received(mode):
                    first = self._take(mode, answer, now_s)
                    if answer.number != number:
                        continue
                    open_.pop(mode, None)
                    if first:
                        return first
        return ""

    def _budget_s(self, mode: Mode) -> float:
        return self.modes.rules.budget_ms[mode] / 1_000

    def _take(self, mode: Mode, answer: Claimed, now_s: int) -> str:
        """What an answer says: who else was first with the display it is about, "" for nobody."""
        self._say(self.modes.answered(mode, now_s))
        waiting = self._waiting.get(answer.number)
        if waiting is None:
            return ""
        waiting.silent.discard(mode)
        if not waiting.silent:
            del self._waiting[answer.number]
        if answer.first == self._key.sender:
            return ""
        if waiting.opened:
            self._waiting.pop(answer.number, None)
            self._tell(PassedTwice(waiting.display, answer.first, now_s))
        return answer.first

    def _received(self, mode: Mode) -> Iterator[Claimed]:
        while True:
            try:
                datagram = self._sockets[mode].recv(DATAGRAM_MAX + 1)
            except OSError:  # nothing more, or nobody there
                return
            opened = unseal(datagram, Claimed, self._keys)
            if isinstance(opened, Refusal):
                self.dropped.note(opened.code)
            elif opened[0] != self._senders[mode]:
                self.dropped.note("SIGNATURE_INVALID")
            else:
                yield opened[1]

    def _send(self, mode: Mode, datagram: bytes) -> None:
        with suppress(OSError):  # nobody there, or no network yet: that is what the modes are for
            if mode not in self._connected:
                self._sockets[mode].connect(self._addresses[mode])
                self._connected.add(mode)
            self._sockets[mode].send(datagram)

    def _say(self, event: ReplayEvent | None) -> None:
        if event is not None:
            self._tell(event)
