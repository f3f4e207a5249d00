"""When a member is called for more reserve, and for how much: dated rules, and nothing but sums.

The full amount is what a member was net debtor of in its last cycle, scaled up for a newer one.
Pure: days, debits and balances come in as values.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from tongxing.hub.windows import next_bank_day
from tongxing.kernel.clock import at
from tongxing.kernel.workdays import is_workday

PPM = 1_000_000
Cycle = Literal["weekly", "monthly"]
Why = Literal["regular", "warning", "empty", "urgent", "holiday"]


class CycleRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a cycle is, when it is called for, and when a member is warned."""

    cycle_days: int
    warn_ppm: int
    urgent_days: int
    holiday_times: int
    call_weekday: int | None = None
    call_day: int | None = None

    def is_call_day(self, day: date) -> bool:
        """Whether the regular call of a cycle is made on a day."""
        return day.weekday() == self.call_weekday or day.day == self.call_day

    def begins(self, day: date) -> date:
        """The day of the last regular call, on which the cycle of `day` began."""
        while not self.is_call_day(day):
            day -= timedelta(days=1)
        return day


class CallRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When calls are made, until when they are paid, and what a long holiday is."""

    hour: str
    pay_within_days: int
    empty_pay_within_days: int
    holiday_over_days: int
    holiday_before_days: int


class ReserveRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of the rules, from its day on."""

    version: str
    from_day: date
    note: str
    weekly: CycleRules
    monthly: CycleRules
    calls: CallRules

    def of(self, cycle: Cycle) -> CycleRules:
        """The rules of a cycle."""
        return self.weekly if cycle == "weekly" else self.monthly


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    table: tuple[ReserveRules, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A member's reserve on a morning: its cycle, what lies there, what it owes on windows that are
    not paid yet, and what it was net debtor of by day (days without business are left out)."""

    member: str
    cycle: Cycle
    reserve_fen: int
    owed_fen: int
    debits: Mapping[date, int]

    @property
    def available_fen(self) -> int:
        return self.reserve_fen - self.owed_fen


@dataclass(frozen=True, slots=True)
class Call:
    """What a member is asked to pay in, why, and until when."""

    member: str
    why: Why
    full_fen: int
    amount_fen: int
    made_s: int
    due_s: int


@cache
def reserve_rules() -> tuple[ReserveRules, ...]:
    """All versions of the project's own file, in order of day."""
    text = files("tongxing.hub.data").joinpath("reserve.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(text), _File).table
    return tuple(sorted(found, key=lambda rules: rules.from_day))


def rules_on(day: date) -> ReserveRules:
    """The rules in force on a day; before the first ones began, these."""
    known = reserve_rules()
    return next((rules for rules in reversed(known) if rules.from_day <= day), known[0])


def called_s(day: date) -> int:
    """When the calls of a day are made."""
    hour, minute = rules_on(day).calls.hour.split(":")
    return at(day, int(hour), int(minute))


def full_fen(account: Account, day: date, rules: ReserveRules) -> int:
    """The full amount: net debits of the last cycle before a day, scaled up (to the next fen) for a
    member whose business is younger than that."""
    days = rules.of(account.cycle).cycle_days
    first = day - timedelta(days=days)
    debits = {on: fen for on, fen in account.debits.items() if first <= on < day}
    if not debits:
        return 0
    known_days = min(days, (day - min(account.debits)).days)
    return -(-max(0, sum(debits.values())) * days // known_days)


def call_on(day: date, account: Account) -> Call | None:
    """The call that is made on a day's morning, the gravest one if several are due: nothing left,
    a long holiday, half used up too early, a warning, the regular one. None when the reserve does.
    """
    rules = rules_on(day)
    own, calls = rules.of(account.cycle), rules.calls
    full = full_fen(account, day, rules)
    missing = full - account.available_fen
    if account.available_fen < 0:
        return _call(account, "empty", full, missing, day, calls)
    if _holiday_days(day + timedelta(days=calls.holiday_before_days)) > calls.holiday_over_days:
        wanted = full * own.holiday_times - account.available_fen
        return _call(account, "holiday", full, wanted, day, calls)
    urgent = _urgent_fen(day, account, own, full)
    if urgent:
        return _call(account, "urgent", full, urgent, day, calls)
    if account.available_fen * PPM < full * own.warn_ppm:
        return _call(account, "warning", full, missing, day, calls)
    return _call(account, "regular", full, missing, day, calls) if own.is_call_day(day) else None


def _urgent_fen(day: date, account: Account, own: CycleRules, full: int) -> int:
    """What is missing when the first days of a cycle used more than the warned part of the full
    amount: their mean for each day that is left."""
    began = own.begins(day)
    used_days = (day - began).days
    if not 0 < used_days <= own.urgent_days:
        return 0
    used = sum(fen for on, fen in account.debits.items() if began <= on < day)
    if used * PPM <= full * own.warn_ppm:
        return 0
    wanted = -(-used * (own.cycle_days - used_days) // used_days)
    return max(0, wanted - account.available_fen)


def _holiday_days(day: date) -> int:
    """For how many days banks are closed from a day on, if it is the first of them."""
    if is_workday(day) or not is_workday(day - timedelta(days=1)):
        return 0
    return (next_bank_day(day) - day).days


def _call(
    account: Account, why: Why, full: int, amount_fen: int, day: date, calls: CallRules
) -> Call | None:
    if amount_fen <= 0:
        return None
    made_s = called_s(day)
    days = calls.empty_pay_within_days if why == "empty" else calls.pay_within_days
    due_s = at(day + timedelta(days=days), second=made_s - at(day))
    return Call(account.member, why, full, amount_fen, made_s, due_s)
