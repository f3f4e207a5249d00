"""Transfers of Fares v2: the format's own table of costs, its counts, and its four clocks."""

from pathlib import Path

import pytest
from feed_world import FARES_V2, feed_of, leg

from tongxing.feeds import Journey, Leg, Matcher, price_journey

HEAD = (
    "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,"
    "fare_transfer_type,fare_product_id\n"
)
BUS, METRO, FEE, BOTH = 250, 400, 50, 550


def bus(depart: str = "08:00", arrive: str = "08:20") -> Leg:
    return leg("b1", "hill", "lake", depart, arrive)


def other_bus(depart: str = "08:30", arrive: str = "08:50") -> Leg:
    return leg("b2", "mill", "wood", depart, arrive)


def metro(depart: str = "09:00", arrive: str = "09:10") -> Leg:
    return leg("u1", "west", "m1", depart, arrive)


def cost(folder: Path, rules: str, *legs: Leg) -> int:
    """What an adult pays by card, in cents."""
    feed = feed_of(folder, FARES_V2, {"fare_transfer_rules.txt": HEAD + rules})
    found = price_journey(Matcher(feed), legs, "adult", "card")
    assert isinstance(found, Journey), found
    assert found.total_minor == sum(step.adds_minor for step in found.steps)
    return found.total_minor


@pytest.mark.parametrize(
    ("kind", "product", "expected"),
    [
        (0, "change", BUS + FEE),
        (1, "change", BUS + FEE + METRO),
        (2, "both", BOTH),
        (0, "", BUS),
        (1, "", BUS + METRO),
        (2, "", 0),
    ],
)
def test_the_three_ways_to_add_up(kind: int, product: str, expected: int, tmp_path: Path) -> None:
    assert cost(tmp_path, f"gbus,gmetro,,,,{kind},{product}\n", bus(), metro()) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (0, 0, BUS + FEE + FEE),
        (0, 1, BUS + FEE + FEE + BUS),
        (0, 2, BUS + FEE + FEE),
        (1, 0, BUS + FEE + METRO + FEE),
        (1, 1, BUS + FEE + METRO + FEE + BUS),
        (1, 2, BUS + FEE + METRO + FEE),
        (2, 0, FEE + FEE),
        (2, 1, FEE + FEE + BUS),
        (2, 2, FEE + FEE),
    ],
)
def test_a_second_transfer_adds_to_what_was_paid(
    first: int, second: int, expected: int, tmp_path: Path
) -> None:
    """The nine cells of the format's table for three legs: S + BC, or S + BC + C."""
    rules = f"gbus,gmetro,,,,{first},change\ngmetro,gbus,,,,{second},change\n"
    legs = (bus(), metro(), other_bus("09:30", "09:50"))
    assert cost(tmp_path, rules, *legs) == expected


def test_a_rule_is_for_its_direction_only(tmp_path: Path) -> None:
    rules = "gbus,gmetro,,,,0,\n"
    assert cost(tmp_path / "1", rules, bus(), metro()) == BUS
    assert cost(tmp_path / "2", rules, metro(), other_bus("09:30", "09:50")) == METRO + BUS


def test_after_a_break_in_the_chain_the_next_transfer_stands_alone(tmp_path: Path) -> None:
    """Metro, bus, metro: the first step has no rule, so AB replaces the bus alone."""
    legs = (metro("07:00", "07:10"), bus(), metro())
    assert cost(tmp_path, "gbus,gmetro,,,,2,both\n", *legs) == METRO + BOTH


@pytest.mark.parametrize(("count", "paid"), [("1", 2), ("2", 2), ("3", 1), ("-1", 1)])
def test_so_many_transfers_and_no_more(count: str, paid: int, tmp_path: Path) -> None:
    """Four buses with free transfers: with a count of 1 the third bus is paid and opens a new
    chain, with 2 the fourth is paid."""
    legs = [bus(f"0{hour}:00", f"0{hour}:20") for hour in (5, 6, 7, 8)]
    assert cost(tmp_path, f"gbus,gbus,{count},,,0,\n", *legs) == paid * BUS


def test_the_least_count_that_suffices_is_taken(tmp_path: Path) -> None:
    rules = "gbus,gbus,1,,,0,change\ngbus,gbus,2,,,0,\n"
    legs = [bus(f"0{hour}:00", f"0{hour}:20") for hour in (5, 6, 7)]
    assert cost(tmp_path / "1", rules, *legs[:2]) == BUS + FEE
    assert cost(tmp_path / "2", rules, *legs) == BUS + FEE


@pytest.mark.parametrize(
    ("kind", "limit"), [(0, 50 * 60), (1, 30 * 60), (2, 10 * 60), (3, 30 * 60)]
)
def test_the_four_clocks(kind: int, limit: int, tmp_path: Path) -> None:
    """08:00 to 08:20, then 08:30 to 08:50; the last second of the limit counts."""
    for seconds, expected in ((limit, BUS), (limit - 1, 2 * BUS)):
        rules = f"gbus,gbus,1,{seconds},{kind},0,\n"
        assert cost(tmp_path / str(seconds), rules, bus(), other_bus()) == expected


def test_a_chain_is_timed_from_its_first_leg(tmp_path: Path) -> None:
    """The third bus leaves 80 minutes after the first one: no free ride, though the second left
    only 40 minutes ago."""
    legs = (bus(), other_bus("08:40", "08:50"), bus("09:20", "09:40"))
    assert cost(tmp_path, "gbus,gbus,-1,4500,1,0,\n", *legs) == 2 * BUS


def test_an_empty_group_is_every_group_not_listed(tmp_path: Path) -> None:
    rules = "gbus,,,,,0,change\n"
    assert cost(tmp_path / "1", rules, bus(), metro()) == BUS + FEE
    rules = "gbus,,,,,0,change\ngmetro,gmetro,1,,,0,\n"
    assert cost(tmp_path / "2", rules, bus(), metro()) == BUS + METRO


def test_exact_groups_go_before_empty_ones(tmp_path: Path) -> None:
    rules = "gbus,,,,,0,change\ngbus,gmetro,,,,0,\n"
    assert cost(tmp_path, rules, bus(), metro()) == BUS


def test_a_discount_may_be_negative(tmp_path: Path) -> None:
    products = FARES_V2["fare_products.txt"].replace("0.50", "-0.50")
    rules = HEAD + "gbus,gmetro,,,,1,change\n"
    changed = {"fare_products.txt": products, "fare_transfer_rules.txt": rules}
    feed = feed_of(tmp_path, FARES_V2, changed)
    found = price_journey(Matcher(feed), (bus(), metro()), "adult", "card")
    assert isinstance(found, Journey) and found.total_minor == BUS - FEE + METRO


def test_a_joined_ride_transfers_as_one(tmp_path: Path) -> None:
    """The bus leaves ten minutes after the second metro arrived, thirty after the first."""
    legs = (metro("07:00", "07:10"), leg("u2", "m2", "east", "07:15", "07:30"))
    assert cost(tmp_path, "gmetro,gbus,,600,2,0,\n", *legs, bus("07:40", "08:00")) == METRO
