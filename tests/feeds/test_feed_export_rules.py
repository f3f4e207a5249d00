"""Exporting rules that no bundled city has: the feed still asks what our own pricing asks."""

import random
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from tongxing.fares import CityFares, FareState, RideFacts, price
from tongxing.fares.tariff import read_book
from tongxing.feeds import Feed, Journey, Leg, Matcher, price_journey, read_feed
from tongxing.feeds.exporting import Export, export_city
from tongxing.feeds.offers import Offers
from tongxing.feeds.writing import write_zip
from tongxing.kernel.clock import at
from tongxing.network.transport import Line, load_network

DAY = date(2026, 3, 17)
RIDES = 1_000

HEAD = """
city = "500000"
name_zh = "试验"
name_en = "Trial"
"""


def rule(text: str) -> str:
    common = 'from = 2020-01-01\nconfidence = "seen"\nsources = ["none"]\n'
    return f"[[rule]]\n{common}{text}\n"


TARIFF = HEAD + "".join(
    map(
        rule,
        (
            'id = "T-ROUND"\nkind = "rounding"\nquantum_fen = 10\nhow = "up"',
            'id = "T-RAIL"\nkind = "bands"\nsystems = ["urban"]\nedges_m = [5000, 15000]\n'
            "fares_fen = [210, 430, 650]",
            'id = "T-PAIR"\nkind = "pairs"\nsystems = ["urban"]\none_way = true\n'
            'rows = [["chaotianmen", "shapingba", 155], ["shapingba", "chaotianmen", 175]]',
            'id = "T-BUS"\nkind = "bands"\nsystems = ["bus-ordinary"]\nedges_m = [3000]\n'
            "fares_fen = [100, 230]",
            'id = "T-FLAT"\nkind = "flat"\nsystems = ["bus-medium"]\nfare_fen = 200',
            'id = "T-LESS"\nkind = "percent"\nsystems = ["urban", "bus-medium"]\nrate_bp = 8500\n'
            'media = ["code"]',
            'id = "T-HALF"\nkind = "percent"\nproducts = ["student"]\nrate_bp = 5000\n'
            "holder = true",
            'id = "T-REST"\nkind = "time"\nsystems = ["urban"]\nrate_bp = 6000\n'
            "entry_from = 09:30:00\nentry_until = 16:00:00\nuntil_included = false\n"
            'days = "restday"\nstations = ["chaotianmen", "lianglukou"]',
            'id = "T-NOON"\nkind = "time"\nsystems = ["bus-medium"]\nrate_bp = 9000\n'
            "entry_from = 12:00:00\nentry_until = 13:00:00\nuntil_included = true\n"
            'days = "every"',
            'id = "T-XFER"\nkind = "transfer"\nsystems = ["urban", "bus-ordinary", "bus-medium"]\n'
            'pairs = ["bus-rail", "rail-bus"]\nwindow_s = 2400\nmin_gap_s = 30\nrelief_fen = 120\n'
            'limit = "first_paid"\nrail_starts = "entry"\nrail_ends = "exit"\n'
            'beside_percent = "after"\nchain = "every"',
        ),
    )
)


@cache
def trial() -> CityFares:
    return CityFares(load_network("500000"), read_book(TARIFF.encode()))


@cache
def export() -> Export:
    found = export_city(trial(), DAY, "https://publisher.invalid/")
    assert isinstance(found, Export)
    return found


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    path = tmp_path_factory.mktemp("trial") / "trial.zip"
    write_zip(path, export().files)
    found = read_feed(path)
    assert isinstance(found, Feed), found
    return found


def ride_on(line: Line, origin: str, destination: str, entered_s: int, exited_s: int) -> RideFacts:
    rail = line.mode == "rail"
    return RideFacts(
        mode=line.mode, line="" if rail else line.id, origin=origin, destination=destination,
        entered_s=entered_s, exited_s=exited_s if rail else entered_s,
    )  # fmt: skip


def lines() -> list[Line]:
    systems = ("urban", "bus-ordinary", "bus-medium")
    return [one for one in trial().network.lines.values() if one.fare_system in systems]


def moment(drawn: random.Random) -> int:
    hours = [0, 34_199, 34_200, 43_199, 43_200, 46_800, 46_801, 57_599, 57_600]
    day = DAY + timedelta(days=drawn.randrange(200))
    return at(day) + drawn.choice([*hours, drawn.randrange(86_400)])


def test_single_rides_cost_the_same_to_the_fen(feed: Feed) -> None:
    drawn, matcher = random.Random(3), Matcher(feed)
    buyers = list(Offers(trial().tariff_at(at(DAY)), DAY).buyers("rail"))
    ends = ["chaotianmen", "shapingba", "lianglukou"]
    for _ in range(RIDES):
        line = drawn.choice(lines())
        origin, destination = drawn.sample(line.stations, 2)
        if line.id == "rail-1" and drawn.random() < 0.5:
            origin, destination = drawn.sample(ends, 2)
        entered_s = moment(drawn)
        name, medium, rider = drawn.choice(buyers)
        facts = ride_on(line, origin, destination, entered_s, entered_s + 900)
        quote = price(trial(), facts, rider, FareState())
        leg = Leg(line.id, origin, destination, entered_s, entered_s + 900)
        found = price_journey(matcher, [leg], name, medium)
        assert isinstance(found, Journey), found
        assert found.total_minor == quote.charge_fen, (line.id, origin, destination, name, medium)


def test_a_pair_may_cost_more_one_way(feed: Feed) -> None:
    matcher = Matcher(feed)
    there, back = (
        price_journey(matcher, [Leg("rail-1", *ends, at(DAY, 10), at(DAY, 11))], "ordinary", "card")
        for ends in (("chaotianmen", "shapingba"), ("shapingba", "chaotianmen"))
    )
    assert isinstance(there, Journey) and isinstance(back, Journey)
    assert (there.total_minor, back.total_minor) == (155, 175)


def test_two_rides_within_the_window_cost_the_same_to_the_fen(feed: Feed) -> None:
    """The clock runs from boarding to the second ride's exit by rail, else to its boarding."""
    drawn, matcher, relieved = random.Random(5), Matcher(feed), 0
    buyers = list(Offers(trial().tariff_at(at(DAY)), DAY).buyers("rail"))
    for _ in range(RIDES):
        first, second = drawn.sample(lines(), 2)
        if first.mode == second.mode == "rail":
            continue
        one, other = drawn.sample(first.stations, 2), drawn.sample(second.stations, 2)
        name, medium, rider = drawn.choice(buyers)
        start_s, state, paid, legs = moment(drawn), FareState(), 0, []
        again_s = start_s + drawn.choice([600, 1_499, 1_500, 1_501, 2_399, 2_400, 2_401])
        for line, ends, entered_s in ((first, one, start_s), (second, other, again_s)):
            exited_s = entered_s + (500 if line is first else 900)
            quote = price(trial(), ride_on(line, *ends, entered_s, exited_s), rider, state)
            paid, state = paid + quote.charge_fen, quote.state
            relieved += any(found.kind == "transfer" for found in quote.lines)
            legs.append(Leg(line.id, ends[0], ends[1], entered_s, exited_s))
        found = price_journey(matcher, legs, name, medium)
        assert isinstance(found, Journey)
        assert found.total_minor == paid, (first.id, second.id, name, medium, again_s - start_s)
    assert relieved > 50


def test_what_is_lost_of_such_a_transfer() -> None:
    said = {one.rule: one for one in export().said}
    assert said["T-XFER"].why == ("two_legs", "chain_clock", "same_vehicle", "min_gap")
    assert said["T-PAIR"].how == said["T-REST"].how == "whole"


def test_a_line_priced_by_distance_is_a_network_of_its_own(feed: Feed) -> None:
    own = {route.network for route in feed.routes.values() if route.network.startswith("bus-ord")}
    assert len(own) == sum(line.fare_system == "bus-ordinary" for line in lines())
    assert feed.routes["bus-838"].network in {"bus-medium", "bus-ordinary-bus-838"}
    assert not any(network in [join.network for join in feed.joins] for network in own)


def test_a_system_without_a_fare_has_routes_but_no_rules(feed: Feed, tmp_path: Path) -> None:
    leg = Leg("bus-502", *load_network("500000").lines["bus-502"].stations[:2], at(DAY), at(DAY, 1))
    found = price_journey(Matcher(feed), [leg], "ordinary", "card")
    assert not isinstance(found, Journey) and found.code == "GTFS_FARE_UNKNOWN"
