"""What a case of the kit ends with: passed, failed with what differed, or skipped with why."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

Verdict = Literal["pass", "fail", "skip"]


class Difference(msgspec.Struct, frozen=True):
    """What was not as it should be: `what` is a key of the catalogue, the rest is for people."""

    what: str
    sent: str = ""
    expected: str = ""
    found: str = ""


class Result(msgspec.Struct, frozen=True):
    """How one case ended. `rule` names the rule that it tests, `why` says why it was skipped."""

    case: str
    rule: str
    verdict: Verdict
    difference: Difference | None = None
    why: str = ""


class Differs(Exception):
    """Ends a case of the kit that did not go as it should; never leaves the runner."""

    def __init__(self, what: str, sent: str = "", expected: str = "", found: str = "") -> None:
        self.difference = Difference(what, sent, expected, found)
        super().__init__(what)


class Skipped(Exception):
    """Ends a case that cannot be run here; never leaves the runner."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def result_of(case: str, rule: str, run: Callable[[], None]) -> Result:
    """Run one case to its result."""
    try:
        run()
    except Differs as differs:
        return Result(case, rule, "fail", differs.difference)
    except Skipped as skipped:
        return Result(case, rule, "skip", why=skipped.why)
    return Result(case, rule, "pass")


def chosen(names: Iterable[str], only: Sequence[str]) -> Iterator[str]:
    """The names that begin with one of `only`; all of them when it is empty."""
    return (name for name in names if not only or name.startswith(tuple(only)))
