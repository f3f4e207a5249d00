"""Worked rides, city by city: the tables in ``rides/`` are the cases, this only runs them."""

from collections import Counter as Tally

import pytest
from fare_rides import Case, read_cases, run

TABLES = ("chongqing.txt", "beijing.txt", "visitors.txt", "other_cities.txt", "invented.txt")
CASES = [case for table in TABLES for case in read_cases(table)]


MARKED = [
    pytest.param(case, id=case.id, marks=[pytest.mark.req(*case.requirements)]) for case in CASES
]


@pytest.mark.parametrize("case", MARKED)
def test_ride_table(case: Case) -> None:
    assert case.lines, "a case without rides proves nothing"
    assert run(case) == []


def test_case_names_are_unique() -> None:
    assert [name for name, count in Tally(case.id for case in CASES).items() if count > 1] == []


def test_a_wrong_expectation_is_found() -> None:
    case = next(case for case in CASES if case.id == "CQ-01")
    wrong = Case(case.id, case.title, case.city, case.systems, (), [
        case.lines[0].replace(": 4.50 total=4.50", ": 4.51 total=4.50"),
        case.lines[0].replace(": 4.50 total=4.50", ": 4.50 total=4.51"),
        case.lines[0].replace("relief=CQ-CARD-9", "relief=-"),
    ])  # fmt: skip
    assert len(run(wrong)) == 3
