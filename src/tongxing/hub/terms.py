"""The days of what is not yet final: held records, half trips, disputes; dated data.

Deadlines count calendar days in China's time and end at an hour, so that nobody needs to know when
exactly something began to know when it ends.
"""

import re
import tomllib
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec

from tongxing.hub.cases.rules import Days, DisputeTerms, Fen, HourText
from tongxing.kernel.clock import DAY_S, at, calendar_date
from tongxing.kernel.workdays import is_workday

_Minutes = Annotated[int, msgspec.Meta(ge=0, le=1440)]
_MINUTE_S = 60


class HeldTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a held record waits for evidence, and from what amount on two persons decide."""

    days: Days
    ends_at: HourText
    two_persons_above_fen: Fen

    def ends_s(self, held_s: int) -> int:
        """The first second at which it is too late."""
        return deadline(held_s, self.days, self.ends_at)


class HalfTripTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far two halves may be apart, how long a rider may say what is missing, and how long a
    tap that comes late opens its trip again."""

    travel_max_minutes: _Minutes
    same_station_free_minutes: _Minutes
    self_service_days: Days
    reopen_days: Days

    @property
    def travel_max_s(self) -> int:
        return self.travel_max_minutes * _MINUTE_S

    @property
    def same_station_free_s(self) -> int:
        return self.same_station_free_minutes * _MINUTE_S

    @property
    def self_service_s(self) -> int:
        return self.self_service_days * DAY_S

    def is_too_late(self, tapped_s: int, received_s: int) -> bool:
        """Whether a tap that came then opens no trip any more."""
        return received_s - tapped_s > self.reopen_days * DAY_S


class CaseTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of all of these, in force from a day on."""

    version: str
    valid_from: date
    held: HeldTerms
    half_trip: HalfTripTerms
    dispute: DisputeTerms


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    terms: tuple[CaseTerms, ...]


def deadline(began_s: int, days: int, ends_at: str) -> int:
    """The hour `ends_at` on the day that is `days` after the one on which something began."""
    return _hour_of(calendar_date(began_s) + timedelta(days=days), ends_at)


def bank_deadline(began_s: int, days: int, ends_at: str) -> int:
    """The same for bank days of the Chinese calendar (A12): the day on which something began is
    not counted."""
    day = calendar_date(began_s)
    while days:
        day += timedelta(days=1)
        days -= is_workday(day)
    return _hour_of(day, ends_at)


def next_workday_s(ends_s: int) -> int:
    """The same hour on the first bank day from that of `ends_s` on."""
    while not is_workday(calendar_date(ends_s)):
        ends_s += DAY_S
    return ends_s


def _hour_of(day: date, ends_at: str) -> int:
    hour, minute = re.split(":", ends_at)
    return at(day, int(hour), int(minute))


@cache
def _all_terms() -> tuple[CaseTerms, ...]:
    content = files("tongxing.hub.data").joinpath("case_terms.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(content), _File).terms
    return tuple(sorted(found, key=lambda terms: terms.valid_from))


@cache
def terms_of(version: str) -> CaseTerms:
    """The terms of a version that something was begun under. Raises KeyError for none of ours."""
    return {terms.version: terms for terms in _all_terms()}[version]


def terms_on(day: date) -> CaseTerms:
    """The terms in force on a day; before the first version, the first."""
    known = _all_terms()
    in_force = [terms for terms in known if terms.valid_from <= day]
    return in_force[-1] if in_force else known[0]
