"""The engine that charges and the oracle that was written apart, from the texts, agree to the fen.

Riders with odd days are drawn from a seed and from hypothesis; what gates opened to is folded by
the city and walked by the oracle, and every ride is compared. TONGXING_DIFFERENTIAL=5000 draws as
many riders as that, and compares the fares between all stations instead of some.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from random import Random

import pytest
from hypothesis import given, settings
from rider_days import BEIJING, CHONGQING, Rider, draw_rider, riders
from rider_limits import riders_at_the_limits
from two_answers import (
    SAID,
    Evidence,
    Ride,
    Waiting,
    engine_answer,
    facts,
    last_close,
    live,
    oracle_answer,
    placeholder_fares_fen,
    ride_of,
    totals,
)

from tongxing.city.charging import revisions
from tongxing.city.riding import Trip
from tongxing.fares import CityFares, highest_fare, load_city_fares
from tongxing.fares.rules import (
    CombineSetting,
    HalfTripSetting,
    MinimumSetting,
    RoundingSetting,
    VisitorSetting,
)
from tongxing.fares.tariff import read_book
from tongxing.hub.ground import NetworkGround
from tongxing.kernel.clock import at, business_date
from tongxing.network.registry import load_registry
from tongxing.simulation.oracle import beijing, chongqing
from tongxing.simulation.oracle.geography import City, FareTable

ASKED = os.environ.get("TONGXING_DIFFERENTIAL", "")
RIDERS = int(ASKED or 500)
SEED = 20_260_317
SETTINGS = CombineSetting | HalfTripSetting | MinimumSetting | RoundingSetting | VisitorSetting


@dataclass(frozen=True)
class Crowd:
    """Riders with their taps, and what the engine finds; the same in every run."""

    everybody: list[Evidence]
    closed_s: int
    trips: list[tuple[Rider, Trip]]
    rides: set[Ride]
    waiting: set[Waiting]


@cache
def drawn() -> Crowd:
    chance = Random(SEED)
    return crowd_of([draw_rider(number, chance) for number in range(RIDERS)])


@cache
def at_the_limits() -> Crowd:
    return crowd_of(riders_at_the_limits())


def crowd_of(people: list[Rider]) -> Crowd:
    everybody = [live(rider) for rider in people]
    closed_s = last_close(everybody)
    trips, waiting = [], set()
    for one in everybody:
        found, half = engine_answer(one, closed_s)
        trips += [(one.rider, trip) for trip in found]
        waiting |= set(half)
    rides = {ride_of(rider, trip) for rider, trip in trips}
    return Crowd(everybody, closed_s, trips, rides, waiting)


def differences(crowd: Crowd) -> list[str]:
    """Each ride and half trip on which the two disagree, as a line for whoever has to judge."""
    expected, held = oracle_answer(crowd.everybody, crowd.closed_s)
    return [
        *(f"engine: {ride}" for ride in sorted(crowd.rides - expected.keys())),
        *(f"oracle: {ride} {expected[ride].why}" for ride in sorted(expected.keys() - crowd.rides)),
        *(f"engine holds {half}" for half in sorted(crowd.waiting - held)),
        *(f"oracle holds {half}" for half in sorted(held - crowd.waiting)),
    ]


CROWDS = pytest.mark.parametrize("crowd", [drawn, at_the_limits])

# --- the comparison -------------------------------------------------------------------------------


@pytest.mark.req("R-007", "R-011", "R-403")
@CROWDS
def test_every_ride_and_every_payers_total_is_the_same_to_the_fen(
    crowd: Callable[[], Crowd],
) -> None:
    found = crowd()
    assert len(found.rides) == len(found.trips) > 5 * len(found.everybody)
    assert differences(found) == []
    rides, held = oracle_answer(found.everybody, found.closed_s)
    assert totals(found.rides) == totals(rides)
    assert len(held) > len(found.everybody) // 10


@given(riders())
@settings(max_examples=max(60, RIDERS // 10), deadline=None)
def test_no_rider_can_be_found_on_whom_they_differ(rider: Rider) -> None:
    assert differences(crowd_of([rider])) == []


@pytest.mark.req("R-403")
@CROWDS
def test_no_purse_differs_from_what_its_gates_took(crowd: Callable[[], Crowd]) -> None:
    found = crowd()
    assert {trip.remark for _, trip in found.trips} == {""}
    charged_fen = totals(found.rides)
    for one in found.everybody:
        if not one.rider.account:
            (number,) = one.rider.medium_numbers
            taken_fen = sum(tap.purse.taken_fen for tap in one.taps if tap.purse)
            assert charged_fen.get(number, 0) == taken_fen


def test_the_riders_meet_every_way_to_pair_and_every_rule() -> None:
    """Or the comparison would say little."""
    trips = [trip for _, trip in drawn().trips + at_the_limits().trips]
    seen: set[str] = {trip.how for trip in trips}
    seen |= {name for trip in trips for line in trip.lines for name in (line.rule, line.kind)}
    wanted = {"single_tap", "both_taps", "paired_by_account", "missing_exit", "missing_entry"}
    wanted |= {"transfer_spent", "half_trip", *SAID} - {"maximum"}
    for city in (CHONGQING, BEIJING):
        rules = load_city_fares(city).book.rules.values()
        wanted |= {rule.id for rule in rules if not isinstance(rule, SETTINGS)}
    # No scheme of ours is accepted on the Yunba, and the list of 2005 had one line. Nobody here
    # rides a taxi, and no carrier sells the passes yet.
    unmet = {"CQ-YUNBA", "CQ-RAIL-2005", "CQ-TAXI", "CQ-32", "CQ-PASS-ADULT", "CQ-PASS-STUDENT"}
    assert wanted - seen == unmet


# --- base fares between all stations --------------------------------------------------------------


@pytest.mark.parametrize(
    ("city", "day", "table"),
    [
        (CHONGQING, date(2025, 7, 29), chongqing.TABLE_2011),
        (CHONGQING, date(2025, 7, 30), chongqing.TABLE_2025),
        (BEIJING, date(2026, 3, 10), beijing.TABLE),
    ],
)
def test_the_two_find_the_same_fares_between_stations(
    city: str, day: date, table: FareTable
) -> None:
    fares, oracle = load_city_fares(city), City(facts()[city], placeholder_fares_fen())
    tariff = fares.tariff_at(at(day))
    stations = sorted({end for track in facts()[city].tracks for end in (track.a, track.b)})
    origins = stations if ASKED else Random(SEED).sample(stations, 40)
    for origin in origins:
        routes = oracle.routes_from(origin, table)
        for end in stations:
            chain = fares.chain(tariff, origin, end)
            route = routes.get(end)
            assert (chain is None) == (route is None)
            if chain is not None and route is not None:
                legs = tuple((leg.system, leg.metres, leg.fare_fen) for leg in chain.legs)
                assert (chain.fare_fen, legs) == (route.fare_fen, route.parts), (origin, end)


@pytest.mark.parametrize(
    ("city", "table"), [(CHONGQING, chongqing.TABLE_2025), (BEIJING, beijing.TABLE)]
)
def test_the_two_find_the_same_highest_fares(city: str, table: FareTable) -> None:
    fares, oracle = load_city_fares(city), City(facts()[city], placeholder_fares_fen())
    day_s = at(date(2026, 3, 10))
    for line in fares.network.lines.values():
        for station in line.stations if line.mode == "rail" else ():
            system = oracle.home_system(line.id, station)
            assert system == line.fare_system
            expected_fen = oracle.highest_fen(system, station, table)
            assert highest_fare(fares, "rail", line.id, station, day_s) == expected_fen


# --- what the hub will say of it ------------------------------------------------------------------


def test_the_hub_comes_to_the_same_fare_for_every_record() -> None:
    """A record is refused when the hub works out another fare, or when it looks days old."""
    ground = NetworkGround(load_registry())
    for _, trip in drawn().trips + at_the_limits().trips:
        ((record),) = (one.record for one in revisions([trip], {}, trip.last.city))
        assert ground.tariff_name(record) == record.tariff
        if trip.how == "median":
            assert ground.fare_fen(record) is None, "only the city has seen what others rode for"
        else:
            assert ground.fare_fen(record) == record.fare_fen, trip
        if record.charge_fen > record.fare_fen:
            highest_fen = ground.highest_charge_fen(record)
            assert highest_fen is not None and record.charge_fen <= highest_fen, trip
        assert trip.entered_s <= trip.exited_s
        assert 0 <= (business_date(trip.exited_s) - trip.completed_on).days <= 1


# --- the comparison can fail ----------------------------------------------------------------------

ORACLE_SLIPS = {
    "chongqing.CARD_PERCENT": 91,
    "chongqing.EARLY_BEFORE_S": 25_201,
    "chongqing.TIERS": ((20_000, 50), (10_001, 70)),
    "chongqing.FREE_RIDES": frozenset({41}),
    "chongqing.WINDOW_S": 3_599,
    "chongqing.SAME_LINE_WAIT_S": 901,
    "chongqing.RELIEF_MAX_FEN": 199,
    "chongqing.NOTICE_2025_S": at(date(2025, 7, 30), 1),
    "journeys.SAME_STATION_FREE_S": 1_199,
    "beijing.LOW_PEAK_UNTIL_S": 25_199,
    "beijing.STAY_MAX_S": 14_399,
    "beijing.BUS_PERCENT": 51,
    "pairing.ACROSS_MEDIA_S": 14_399,
}
ENGINE_SLIPS = [
    (CHONGQING, "rate_bp = 9000", "rate_bp = 9100"),
    (CHONGQING, "window_s = 3600", "window_s = 3599"),
    (CHONGQING, "same_line_min_s = 900", "same_line_min_s = 901"),
    (CHONGQING, "limit_s = 10800", "limit_s = 10799"),
    (CHONGQING, "within_s = 1200", "within_s = 1199"),
    (CHONGQING, 'rail_starts = "exit"', 'rail_starts = "entry"'),
    (CHONGQING, 'among = "own_system"', 'among = "reachable"'),
    (BEIJING, "reach = [10000, 15000, 40000]", "reach = [10001, 15000, 40000]"),
    (BEIJING, "until_included = true", "until_included = false"),
    (BEIJING, 'how = "multiply"', 'how = "lowest"'),
]


@pytest.mark.parametrize("slip", ORACLE_SLIPS)
def test_a_slip_of_the_oracle_shows(slip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"tongxing.simulation.oracle.{slip}", ORACLE_SLIPS[slip])
    assert differences(at_the_limits())


@pytest.mark.parametrize(("city", "said", "slip"), ENGINE_SLIPS)
def test_a_slip_of_the_tariff_data_shows(city: str, said: str, slip: str) -> None:
    """On an account as another ride; on a purse, whose money has moved, as a remark."""
    wrong, crowd = slipped(city, said, slip), at_the_limits()
    trips = (
        (one.rider, trip)
        for one in crowd.everybody
        for trip in engine_answer(one, crowd.closed_s, {city: wrong})[0]
    )
    assert any(trip.remark or ride_of(rider, trip) not in crowd.rides for rider, trip in trips)


def slipped(city: str, said: str, slip: str) -> CityFares:
    """The fares of a city whose tariff file has one thing wrong, wherever it says it."""
    text = files("tongxing.fares").joinpath("data", city, "tariff.toml").read_text("utf-8")
    assert said in text
    return CityFares(load_city_fares(city).network, read_book(text.replace(said, slip).encode()))
