"""What a city asks, and where: dated data, read strictly."""

from datetime import date
from importlib.resources import files

import pytest

from tongxing.city.binding.terms import (
    binding_terms,
    branches,
    branches_in,
    machines,
    machines_in,
    read_binding_terms,
)
from tongxing.kernel import clock
from tongxing.network.registry import load_registry

TEXT = files("tongxing.city").joinpath("data", "binding.toml").read_text("utf-8")
DAY = date(2026, 3, 17)
STATION = """
[[machines]]
city = "500000"
station = "xiaoshizi"
from = 2026-03-01
until = 2026-03-31
source = "a notice"
"""
BRANCH = """
[[branches]]
city = "500000"
name_zh = "一个网点"
name_en = "A branch"
address_zh = "一条街"
address_en = "A street"
from = 2026-03-01
source = "a notice"
"""


@pytest.mark.req("R-003", "R-004", "R-005", "R-026")
def test_chongqing_binds_one_ordinary_card_held_for_180_days_since_its_first_day() -> None:
    found = binding_terms("500000", clock.at(DAY))
    assert found.offered
    assert (found.held_days_min, found.products, found.cards_max) == (180, ["ordinary"], 1)
    assert (found.proof_age_s_max, found.hold_s) == (120, 72 * 3600)
    assert not binding_terms("500000", clock.at(date(2025, 12, 23))).offered


def test_no_other_city_binds_until_its_table_says_so() -> None:
    cities = {place.code for place in load_registry().places.values()} - {"500000"}
    assert cities
    assert not [code for code in cities if binding_terms(code, clock.at(DAY)).offered]


def test_m2_keeps_nothing_and_m3_a_small_purse() -> None:
    text = TEXT.replace('mode = "M2"\nkeep_fen = 0', 'mode = "M3"\nkeep_fen = 2000')
    small = read_binding_terms(text.encode(), "110000", DAY)
    assert [small.kept_of(fen) for fen in (0, 1_999, 5_000)] == [0, 1_999, 2_000]
    assert binding_terms("500000", clock.at(DAY)).kept_of(5_000) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("held_days_min = 180", "held_days = 180"),
        ("held_days_min = 180", "held_days_min = -1"),
        ("held_days_min = 180", 'held_days_min = "180"'),
        ('mode = "M2"', 'mode = "M1"'),
        ('terminal = "90000001"', 'terminal = "9000001"'),
        ('terminal = "90000001"', 'terminal = "9000000A"'),
        ("reserve_s = 900\n", ""),
        ('channels = ["nfc", ', 'channels = ["post", '),
        ('source = "our choice"\n', ""),
    ],
)
def test_a_number_that_is_written_wrong_fails_at_once(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError):
        read_binding_terms(TEXT.replace(old, new).encode(), "110000", DAY)


def test_two_tables_of_one_day_are_a_mistake() -> None:
    again = TEXT[TEXT.index("[[terms]]") : TEXT.index("# R-001")]
    with pytest.raises(ValueError, match="two tables"):
        read_binding_terms((TEXT + "\n" + again).encode(), "500000", DAY)


@pytest.mark.req("R-015", "R-021")
def test_machines_and_branches_are_switched_on_by_data() -> None:
    """No source names a station or a branch, so none is offered until one does."""
    assert (machines("500000", DAY), branches("500000", DAY)) == ([], [])
    content = (TEXT + STATION + BRANCH).encode()
    on = [
        [one.station for one in machines_in(content, "500000", day)]
        for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1))
    ]
    assert on == [[], ["xiaoshizi"], ["xiaoshizi"], []]
    assert machines_in(content, "110000", DAY) == []
    assert [one.name_en for one in branches_in(content, "500000", DAY)] == ["A branch"]
    with pytest.raises(ValueError):
        machines_in((TEXT + STATION.replace("station", "stop")).encode(), "500000", DAY)
