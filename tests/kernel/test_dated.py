"""What holds on a day: tables of everybody and of one owner, each good from its day on."""

from datetime import date

import pytest
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.dated import Table, below, in_force, said

FIRST, LATER, NEXT = date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)
TABLES = [
    Table("here", LATER, {"days": 3}),
    Table("", FIRST, {"days": 10, "fen": 100}),
    Table("", NEXT, {"fen": 200}),
    Table("there", FIRST, {"days": 99}),
]


@pytest.mark.parametrize(
    ("day", "days", "fen"),
    [
        (date(2020, 1, 1), 10, 100),  # before everybody's first table, that one holds
        (date(2024, 12, 31), 10, 100),
        (LATER, 3, 100),  # on its own day it holds
        (NEXT, 3, 200),  # what an owner does not say is as for everybody
    ],
)
@pytest.mark.req("R-400")
def test_the_newest_table_of_each_holds(day: date, days: int, fen: int) -> None:
    assert in_force(TABLES, ("", "here"), day) == {"days": days, "fen": fen}


def test_an_owner_alone_holds_from_its_own_day_only() -> None:
    assert in_force(TABLES[:1], ("", "here"), FIRST) == {}


def test_two_tables_of_one_owner_and_day_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two tables"):
        in_force([*TABLES, Table("there", FIRST, {})], ("",), NEXT)


def test_a_row_says_only_what_is_not_left_out() -> None:
    class Row(Struct):
        city: str
        days: int | UnsetType = UNSET
        fen: int | UnsetType = UNSET

    class Terms(Struct):
        days: int
        fen: int

    assert said(Row("here", fen=0), Terms) == {"fen": 0}


def test_what_is_too_small_is_named_and_a_truth_is_no_number() -> None:
    assert below({"days": 0, "fen": 1, "offered": False, "name": "x"}, 1) == ["days"]
