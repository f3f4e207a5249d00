"""The numbers of a card's replacement: its price, how long old money waits, what a purse may hold.

They are dated data (``data/replacement.toml``), read strictly; no number of these stands in code.
"""

from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.dated import Table, below, in_force, said


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
    rows = msgspec.toml.decode(content, type=_File).terms
    tables = [Table(row.city, row.from_day, said(row, ReplacementTerms)) for row in rows]
    if any(below(table.said, 0) for table in tables):
        raise ValueError("a number is below zero")
    return msgspec.convert(in_force(tables, ("", city), day), ReplacementTerms)
