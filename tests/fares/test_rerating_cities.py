"""The compiled engine over the bundled cities: the worked rides, and drawn months of journeys."""

import random
from datetime import date

import pytest
from fare_rides import Case, _rider, _times, book_of, fen, read_cases
from test_rerating_kernel import compiled_and_plain

from tongxing.fares import CityFares, RideFacts, Rider, book_codes, load_book
from tongxing.fares.rerating import Given, Journey, Rerater, in_order
from tongxing.fares.rerating.invented import Month, invented_codes, invented_month
from tongxing.fares.rerating.measuring import agree
from tongxing.fares.rules import PercentRelief, TransferRelief
from tongxing.kernel.clock import at
from tongxing.network.transport import city_codes, load_network, no_network

TABLES = ("chongqing.txt", "beijing.txt", "visitors.txt", "other_cities.txt", "invented.txt")


def fares_of(city: str) -> CityFares:
    if city in city_codes():
        return CityFares(load_network(city), book_of(city))
    return CityFares(
        load_network("500000") if city == "990001" else no_network(city), book_of(city)
    )


def journeys_of(case: Case) -> tuple[list[Journey], list[int]]:
    """The rides of a table with the charge each must have."""
    journeys: list[Journey] = []
    charges: list[int] = []
    for text in case.lines:
        words = text.partition(" : ")[0].split()
        known = dict(word.split("=") for word in words if "=" in word)
        times = [word for word in words[1:] if "=" not in word and not word.startswith("x")]
        entered_s, exited_s = _times(times)
        medium = known.get("by", "card")
        given = Given()
        if "fare" in known or "m" in known:
            given = Given(case.systems[words[0]], fen(known["fare"]) if "fare" in known else -1)
        ride = RideFacts(
            mode=words[0], line=known.get("line", ""), vehicle=known.get("vehicle", ""),
            place=known.get("place", case.city), origin=known.get("from", ""),
            destination=known.get("to", ""), entered_s=entered_s, exited_s=exited_s,
            metres=int(known.get("m", known.get("metres", "-1"))),
            slow_metres=int(known.get("slow", "0")),
        )  # fmt: skip
        times_over = next((int(w[1:]) for w in words if w[0] == "x" and w[1:].isdigit()), 1)
        one = Journey(unit="@", medium=medium, ride=ride, rider=_rider(medium), given=given)
        journeys += [one] * times_over
        charges += [fen(text.partition(" : ")[2].split()[0])] * times_over
    return journeys, charges


CASES = [case for table in TABLES for case in read_cases(table)]
FRESH = [
    case
    for case in CASES
    if not any(line.startswith(("spent ", "pack ")) for line in case.lines)
    and in_order(journeys_of(case)[0]) == journeys_of(case)[0]
]
"""Cases that begin with media never used, in the order in which rides are charged."""


@pytest.mark.parametrize("case", FRESH, ids=lambda case: case.id)
def test_worked_rides_cost_the_same_compiled(case: Case) -> None:
    journeys, charges = journeys_of(case)
    found, plain, _ = compiled_and_plain(fares_of(case.city), journeys)
    assert found == plain
    assert [one.charge_fen for one in found] == charges


def test_most_worked_rides_begin_with_a_fresh_medium() -> None:
    assert len(FRESH) >= len(CASES) * 2 // 3


def drawn(city: str, seed: int) -> list[Journey]:
    """Rides whose base fare is stated, of every class of rider, through every version of a city."""
    rng, book = random.Random(seed), load_book(city)
    rules = list(book.rules.values())
    systems = sorted({system for rule in rules for system in rule.systems}) or ["rail"]
    products = ["ordinary", *sorted({name for rule in rules for name in rule.products})]
    journeys = []
    for unit in range(60):
        version = rng.choice(book.versions)
        time_s = at(version.from_day) + rng.randrange(-5, 40) * 43_200
        product = rng.choice(products)
        for _ in range(25):
            mode, system = rng.choice(["rail", "rail", "bus"]), rng.choice(systems)
            time_s += rng.choice([300, 900, 2_400, 3_600, 30_000, 70_000])
            medium = rng.choice(["card", "code"])
            ride = RideFacts(
                mode=mode, line=rng.choice(["", "7"]), vehicle=rng.choice(["", "1", "2"]),
                place=city, origin=rng.choice(["", "a"]), destination=rng.choice(["a", "b"]),
                entered_s=time_s, exited_s=time_s + rng.choice([600, 3_000, 15_000]),
                metres=rng.randrange(40_000),
            )  # fmt: skip
            rider = Rider(
                medium_kind=medium, product=product, scheme=rng.choice(["t_union", "city_union"]),
                issuer_is_local=rng.random() < 0.8,
            )  # fmt: skip
            given = Given(system, rng.choice([-1, 100, 200, 350, 700, 1_250]))
            journeys.append(
                Journey(unit=str(unit), medium=medium, ride=ride, rider=rider, given=given)
            )
    return journeys


@pytest.mark.parametrize("city", book_codes())
def test_every_bundled_tariff_prices_stated_fares_alike(city: str) -> None:
    fares = CityFares(no_network(city), load_book(city))
    found, plain, exact = compiled_and_plain(fares, drawn(city, 7))
    assert found == plain
    assert exact == 0
    assert sum(one.charge_fen > 0 for one in found) > len(found) // 3
    rules = fares.book.rules.values()
    relieves = any(isinstance(rule, PercentRelief | TransferRelief) for rule in rules)
    assert (len({one.rule for one in found}) > 1) == relieves


@pytest.mark.parametrize("city", city_codes())
def test_an_invented_month_is_priced_alike(city: str) -> None:
    fares = fares_of(city)
    codes = invented_codes(fares)
    first_s = at(fares.book.versions[-1].from_day.replace(day=1))
    table = invented_month(fares, codes, Month(first_s, 31, 40, 3))
    rerater = Rerater(fares, codes, threads=2)
    outcomes = rerater.rate(table).outcomes
    assert table.rows > 1_500
    assert agree(rerater, fares, table, outcomes, range(table.units))
    outcomes.charge_fen[table.rows - 1] += 1
    assert not agree(rerater, fares, table, outcomes, range(table.units))


def test_the_month_of_invented_journeys_is_the_same_for_the_same_seed() -> None:
    fares = fares_of(city_codes()[0])
    months = [
        invented_month(fares, invented_codes(fares), Month(at(date(2026, 3, 1)), 10, 30, seed))
        for seed in (1, 1, 2)
    ]
    one, same, other = (month.columns.entered_s for month in months)
    assert list(one) == list(same) != list(other)


@pytest.mark.parametrize("city", ["310000", "330200", "440100", "510100"])
def test_rides_by_their_metres_are_priced_alike_where_no_network_is_known(city: str) -> None:
    dice = random.Random(city)
    journeys = []
    for number in range(300):
        entered_s = at(date(2026, 3, 2)) + number * 4_000
        ride = RideFacts(
            mode=dice.choice(["rail", "bus", "taxi"]),
            line=dice.choice(["", "7", "metro", "bus"]),
            entered_s=entered_s,
            exited_s=entered_s + dice.choice([600, 1_800, 20_000]),
            metres=dice.choice([-1, 0, 3_999, 6_000, 6_001, 25_000, 90_000]),
            missing=dice.choice(["", "", "", "exit"]),
        )
        unit = str(dice.randrange(9))
        journeys.append(Journey(unit=unit, medium=unit, ride=ride, rider=Rider()))
    priced, plain, _ = compiled_and_plain(fares_of(city), journeys)
    assert priced == plain
    assert len({one.charge_fen for one in priced}) > 3
