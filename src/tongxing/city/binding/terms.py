"""What a city asks of a card before it is bound, and where that can be done: dated data.

The numbers stand in ``city/data/binding.toml``, read strictly: a misspelt one must fail at the
start and never let a card through. No number, city or station of these stands in code.
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.city.store.binding import Channel
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.dated import Table, below, in_force, said

Mode = Literal["M2", "M3"]
_TERMINAL_DIGITS = 8


class BindingTerms(Struct, frozen=True, kw_only=True):
    """What holds in one city on one day; ``data/binding.toml`` says what each means."""

    offered: bool
    channels: list[Channel]
    held_days_min: int
    products: list[str]
    card_kinds: list[int]
    cards_max: int
    level_min: int
    consents: list[str]
    mode: Mode
    keep_fen: int
    proof_age_s_max: int
    reserve_s: int
    hold_s: int
    notice_days: int
    terminal: str

    def kept_of(self, balance_fen: int) -> int:
        """What stays in a purse of this balance."""
        return min(balance_fen, self.keep_fen) if self.mode == "M3" else 0


class MachineStation(Struct, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """A station whose ticket machines bind cards, from a day on, until its last day if one is
    known."""

    city: str
    station: str
    from_day: date
    until: date | None = None
    source: str


class Branch(Struct, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """A branch of the card company that binds cards, from a day on, until its last day if one is
    known."""

    city: str
    name_zh: str
    name_en: str
    address_zh: str
    address_en: str
    from_day: date
    until: date | None = None
    source: str


class _Row(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    city: str
    from_day: date
    source: str
    certain: bool
    offered: bool | UnsetType = UNSET
    channels: list[Channel] | UnsetType = UNSET
    held_days_min: int | UnsetType = UNSET
    products: list[str] | UnsetType = UNSET
    card_kinds: list[int] | UnsetType = UNSET
    cards_max: int | UnsetType = UNSET
    level_min: int | UnsetType = UNSET
    consents: list[str] | UnsetType = UNSET
    mode: Mode | UnsetType = UNSET
    keep_fen: int | UnsetType = UNSET
    proof_age_s_max: int | UnsetType = UNSET
    reserve_s: int | UnsetType = UNSET
    hold_s: int | UnsetType = UNSET
    notice_days: int | UnsetType = UNSET
    terminal: str | UnsetType = UNSET


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    terms: list[_Row]
    machines: list[MachineStation] = []
    branches: list[Branch] = []


TermsOf = Callable[[str, int], BindingTerms]
"""What holds in a city (its division code) at an instant."""


def binding_terms(city: str, now_s: int) -> BindingTerms:
    """What holds in a city (its division code) at an instant."""
    return read_binding_terms(_content(), city, calendar_date(now_s))


def machines(city: str, on: date) -> list[MachineStation]:
    """The stations of a city whose machines bind cards on a day."""
    return machines_in(_content(), city, on)


def branches(city: str, on: date) -> list[Branch]:
    """The branches of a city that bind cards on a day."""
    return branches_in(_content(), city, on)


def read_binding_terms(content: bytes, city: str, day: date) -> BindingTerms:
    """A city's terms on a day, from the file. Before the first table for every city, that holds.

    Raises ValueError (msgspec.ValidationError is one) for an unknown or missing name, a number
    below zero, a terminal that has not eight digits, and two tables of one city and day.
    """
    rows = _read(content).terms
    tables = [Table(row.city, row.from_day, said(row, BindingTerms)) for row in rows]
    merged = in_force(tables, ("", city), day)
    found = msgspec.convert(merged, BindingTerms)
    if below(merged, 0):
        raise ValueError("a number is below zero")
    if len(found.terminal) != _TERMINAL_DIGITS or not found.terminal.isdecimal():
        raise ValueError("the end of a terminal number has eight digits")
    return found


def machines_in(content: bytes, city: str, on: date) -> list[MachineStation]:
    """As `machines`, from the content of a file. Raises ValueError for one that is not read."""
    return [one for one in _read(content).machines if one.city == city and _is_on(one, on)]


def branches_in(content: bytes, city: str, on: date) -> list[Branch]:
    """As `branches`, from the content of a file. Raises ValueError for one that is not read."""
    return [one for one in _read(content).branches if one.city == city and _is_on(one, on)]


def _is_on(place: MachineStation | Branch, on: date) -> bool:
    return place.from_day <= on and (place.until is None or on <= place.until)


def _read(content: bytes) -> _File:
    return msgspec.toml.decode(content, type=_File)


@cache
def _content() -> bytes:
    return files("tongxing.city").joinpath("data", "binding.toml").read_bytes()
