"""The periods of the day that split tables speak of, as one list for all cities.

Each table has periods of its own; a rules directory has one list. A period here is a part of the
day in which no table changes its mind, so that any number of tables can be said with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from tongxing.hub.acc import SplitTable
from tongxing.kernel.clock import BUSINESS_DAY_CUT_S, DAY_S, at, business_date
from tongxing.network.service import DAY_TYPES, Period, day_type_of, hours_of

_FIRST_S, _UNTIL_S = BUSINESS_DAY_CUT_S, BUSINESS_DAY_CUT_S + DAY_S
_DAYS_LOOKED_AT = 40
"""Among so many days there is a working day and one of rest, whatever the holidays."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of one day type in which a period holds, in seconds after midnight."""

    period: str
    day_type: str
    first_s: int
    until_s: int


@dataclass(frozen=True, slots=True)
class Periods:
    """All stretches, in order of day type and time; none where no table speaks of periods."""

    stretches: tuple[Stretch, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.period for one in self.stretches))

    def at(self, time_s: int) -> str:
        """The period of an instant; "" where there are none."""
        day = business_date(time_s)
        second, kind = time_s - at(day), day_type_of(day)
        for one in self.stretches:
            if one.day_type == kind and one.first_s <= second < one.until_s:
                return one.period
        return ""

    def moment(self, period: str, first: date, until: date | None) -> int | None:
        """An instant of a period on one of these days; None when it never comes."""
        for count in range(_DAYS_LOOKED_AT):
            day = first + timedelta(days=count)
            if until is not None and day >= until:
                return None
            for one in self.stretches:
                if one.period == period and one.day_type == day_type_of(day):
                    return at(day) + one.first_s
        return None


def periods_of(tables: Iterable[SplitTable]) -> Periods:
    """The periods of some tables."""
    lists = list(dict.fromkeys(table.header.periods for table in tables))
    if not lists:
        return Periods(())
    found: list[Stretch] = []
    names: dict[tuple[str, ...], str] = {}
    for day_type in DAY_TYPES:
        cuts = sorted({_FIRST_S, _UNTIL_S, *_cuts(lists, day_type)})
        for first_s, until_s in pairwise(cuts):
            said = tuple(_name(periods, day_type, first_s) for periods in lists)
            name = names.setdefault(said, said[0] if len(lists) == 1 else f"P{len(names) + 1}")
            last = found[-1] if found else None
            if last is not None and (last.period, last.day_type) == (name, day_type):
                found[-1] = Stretch(name, day_type, last.first_s, until_s)
            else:
                found.append(Stretch(name, day_type, first_s, until_s))
    return Periods(tuple(found))


def clock(second: int) -> str:
    """Seconds after midnight as ``25:30``."""
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


def _cuts(lists: Sequence[Sequence[Period]], day_type: str) -> Iterable[int]:
    for periods in lists:
        for period in periods:
            if day_type in period.day_types:
                for hours in period.hours:
                    yield from (one for one in hours_of(hours) if _FIRST_S < one < _UNTIL_S)


def _name(periods: Sequence[Period], day_type: str, second: int) -> str:
    return next(period.name for period in periods if period.holds(day_type, second))
