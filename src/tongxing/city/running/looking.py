"""How far a city's business days are, for whoever only looks: needs no key, and changes nothing."""

from datetime import date

from tongxing.city.members import acquirer_member
from tongxing.city.office import Office
from tongxing.city.running.status import DayStatus, day_status
from tongxing.city.running.steps import Step
from tongxing.city.store import business_days as table
from tongxing.city.store.business_days import Files
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import business_day_end
from tongxing.kernel.reasons import Refusal


class DayView:
    """The days of one city as its books have them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def status(self, now_s: int, on: date | None = None) -> list[DayStatus] | Refusal:
        """How far the days are that are not finished (or the one that is named). Refuses as `days`
        does."""
        days = self.days(now_s, on)
        return days if isinstance(days, Refusal) else [self.status_of(day, now_s) for day in days]

    def days(self, now_s: int, on: date | None) -> list[date] | Refusal:
        """The days that are not finished, or the one that is named.

        Refuses DAY_NOT_OVER before 03:00 of the next day, and CITY_DAY_UNKNOWN.
        """
        if on is not None and now_s < business_day_end(on):
            return Refusal("DAY_NOT_OVER", on.isoformat())
        with self._office.reading() as cursor:
            if on is None:
                return table.days_without(cursor, Step.FINISH.value)
            if not table.is_day(cursor, on):
                return Refusal("CITY_DAY_UNKNOWN", on.isoformat())
            return [on]

    def status_of(self, day: date, now_s: int, *, has_line: bool = True) -> DayStatus:
        """How far a day is; without `has_line` nothing can be sent."""
        with self._office.reading() as cursor:
            files = table.files_until(cursor, day)
            return day_status(
                day,
                table.steps_done(cursor, day),
                now_s,
                has_line=has_line,
                statements_missing=self.statements_missing(cursor, files),
                bank_lines_missing=table.unsettled(cursor, files),
            )

    def statements_missing(self, cursor: Cursor, files: Files) -> int:
        """How many files have no statement of their window yet."""
        member = acquirer_member(self._office.code)
        return table.windows_without_statement(cursor, files, member)
