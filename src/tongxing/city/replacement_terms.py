"""The numbers of a card's replacement: its price, how long old money waits, what a purse may hold.

They are dated data (``data/replacement.toml``), read strictly; no number of these stands in code.
"""

from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.clock import DAY_S, calendar_date


class ReplacementTerms(Struct, frozen=True, kw_only=True):
    """The numbers of one city on one day; ``data/replacement.toml`` says what each means."""

    fee_fen: int
    wait_days: int
    balance_max_fen: int

    def ready_s(self, replaced_s: int) -> int:
        """From when the money of a purse replaced at `replaced_s` may be loaded."""
        return replaced_s + self.wait_days * DAY_S


class _Row(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    city: str
    from_day: date
    fee_fen: int | UnsetType = UNSET
    wait_days: int | UnsetType = UNSET
    balance_max_fen: int | UnsetType = UNSET

    def numbers(self) -> dict[str, int]:
        found = {name: getattr(self, name) for name in ReplacementTerms.__struct_fields__}
        return {name: value for name, value in found.items() if value is not UNSET}


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    terms: list[_Row]


@cache
def _content() -> bytes:
    return files("tongxing.city").joinpath("data", "replacement.toml").read_bytes()


def replacement_terms(city: str, time_s: int) -> ReplacementTerms:
    """What holds in a city (its division code) at an instant."""
    return read_replacement_terms(_content(), city, calendar_date(time_s))


def read_replacement_terms(content: bytes, city: str, day: date) -> ReplacementTerms:
    """A city's numbers on a day, from the file. Before the first table for every city, that holds.

    Raises ValueError (msgspec.ValidationError is one) for an unknown or missing number, one below
    zero, and two tables of one city and day.
    """
    rows = sorted(msgspec.toml.decode(content, type=_File).terms, key=lambda row: row.from_day)
    owners = [(row.city, row.from_day) for row in rows]
    if len(set(owners)) != len(owners):
        raise ValueError("two tables of one city and day")
    if any(value < 0 for row in rows for value in row.numbers().values()):
        raise ValueError("a number is below zero")
    merged: dict[str, int] = {}
    for owner in ("", city):
        of_owner = [row for row in rows if row.city == owner]
        begun = [row for row in of_owner if row.from_day <= day]
        for row in begun or (of_owner[:1] if owner == "" else ()):
            merged |= row.numbers()
    return msgspec.convert(merged, ReplacementTerms)
