"""What a case of the kit ends with: passed, failed with what differed, or skipped with why."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

Verdict = Literal["pass", "fail", "skip"]


class Difference(msgspec.Struct, frozen=True):
    """What was not as it should be: `what` is a key of the catalogue, whose text may have `told` in
    it; the rest is for people."""

    what: str
    sent: str = ""
    expected: str = ""
    found: str = ""
    told: str = ""


class Result(msgspec.Struct, frozen=True):
    """How one case ended. `rule` names the rule that it tests, `why` says why it was skipped."""

    case: str
    rule: str
    verdict: Verdict
    difference: Difference | None = None
    why: str = ""


class Differs(Exception):
    """Ends a case of the kit that did not go as it should; never leaves the runner."""

    def __init__(
        self, what: str, sent: str = "", expected: str = "", found: str = "", told: str = ""
    ) -> None:
        self.difference = Difference(what, sent, expected, found, told)
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


def chosen(rules: Mapping[str, str], only: Sequence[str]) -> Iterator[str]:
    """The cases whose name begins with one of `only` or whose rule is one; all when it is empty.

    `rules` has the rule of each case by its name.
    """
    return (
        name
        for name, rule in rules.items()
        if not only or rule in only or name.startswith(tuple(only))
    )
