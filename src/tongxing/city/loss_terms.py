"""The numbers of a loss and of a disputed binding: who bears what from when, what waits how long.

They are dated data (``data/losing.toml``), read strictly; no number of these stands in code.
"""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.dated import Table, below, in_force, said

Outcome = Literal["back", "released"]
"""Where the money of a dispute ends: in the card's own purse again, or in the account."""


class LossTerms(Struct, frozen=True, kw_only=True):
    """The numbers of one city on one day; ``data/losing.toml`` says what each means."""

    push_s: int
    late_taps_days: int
    found_days: int
    dispute_days: int
    lost_fee_fen: int
    unbound_fee_fen: int
    proof_age_s: int
    person_day_most: int
    person_year_most: int
    person_within_days: int
    lifts_most: int
    lifts_days: int
    undecided_card: Outcome
    undecided_person: Outcome

    def effective_s(self, reported_s: int) -> int:
        """From when the issuer bears what is ridden with a medium reported at `reported_s`."""
        return reported_s + self.push_s

    def money_s(self, reported_s: int) -> int:
        """From when what is left in a lost card's own purse goes to the account."""
        return self.effective_s(reported_s) + self.late_taps_days * DAY_S

    def undecided(self, by_card: bool) -> Outcome:
        """What a dispute comes to that nobody decided in time."""
        return self.undecided_card if by_card else self.undecided_person


class _Row(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    city: str
    from_day: date
    push_s: int | UnsetType = UNSET
    late_taps_days: int | UnsetType = UNSET
    found_days: int | UnsetType = UNSET
    dispute_days: int | UnsetType = UNSET
    lost_fee_fen: int | UnsetType = UNSET
    unbound_fee_fen: int | UnsetType = UNSET
    proof_age_s: int | UnsetType = UNSET
    person_day_most: int | UnsetType = UNSET
    person_year_most: int | UnsetType = UNSET
    person_within_days: int | UnsetType = UNSET
    lifts_most: int | UnsetType = UNSET
    lifts_days: int | UnsetType = UNSET
    undecided_card: Outcome | UnsetType = UNSET
    undecided_person: Outcome | UnsetType = UNSET


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    terms: list[_Row]


@cache
def _content() -> bytes:
    return files("tongxing.city").joinpath("data", "losing.toml").read_bytes()


def loss_terms(city: str, time_s: int) -> LossTerms:
    """What holds in a city (its division code) at an instant."""
    return read_loss_terms(_content(), city, calendar_date(time_s))


def read_loss_terms(content: bytes, city: str, day: date) -> LossTerms:
    """A city's numbers on a day, from the file. Before the first table for every city, that holds.

    Raises ValueError (msgspec.ValidationError is one) for an unknown or missing number, one below
    zero, and two tables of one city and day.
    """
    rows = msgspec.toml.decode(content, type=_File).terms
    tables = [Table(row.city, row.from_day, said(row, LossTerms)) for row in rows]
    if any(below(table.said, 0) for table in tables):
        raise ValueError("a number is below zero")
    return msgspec.convert(in_force(tables, ("", city), day), LossTerms)
