"""What a row can be found to be, as bits of one number, in the order in which checks are applied.

The first finding whose code is hard decides, with what was found before it beside it; else the
first hold, else a carry, else the soft ones by number: as `hub.admission` does it. What a code
means stands in the hub's table of codes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tongxing.hub.liability import LiabilityTable, Rule
from tongxing.hub.verdicts import IN_ORDER, Status, verdict_code

_BEFORE_LISTS = (
    ("field", "1006"),
    ("trial", "1013"),
    ("acquirer", "1006"),
    ("issuer", "1006"),
    ("duplicate", "1002"),
    ("conflict", "1020"),
    ("number", "1008"),
    ("too_late", "1005"),
    ("late", "0015"),
    ("clock", "1016"),
    ("mode", "1004"),
    ("amount", "1007"),
    ("fare", "1007"),
    ("paired", "0010"),
    ("declared", "0011"),
    ("by_rule", "0012"),
    ("by_staff", "0013"),
    ("tac", "1001"),
    ("fork", "1020"),
    ("broken", "1014"),
    ("terminal", "1012"),
)
_AFTER_LISTS = (("suspended", "1019"),)
_FINAL = ("conflict",)
"""Findings after which nothing else is asked, though their code only holds."""


class Finding(NamedTuple):
    """One of them: its name, the verdict code, and who bears the loss."""

    name: str
    code: str
    bearer: str


class Meaning(NamedTuple):
    """What a number of bits means as a verdict; `codes` has the deciding one first."""

    status: Status
    codes: tuple[str, ...]
    bearer: str


@dataclass(frozen=True)
class Findings:
    """All findings there can be under some tables of liability, each with its bit."""

    listed: tuple[Finding, ...]
    _places: Mapping[str, int] = field(default_factory=dict)

    def bit(self, name: str) -> int:
        """The bit of a finding."""
        return 1 << self._places[name]

    @property
    def final_bits(self) -> int:
        """The bits of findings with which a row does not stand: it is as if it had not come."""
        return sum(self.bit(item.name) for item in self.listed if _ends(item))

    def meaning(self, bits: int) -> Meaning:
        """The verdict of a row with these findings."""
        found = [item for place, item in enumerate(self.listed) if bits >> place & 1]
        ending = next((place for place, item in enumerate(found) if _ends(item)), None)
        if ending is not None:
            last = found[ending]
            codes = (last.code, *_in_order(found[:ending]))
            return Meaning(verdict_code(last.code).status, codes, last.bearer)
        listed = _in_order(found) or (IN_ORDER,)
        bearer = next((item.bearer for item in found if item.code == listed[0]), "")
        return Meaning(
            verdict_code(listed[0]).status, listed, bearer or verdict_code(listed[0]).bearer
        )


def findings_under(tables: Iterable[LiabilityTable]) -> Findings:
    """The findings under some tables of liability: what they make of lists comes between the card's
    own faults and the suspension of a member."""
    listed = [Finding(name, code, verdict_code(code).bearer) for name, code in _BEFORE_LISTS]
    rules: dict[str, dict[str, Finding]] = {"denied": {}, "city": {}}
    for table in tables:
        for kind, cases in (("denied", table.deny.case), ("city", table.city.case)):
            for rule in cases:
                if rule.code:
                    name = name_of(kind, rule)
                    rules[kind][name] = Finding(name, rule.code, rule.bearer)
    listed += [found[name] for found in rules.values() for name in sorted(found)]
    listed += [Finding(name, code, verdict_code(code).bearer) for name, code in _AFTER_LISTS]
    places = {item.name: place for place, item in enumerate(listed)}
    return Findings(tuple(listed), places)


def name_of(kind: str, rule: Rule) -> str:
    """The name of the finding that a rule of liability leads to."""
    return f"{kind}_{rule.code}_{rule.bearer}"


def _in_order(found: Iterable[Finding]) -> tuple[str, ...]:
    """Holds before carries, each as found, before soft codes by number."""
    by_severity: dict[str, list[str]] = {"hold": [], "carry": [], "soft": []}
    for item in found:
        codes = by_severity[verdict_code(item.code).severity]
        if item.code not in codes:
            codes.append(item.code)
    return (*by_severity["hold"], *by_severity["carry"], *sorted(by_severity["soft"]))


def _ends(item: Finding) -> bool:
    return item.name in _FINAL or verdict_code(item.code).severity == "hard"
