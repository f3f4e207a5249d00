"""Our tariffs as a feed: our own reader of it asks exactly what our own pricing asks."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from tongxing.fares import FareState, RideFacts, Rider, load_city_fares, price
from tongxing.fares.chains import fares_within
from tongxing.feeds import Feed, Journey, Leg, Matcher, price_journey, read_feed
from tongxing.feeds.exporting import Export, export_city
from tongxing.feeds.offers import Offers
from tongxing.feeds.writing import write_zip
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.workdays import is_workday
from tongxing.network.transport import Line

CHONGQING, BEIJING = "500000", "110000"
DAY = date(2026, 3, 17)
RIDES = 1_500
SEVEN_S = 7 * 3600


@cache
def exported(city: str) -> Export:
    found = export_city(load_city_fares(city), DAY, "https://publisher.invalid/")
    assert isinstance(found, Export)
    return found


@cache
def read_back(city: str, folder: Path) -> Feed:
    path = folder / f"{city}.zip"
    write_zip(path, exported(city).files)
    found = read_feed(path)
    assert isinstance(found, Feed), found
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


def rider_id(export: Export, name: str) -> str:
    """Who pays what ordinary riders pay has no category of their own."""
    return "ordinary" if name in export.as_ordinary else name


def drawn_rides(
    city: str, feed: Feed, seed: int
) -> Iterator[tuple[Line, str, str, int, str, str, Rider]]:
    """Rides of all kinds: line, ends, moment (often on the edge of early hours), rider, medium."""
    fares, drawn = load_city_fares(city), random.Random(seed)
    offers = Offers(fares.tariff_at(at(DAY)), DAY)
    lines = [line for line in fares.network.lines.values() if line.id in feed.routes]
    for _ in range(RIDES):
        line = drawn.choice(lines)
        other = line
        if line.mode == "rail":
            other = drawn.choice([one for one in lines if one.fare_system == line.fare_system])
        origin, destination = drawn.choice(line.stations), drawn.choice(other.stations)
        day = DAY + timedelta(days=drawn.randrange(280))
        second = drawn.choice([drawn.randrange(86_400), SEVEN_S - 1, SEVEN_S, SEVEN_S + 1])
        name, medium, rider = drawn.choice(list(offers.buyers(line.mode)))
        if origin != destination:
            yield line, origin, destination, at(day) + second, name, medium, rider


def our_price(
    city: str, line: Line, origin: str, destination: str, entered_s: int, exited_s: int,
    rider: Rider, state: FareState,
) -> tuple[int, FareState]:  # fmt: skip
    fares = load_city_fares(city)
    rail = line.mode == "rail"
    ride = RideFacts(
        mode=line.mode, line="" if rail else line.id, origin=origin, destination=destination,
        place=fares.network.stations[origin].place, entered_s=entered_s,
        exited_s=exited_s if rail else entered_s,
    )  # fmt: skip
    quote = price(fares, ride, rider, state)
    return quote.charge_fen, quote.state


@pytest.mark.parametrize("city", [CHONGQING, BEIJING])
def test_single_rides_cost_the_same_to_the_fen(city: str, folder: Path) -> None:
    feed, export = read_back(city, folder), exported(city)
    matcher, compared, unknown = Matcher(feed), 0, 0
    for line, origin, destination, entered_s, name, medium, rider in drawn_rides(city, feed, 7):
        exited_s = entered_s + 1_500
        leg = Leg(line.id, origin, destination, entered_s, exited_s)
        found = price_journey(matcher, [leg], rider_id(export, name), medium)
        if isinstance(found, Refusal):
            assert found.code == "GTFS_FARE_UNKNOWN"
            unknown += 1
            continue
        ours, _ = our_price(
            city, line, origin, destination, entered_s, exited_s, rider, FareState()
        )
        assert found.total_minor == ours, (line.id, origin, destination, name, medium, entered_s)
        compared += 1
    assert compared > RIDES * 0.85
    assert unknown <= RIDES // 50 if export.dearer else not unknown


def test_every_pair_of_stations_that_is_left_out_is_cheaper_another_way(folder: Path) -> None:
    """The express between stations that the main network joins for less."""
    fares, export = load_city_fares(BEIJING), exported(BEIJING)
    assert export.dearer == 6  # three stations of it lie on the main network too
    tariff = fares.tariff_at(at(DAY))
    chain = fares.chain(tariff, "dongzhimen", "sanyuanqiao")
    assert chain is not None and [leg.system for leg in chain.legs] == ["main"]


def test_two_rides_within_the_window_cost_the_same_to_the_fen(folder: Path) -> None:
    feed, export = read_back(CHONGQING, folder), exported(CHONGQING)
    matcher, drawn, relieved = Matcher(feed), random.Random(11), 0
    fares = load_city_fares(CHONGQING)
    systems = ("urban", "bus-ordinary", "bus-medium", "bus-express", "cableway")
    lines = [one for one in fares.network.lines.values() if one.fare_system in systems]
    buyers = list(Offers(fares.tariff_at(at(DAY)), DAY).buyers("bus"))
    for _ in range(RIDES):
        first, second = drawn.sample(lines, 2)
        if first.mode == second.mode == "rail":
            continue
        one, other = drawn.sample(first.stations, 2), drawn.sample(second.stations, 2)
        entered_s = at(DAY) + drawn.choice([6 * 3600 + 1_800, 9 * 3600])
        exited_s = entered_s + drawn.choice([600, 1_200])
        again_s = exited_s + drawn.choice([60, 2_399, 2_400, 3_000, 3_001, 3_600, 3_601])
        name, medium, rider = drawn.choice(buyers)
        paid, state = our_price(
            CHONGQING, first, one[0], one[1], entered_s, exited_s, rider, FareState()
        )
        more, after = our_price(
            CHONGQING, second, other[0], other[1], again_s, again_s + 900, rider, state
        )
        legs = [
            Leg(first.id, one[0], one[1], entered_s, exited_s),
            Leg(second.id, other[0], other[1], again_s, again_s + 900),
        ]
        found = price_journey(matcher, legs, rider_id(export, name), medium)
        assert isinstance(found, Journey)
        assert found.total_minor == paid + more, (first.id, second.id, name, medium, again_s)
        relieved += state.anchor is not None and after.anchor is None
    assert relieved > 50


def test_a_ride_through_two_fare_systems_is_two_legs(folder: Path) -> None:
    feed = read_back(BEIJING, folder)
    fares = load_city_fares(BEIJING)
    entered_s = at(DAY, 10)
    line = fares.network.lines["rail-capital-airport"]
    ours, _ = our_price(
        BEIJING, line, "terminal-3", "tiananmen-east", entered_s, entered_s + 3_000,
        Rider(issuer_is_local=True), FareState(),
    )  # fmt: skip
    chain = fares.chain(fares.tariff_at(entered_s), "terminal-3", "tiananmen-east")
    assert chain is not None and len(chain.legs) == 2
    routes = {"capital-airport": "rail-capital-airport", "main": "rail-1"}
    legs = [
        Leg(routes[leg.system], leg.origin, leg.destination, entered_s + n, entered_s + n + 1)
        for n, leg in enumerate(chain.legs)
    ]
    found = price_journey(Matcher(feed), legs, "ordinary", "card")
    assert isinstance(found, Journey) and found.total_minor == ours


def test_stations_share_an_area_only_where_no_fare_tells_them_apart(folder: Path) -> None:
    """Distances differ by metres, so most stand alone; some on the short lines do not."""
    feed, fares = read_back(BEIJING, folder), load_city_fares(BEIJING)
    tariff = fares.tariff_at(at(DAY))
    groups: dict[str, list[str]] = {}
    for stop in feed.stops:
        for area in feed.areas_of(stop):
            groups.setdefault(area, []).append(stop)
    systems: dict[str, list[list[str]]] = {"xijiao": [], "t1": []}
    for area, group in groups.items():
        if area.rpartition("-")[0] in systems:
            systems[area.rpartition("-")[0]].append(group)
    shared = [group for some in systems.values() for group in some if len(group) > 1]
    assert shared
    for system, some in systems.items():
        ends = [stop for group in some for stop in group]
        for one, other, *_ in (group for group in some if len(group) > 1):
            here = {end: fen for end, _, fen, _ in fares_within(fares.network, tariff, system, one)}
            there = {
                end: fen for end, _, fen, _ in fares_within(fares.network, tariff, system, other)
            }
            assert all(here[end] == there[end] for end in ends if end not in (one, other))


def test_every_rule_in_force_is_named_once() -> None:
    for city in (CHONGQING, BEIJING):
        tariff = load_city_fares(city).tariff_at(at(DAY))
        said = exported(city).said
        assert [one.rule for one in said] == [rule.id for rule in tariff.rules]
        assert all(one.why for one in said if one.how != "whole")
        assert not any(one.why for one in said if one.how == "whole")


def test_what_cannot_be_said_and_why() -> None:
    said = {one.rule: (one.how, one.why) for one in exported(CHONGQING).said}
    assert said["CQ-RAIL-2025"] == ("whole", ())
    assert said["CQ-EARLY"] == ("whole", ())
    assert said["CQ-MONTH"] == ("part", ("first_step",))
    assert said["CQ-FREQ"] == ("none", ("history",))
    assert said["CQ-XFER"][0] == "part" and "alternation" in said["CQ-XFER"][1]
    assert said["CQ-LIFT"] == ("none", ("no_route",))
    assert said["CQ-HALF"] == ("none", ("half_trip",))
    beijing = {one.rule: (one.how, one.why) for one in exported(BEIJING).said}
    assert beijing["BJ-MONTH"] == ("none", ("history",))


def test_workdays_follow_the_holiday_plan(folder: Path) -> None:
    feed = read_back(CHONGQING, folder)
    for number in range(280):
        day = DAY + timedelta(days=number)
        assert feed.services["workday"].runs(day) == is_workday(day), day
        assert feed.services["restday"].runs(day) != is_workday(day), day


def test_the_same_day_gives_the_same_bytes(tmp_path: Path) -> None:
    again = export_city(load_city_fares(CHONGQING), DAY, "https://publisher.invalid/")
    assert isinstance(again, Export)
    write_zip(tmp_path / "one.zip", exported(CHONGQING).files)
    write_zip(tmp_path / "two.zip", again.files)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["one.zip", "two.zip"]


def test_before_the_first_tariff_there_is_nothing_to_write() -> None:
    found = export_city(load_city_fares(CHONGQING), date(1990, 1, 1), "https://publisher.invalid/")
    assert isinstance(found, Refusal) and found.code == "FARES_NO_TARIFF"
