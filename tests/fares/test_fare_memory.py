"""What a medium remembers: counters by city and month, one transfer anchor, late rides."""

from datetime import date

import pytest

from tongxing.fares import (
    Anchor,
    BaseFare,
    CityFares,
    Counter,
    FarePortion,
    FareState,
    PriceLine,
    RideFacts,
    Rider,
    load_book,
    load_city_fares,
    price,
)
from tongxing.fares.pricing import settle
from tongxing.fares.tariff import Tariff, read_book
from tongxing.kernel.clock import at

DAY = date(2026, 3, 10)
CHONGQING = load_city_fares("500000")
CARD = Rider()


def bus(hour: int, minute: int, line: str = "bus-149") -> RideFacts:
    return RideFacts(mode="bus", line=line, entered_s=at(DAY, hour, minute))


def charges(*rides: RideFacts) -> list[int]:
    state, found = FareState(), []
    for ride in rides:
        quote = price(CHONGQING, ride, CARD, state)
        state = quote.state
        found.append(quote.charge_fen)
    return found


def test_a_leg_in_one_city_never_relieves_one_in_another():
    elsewhere = Anchor("330200", "bus", "1", "", 200, at(DAY, 8), at(DAY, 8))
    quote = price(CHONGQING, bus(8, 30), CARD, FareState(anchor=elsewhere))
    assert quote.charge_fen == 180
    assert quote.state.anchor is not None and quote.state.anchor.city == "500000"


def test_a_late_leg_from_before_the_anchor_gets_nothing_and_moves_nothing():
    assert charges(bus(8, 0), bus(7, 0, "bus-151"), bus(8, 30, "bus-181")) == [180, 180, 0]


def test_counters_of_other_cities_stay_for_the_month_and_go_with_it():
    ride = RideFacts(
        mode="rail",
        origin="chaotianmen",
        destination="shapingba",
        entered_s=at(DAY, 9),
        exited_s=at(DAY, 10),
    )
    same_month, gone = Counter("110000.rail", 202603, 500, 1), Counter("x.rail", 202602, 900, 3)
    quote = price(CHONGQING, ride, CARD, FareState(counters=(same_month, gone)))
    assert quote.state.counters == (same_month, Counter("500000.rail", 202603, 450, 1))


def test_a_ride_outside_all_counters_keeps_them_as_they_are():
    old = FareState(counters=(Counter("500000.rail", 202512, 900, 3),))
    assert price(CHONGQING, bus(8, 0), CARD, old).state.counters == old.counters


# --- rules that no city has yet ------------------------------------------------------------------

HEAD = 'city = "999999"\nname_zh = "甲"\nname_en = "A"\n'
RULE = '\n[[rule]]\nfrom = 2020-01-01\nconfidence = "illustrative"\nsources = ["none"]\n'
TWO_SYSTEMS = (
    f'{HEAD}{RULE}id = "X"\nkind = "transfer"\nsystems = ["one", "two"]\npairs = ["bus-rail"]\n'
    'window_s = 3600\nrelief_fen = 200\nlimit = "none"\nrail_starts = "exit"\n'
)


def of_two_systems(tariff: Tariff, one_fen: int, two_fen: int) -> list[int]:
    """The lines of a rail ride through two systems, half an hour after a bus."""
    portions = (FarePortion("one", "A", one_fen, -1), FarePortion("two", "B", two_fen, -1))
    lines = tuple(PriceLine("base", one.rule, one.fare_fen, {}) for one in portions)
    base = BaseFare(portions, lines, one_fen + two_fen)
    ride = RideFacts(mode="rail", entered_s=at(DAY, 8, 30), exited_s=at(DAY, 9))
    anchor = Anchor("999999", "bus", "1", "", 500, at(DAY, 8), at(DAY, 8))
    quote = settle(tariff, base, ride, CARD, FareState(anchor=anchor))
    assert quote.charge_fen == sum(line.amount_fen for line in quote.lines)
    return [line.amount_fen for line in quote.lines]


@pytest.mark.parametrize("beside", ["instead", "after"])
def test_one_relief_is_spread_over_two_systems_and_given_once(beside):
    book = read_book((TWO_SYSTEMS + f'beside_percent = "{beside}"\n').encode())
    assert of_two_systems(book.versions[0], 100, 300) == [100, 300, -100, -100]


def test_prices_are_rounded_to_the_quantum_of_the_city():
    book = read_book(
        (
            f'{HEAD}{RULE}id = "Q"\nkind = "rounding"\nquantum_fen = 10\n'
            f'{RULE}id = "P"\nkind = "percent"\nrate_bp = 8500\n'
        ).encode()
    )
    portions = (FarePortion("s", "given", 150, -1),)
    base = BaseFare(portions, (PriceLine("base", "given", 150, {}),), 150)
    quote = settle(book.versions[0], base, bus(8, 0), CARD, FareState())
    assert quote.charge_fen == 130  # 127.5 lies nearer to 130 than to 120


def test_a_stated_pair_overrides_the_price_list_of_a_ride():
    text = (
        f"{HEAD.replace('999999', '110000')}"
        f'{RULE}id = "L"\nkind = "flat"\nfare_fen = 300\nsystems = ["main"]\n'
        f'{RULE}id = "P"\nkind = "pairs"\nsystems = ["main"]\nrows = [["tuqiao", "guomao", 777]]\n'
    )
    fares = CityFares(load_city_fares("110000").network, read_book(text.encode()))
    there, back, other = (
        price(fares, ride, CARD, FareState()).fare_fen
        for ride in (
            RideFacts(mode="rail", origin="tuqiao", destination="guomao", entered_s=at(DAY, 9)),
            RideFacts(mode="rail", origin="guomao", destination="tuqiao", entered_s=at(DAY, 9)),
            RideFacts(mode="rail", origin="guomao", destination="liyuan", entered_s=at(DAY, 9)),
        )
    )
    assert (there, back, other) == (777, 777, 300)


@pytest.mark.req("R-204")
def test_a_t_union_visitor_gets_local_policy_where_the_city_says_nothing():
    tariff = load_book("440100").at(at(DAY))
    assert tariff is not None
    visitor = Rider(scheme="t_union", issuer="110000", issuer_is_local=False)
    other = Rider(scheme="local:110000", issuer="110000", issuer_is_local=False)
    state = FareState(counters=(Counter("440100.transit", 202603, 8000, 20),))
    portions = (FarePortion("metro", "given", 400, -1),)
    base = BaseFare(portions, (PriceLine("base", "given", 400, {}),), 400)
    ride = RideFacts(mode="rail", entered_s=at(DAY, 8), exited_s=at(DAY, 9))
    assert settle(tariff, base, ride, visitor, state).charge_fen == 320
    assert settle(tariff, base, ride, other, state).charge_fen == 400
