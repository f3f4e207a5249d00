"""The numbers of passengers' money: limits, waits, how much may be unpaid and what that can cost.

They are dated data (``city/data/money.toml``), read strictly; no number of these stands in code.
"""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.dated import Table, in_force, said


class MoneyTerms(Struct, frozen=True, kw_only=True):
    """The numbers of one city on one day; ``data/money.toml`` says what each means."""

    top_up_min_fen: int
    top_up_max_fen: int
    top_up_day_max_fen: int
    balance_max_fen: int
    open_orders_max: int
    order_valid_s: int
    ask_after_s: int
    refund_days: int
    refund_again_s: tuple[int, ...]
    pay_out: Literal["bank_transfer"]
    pay_out_max_fen: int
    pay_out_clerk_day_fen: int
    pay_out_account_day_fen: int
    unbookable_again_s: tuple[int, ...]
    unread_kept_per_hour: int
    first: Literal["balance", "mandate"]
    unpaid_limit_fen: int
    prepaid_limit_fen: int
    unpaid_trips_max: int
    new_days: int
    new_trips_max: int
    debit_again_s: tuple[int, ...]
    max_fare_fen: int
    deny_lag_s: int
    offline_lag_s: int
    offline_rides_max: int
    min_trip_s: int

    def refund_wait_s(self, tries: int) -> int:
        """How long to wait after `tries` questions about a refund (1 is the first)."""
        return self.refund_again_s[min(max(tries, 1), len(self.refund_again_s)) - 1]

    def unpaid_trips(self, since_s: int, now_s: int) -> int:
        """k: how many rides an account that is here since `since_s` may leave unpaid."""
        is_new = now_s < since_s + self.new_days * DAY_S
        return min(self.new_trips_max, self.unpaid_trips_max) if is_new else self.unpaid_trips_max


class _Row(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    city: str
    from_day: date
    top_up_min_fen: int | UnsetType = UNSET
    top_up_max_fen: int | UnsetType = UNSET
    top_up_day_max_fen: int | UnsetType = UNSET
    balance_max_fen: int | UnsetType = UNSET
    open_orders_max: int | UnsetType = UNSET
    order_valid_s: int | UnsetType = UNSET
    ask_after_s: int | UnsetType = UNSET
    refund_days: int | UnsetType = UNSET
    refund_again_s: list[int] | UnsetType = UNSET
    pay_out: str | UnsetType = UNSET
    pay_out_max_fen: int | UnsetType = UNSET
    pay_out_clerk_day_fen: int | UnsetType = UNSET
    pay_out_account_day_fen: int | UnsetType = UNSET
    unbookable_again_s: list[int] | UnsetType = UNSET
    unread_kept_per_hour: int | UnsetType = UNSET
    first: str | UnsetType = UNSET
    unpaid_limit_fen: int | UnsetType = UNSET
    prepaid_limit_fen: int | UnsetType = UNSET
    unpaid_trips_max: int | UnsetType = UNSET
    new_days: int | UnsetType = UNSET
    new_trips_max: int | UnsetType = UNSET
    debit_again_s: list[int] | UnsetType = UNSET
    max_fare_fen: int | UnsetType = UNSET
    deny_lag_s: int | UnsetType = UNSET
    offline_lag_s: int | UnsetType = UNSET
    offline_rides_max: int | UnsetType = UNSET
    min_trip_s: int | UnsetType = UNSET


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    terms: list[_Row]


@cache
def _content() -> bytes:
    return files("tongxing.city").joinpath("data", "money.toml").read_bytes()


def money_terms(city: str, time_s: int) -> MoneyTerms:
    """What holds in a city (its division code) at an instant."""
    return _terms_of(city, calendar_date(time_s))


@cache
def _terms_of(city: str, day: date) -> MoneyTerms:
    return read_money_terms(_content(), city, day)


def read_money_terms(content: bytes, city: str, day: date) -> MoneyTerms:
    """A city's numbers on a day, from the file. Before the first table for every city, that holds.

    Raises ValueError (msgspec.ValidationError is one) for an unknown or missing number, one below
    zero, two tables of one city and day, a limit that one ride can exceed (the loss formula would
    not hold), and lists or times that leave nothing to wait for.
    """
    rows = msgspec.toml.decode(content, type=_File).terms
    tables = [Table(row.city, row.from_day, said(row, MoneyTerms)) for row in rows]
    terms = msgspec.convert(in_force(tables, ("", city), day), MoneyTerms)
    _check(terms)
    return terms


def _check(terms: MoneyTerms) -> None:
    numbers = [value for value in msgspec.structs.astuple(terms) if isinstance(value, int)]
    waits = (terms.refund_again_s, terms.debit_again_s, terms.unbookable_again_s)
    if any(number < 0 for number in (*numbers, *(one for each in waits for one in each))):
        raise ValueError("a number is below zero")
    if not all(waits):
        raise ValueError("a list of waits is empty")
    if min(terms.min_trip_s, terms.order_valid_s, terms.max_fare_fen) < 1:
        raise ValueError("a time or a fare is zero")
    if min(terms.unpaid_limit_fen, terms.prepaid_limit_fen) < terms.max_fare_fen:
        raise ValueError("one ride can exceed what may be unpaid")
