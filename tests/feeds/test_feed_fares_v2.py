"""Fares v2: which rules a leg matches under both readings of an empty field, and whose product."""

from pathlib import Path

import pytest
from feed_world import BASE, FARES_V2, feed_of, leg, when

from tongxing.feeds import Journey, Leg, Matcher, price_journey
from tongxing.kernel.reasons import Refusal

HEAD = "network_id,from_area_id,to_area_id,from_timeframe_group_id,fare_product_id"
RIDE = leg("b1", "hill", "lake", "08:00", "08:20")
INSIDE = leg("b1", "hill", "mill", "08:00", "08:10")
METRO = (leg("u1", "west", "m1", "07:00", "07:10"), leg("u2", "m2", "east", "07:15", "07:30"))


def priced(
    folder: Path, *legs: Leg, rules: str = "", rider: str = "adult", medium: str | None = "card",
    **files: str,
) -> object:  # fmt: skip
    """Fen of the journey and the rows of its leg rules, or the code of the refusal."""
    parts: dict[str, str | bytes | None] = dict(FARES_V2)
    if rules:
        parts["fare_leg_rules.txt"] = rules
        parts["fare_transfer_rules.txt"] = None
    parts.update({name.replace("_txt", ".txt"): text for name, text in files.items()})
    found = price_journey(Matcher(feed_of(folder, parts)), legs, rider, medium)
    if isinstance(found, Refusal):
        return found.code
    assert isinstance(found, Journey)
    return found.total_minor, [step.priced.rule.row for step in found.steps]


def test_a_rule_of_its_network(tmp_path: Path) -> None:
    assert priced(tmp_path, RIDE) == (250, [2])


def test_without_priority_an_empty_field_is_all_that_is_not_listed(tmp_path: Path) -> None:
    rules = f"{HEAD}\nbus,town,far,,bus\nbus,town,,,early\n"
    assert priced(tmp_path / "1", RIDE, rules=rules) == (250, [2])
    assert priced(tmp_path / "2", INSIDE, rules=rules) == (200, [3])


def test_without_priority_a_listed_network_leaves_the_empty_one(tmp_path: Path) -> None:
    """The metro is listed, so the rule without network is not for it, though nothing else fits."""
    rules = f"{HEAD}\n,,,,bus\nmetro,far,town,,metro\n"
    there = leg("u2", "m2", "east", "08:00", "08:10")
    assert priced(tmp_path / "1", there, rules=rules) == "GTFS_FARE_UNKNOWN"
    assert priced(tmp_path / "2", RIDE, rules=rules) == (250, [2])


def test_without_priority_a_rule_without_empty_fields_goes_first(tmp_path: Path) -> None:
    """The stop lies in a listed area and in one that is not: the exact rule leaves no choice."""
    rules = f"{HEAD}\nbus,town,far,,bus\nbus,,far,,early\n"
    also = {"areas_txt": FARES_V2["areas.txt"] + "spot,Spot\n",
            "stop_areas_txt": FARES_V2["stop_areas.txt"] + "spot,hill\n"}  # fmt: skip
    assert priced(tmp_path, RIDE, rules=rules, **also) == (250, [2])


def test_with_priority_an_empty_field_does_not_matter(tmp_path: Path) -> None:
    rules = f"{HEAD},rule_priority\n,,,,bus,\nmetro,far,town,,metro,\n"
    there = leg("u2", "m2", "east", "08:00", "08:10")
    assert priced(tmp_path, there, rules=rules) == (250, [2])


def test_the_highest_priority_wins_even_if_dearer(tmp_path: Path) -> None:
    rules = f"{HEAD},rule_priority\n,,,,early,0\nbus,,,,bus,5\n,town,,,metro,3\n"
    assert priced(tmp_path, RIDE, rules=rules) == (250, [3])


def test_rules_of_equal_priority_leave_the_choice(tmp_path: Path) -> None:
    rules = f"{HEAD},rule_priority\n,,,,metro,1\nbus,,,,bus,1\n,,far,,early,1\n"
    assert priced(tmp_path, RIDE, rules=rules) == (200, [4])


def test_a_stop_in_no_area_and_a_stop_of_its_station(tmp_path: Path) -> None:
    rules = f"{HEAD}\nbus,town,far,,bus\nbus,,,,early\nmetro,town,far,,metro\n"
    nowhere = leg("b2", "park", "wood", "08:40", "08:50")
    assert priced(tmp_path / "1", nowhere, rules=rules) == (200, [3])
    assert priced(tmp_path / "2", leg("u2", "m2", "east", "08:00", "08:10"), rules=rules) == (
        400,
        [4],
    )


def test_a_platform_with_an_area_of_its_own_leaves_its_station_s(tmp_path: Path) -> None:
    rules = f"{HEAD}\nmetro,town,far,,metro\nmetro,far,far,,early\n"
    own = FARES_V2["stop_areas.txt"] + "far,m2\n"
    ride = leg("u2", "m2", "east", "08:00", "08:10")
    assert priced(tmp_path, ride, rules=rules, stop_areas_txt=own) == (200, [3])


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-17 04:59:59", 400),
        ("2026-03-17 05:00:00", 200),
        ("2026-03-17 07:00:00", 200),
        ("2026-03-17 07:00:01", 400),
        ("2026-03-15 06:00:00", 400),  # a Sunday
        ("2026-05-01 06:00:00", 400),  # taken out by calendar_dates
        ("2026-05-02 06:00:00", 200),  # a Saturday put in by calendar_dates
    ],
)
def test_a_timeframe_begins_with_its_start_and_ends_before_its_end(
    moment: str, expected: int, tmp_path: Path
) -> None:
    rules = f"{HEAD},rule_priority\nmetro,,,,metro,0\nmetro,,,dawn,early,1\n"
    at = when(moment)
    found = priced(tmp_path, Leg("u1", "west", "m1", at, at + 600), rules=rules)
    assert isinstance(found, tuple) and found[0] == expected


def test_a_timeframe_is_of_the_stop_s_own_time_zone(tmp_path: Path) -> None:
    """06:30 in Vienna is 07:30 at a stop that keeps the time of Helsinki."""
    rules = f"{HEAD},rule_priority\nmetro,,,,metro,0\nmetro,,,dawn,early,1\n"
    stops = BASE["stops.txt"].replace("parent_station\n", "parent_station,stop_timezone\n")
    stops = stops.replace("west,West,48.7,16.7,C,,", "west,West,48.7,16.7,C,,,Europe/Helsinki")
    ride = leg("u1", "west", "m1", "06:30", "06:40")
    assert priced(tmp_path / "1", ride, rules=rules) == (200, [3])
    assert priced(tmp_path / "2", ride, rules=rules, stops_txt=stops) == (400, [2])


def test_joined_legs_are_one(tmp_path: Path) -> None:
    assert priced(tmp_path, *METRO) == (400, [3])


def test_legs_of_two_networks_are_not_joined(tmp_path: Path) -> None:
    found = priced(tmp_path, METRO[0], leg("b2", "mill", "wood", "08:30", "08:50"))
    assert found == (650, [3, 2])


def test_a_join_needs_the_same_station_unless_it_names_stops(tmp_path: Path) -> None:
    walk = (METRO[0], leg("u2", "west", "east", "07:15", "07:30"))
    joins = "from_network_id,to_network_id,from_stop_id,to_stop_id\nmetro,metro,ms,west\n"
    assert priced(tmp_path / "1", *walk) == (800, [3, 3])
    assert priced(tmp_path / "2", *walk, fare_leg_join_rules_txt=joins) == (400, [3])


def test_a_joined_leg_begins_at_the_first_and_ends_at_the_last(tmp_path: Path) -> None:
    rules = f"{HEAD}\nmetro,far,far,,early\nmetro,far,town,,metro\n"
    assert priced(tmp_path / "1", *METRO, rules=rules) == (200, [2])
    assert priced(tmp_path / "2", METRO[0], rules=rules) == (400, [3])


def test_each_rider_and_medium_has_its_row(tmp_path: Path) -> None:
    assert priced(tmp_path / "1", RIDE, medium="cash") == (300, [2])
    assert priced(tmp_path / "2", RIDE, rider="child") == (100, [2])
    assert priced(tmp_path / "3", RIDE, rider="child", medium="cash") == "GTFS_NO_PRODUCT"
    assert priced(tmp_path / "4", RIDE, medium=None) == (250, [2])


def test_a_leg_without_a_rule_has_no_known_fare(tmp_path: Path) -> None:
    rules = f"{HEAD}\nmetro,,,,metro\n"
    assert priced(tmp_path, RIDE, rules=rules) == "GTFS_FARE_UNKNOWN"


def test_one_journey_is_paid_with_one_medium_where_that_can_be(tmp_path: Path) -> None:
    products = (
        "fare_product_id,fare_media_id,amount,currency\n"
        "bus,cash,1.00,EUR\nbus,card,2.00,EUR\nmetro,cash,4.00,EUR\nmetro,card,2.00,EUR\n"
        "early,,1.00,EUR\nchange,,0.00,EUR\nboth,,1.00,EUR\n"
    )
    rules = f"{HEAD}\nbus,,,,bus\nmetro,,,,metro\n"
    legs = (METRO[0], leg("b2", "mill", "wood", "08:30", "08:50"))
    found = priced(tmp_path, *legs, rules=rules, medium=None, fare_products_txt=products)
    assert found == (400, [3, 2])


def test_two_currencies_are_not_added(tmp_path: Path) -> None:
    products = FARES_V2["fare_products.txt"].replace("4.00,EUR", "400,JPY")
    legs = (METRO[0], leg("b2", "mill", "wood", "08:30", "08:50"))
    assert priced(tmp_path, *legs, fare_products_txt=products) == "GTFS_CURRENCIES"
