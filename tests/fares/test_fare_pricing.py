"""Half trips, highest fares, least balances, chains of systems, rides that make no sense."""

from datetime import date
from importlib.resources import files

import pytest

from tongxing.fares import (
    Counter,
    FareState,
    PriceLine,
    RideFacts,
    Rider,
    highest_fare,
    load_city_fares,
    minimum_balance,
    price,
    pricing_refusal,
)
from tongxing.fares.city import CityFares
from tongxing.fares.tariff import load_book, read_book
from tongxing.kernel.clock import at
from tongxing.network.paths import build_router
from tongxing.network.transport import CityNetwork, Line, Operator, Station

DAY = date(2026, 3, 10)
EIGHT, NINE = at(DAY, 8), at(DAY, 9)
CHONGQING, BEIJING = load_city_fares("500000"), load_city_fares("110000")
CARD, CODE = Rider(), Rider(medium_kind="code")
ELDER = Rider(product="elder")


def rail(origin: str, destination: str = "", **more: object) -> RideFacts:
    facts = {"entered_s": EIGHT, "exited_s": NINE} | more
    return RideFacts(mode="rail", origin=origin, destination=destination, **facts)


# --- half trips ---------------------------------------------------------------------------------


def test_a_missing_exit_costs_the_highest_fare_from_the_entry_without_relief():
    quote = price(BEIJING, rail("tuqiao", exited_s=0, missing="exit"), CARD, FareState())
    assert quote.charge_fen == highest_fare(BEIJING, "rail", "", "tuqiao", EIGHT) == 900
    assert [(line.kind, line.rule) for line in quote.lines] == [
        ("highest", "BJ-RAIL"), ("count", "110000.rail"),
    ]  # fmt: skip
    assert quote.lines[0].values["missing"] == "exit"


def test_a_missing_entry_costs_the_highest_fare_to_the_exit():
    ride = RideFacts(mode="rail", destination="tuqiao", exited_s=NINE, missing="entry")
    assert price(BEIJING, ride, CARD, FareState()).charge_fen == 900


def test_a_half_trip_counts_its_money_but_no_ride_and_leaves_the_window_alone():
    before = price(CHONGQING, rail("chaotianmen", "shapingba"), CARD, FareState()).state
    half = rail("chaotianmen", entered_s=NINE + 60, exited_s=0, missing="exit")
    quote = price(CHONGQING, half, CARD, before)
    assert quote.state.anchor == before.anchor is not None
    assert quote.state.counters == (Counter("500000.rail", 202603, 450 + 900, 1),)


def test_a_half_trip_counts_for_the_month_in_which_its_money_fell_due():
    last_evening = at(date(2026, 3, 31), 23)
    half = rail("chaotianmen", entered_s=last_evening, exited_s=0, missing="exit")
    closed = rail(
        "chaotianmen", entered_s=last_evening, exited_s=at(date(2026, 4, 1), 3), missing="exit"
    )
    months = [
        price(CHONGQING, ride, CARD, FareState()).state.counters[0].month for ride in (half, closed)
    ]
    assert months == [202603, 202604]


def test_a_half_trip_of_free_travel_stays_free():
    quote = price(CHONGQING, rail("chaotianmen", missing="exit"), ELDER, FareState())
    assert quote.charge_fen == 0
    kinds = [line.kind for line in quote.lines]
    assert kinds == ["highest", "holder", "count"]


def fares_from(fares: CityFares, station: str, *systems: str) -> list[int]:
    """The fares of all rides from a station that stay inside these systems (none: inside any)."""
    tariff = fares.tariff_at(EIGHT)
    chains = [fares.chain(tariff, station, end) for end in fares.network.stations]
    return [
        chain.fare_fen
        for chain in chains
        if chain is not None and (not systems or {leg.system for leg in chain.legs} <= set(systems))
    ]


def test_the_highest_fare_covers_every_ride_inside_the_system():
    inside = fares_from(BEIJING, "tuqiao", "main")
    assert len(inside) > 390
    assert max(inside) == highest_fare(BEIJING, "rail", "rail-1", "tuqiao", EIGHT)


def test_a_shared_station_counts_as_the_main_network_unless_the_lane_is_the_airport_lines():
    assert highest_fare(BEIJING, "rail", "", "dongzhimen", EIGHT) < 2500
    assert highest_fare(BEIJING, "rail", "rail-2", "dongzhimen", EIGHT) < 2500
    assert highest_fare(BEIJING, "rail", "rail-capital-airport", "dongzhimen", EIGHT) == 2500


def test_a_city_may_take_the_highest_fare_of_all_that_can_be_reached():
    source = files("tongxing.fares").joinpath("data", "110000", "tariff.toml").read_text("utf-8")
    book = read_book(source.replace('among = "own_system"', 'among = "reachable"').encode())
    fares = CityFares(BEIJING.network, book)
    reachable = fares_from(fares, "tuqiao")
    assert len(reachable) > 410
    assert max(reachable) == highest_fare(fares, "rail", "rail-1", "tuqiao", EIGHT) == 4200
    quote = price(fares, rail("tuqiao", exited_s=0, missing="exit"), CARD, FareState())
    assert [(line.kind, line.amount_fen) for line in quote.lines] == [
        ("highest", 700), ("highest", 3500), ("count", 0),
    ]  # fmt: skip


def test_an_unknown_station_stands_for_any_of_the_system():
    nowhere = highest_fare(CHONGQING, "rail", "", "no-such-station", EIGHT)
    assert nowhere == highest_fare(CHONGQING, "rail", "", "", EIGHT) == 1100
    assert nowhere >= highest_fare(CHONGQING, "rail", "", "chaotianmen", EIGHT)


def test_a_flat_fare_is_its_own_highest():
    assert highest_fare(CHONGQING, "bus", "bus-401", "dapingstop", EIGHT) == 100
    assert highest_fare(CHONGQING, "lift", "lift-kaixuan", "", EIGHT) == 200


def bus_of_forty_kilometres(system: str = "bus-city") -> CityFares:
    """A line of 40 km whose second stop lies 30 km from one end (the documented example)."""
    line = Line(
        id="bus-40", name_zh="40", name_en="40", mode="bus", operator="OP", fare_system=system,
        place="110000", stations=("end-a", "stop", "end-b"), metres=(10_000, 30_000),
    )  # fmt: skip
    stations = {stop: Station(stop, stop, stop, ("bus-40",), "110000") for stop in line.stations}
    network = CityNetwork(
        code="110000", name_zh="北京", name_en="Beijing", as_of=DAY,
        operators={"OP": Operator("OP", "甲", "A")}, lines={line.id: line}, stations=stations,
        fare_systems=(system,), sources=(), router=build_router([], "main"),
    )  # fmt: skip
    return CityFares(network, load_book("110000"))


@pytest.mark.parametrize("product", ["ordinary", "student"])
def test_bus_without_alighting_costs_the_plain_fare_to_the_farther_end(product):
    fares = bus_of_forty_kilometres()
    ride = RideFacts(mode="bus", line="bus-40", origin="stop", entered_s=EIGHT, missing="exit")
    quote = price(fares, ride, Rider(product=product), FareState())
    assert quote.charge_fen == 600  # 2.00 to 10 km, and 1.00 for each of 4 times 5 km (BJ-09)
    assert quote.charge_fen == highest_fare(fares, "bus", "bus-40", "stop", EIGHT)


# --- what a purse must hold ---------------------------------------------------------------------


def test_least_balance_is_the_lowest_fare_on_rail_and_one_yuan_on_beijing_buses():
    assert minimum_balance(BEIJING, "rail", "", "tuqiao", EIGHT, CARD) == 300
    assert minimum_balance(BEIJING, "bus", "bus-1", "xidan-stop", EIGHT, CARD) == 100
    assert minimum_balance(CHONGQING, "rail", "", "chaotianmen", EIGHT, CARD) == 200


def test_no_balance_is_needed_for_free_travel_or_where_the_tap_takes_the_charge():
    assert minimum_balance(CHONGQING, "rail", "", "chaotianmen", EIGHT, ELDER) == 0
    assert minimum_balance(CHONGQING, "bus", "bus-401", "", EIGHT, CARD) == 0


# --- chains of fare systems ---------------------------------------------------------------------


def test_the_cheapest_place_to_change_systems_is_taken():
    chain = BEIJING.chain(BEIJING.tariff_at(EIGHT), "terminal-3", "tiananmen-east")
    assert chain is not None
    assert [(leg.system, leg.fare_fen) for leg in chain.legs] == [
        ("capital-airport", 2500), ("main", 300),
    ]  # fmt: skip
    by_sanyuanqiao = BEIJING.network.path_within("main", "sanyuanqiao", "tiananmen-east")
    assert by_sanyuanqiao is not None and by_sanyuanqiao.metres > 6_099  # would cost 4.00


def test_the_priced_path_names_every_operator_in_order():
    path = BEIJING.path("terminal-3", "tiananmen-east", EIGHT)
    assert path is not None
    assert path.metres == sum(portion.metres for portion in path.portions)
    assert path.portions[0].operator == "OP-BJ-CITYMETRO"
    assert {portion.operator for portion in path.portions[1:]} == {"OP-BJ-SUBWAY"}


def test_from_the_airport_to_the_tram_three_systems_add_up():
    quote = price(BEIJING, rail("terminal-2", "xiangshan"), CARD, FareState())
    systems = [line.values["system"] for line in quote.lines if line.kind == "base"]
    assert systems == ["capital-airport", "main", "xijiao"]
    assert quote.fare_fen == sum(line.amount_fen for line in quote.lines if line.kind == "base")


def test_a_main_network_ride_between_two_airport_line_stations_is_never_an_airport_ride():
    quote = price(BEIJING, rail("sanyuanqiao", "dongzhimen"), CARD, FareState())
    assert quote.fare_fen == 300


def test_in_and_out_of_one_station_is_free_for_twenty_minutes_and_no_ride():
    before = price(CHONGQING, rail("chaotianmen", "shapingba"), CARD, FareState()).state
    turned = rail("guanyinqiao-3", "guanyinqiao-3", entered_s=NINE, exited_s=NINE + 1200)
    quote = price(CHONGQING, turned, CARD, before)
    assert (quote.fare_fen, quote.charge_fen, quote.state) == (200, 0, before)
    assert [(line.kind, line.amount_fen) for line in quote.lines] == [
        ("base", 200), ("turn_back", -200),
    ]  # fmt: skip


def test_after_twenty_minutes_it_costs_the_lowest_fare():
    turned = rail("guomao", "guomao", entered_s=EIGHT, exited_s=EIGHT + 1201)
    assert price(BEIJING, turned, CARD, FareState()).fare_fen == 300


# --- rides that make no sense, and times without a tariff -----------------------------------------


@pytest.mark.parametrize("destination", ["no-such-station", "yunba-line-1"])
def test_a_ride_that_nothing_connects_costs_the_highest_fare_and_says_so(destination):
    quote = price(CHONGQING, rail("chaotianmen", destination), CARD, FareState())
    assert quote.charge_fen == highest_fare(CHONGQING, "rail", "", "chaotianmen", EIGHT)
    assert quote.lines[0].values["missing"] == "path"


def test_a_ride_between_two_unknown_stations_still_has_a_price():
    assert price(CHONGQING, rail("x", "y"), CARD, FareState()).charge_fen == 1100


def test_an_exit_before_its_entry_is_no_overtime():
    ride = rail("chaotianmen", "shapingba", entered_s=NINE, exited_s=EIGHT)
    assert [line.kind for line in price(CHONGQING, ride, CARD, FareState()).lines] == [
        "base", "percent", "count",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ride", "code"),
    [
        (rail("chaotianmen", "shapingba", entered_s=0, exited_s=0), "FARES_NO_TARIFF"),
        (RideFacts(mode="ferry", entered_s=EIGHT), "FARES_NO_MODE"),
        (RideFacts(mode="bus", line="bus-x", entered_s=EIGHT), "FARES_NO_LINE"),
        (rail("no-such-station", "shapingba"), "FARES_NO_STATION"),
        (rail("chaotianmen", entered_s=at(date(2004, 1, 1))), "FARES_NO_FARE"),
    ],
)
def test_what_has_no_price_is_refused_with_a_reason(ride, code):
    refusal = pricing_refusal(CHONGQING, ride, CARD)
    assert refusal is not None and refusal.code == code
    for language in ("zh", "en"):
        assert "{" not in refusal.message(language) + refusal.next_step(language)


def test_what_has_a_price_is_not_refused():
    assert pricing_refusal(CHONGQING, rail("chaotianmen", "shapingba"), CODE) is None


def test_pricing_a_time_or_a_mode_without_tariff_is_a_lookup_error():
    with pytest.raises(LookupError, match="no tariff"):
        price(
            CHONGQING, rail("chaotianmen", "shapingba", entered_s=1, exited_s=2), CARD, FareState()
        )
    with pytest.raises(LookupError, match="mode ferry"):
        price(CHONGQING, RideFacts(mode="ferry", entered_s=EIGHT), CARD, FareState())
    with pytest.raises(LookupError, match="has no fare"):
        highest_fare(CHONGQING, "rail", "rail-bitong", "bicheng", at(date(2020, 1, 1)))
    with pytest.raises(LookupError, match="has no fare"):
        highest_fare(bus_of_forty_kilometres("nowhere"), "bus", "bus-40", "stop", EIGHT)


def test_a_city_without_tariffs_or_network_is_a_key_error():
    with pytest.raises(KeyError):
        load_city_fares("999999")


# --- the tariff is chosen by the entry -----------------------------------------------------------


@pytest.mark.req("R-400")
def test_the_version_in_force_at_the_entry_prices_the_ride():
    last_minute = at(date(2025, 7, 29), 23, 59)
    old = price(
        CHONGQING,
        rail("chaotianmen", "shapingba", entered_s=last_minute, exited_s=last_minute + 3600),
        CARD,
        FareState(),
    )
    new = price(
        CHONGQING,
        rail("chaotianmen", "shapingba", entered_s=last_minute + 60, exited_s=last_minute + 3660),
        CARD,
        FareState(),
    )
    assert (old.tariff[:15], new.tariff[:15]) == ("500000-20240101", "500000-20250730")
    assert (old.lines[0].rule, new.lines[0].rule) == ("CQ-RAIL-2011", "CQ-RAIL-2025")
    assert (old.fare_fen, new.fare_fen) == (400, 500)


@pytest.mark.req("R-403")
def test_the_same_ride_gives_the_same_quote_on_every_machine():
    again = CityFares(CHONGQING.network, CHONGQING.book)
    ride = rail("chaotianmen", "shapingba")
    first, second = (price(one, ride, CARD, FareState()) for one in (CHONGQING, again))
    assert first == second
    assert all(isinstance(line, PriceLine) for line in first.lines)


def test_a_rail_ride_from_a_stop_that_only_buses_serve_is_refused():
    fares = load_city_fares("500000")
    stop = next(
        station.id
        for station in fares.network.stations.values()
        if all(fares.network.lines[line].mode == "bus" for line in station.lines)
    )
    for ride in (
        RideFacts(mode="rail", origin=stop, destination="shapingba", entered_s=1_773_705_600),
        RideFacts(mode="rail", destination=stop, entered_s=1_773_705_600, missing="entry"),
    ):
        refusal = pricing_refusal(fares, ride, Rider())
        assert refusal is not None and refusal.code == "FARES_NO_STATION"
