"""How results of the kits for validators and members are shown: by group, a sum, a report file."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

import msgspec

from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.conformance.telling import say_differing
from tongxing.conformance.running import Case, CaseResult

WORDS = Words("conformance")
_NAME_WIDTH = 30
_SHOWN_MAX = 300


@dataclass(frozen=True, slots=True)
class Kit:
    """Which kit speaks: what its words begin with, its groups in order, the day of its cases, and
    what every case needs, which is not worth telling."""

    name: str
    groups: Sequence[str]
    since: date
    always: Sequence[str] = ()

    def words(self, key: str, **values: object) -> str:
        """A text of this kit."""
        return WORDS(f"{self.name}.{key}", **values)


class TitledCase(Case, Protocol):
    """A case that says what it is about."""

    def title(self, language: str) -> str:
        """In a language."""
        ...


def list_cases(kit: Kit, cases: Sequence[TitledCase]) -> None:
    """Print what there is."""
    language = settings().language
    if settings().json:
        emit_json({"since": kit.since, "cases": cases})
        return
    for group in kit.groups:
        found = [case for case in cases if case.group == group]
        if not found:
            continue
        say(kit.words(f"group.{group}"))
        for case in found:
            mark = " " if case.mandatory else WORDS("gate.optional")
            needs = "" if set(case.needs) <= set(kit.always) else f" [{', '.join(case.needs)}]"
            title = f"{case.title(language)}{needs} {mark}".rstrip()
            say(f"  {case.name:<{_NAME_WIDTH}} {title} ({', '.join(case.requirements)})")


def tell(kit: Kit, results: Iterable[CaseResult], cases: Sequence[TitledCase]) -> list[CaseResult]:
    """Show the results as they come; all of them."""
    titles = {case.name: case.title(settings().language) for case in cases}
    found, group = [], ""
    for result in results:
        found.append(result)
        if settings().json:
            continue
        if result.group != group:
            group = result.group
            say(kit.words(f"group.{group}"))
        _print(kit, result, titles[result.case])
    return found


def _print(kit: Kit, result: CaseResult, title: str) -> None:
    say(f"  {WORDS(f'gate.verdict.{result.verdict}')}  {result.case:<{_NAME_WIDTH}} {title}")
    if result.why:
        key = "must" if result.mandatory else "may"
        say(f"        {kit.words(f'lacks.{key}', lacks=', '.join(result.lacks))}")
    if (differs := result.difference) is None:
        return
    say(f"        {kit.words(f'what.{differs.what}')}")
    say_differing(differs, "        ", _SHOWN_MAX)


class Tried(Protocol):
    """What was tried, as it says of itself."""

    @property
    def name(self) -> str: ...
    @property
    def software(self) -> str: ...
    @property
    def can(self) -> Sequence[str]: ...


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
    cases: list[CaseResult]

    def as_bytes(self) -> bytes:
        """As it lies in a file."""
        plain = msgspec.to_builtins(self)
        return json.dumps(plain, ensure_ascii=False, indent=2).encode() + b"\n"

    def show(self, kit: Kit) -> None:
        """The sum, or all of it with ``--json``."""
        if settings().json:
            emit_json(self)
            return
        counts = {"passed": self.passed, "failed": self.failed, "not_run": self.not_run}
        say(WORDS("gate.sum", **counts))
        if self.must_not_run:
            say(WORDS("gate.must", names=", ".join(self.must_not_run)))
        say(kit.words("conforms" if self.conforms else "differs"))


def report_of(
    kit: Kit, at: str, about: Tried, began_s: int, ended_s: int, results: Sequence[CaseResult]
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
        cases_since=kit.since.isoformat(),
        began=datetime.fromtimestamp(began_s, UTC).isoformat(),
        seconds=ended_s - began_s,
        passed=passed,
        failed=failed,
        not_run=verdicts.count("not_run"),
        must_not_run=must,
        conforms=bool(passed) and not failed and not must,
        cases=list(results),
    )
