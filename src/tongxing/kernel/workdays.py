"""China's working days: weekdays, less public holidays, plus the make-up Saturdays and Sundays.

The State Council announces each year's holidays the autumn before; the `chinesecalendar` package
carries them. For a year not announced yet the plain weekday rule holds, and `is_announced` says so,
so that a price that rests on it can tell the passenger.
"""

from datetime import date
from functools import lru_cache

import chinese_calendar


@lru_cache(maxsize=4096)
def is_workday(day: date) -> bool:
    """Whether people work on this day in China (A12, R-402)."""
    if not is_announced(day.year):
        return day.weekday() < 5
    return bool(chinese_calendar.is_workday(day))


@lru_cache(maxsize=64)
def is_announced(year: int) -> bool:
    """Whether the State Council's holiday plan of that year is in the calendar."""
    try:
        chinese_calendar.is_workday(date(year, 6, 1))
    except NotImplementedError:
        return False
    return True
