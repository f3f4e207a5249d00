"""How results of the kit for validators are shown: group by group, a sum, a report file."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.conformance.telling import say_differing
from tongxing.conformance.cases import GROUPS, Case, case_book
from tongxing.conformance.running import GateResult

if TYPE_CHECKING:
    from tongxing.conformance.port import About

WORDS = Words("conformance")
_NAME_WIDTH = 30
_SHOWN_MAX = 300


def list_cases(cases: Sequence[Case]) -> None:
    """Print what there is."""
    language = settings().language
    if settings().json:
        emit_json({"since": case_book().since, "cases": cases})
        return
    for group in GROUPS:
        found = [case for case in cases if case.group == group]
        if not found:
            continue
        say(WORDS(f"gate.group.{group}"))
        for case in found:
            mark = " " if case.mandatory else WORDS("gate.optional")
            needs = "" if case.needs == ("code",) else f" [{', '.join(case.needs)}]"
            title = f"{case.title(language)}{needs} {mark}".rstrip()
            say(f"  {case.name:<{_NAME_WIDTH}} {title} ({', '.join(case.requirements)})")


def tell(results: Iterable[GateResult], cases: Sequence[Case]) -> list[GateResult]:
    """Show the results as they come; all of them."""
    titles = {case.name: case.title(settings().language) for case in cases}
    found, group = [], ""
    for result in results:
        found.append(result)
        if settings().json:
            continue
        if result.group != group:
            group = result.group
            say(WORDS(f"gate.group.{group}"))
        _print(result, titles[result.case])
    return found


def _print(result: GateResult, title: str) -> None:
    say(f"  {WORDS(f'gate.verdict.{result.verdict}')}  {result.case:<{_NAME_WIDTH}} {title}")
    if result.why:
        key = "must" if result.mandatory else "may"
        say(f"        {WORDS(f'gate.lacks.{key}', lacks=', '.join(result.lacks))}")
    if (differs := result.difference) is None:
        return
    say(f"        {WORDS(f'gate.what.{differs.what}')}")
    say_differing(differs, "        ", _SHOWN_MAX)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a run. `must_not_run` names mandatory cases that were not run."""

    at: str
    device: str
    device_software: str
    can: list[str]
    kit: str
    cases_since: str
    began: str
    seconds: int
    passed: int
    failed: int
    not_run: int
    must_not_run: list[str]
    conforms: bool
    cases: list[GateResult]

    def as_bytes(self) -> bytes:
        """As it lies in a file."""
        plain = msgspec.to_builtins(self)
        return json.dumps(plain, ensure_ascii=False, indent=2).encode() + b"\n"

    def show(self) -> None:
        """The sum, or all of it with ``--json``."""
        if settings().json:
            emit_json(self)
            return
        counts = {"passed": self.passed, "failed": self.failed, "not_run": self.not_run}
        say(WORDS("gate.sum", **counts))
        if self.must_not_run:
            say(WORDS("gate.must", names=", ".join(self.must_not_run)))
        say(WORDS("gate.conforms" if self.conforms else "gate.differs"))


def report_of(
    at: str, about: "About", began_s: int, ended_s: int, results: Sequence[GateResult]
) -> Report:
    """What a run came to. It conforms when something passed, nothing failed, and no mandatory case
    was left out."""
    import tongxing

    verdicts = [result.verdict for result in results]
    must = [one.case for one in results if one.mandatory and one.verdict == "not_run"]
    passed, failed = verdicts.count("pass"), verdicts.count("fail")
    return Report(
        at=at,
        device=about.name,
        device_software=about.software,
        can=list(about.can),
        kit=f"tongxing {tongxing.__version__}",
        cases_since=case_book().since.isoformat(),
        began=datetime.fromtimestamp(began_s, UTC).isoformat(),
        seconds=ended_s - began_s,
        passed=passed,
        failed=failed,
        not_run=verdicts.count("not_run"),
        must_not_run=must,
        conforms=bool(passed) and not failed and not must,
        cases=list(results),
    )
