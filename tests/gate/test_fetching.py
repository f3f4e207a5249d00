"""When a gate asks again for a list that it could not use."""

from collections.abc import Callable
from typing import Any

import pytest

from tongxing.gate.fetching import ListFetcher
from tongxing.gate.link import Answer
from tongxing.gate.pacing import Pace
from tongxing.kernel.reasons import Refusal

NOW = 1_900_000_000


class Line:
    """A city that answers every question the same, and a clock; what was asked when."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.now_s = answer, NOW
        self.asked: list[int] = []

    def get(self, path: str) -> Answer:
        if path.startswith("/v1/lists/deny"):
            self.asked.append(self.now_s - NOW)
        return self.answer


class Having:
    """A site whose list is old, and to which everything comes damaged."""

    def __init__(self, code: str) -> None:
        self.deny = type("Deny", (), {"version": 7})()
        self.lists = type("Lists", (), {"held": lambda _self, _name: ()})()
        self._code = code

    def prepare_deny(self, *_: object) -> Refusal:
        return Refusal(self._code)


def asked_at(code: str, for_s: int, versions: Callable[[int], int] = lambda _s: 8) -> list[int]:
    """The seconds at which the list was asked for, by a gate that looks every ten seconds."""
    line, site = Line(Answer(body=b"x")), Having(code)
    fetcher = ListFetcher(line.get, lambda: line.now_s, Pace())

    def ask(work: Callable[[Any], Any]) -> Any:
        return work(site)

    for second in range(0, for_s, 10):
        line.now_s = NOW + second
        fetcher.told({"deny": versions(second)})
        assert fetcher.fetch(ask, []) is None
    return line.asked


@pytest.mark.parametrize("code", ["MESSAGE_MALFORMED", "SIGNATURE_INVALID"])
def test_what_may_have_been_damaged_on_its_way_is_asked_for_soon_and_then_ever_later(
    code: str,
) -> None:
    whole = [0, 30, 90, 210, 450, 930, 1830, 2730]
    assert asked_at(code, 3_000) == whole


def test_what_was_whole_and_cannot_be_used_is_asked_for_much_later() -> None:
    assert asked_at("LIST_ROLLBACK", 2_000) == [0, 900, 1800]


def test_a_newer_version_is_asked_for_at_once() -> None:
    assert asked_at("LIST_ROLLBACK", 200, lambda second: 8 if second < 100 else 9) == [0, 100]
    assert asked_at("SIGNATURE_INVALID", 60, lambda second: 8 if second < 40 else 9) == [0, 30, 40]


def test_a_clock_that_went_back_ends_the_rest() -> None:
    line, site = Line(Answer(body=b"x")), Having("LIST_ROLLBACK")
    fetcher = ListFetcher(line.get, lambda: line.now_s, Pace())
    fetcher.told({"deny": 8})
    fetcher.fetch(lambda work: work(site), [])
    line.now_s = NOW - 5_000
    fetcher.fetch(lambda work: work(site), [])
    assert line.asked == [0, -5_000]
