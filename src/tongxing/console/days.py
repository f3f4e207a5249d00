"""Business days as the pages show them: which exist, and one of them read from all cities.

Unless one is asked for, the newest day is shown; but a day that has hardly begun, with a last
passenger home after 03:00, would show nothing, so until 07:00 it is still the day before.
"""

from dataclasses import dataclass
from datetime import date

from tongxing.city import views
from tongxing.console.figures import CityDay, Day
from tongxing.console.reading import Snapshot
from tongxing.kernel.clock import BUSINESS_DAY_CUT_S, at
from tongxing.kernel.reasons import Problem

HARDLY_BEGUN_S = 4 * 3600


@dataclass(frozen=True, slots=True)
class DayChoice:
    """The days there are, newest first, and the one that is shown (None before the first)."""

    days: tuple[date, ...]
    chosen: date | None

    @property
    def earlier(self) -> date | None:
        """The day with taps before the chosen one."""
        return next((day for day in self.days if self.chosen and day < self.chosen), None)

    @property
    def later(self) -> date | None:
        """The day with taps after the chosen one."""
        return next((day for day in reversed(self.days) if self.chosen and day > self.chosen), None)


def choose_day(snapshot: Snapshot, asked: date | None) -> DayChoice:
    """The days with taps in any city, and the one asked for, or else the newest that has begun.

    Raises Problem(PAGE_ARGUMENT) for a day without any taps while there are others.
    """
    found = {
        entry.day
        for code in snapshot.cities
        for entry in views.business_days(snapshot.of_city(code))
    }
    days = tuple(sorted(found, reverse=True))
    if not days:
        return DayChoice((), None)
    if asked is not None and asked not in found:
        raise Problem("PAGE_ARGUMENT", "day", name="day", text=asked.isoformat())
    return DayChoice(days, asked or _newest_begun(snapshot, days))


def _newest_begun(snapshot: Snapshot, days: tuple[date, ...]) -> date:
    newest = days[0]
    begun_s = at(newest) + BUSINESS_DAY_CUT_S + HARDLY_BEGUN_S
    last_taps = [views.last_tap_s(snapshot.of_city(code), newest) for code in snapshot.cities]
    has_begun = any(last is not None and last >= begun_s for last in last_taps)
    return newest if has_begun or len(days) == 1 else days[1]


def read_day(snapshot: Snapshot, day: date) -> Day:
    """The figures of a business day in every city that has gates or had taps on it."""
    cities = []
    for code in snapshot.cities:
        cursor = snapshot.of_city(code)
        known = {entry.day: entry for entry in views.business_days(cursor)}
        if not known:
            continue
        cities.append(
            CityDay(
                city=code,
                taps=tuple(views.tap_counts(cursor, day)),
                trips=tuple(views.trip_counts(cursor, day)),
                uploads=views.upload_count(cursor, day),
                held=views.waiting_count(cursor, day),
                closed=day not in known or known[day].closed_s is not None,
            )
        )
    return Day(day, tuple(cities))
