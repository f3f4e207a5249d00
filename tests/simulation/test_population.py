"""The people of a run: as many as asked for, the same every time, with media that can exist."""

import os
import subprocess
import sys
from datetime import date
from random import Random

import pytest

from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.network import identify, load_registry
from tongxing.network.transport import load_network
from tongxing.simulation.itineraries import DayPlanner, Ride
from tongxing.simulation.numbers import card_number
from tongxing.simulation.places import CityMap
from tongxing.simulation.population import Passenger, people_of, shares_of_cities
from tongxing.simulation.scenario import load_scenario
from tongxing.simulation.seeds import reseed

SCENARIO = load_scenario()
TUESDAY = date(2026, 3, 17)
CODES = [city.code for city in SCENARIO.cities]


def people(code: str, count: int, seed: int = 1) -> list[Passenger]:
    return people_of(SCENARIO, CityMap(load_network(code), SCENARIO.city(code)), code, count, seed)


def day_of(code: str, count: int, seed: int = 1, day: date = TUESDAY) -> list[list[Ride]]:
    city = SCENARIO.city(code)
    city_map = CityMap(load_network(code), city)
    planner = DayPlanner(city_map, SCENARIO.movement, city.vehicles_per_line)
    persons, source = people_of(SCENARIO, city_map, code, count, seed), Random(0)
    return [
        planner.plan(person, day, reseed(source, seed, index))
        for index, person in enumerate(persons)
    ]


def test_every_passenger_asked_for_is_there() -> None:
    shares = shares_of_cities(SCENARIO, 1_001)
    assert sum(shares.values()) == 1_001
    assert [len(people(code, shares[code])) for code in CODES] == [shares[code] for code in CODES]


@pytest.mark.parametrize("code", CODES)
def test_no_two_media_share_a_number_and_cards_fit_their_number_space(code: str) -> None:
    registry, seen = load_registry(), set()
    for person in people(code, 900):
        for medium in person.media:
            assert medium.medium_no not in seen
            seen.add(medium.medium_no)
            if medium.medium_kind == "code":
                continue
            found = identify(registry, medium.medium_no, require_check=True)
            assert not isinstance(found, Refusal)
            schemes = [match.scheme for match in found]
            assert person.wallet.scheme in schemes, (medium, schemes)


def test_numbers_of_different_cities_never_meet() -> None:
    numbers = [
        medium.medium_no
        for code in CODES
        for person in people(code, 400)
        for medium in person.media
    ]
    assert len(numbers) == len(set(numbers))


@pytest.mark.req("R-208")
def test_a_t_union_number_has_19_digits_from_31_and_a_check_digit() -> None:
    assert card_number("t_union", "31049201", 42) == "3104920100000000424"
    with pytest.raises(ValueError):
        card_number("t_union", "31049201", 10**10)


@pytest.mark.parametrize("code", CODES)
def test_a_day_is_in_order_and_rides_what_exists(code: str) -> None:
    network = load_network(code)
    for rides in day_of(code, 600):
        free_s = 0
        for ride in rides:
            assert ride.enters_s > free_s
            free_s = max(ride.enters_s, ride.exits_s)
            if ride.mode == "rail":
                assert network.path(ride.origin, ride.destination) is not None
            else:
                assert {ride.origin, ride.destination} <= set(network.lines[ride.line].stations)


def test_the_day_has_two_peaks_and_a_few_rides_across_midnight() -> None:
    rides = [ride for code in CODES for rides in day_of(code, 3_000) for ride in rides]

    def between(first_hour: int, last_hour: int) -> int:
        first_s, last_s = at(TUESDAY, first_hour), at(TUESDAY, last_hour)
        return sum(first_s <= ride.enters_s < last_s for ride in rides)

    assert between(7, 9) > 2 * between(12, 14)
    assert between(17, 20) > 2 * between(12, 14)
    assert between(3, 7) > 0
    assert any(ride.enters_s < at(TUESDAY, 24) < ride.exits_s for ride in rides)


def test_on_a_sunday_nobody_commutes() -> None:
    assert sum(map(len, day_of("500000", 500, day=date(2026, 3, 22)))) < sum(
        map(len, day_of("500000", 500))
    )


def test_the_seed_decides_and_nothing_else() -> None:
    assert people("500000", 300, 5) == people("500000", 300, 5)
    assert people("500000", 300, 5) != people("500000", 300, 6)
    program = (
        "import sys; sys.path[:0] = sys.argv[1:];"
        "from test_population import people, day_of; from hashlib import sha256;"
        "print(sha256(repr((people('110000', 200), day_of('500000', 200))).encode()).hexdigest())"
    )
    folders = [os.path.dirname(__file__), *sys.path]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, *folders],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "4711")
    }
    assert len(outputs) == 1
