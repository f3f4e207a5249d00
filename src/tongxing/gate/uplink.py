"""The uplink of a device: heartbeats, orders, lists, and its taps until the journal is empty.

One step does what is due and ends. The journal belongs to the gate's own thread, so whatever
touches it is asked of that thread (`ask`), between two passengers. A tap is let go of only by the
city's signed receipt, whatever an answer's status says. A batch that the city will not take as it
is stays in the journal, is tried again much later, and holds up no other.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

from tongxing.gate.fetching import Ask, ListFetcher
from tongxing.gate.link import Answer
from tongxing.gate.pacing import Backoff, Pace
from tongxing.gate.reporting import heartbeat_of, next_number, obey
from tongxing.gate.site import Site
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey, seal, unseal
from tongxing.messages.fleet import Asking, Heartbeat, Orders

BATCHES, HEARTBEAT = "/v1/batches", "/v1/heartbeat"
_FIRST_LEAP, _NUMBER_LEAPT_MAX = DAY_S, 2**62


class Line(Protocol):
    """What carries messages to the city; `Link` does."""

    def post(self, path: str, message: bytes) -> Answer:
        """Send a sealed message."""

    def get(self, path: str, asking: bytes) -> Answer:
        """Fetch something."""


class Timed(Protocol):
    """A clock that the city's time puts right."""

    mono_s: Callable[[], float]

    def heard(
        self, site: Site, city_s: int, asked_mono_s: float, mono_s: float, new_epoch: int
    ) -> Sequence[Refusal]:
        """What the city said, to a question of that moment; what could not be done about it."""


@dataclass(frozen=True)
class UplinkSetup:
    """Who a device is, and whom it believes. `clock` gives Unix seconds, `chance` numbers from 0 up
    to 1, `new_epoch` an epoch as it is drawn in the field. `timed` hears the city's time, where
    `clock` is put right by it."""

    key: SigningKey
    city_keys: KeyRing
    software: str
    clock: Callable[[], int]
    chance: Callable[[], float]
    new_epoch: Callable[[], int]
    pace: Pace = field(default_factory=Pace)
    timed: Timed | None = None


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step came to: whether the city answered, taps newly acknowledged, what was refused,
    and after how many seconds the next step has something to do. `refused` are all batches that
    wait and that the city would not take as they are, with its reason; `went_well` says that
    nothing else was refused."""

    online: bool
    acknowledged: int = 0
    refusals: tuple[Refusal, ...] = ()
    wait_s: float = 0.0
    refused: Mapping[str, str] = field(default_factory=dict)
    went_well: bool = False


class _RefusedBatch(NamedTuple):
    """Why the city would not take a batch, and when it is tried again."""

    code: str
    again_s: int


class Uplink:
    """The uplink of one device. One step at a time."""

    def __init__(self, setup: UplinkSetup, line: Line) -> None:
        self._setup, self._line = setup, line
        self._backoff = Backoff(setup.pace, setup.chance)
        self._next_try_s = self._next_heartbeat_s = 0.0
        self._last_number = 0
        self._leap = _FIRST_LEAP
        self._offset_s: int | None = None
        self._lists = ListFetcher(self._get, setup.clock, setup.pace)
        self._refused: dict[str, _RefusedBatch] = {}
        self._senders = ThreadPoolExecutor(setup.pace.in_flight, "uplink")

    def close(self) -> None:
        """Let go of the threads that send."""
        self._senders.shutdown()

    def step(self, ask: Ask) -> Stepped:
        """Do what is due now, for as long as it goes well."""
        now_s = self._setup.clock()
        if now_s < self._next_try_s and self._next_try_s - now_s <= self._setup.pace.longest_s:
            return Stepped(False, wait_s=self._next_try_s - now_s)
        refusals: list[Refusal] = []
        failed = self._heartbeat(ask, refusals) or self._lists.fetch(ask, refusals)
        acknowledged, batches = 0, list[Refusal]()
        while failed is None:
            refused_before = len(batches)
            count, failed = self._upload(ask, batches)
            acknowledged += count
            moved = count or len(batches) > refused_before
            if not moved or self._setup.clock() >= self._next_heartbeat_s:
                break
        if failed is None:
            self._backoff.succeeded()
            self._next_try_s = 0.0
            wait_s = max(0.0, self._next_heartbeat_s - self._setup.clock())
            told = {name: one.code for name, one in self._refused.items()}
            both = (*refusals, *batches)
            return Stepped(True, acknowledged, both, wait_s, told, went_well=not refusals)
        wait_s = self._backoff.failed(failed.after_s)
        self._next_try_s = self._setup.clock() + wait_s
        if failed.refusal is not None:
            refusals.append(failed.refusal)
        return Stepped(False, acknowledged, (*batches, *refusals), wait_s)

    def _heartbeat(self, ask: Ask, refusals: list[Refusal]) -> Answer | None:
        """Tell how we are, when it is due, and do what the city says; why that failed."""
        now_s = self._setup.clock()
        until_s = self._next_heartbeat_s - now_s
        if 0 < until_s <= 3_600:
            return None
        number = ask(partial(next_number, at_least=max(self._last_number + 1, now_s)))
        if isinstance(number, Refusal):
            return Answer(refusal=number)
        told = ask(
            partial(
                heartbeat_of,
                number=number,
                now_s=now_s,
                software=self._setup.software,
                offset_s=self._offset_s,
                refused={name: one.code for name, one in self._refused.items()},
            )
        )
        if isinstance(told, Refusal):
            return Answer(refusal=told)
        asked_mono_s = self._mono_s()
        answer = self._line.post(HEARTBEAT, seal(told, self._setup.key))
        mono_s = self._mono_s()
        self._last_number = number
        if answer.refusal is not None:
            self._leap_on(answer.refusal, number)
            return answer
        self._leap = _FIRST_LEAP
        orders = self._opened(answer, told)
        if isinstance(orders, Refusal):
            return Answer(refusal=orders)
        ended_s = self._setup.clock()
        epoch = self._setup.new_epoch()
        if self._setup.timed is not None:
            times = orders.time_s, asked_mono_s, mono_s, epoch
            refusals += ask(partial(_time, self._setup.timed, times))
            now_s = ended_s = self._setup.clock()
        self._offset_s = orders.time_s - (now_s + ended_s) // 2
        self._lists.told(orders.lists)
        self._next_heartbeat_s = now_s + min(max(orders.next_s, 1), 3_600)
        refusals += ask(partial(obey, orders=orders, told=told, now_s=ended_s, new_epoch=epoch))
        return None

    def _leap_on(self, refusal: Refusal, number: int) -> None:
        """The city has had a higher number: of a storage before this one, whose clock was ahead.
        Nobody knows how far, so the next numbers leap, each time sixteen times as far."""
        if refusal.code == "HEARTBEAT_OLD":
            self._last_number = min(number + self._leap, _NUMBER_LEAPT_MAX)
            self._leap = min(self._leap * 16, _NUMBER_LEAPT_MAX)

    def _mono_s(self) -> float:
        return 0.0 if self._setup.timed is None else self._setup.timed.mono_s()

    def _opened(self, answer: Answer, told: Heartbeat) -> Orders | Refusal:
        """The city's answer to this very heartbeat."""
        opened = unseal(answer.body or b"", Orders, self._setup.city_keys)
        if isinstance(opened, Refusal):
            return opened
        orders = opened[1]
        if (orders.device, orders.number) != (told.device, told.number):
            return Refusal("UPLINK_ANSWER", values={"detail": f"heartbeat {orders.number}"})
        return orders

    def _get(self, path: str) -> Answer:
        """Ask the city for what stands there."""
        sent_s = self._setup.clock() + (self._offset_s or 0)
        asking = Asking(device=self._setup.key.sender, path=path, sent_s=sent_s)
        return self._line.get(path, seal(asking, self._setup.key))

    def _upload(self, ask: Ask, refusals: list[Refusal]) -> tuple[int, Answer | None]:
        """Send the oldest batches, several at a time: how many taps newly have a receipt, and why
        any of it failed."""
        messages = self._due(ask)
        if isinstance(messages, Refusal):
            return 0, Answer(refusal=messages)
        posted = self._senders.map(lambda message: self._line.post(BATCHES, message), messages)
        acknowledged, failed = 0, None
        for message, answer in zip(messages, posted, strict=True):
            if answer.body is not None:
                taken = ask(partial(_take, receipt=answer.body, now_s=self._setup.clock()))
                if isinstance(taken, Refusal):
                    failed = Answer(refusal=taken)
                else:
                    acknowledged += taken
                    self._refused.pop(sha256_hex(message), None)
            elif answer.final and answer.refusal is not None:
                again_s = self._setup.clock() + self._setup.pace.refused_again_s
                refused = _RefusedBatch(answer.refusal.code, again_s)
                self._refused[sha256_hex(message)] = refused
                refusals.append(answer.refusal)
            else:
                failed = answer
        return acknowledged, failed

    def _due(self, ask: Ask) -> Sequence[bytes] | Refusal:
        """The oldest batches, but for those that were refused a while ago."""
        now_s = self._setup.clock()
        limit = self._setup.pace.in_flight + len(self._refused)
        messages = ask(lambda site: site.next_batches(limit))
        if isinstance(messages, Refusal):
            return messages
        found = {sha256_hex(message): message for message in messages}
        self._refused = {name: one for name, one in self._refused.items() if name in found}
        due = [
            message
            for name, message in found.items()
            if name not in self._refused or self._refused[name].again_s <= now_s
        ]
        return due[: self._setup.pace.in_flight]


def run(
    uplink: Uplink,
    ask: Ask,
    sleep: Callable[[float], object],
    is_over: Callable[[], bool],
    longest_s: float = 5.0,
) -> None:
    """Step again and again until it is over; `sleep` waits for at most `longest_s`, so that taps do
    not lie about until the next heartbeat."""
    while not is_over():
        stepped = uplink.step(ask)
        sleep(min(stepped.wait_s, longest_s) if stepped.online else stepped.wait_s)


def _time(timed: Timed, times: tuple[int, float, float, int], site: Site) -> Sequence[Refusal]:
    return timed.heard(site, *times)


def _take(site: Site, receipt: bytes, now_s: int) -> int | Refusal:
    return site.take_receipt(receipt, now_s)
