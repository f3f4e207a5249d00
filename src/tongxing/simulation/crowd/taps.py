"""The running day: taps that go on arriving at the city while its pages are asked for."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tongxing.city import City
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap
from tongxing.simulation.crowd.riding import RIDE_S, Rides
from tongxing.simulation.crowd.serving import READY
from tongxing.simulation.crowd.town import Plan, open_house, travellers

_EVERY_S = 0.5
_BEFORE_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Fed:
    """Taps taken in, over how many seconds, the time of the city in it (seconds), and what was
    refused."""

    taps: int
    seconds: float
    intake_s: float
    refused: tuple[str, ...]


def feed_taps(plan: Plan, taps_s: int, control: Connection) -> None:
    """The process: so many taps a second, in a batch each half second, until it is told to stop."""
    house = open_house(plan)
    day = _Day(plan, house)
    control.send(READY)
    control.recv()
    began_s = time.monotonic()
    due_s, owed = began_s, 0.0
    while not control.poll(max(0.0, due_s - time.monotonic())):
        owed += taps_s * _EVERY_S
        day.take(int(owed), plan.now_s + int(time.monotonic() - began_s))
        owed -= int(owed)
        due_s += _EVERY_S
    house.close()
    fed = Fed(day.taps, time.monotonic() - began_s, day.intake_s, tuple(day.refused))
    control.send(fed)


class _Day:
    """Of two travellers one comes in, and one goes out who came in a ride's time before: those who
    only ride first, then those who also ask for pages."""

    def __init__(self, plan: Plan, house: City) -> None:
        people = travellers(plan)
        turn = [*people[plan.accounts :], *people[: plan.accounts]]
        self._house = house
        self._rides = Rides(plan.city, plan.seed, "today")
        self._waiting = self._made(plan.now_s)
        self._leaving, self._coming = turn[::2], turn[1::2]
        self.taps, self.intake_s = 0, 0.0
        self.refused: list[str] = []
        entered_s = plan.now_s - RIDE_S
        for start in range(0, len(self._leaving), _BEFORE_AT_ONCE):
            some = self._leaving[start : start + _BEFORE_AT_ONCE]
            taps = [self._rides.tap(one, "entry", entered_s, True, False) for one in some]
            house.intake([self._rides.sealed(taps)], plan.now_s)
        self._now_s = plan.now_s

    def take(self, count: int, now_s: int) -> None:
        """The next taps reach the city."""
        self._now_s = now_s
        taps = [next(self._waiting) for _ in range(count)]
        message = self._rides.sealed(taps)
        since_s = time.perf_counter()
        answers = self._house.intake([message], now_s)
        self.intake_s += time.perf_counter() - since_s
        self.taps += count
        self.refused += [answer.code for answer in answers if isinstance(answer, Refusal)]

    def _made(self, now_s: int) -> Iterator[Tap]:
        self._now_s, number = now_s, 0
        while True:
            for kind, people in (("exit", self._leaving), ("entry", self._coming)):
                one = people[number % len(people)]
                is_exit = kind == "exit"
                yield self._rides.tap(one, "exit" if is_exit else "entry", self._now_s, True, False)
            number += 1
