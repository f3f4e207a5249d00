"""Business days as the pages show them: which exist, and one of them read from all cities."""

from dataclasses import dataclass
from datetime import date

from tongxing.city import views
from tongxing.console.figures import CityDay, Day
from tongxing.console.reading import Snapshot
from tongxing.kernel.reasons import Problem


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
    """The days with taps in any city, and the one asked for, or else the newest.

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
    return DayChoice(days, asked or days[0])


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
                closed=day not in known or known[day].closed_s is not None,
            )
        )
    return Day(day, tuple(cities))
