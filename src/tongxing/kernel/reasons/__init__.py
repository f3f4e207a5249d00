"""The one list of reasons: why something was refused, in zh and en, and what to do next.

The texts are data (`*.toml` beside this file, one file per speaker). A code exists once in the
project; an unknown code is a bug and fails at once. Expected refusals travel as `Refusal` values;
`Problem` carries one over the edge of a command or a page.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of the list.

    `exit_code` is the command line's: 2 usage, 3 configuration, 4 data, 5 state conflict,
    6 temporarily unavailable. `voice_zh` is what a gate says aloud, if it does.
    """

    code: str
    zh: str
    en: str
    next_zh: str
    next_en: str
    exit_code: int = 4
    voice_zh: str = ""
    voice_en: str = ""

    def text(self, language: str, values: Mapping[str, object]) -> str:
        return (self.zh if language == "zh" else self.en).format_map(_Known(values))

    def next_step(self, language: str, values: Mapping[str, object]) -> str:
        return (self.next_zh if language == "zh" else self.next_en).format_map(_Known(values))


class _Known(dict[str, object]):
    """Leaves a placeholder without a value as it stands: a message must never fail to print."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@cache
def all_reasons() -> Mapping[str, Reason]:
    """Every reason by code. Raises ValueError when two files claim one code."""
    found: dict[str, Reason] = {}
    for entry in sorted(files(__package__).iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        for code, fields in tomllib.loads(entry.read_text(encoding="utf-8")).items():
            if code in found:
                raise ValueError(f"reason {code} stands in two files")
            found[code] = Reason(code=code, **fields)
    return found


def reason(code: str) -> Reason:
    """The reason of a code. Raises KeyError for a code that is not on the list: that is a bug."""
    return all_reasons()[code]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected "no", as a value: a code of the list, where it arose, the values of its text."""

    code: str
    where: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def message(self, language: str) -> str:
        return reason(self.code).text(language, self.values)

    def next_step(self, language: str) -> str:
        return reason(self.code).next_step(language, self.values)

    def as_json(self) -> dict[str, str]:
        """The one JSON shape of errors."""
        return {
            "code": self.code,
            "message_zh": self.message("zh"),
            "message_en": self.message("en"),
            "next_step_zh": self.next_step("zh"),
            "next_step_en": self.next_step("en"),
            "where": self.where,
        }


class Problem(Exception):
    """Carries a refusal over the edge: a command prints it as one line, a page shows it."""

    def __init__(self, code: str, where: str = "", **values: object) -> None:
        self.refusal = Refusal(code, where, values)
        super().__init__(f"{code}: {self.refusal.message('en')}")

    @property
    def exit_code(self) -> int:
        return reason(self.refusal.code).exit_code
