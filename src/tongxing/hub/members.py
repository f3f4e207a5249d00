"""The members of the clearing house: the issuer and the acquirer of each city.

Who is a member is data made when a network is set up; no member is named in the program.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tongxing.kernel.texts import load_catalogue

MemberKind = Literal["issuer", "acquirer"]


@dataclass(frozen=True, slots=True)
class Member:
    """A party that has a position: `city` is the six-digit division code it works for."""

    member_id: str
    kind: MemberKind
    city: str
    name_zh: str
    name_en: str

    def name(self, language: str) -> str:
        return self.name_zh if language == "zh" else self.name_en


def same_province(one: Member, other: Member) -> bool:
    """Whether two members work in one province: the first two digits of their division codes."""
    return one.city[:2] == other.city[:2]


@dataclass(frozen=True, slots=True)
class MemberCity:
    """A city that joins: one that only issues has passengers but presents no rides."""

    code: str
    name_zh: str
    name_en: str
    acquires: bool


def members_of(cities: Iterable[MemberCity]) -> list[Member]:
    """The members of some cities, in order of city: ``ISS-500000``, and ``ACQ-500000`` where
    rides are presented."""
    texts = load_catalogue("tongxing.hub")
    members = []
    for city in sorted(cities, key=lambda city: city.code):
        kinds: list[tuple[MemberKind, str]] = [("issuer", "ISS")]
        if city.acquires:
            kinds.append(("acquirer", "ACQ"))
        for kind, prefix in kinds:
            members.append(
                Member(
                    member_id=f"{prefix}-{city.code}",
                    kind=kind,
                    city=city.code,
                    name_zh=texts.text(f"member.{kind}", "zh", city=city.name_zh),
                    name_en=texts.text(f"member.{kind}", "en", city=city.name_en),
                )
            )
    return members
