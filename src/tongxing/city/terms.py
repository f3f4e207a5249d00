"""The numbers of half trips: how long they wait, what may be stated, what counts as a habit.

They are dated data (``data/half_trips.toml``), read strictly: a misspelt number must fail at the
start and never price a ride. No number of these stands in code.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.clock import DAY_S, at, business_date, business_day_end

NAMES = (
    "declare_days", "reopen_days", "evidence_days", "ahead_s_max", "band_s_max",
    "free_corrections", "travel_s_max", "speed_kmh_max",
    "habit_days", "habit_trips", "repeat", "turn_back_s",
)  # fmt: skip


class Terms(Struct, frozen=True, kw_only=True):
    """The numbers of one city from one day on; ``data/half_trips.toml`` says what each means."""

    declare_days: int
    reopen_days: int
    evidence_days: int
    ahead_s_max: int
    band_s_max: int
    free_corrections: int
    travel_s_max: int
    speed_kmh_max: int
    habit_days: int
    habit_trips: int
    repeat: int
    turn_back_s: int

    def decided_from_s(self, known_s: int) -> int:
        """When the clock takes over a half trip whose known tap was at `known_s`; until then the
        passenger may state its missing side."""
        return business_day_end(business_date(known_s)) + self.declare_days * DAY_S


@dataclass(frozen=True, slots=True)
class TermsBook:
    """A city's terms over time."""

    starts_s: tuple[int, ...]
    versions: tuple[Terms, ...]

    def at(self, time_s: int) -> Terms:
        """The terms in force at an instant; before the first ones, the first."""
        return self.versions[max(0, bisect_right(self.starts_s, time_s) - 1)]


class _Row(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    city: str
    from_day: date
    declare_days: int | UnsetType = UNSET
    reopen_days: int | UnsetType = UNSET
    evidence_days: int | UnsetType = UNSET
    ahead_s_max: int | UnsetType = UNSET
    band_s_max: int | UnsetType = UNSET
    free_corrections: int | UnsetType = UNSET
    travel_s_max: int | UnsetType = UNSET
    speed_kmh_max: int | UnsetType = UNSET
    habit_days: int | UnsetType = UNSET
    habit_trips: int | UnsetType = UNSET
    repeat: int | UnsetType = UNSET
    turn_back_s: int | UnsetType = UNSET

    def numbers(self) -> dict[str, int]:
        found = {name: getattr(self, name) for name in NAMES}
        return {name: value for name, value in found.items() if value is not UNSET}


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    terms: list[_Row]


@cache
def half_trip_terms(city: str) -> TermsBook:
    """The terms of a city by its division code, read once."""
    content = files("tongxing.city").joinpath("data", "half_trips.toml").read_bytes()
    return read_terms(content, city)


def read_terms(content: bytes, city: str) -> TermsBook:
    """A city's terms from the file.

    Raises ValueError (msgspec.ValidationError is one) for an unknown or misspelt number, one that
    is not above zero, two tables of one city and day, and a default that leaves a number out.
    """
    rows = msgspec.toml.decode(content, type=_File).terms
    by_day: dict[tuple[str, date], Mapping[str, int]] = {}
    for row in rows:
        if (row.city, row.from_day) in by_day:
            raise ValueError(f"two tables for {row.city or 'every city'} from {row.from_day}")
        by_day[row.city, row.from_day] = row.numbers()
    days = sorted({day for owner, day in by_day if owner in ("", city)})
    merged: dict[str, int] = {}
    own: dict[str, int] = {}
    versions = []
    for day in days:
        merged |= by_day.get(("", day), {})
        own |= by_day.get((city, day), {})
        versions.append(_terms({**merged, **own}, day))
    if not versions:
        raise ValueError("there are no terms for every city")
    return TermsBook(tuple(at(day) for day in days), tuple(versions))


def _terms(numbers: Mapping[str, int], day: date) -> Terms:
    missing = [name for name in NAMES if name not in numbers]
    wrong = [name for name, value in numbers.items() if value <= 0]
    if missing or wrong:
        raise ValueError(f"terms from {day}: missing {missing}, not above zero {wrong}")
    return msgspec.convert(dict(numbers), Terms)
