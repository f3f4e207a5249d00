"""The seconds, days and fen at which a price turns: the last before it and the first after it."""

from datetime import date, timedelta

import pytest
from fare_rides import Case, read_cases, run

from tongxing.fares import FareState, RideFacts, Rider, load_city_fares, price
from tongxing.kernel.clock import at, business_date, month_key

CHONGQING = load_city_fares("500000")
CASES = read_cases("edges.txt")

# Days of 2026 that are not what their weekday says (State Council's notice).
HOLIDAYS = """
    2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-02-23
    2026-04-06 2026-05-01 2026-05-04 2026-05-05 2026-06-19 2026-09-25
    2026-10-01 2026-10-02 2026-10-05 2026-10-06 2026-10-07
"""
WORKED_WEEKENDS = """
    2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10
"""

# An instant, the business day it belongs to, and the month it counts for.
TURNS = """
    2026-03-31 23:59:59   2026-03-31  202603
    2026-04-01 00:00:00   2026-03-31  202604
    2026-04-01 02:59:59   2026-03-31  202604
    2026-04-01 03:00:00   2026-04-01  202604
    2028-02-28 23:59:59   2028-02-28  202802
    2028-02-29 00:00:00   2028-02-28  202802
    2028-02-29 03:00:00   2028-02-29  202802
    2028-03-01 00:00:00   2028-02-29  202803
    2028-03-01 02:59:59   2028-02-29  202803
    2028-03-01 03:00:00   2028-03-01  202803
    2026-12-31 23:59:59   2026-12-31  202612
    2027-01-01 00:00:00   2026-12-31  202701
    2027-01-01 03:00:00   2027-01-01  202701
"""


@pytest.mark.parametrize(
    "case",
    [pytest.param(one, id=one.id, marks=[pytest.mark.req(*one.requirements)]) for one in CASES],
)
def test_the_table_of_edges(case: Case) -> None:
    assert case.lines, "a case without rides proves nothing"
    assert run(case) == []


def test_the_names_of_the_table_are_its_own() -> None:
    names = [case.id for case in CASES]
    assert len(names) == len(set(names)) > 30


@pytest.mark.req("R-402")
@pytest.mark.parametrize("row", TURNS.strip().splitlines())
def test_days_cut_at_three_and_months_at_midnight(row: str) -> None:
    day, clock, business, month = row.split()
    hour, minute, second = (int(part) for part in clock.split(":"))
    time_s = at(date.fromisoformat(day), hour, minute, second)
    assert business_date(time_s).isoformat() == business
    assert month_key(time_s) == int(month)


@pytest.mark.req("R-402")
def test_every_day_of_2026_gives_early_travel_if_and_only_if_it_is_worked() -> None:
    holidays = {date.fromisoformat(day) for day in HOLIDAYS.split()}
    worked = {date.fromisoformat(day) for day in WORKED_WEEKENDS.split()}
    wrong = []
    day = date(2026, 1, 1)
    while day.year == 2026:
        expected = day in worked or (day.weekday() < 5 and day not in holidays)
        if is_early(day) != expected:
            wrong.append(day.isoformat())
        day += timedelta(days=1)
    assert wrong == []


@pytest.mark.parametrize("day", ["2028-02-29", "2027-05-03", "2027-02-14"])
def test_a_year_that_is_not_announced_goes_by_the_weekday_and_says_so(day: str) -> None:
    found = date.fromisoformat(day)
    assert is_early(found) == (found.weekday() < 5)
    quote = price(CHONGQING, at_six(found), Rider(), FareState())
    assert [line.values["year"] for line in quote.lines if line.kind == "calendar"] == [found.year]


def at_six(day: date) -> RideFacts:
    return RideFacts(
        mode="rail",
        origin="chaotianmen",
        destination="shapingba",
        entered_s=at(day, 6),
        exited_s=at(day, 6, 40),
    )


def is_early(day: date) -> bool:
    quote = price(CHONGQING, at_six(day), Rider(), FareState())
    return any(line.kind == "early" for line in quote.lines)
