"""The cases for members, read from `data/member_cases.toml`."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

from tongxing.conformance.member.port import Can

MemberGroup = Literal["files", "answers", "letters", "registers", "faults"]
MEMBER_GROUPS: tuple[MemberGroup, ...] = ("files", "answers", "letters", "registers", "faults")


class MemberCase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case: `do` names the procedure that plays it, `given` what it is played with; `needs`
    what the system must offer; without a mandatory case nobody conforms."""

    name: str
    group: MemberGroup
    do: str
    zh: str
    en: str
    requirements: list[str]
    needs: tuple[Can, ...] = ("acquirer",)
    mandatory: bool = True
    given: dict[str, str] = {}

    def title(self, language: str) -> str:
        """What it is about."""
        return self.zh if language == "zh" else self.en

    def text(self, name: str) -> str:
        """A text of what is given."""
        return self.given[name]


class MemberCaseBook(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file: the day of this edition, as whom the member is tried, and the day of the
    first window: each case has one of its own."""

    since: date
    city: str
    key_id: str
    first_window: date
    case: list[MemberCase]

    @property
    def acquirer(self) -> str:
        """The member that presents."""
        return f"ACQ-{self.city}"

    @property
    def issuer(self) -> str:
        """The member that issues."""
        return f"ISS-{self.city}"


@cache
def member_case_book() -> MemberCaseBook:
    """The cases that there are."""
    path = files("tongxing.conformance").joinpath("data/member_cases.toml")
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), MemberCaseBook)
