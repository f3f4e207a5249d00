"""Fares v1: which fare covers which stretch, and the cheapest cover of a journey."""

from pathlib import Path

from feed_world import FARES_V1, feed_of, leg

from tongxing.feeds import Leg, price_tickets
from tongxing.feeds.fares_v1 import Tickets
from tongxing.kernel.reasons import Refusal


def bought(folder: Path, *legs: Leg, rules: str | None = None, fares: str | None = None) -> object:
    """The fares bought, as (fare, legs, rule rows), or the code of the refusal."""
    parts = dict(FARES_V1)
    if rules is not None:
        parts["fare_rules.txt"] = "fare_id,route_id,origin_id,destination_id,contains_id\n" + rules
    if fares is not None:
        parts["fare_attributes.txt"] += fares
    found = price_tickets(feed_of(folder, parts), legs)
    if isinstance(found, Refusal):
        return found.code
    assert isinstance(found, Tickets)
    return [(one.fare.id, len(one.legs), one.rule_rows) for one in found.tickets]


def first() -> Leg:
    return leg("b1", "hill", "mill", "08:00", "08:10")


def second(arrive: str = "08:50") -> Leg:
    return leg("b2", "mill", "wood", "08:30", arrive)


def test_a_fare_of_its_route_and_zones(tmp_path: Path) -> None:
    assert bought(tmp_path, first()) == [("short", 1, (2,))]


def test_a_fare_with_transfer_is_dearer_here_than_two(tmp_path: Path) -> None:
    assert bought(tmp_path, first(), second()) == [("short", 1, (2,)), ("short", 1, (3,))]


def test_a_fare_with_transfer_covers_both_rides(tmp_path: Path) -> None:
    rules = "short,b1,A,A,\ncross,,A,C,\n"
    assert bought(tmp_path, first(), second(), rules=rules) == [("cross", 2, (3,))]


def test_a_transfer_ends_with_the_last_arrival(tmp_path: Path) -> None:
    rules = "cross,,A,C,\nshort,u2,,,\n"
    assert bought(tmp_path, first(), second("09:00"), rules=rules) == [("cross", 2, (2,))]
    assert bought(tmp_path, first(), second("09:00:01"), rules=rules) == "GTFS_FARE_UNKNOWN"


def test_the_feed_says_nothing_of_another_route(tmp_path: Path) -> None:
    assert bought(tmp_path, leg("u1", "west", "m1", "07:00", "07:10")) == "GTFS_FARE_UNKNOWN"


def test_a_fare_without_rules_holds_everywhere(tmp_path: Path) -> None:
    found = bought(tmp_path, leg("u1", "west", "m1", "07:00", "07:10"), fares="any,9.00,EUR,0,,\n")
    assert found == [("any", 1, ())]


def test_contains_means_exactly_the_zones_passed(tmp_path: Path) -> None:
    rules = "short,b2,,,A\nshort,b2,,,B\nshort,b2,,,C\ncross,u2,,,\n"
    through = Leg("b2", "mill", "wood", 0, 60, ("mill", "park", "wood"))
    near = Leg("b2", "mill", "park", 0, 60, ("mill", "park"))
    assert bought(tmp_path / "1", through, rules=rules) == [("short", 1, (2, 3, 4))]
    assert bought(tmp_path / "2", near, rules=rules) == "GTFS_FARE_UNKNOWN"
    only = "short,b2,,,A\ncross,u2,,,\n"
    assert bought(tmp_path / "3", near, rules=only) == "GTFS_FARE_UNKNOWN"


def test_two_currencies_are_not_added(tmp_path: Path) -> None:
    found = bought(
        tmp_path, first(), second(),
        rules="short,b1,,,\nyen,b2,,,\n", fares="yen,100,JPY,0,,\n",
    )  # fmt: skip
    assert found == "GTFS_CURRENCIES"
