"""A house behaves alike in the caller's process and in its own, also when it dies."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tongxing.kernel.reasons import Problem
from tongxing.simulation.hosting import (
    Host,
    HouseDied,
    HouseFailed,
    InlineHost,
    Killed,
    ProcessHost,
    kill_own_process,
)


class Counter:
    """Something to hold: it adds up, reports, fails and dies on demand."""

    def __init__(self, start: int, own_process: bool, hear: Callable[[object], None]) -> None:
        self.total = start
        self._own_process = own_process
        self._hear = hear

    def add(self, amount: int) -> int:
        self.total += amount
        self._hear(self.total)
        return self.total

    def object_to(self, what: str) -> None:
        raise Problem("FAULT_UNKNOWN", "--faults", name=what, known="lost")

    def stumble(self) -> None:
        raise ZeroDivisionError("by zero")

    def process(self) -> int:
        return os.getpid()

    def die(self) -> None:
        if self._own_process:
            kill_own_process()
        raise Killed


@pytest.fixture(params=["inline", "process"])
def host(request: pytest.FixtureRequest) -> Iterator[tuple[Host[Counter], list[Any]]]:
    heard: list[Any] = []
    found: Host[Counter]
    if request.param == "inline":
        found = InlineHost(Counter, 5, False, hear=heard.append)
    else:
        found = ProcessHost(Counter, 5, True, hear=heard.append)
    yield found, heard
    found.close()


def test_answers_come_in_the_order_of_the_requests(host: tuple[Host[Counter], list[Any]]) -> None:
    held, heard = host
    waiting = [held.send(Counter.add, amount) for amount in (1, 2, 3)]
    assert [answer.result() for answer in reversed(waiting)] == [11, 8, 6]
    assert waiting[0].result() == 6
    assert heard == [6, 8, 11]


def test_a_refusal_crosses_over_and_the_house_lives_on(
    host: tuple[Host[Counter], list[Any]],
) -> None:
    held, _ = host
    with pytest.raises(Problem) as raised:
        held.call(Counter.object_to, "fire")
    assert raised.value.refusal.values["name"] == "fire"
    assert held.call(Counter.add, 1) == 6


def test_after_death_every_answer_is_unknown(host: tuple[Host[Counter], list[Any]]) -> None:
    held, _ = host
    held.call(Counter.add, 1)
    dying, later = held.send(Counter.die), held.send(Counter.add, 1)
    for answer in (dying, later, held.send(Counter.add, 1)):
        with pytest.raises(HouseDied):
            answer.result()


def test_an_answer_nobody_fetched_before_the_end_is_unknown_too() -> None:
    held = ProcessHost(Counter, 5, True, hear=print)
    waiting = [held.send(Counter.add, 1), held.send(Counter.die), held.send(Counter.add, 1)]
    held.close()
    for answer in waiting[1:]:
        with pytest.raises(HouseDied):
            answer.result()


def test_a_bug_in_a_house_of_its_own_process_brings_its_traceback() -> None:
    held = ProcessHost(Counter, 5, True, hear=print)
    with pytest.raises(HouseFailed, match=r"stumble(.|\n)*ZeroDivisionError: by zero"):
        held.call(Counter.stumble)
    held.close()


def test_a_process_of_its_own_is_really_killed() -> None:
    held = ProcessHost(Counter, 5, True, hear=print)
    assert held.call(Counter.process) != os.getpid()
    with pytest.raises(HouseDied) as raised:
        held.call(Counter.die)
    assert raised.value.args == (-signal.SIGKILL,)
    held.close()
