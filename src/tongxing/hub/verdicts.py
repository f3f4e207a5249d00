"""The verdict codes as data: what each one means, whether the record stands, and who bears it.

No code is ever invented in the program: a code that is not in the table is a bug and fails.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Severity = Literal["none", "soft", "hold", "hard", "carry"]
Status = Literal["accepted", "held", "rejected", "carried"]

Again = Literal["", "fixed", "evidence", "never"]

IN_ORDER = "0000"
RECOVERED = "0016"
FORGED = "1001"
FORKED = "1020"
ONCE_MORE = "1021"

_STATUS_OF: Mapping[Severity, Status] = {
    "none": "accepted",
    "soft": "accepted",
    "hold": "held",
    "hard": "rejected",
    "carry": "carried",
}


@dataclass(frozen=True, slots=True)
class VerdictCode:
    """One row of the table; `bearer` is whose loss it is when the cardholder does not pay, `again`
    whether a row that was rejected so may be presented once more."""

    code: str
    zh: str
    en: str
    severity: Severity
    bearer: str
    again: Again = ""

    @property
    def status(self) -> Status:
        return _STATUS_OF[self.severity]


@cache
def code_table() -> Mapping[str, VerdictCode]:
    """Every verdict code of the table. Raises ValueError for a code that stands there twice, and
    when not exactly the hard codes say whether a row may come again."""
    text = files("tongxing.hub.data").joinpath("verdicts.toml").read_text(encoding="utf-8")
    codes = [VerdictCode(**row) for row in tomllib.loads(text)["code"]]
    table = {entry.code: entry for entry in codes}
    if len(table) != len(codes):
        raise ValueError("a verdict code stands twice in the table")
    if any(bool(entry.again) != (entry.severity == "hard") for entry in codes):
        raise ValueError("hard codes say whether a row may be presented again, and no others")
    return table


def bearer_once_proven(codes: Sequence[str]) -> str:
    """Whose loss a held record is after evidence proved it: as its soft codes say (a card that is
    on the deny list stays its issuer's loss), else the cardholder's."""
    soft = [code for code in codes if verdict_code(code).severity == "soft"]
    return verdict_code(soft[0] if soft else IN_ORDER).bearer


def verdict_code(code: str) -> VerdictCode:
    """The row of a code. Raises KeyError for one that is not in the table: that is a bug."""
    return code_table()[code]
