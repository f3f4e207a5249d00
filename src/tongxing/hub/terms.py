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

from tongxing.kernel.clock import DAY_S, at, calendar_date

_HourText = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_Days = Annotated[int, msgspec.Meta(ge=0, le=400)]
_Minutes = Annotated[int, msgspec.Meta(ge=0, le=1440)]
_MINUTE_S = 60


class HeldTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a held record waits for evidence."""

    days: _Days
    ends_at: _HourText

    def ends_s(self, held_s: int) -> int:
        """The first second at which it is too late."""
        return deadline(held_s, self.days, self.ends_at)


class HalfTripTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far two halves may be apart, and how long a rider may say what is missing."""

    travel_max_minutes: _Minutes
    same_station_free_minutes: _Minutes
    self_service_days: _Days

    @property
    def travel_max_s(self) -> int:
        return self.travel_max_minutes * _MINUTE_S

    @property
    def same_station_free_s(self) -> int:
        return self.same_station_free_minutes * _MINUTE_S

    @property
    def self_service_s(self) -> int:
        return self.self_service_days * DAY_S


class DisputeTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long each side of a dispute has for its step."""

    ends_at: _HourText
    representment_days: _Days
    drop_days: _Days
    ruling_days: _Days

    def ends_s(self, began_s: int, days: int) -> int:
        """The first second at which a step of so many days is too late."""
        return deadline(began_s, days, self.ends_at)


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
    hour, minute = re.split(":", ends_at)
    return at(calendar_date(began_s) + timedelta(days=days), int(hour), int(minute))


@cache
def _all_terms() -> tuple[CaseTerms, ...]:
    content = files("tongxing.hub.data").joinpath("case_terms.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(content), _File).terms
    return tuple(sorted(found, key=lambda terms: terms.valid_from))


def terms_on(day: date) -> CaseTerms:
    """The terms in force on a day; before the first version, the first."""
    known = _all_terms()
    in_force = [terms for terms in known if terms.valid_from <= day]
    return in_force[-1] if in_force else known[0]
