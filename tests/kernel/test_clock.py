"""Time: the seconds around midnight, the business day's cut, month ends and working days."""

from datetime import date, datetime

import pytest

from tongxing.kernel import clock, workdays

DAY = date(2026, 3, 17)


@pytest.mark.req("R-402")
@pytest.mark.parametrize(
    ("hour", "minute", "second", "calendar", "business"),
    [
        (23, 59, 59, date(2026, 3, 17), date(2026, 3, 17)),
        (24, 0, 0, date(2026, 3, 18), date(2026, 3, 17)),
        (26, 59, 59, date(2026, 3, 18), date(2026, 3, 17)),
        (27, 0, 0, date(2026, 3, 18), date(2026, 3, 18)),
    ],
)
def test_a_ride_after_midnight_belongs_to_the_evening(
    hour: int, minute: int, second: int, calendar: date, business: date
) -> None:
    moment = clock.at(DAY, hour, minute, second)
    assert clock.calendar_date(moment) == calendar
    assert clock.business_date(moment) == business


def test_china_time_is_utc_plus_eight() -> None:
    moment = clock.instant(datetime.fromisoformat("2026-03-17T08:21:10+08:00"))
    assert moment == clock.at(DAY, 8, 21, 10)
    assert moment == clock.instant(datetime.fromisoformat("2026-03-17T00:21:10+00:00"))
    assert clock.stamp(moment) == "2026-03-17 08:21:10"


def test_a_time_without_its_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        clock.instant(datetime(2026, 3, 17, 8, 0))


@pytest.mark.req("R-402")
def test_the_month_changes_at_midnight_in_china() -> None:
    assert clock.month_key(clock.at(date(2026, 8, 31), 23, 59, 59)) == 202608
    assert clock.month_key(clock.at(date(2026, 8, 31), 24)) == 202609
    assert clock.business_day_end(date(2028, 2, 29)) == clock.at(date(2028, 3, 1), 3)


@pytest.mark.req("R-402")
@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 3, 10), True),
        (date(2026, 3, 14), False),
        (date(2026, 2, 28), True),  # a make-up Saturday after Spring Festival
        (date(2026, 10, 1), False),
    ],
)
def test_make_up_days_are_working_days(day: date, works: bool) -> None:
    assert workdays.is_workday(day) is works


def test_a_year_not_announced_falls_back_to_weekdays_and_says_so() -> None:
    assert not workdays.is_announced(2031)
    assert workdays.is_workday(date(2031, 1, 6))
    assert not workdays.is_workday(date(2031, 1, 4))
