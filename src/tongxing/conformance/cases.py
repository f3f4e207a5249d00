"""The cases and what they need to know of the made-up place, read from `data/gate_cases.toml`."""

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal, Protocol, TypeVar

import msgspec
from msgspec import Struct

from tongxing.conformance.port import Can, PlaceSetup, TerminalSetup

Group = Literal["decisions", "lists", "receipts", "orders", "faults"]
GROUPS: tuple[Group, ...] = ("decisions", "lists", "receipts", "orders", "faults")


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case: `do` names the procedure that plays it (`playing/`), `given` what it is played
    with; `needs` what the device must offer; without a mandatory case nobody conforms."""

    name: str
    group: Group
    do: str
    zh: str
    en: str
    requirements: list[str]
    needs: tuple[Can, ...] = ("code",)
    mandatory: bool = True
    given: dict[str, str | int | bool | list[str]] = {}

    def title(self, language: str) -> str:
        """What it is about."""
        return self.zh if language == "zh" else self.en

    def text(self, name: str, default: str = "") -> str:
        """A text of what is given."""
        return str(self.given.get(name, default))

    def texts(self, name: str) -> list[str]:
        """A list of what is given."""
        found = self.given.get(name, [])
        return list(found) if isinstance(found, list) else [str(found)]


class Elsewhere(Struct, frozen=True, forbid_unknown_fields=True):
    """A scheme whose media are not accepted at the place."""

    scheme: str
    city: str


class CardFacts(Struct, frozen=True, forbid_unknown_fields=True):
    """Cards of the place's own scheme: how their numbers begin, and what is on them; `records` are
    the blank ones of the operator's own file, by id in hex with their length."""

    city: str
    balance_fen: int
    records: dict[str, int]


class CaseBook(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `since` is the day of this edition."""

    since: date
    device: str
    place: PlaceSetup
    terminals: list[TerminalSetup]
    scheme: str
    elsewhere: Elsewhere
    cards: CardFacts
    fare_most_fen: int
    case: list[Case]

    def terminal(self, role: str, number: int = 0) -> str:
        """The name of a lane with this role, the first one or a later one."""
        return [one.id for one in self.terminals if one.role == role][number]


@cache
def case_book() -> CaseBook:
    """The cases that there are."""
    path = files(__package__).joinpath("data/gate_cases.toml")
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), CaseBook)


class Named(Protocol):
    """A case by its name and group."""

    @property
    def name(self) -> str: ...
    @property
    def group(self) -> str: ...


Chosen = TypeVar("Chosen", bound=Named)


def chosen(cases: Sequence[Chosen], only: Sequence[str]) -> list[Chosen]:
    """The cases of these groups, or whose names begin so; all when none is named."""
    return [
        case
        for case in cases
        if not only or case.group in only or case.name.startswith(tuple(only))
    ]
