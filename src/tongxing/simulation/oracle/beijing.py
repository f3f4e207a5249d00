"""What a ride in Beijing should cost, written down from the tariff texts (A1, A9, A11-A14, A17).

Sources: the distance tariff of 2014-12-28 with its hundred metres of grace, the month steps of 100,
150 and 400 yuan, the low-peak relief of the 25 listed stations, the bus tariff of the same day.
Never ask the engine here: this is its counterpart.
"""

from datetime import date

from tongxing.kernel.clock import at, calendar_date, month_key
from tongxing.kernel.money import yuan
from tongxing.kernel.workdays import is_workday
from tongxing.simulation.oracle.arithmetic import banded, half_up
from tongxing.simulation.oracle.geography import City, FareTable
from tongxing.simulation.oracle.journeys import (
    Journey,
    Memory,
    Priced,
    product_here,
    second_of_day,
)

CODE = "110000"
MAIN = "main"

TARIFF_S = at(date(2014, 12, 28))
LOW_PEAK_2015_S = at(date(2015, 12, 1))
LOW_PEAK_2017_S = at(date(2017, 1, 1))

LOW_PEAK_UNTIL_S = 7 * 3600
STAY_MAX_S = 240 * 60
OVERTIME_FEN = 300

BUS_PERCENT = 50
BUS_STUDENT_PERCENT = 25
BUS_OUTSIDE = "bus-outside"
BUS_OUTSIDE_PERCENT = 80
BUS_FREE = frozenset({"elder", "child", "disabled_severe", "blind", "soldier"})
PRODUCTS = BUS_FREE | {"ordinary", "student"}

# fmt: off
BATONG_AND_CHANGPING = frozenset({
    "土桥", "临河里", "梨园", "九棵树", "果园", "通州北苑", "八里桥", "管庄", "双桥",
    "传媒大学", "高碑店", "南邵", "沙河高教园", "沙河", "巩华城", "朱辛庄",
})
LINE_6_EAST = frozenset({
    "北运河西", "通运门", "通州北关", "物资学院路", "常营", "草房", "黄渠", "褡裢坡", "青年路",
})
# fmt: on


def main_bands(metres: int) -> int:
    """3 yuan to 6 km, 4 to 12, 5 to 22, 6 to 32, then 1 yuan per 20 km; 99 m of grace."""
    return banded(metres, (6_000, 12_000, 22_000, 32_000), 300, 100, 20_000, grace_m=99)


def tram_bands(metres: int) -> int:
    """The trams by the same first two bands, apart from the main network."""
    return banded(metres, (6_000,), 300, 100, 0, grace_m=99)


def daxing_bands(metres: int) -> int:
    """The Daxing airport line: 10 yuan to 20 km, 25 to 30 km, 35 beyond."""
    if metres <= 20_000:
        return 1_000
    return 2_500 if metres <= 30_000 else 3_500


def capital_flat(metres: int) -> int:
    """The Capital airport line: 25 yuan however far."""
    return 2_500


TABLE = FareTable(
    "BJ-RAIL",
    {
        MAIN: main_bands,
        "capital-airport": capital_flat,
        "daxing-airport": daxing_bands,
        "xijiao": tram_bands,
        "t1": tram_bands,
    },
)


def price(journey: Journey, memory: Memory, city: City) -> Priced:
    """Fare and charge of one journey; `memory` is what the medium carried and is brought forward.

    Raises ValueError for a mode, line, station, product or day that the texts do not know.
    """
    product = product_here(journey.last)
    if product not in PRODUCTS:
        raise ValueError(f"the texts know no holder class {product!r} in Beijing")
    if journey.entered_s < TARIFF_S:
        raise ValueError("no fares of Beijing are known before 2014-12-28")
    memory.turn_to(month_key(journey.charged_s))
    if journey.first.mode == "rail":
        return _rail(journey, memory, city)
    if journey.first.mode == "bus":
        return _bus(journey, product, city)
    raise ValueError(f"no fare is known for {journey.first.mode!r} in Beijing")


def _rail(journey: Journey, memory: Memory, city: City) -> Priced:
    """No holder class travels free or at half price on the rails of Beijing."""
    if journey.is_half:
        system = city.home_system(journey.last.line, journey.last.station)
        what, price_fen = "median", journey.amount_fen
        if price_fen < 0:
            what, price_fen = "highest", city.highest_fen(system, journey.last.station, TABLE)
        if system == MAIN:
            memory.rail_spend_fen += price_fen
        return Priced(price_fen, price_fen, f"{journey.how}: {what} of {system} {yuan(price_fen)}")
    route = city.route(journey.first.station, journey.last.station, TABLE)
    if journey.turned_round:
        return Priced(route.fare_fen, 0, "same station within 20 min")
    main_fen = route.part_fen(MAIN)
    apart_fen = route.fare_fen - main_fen
    reasons = [f"BJ-RAIL {yuan(main_fen)}"]
    if apart_fen:
        reasons.append(f"apart {yuan(apart_fen)}")
    tier = month_percent(memory.rail_spend_fen)
    low_peak = low_peak_percent(city.facts.names[journey.first.station], journey.entered_s)
    # Both factors multiply (A14) and the product is rounded once, half a fen upwards (A1).
    paid_fen = (main_fen * tier * low_peak + 5_000) // 10_000
    if main_fen and (tier, low_peak) != (100, 100):
        reasons.append(f"BJ-MONTH {tier}% x BJ-EARLY {low_peak}%")
    over_fen = OVERTIME_FEN if journey.stay_s > STAY_MAX_S else 0
    if over_fen:
        reasons.append(f"BJ-OVER +{yuan(over_fen)}")
    if main_fen:
        memory.rail_spend_fen += paid_fen + (over_fen if route.parts[0][0] == MAIN else 0)
        memory.rail_rides += 1
    return Priced(route.fare_fen, paid_fen + apart_fen + over_fen, "; ".join(reasons))


def month_percent(spent_fen: int) -> int:
    """From 100 yuan 8折, from 150 yuan 5折, from 400 yuan full price again (A11)."""
    if spent_fen >= 40_000:
        return 100
    if spent_fen >= 15_000:
        return 50
    return 80 if spent_fen >= 10_000 else 100


def low_peak_percent(station_name: str, entered_s: int) -> int:
    """Entry at or before 07:00:00 of a working day at a listed station (A13)."""
    if entered_s < LOW_PEAK_2015_S or second_of_day(entered_s) > LOW_PEAK_UNTIL_S:
        return 100
    if not is_workday(calendar_date(entered_s)):
        return 100
    if entered_s < LOW_PEAK_2017_S:
        return 70 if station_name in BATONG_AND_CHANGPING else 100
    return 50 if station_name in BATONG_AND_CHANGPING | LINE_6_EAST else 100


def bus_bands(metres: int) -> int:
    """2 yuan to 10 km, then 1 yuan per begun 5 km."""
    return banded(metres, (10_000,), 200, 100, 5_000)


def _bus(journey: Journey, product: str, city: City) -> Priced:
    """By the metres between boarding and alighting; one tap alone is a flat line of 2 yuan."""
    line = city.line(journey.first.line)
    stops_m = line.stops_m
    if journey.how == "single_tap":
        fare_fen = bus_bands(0)
    elif journey.amount_fen >= 0:
        fare_fen = journey.amount_fen
    elif journey.is_half:
        here_m = stops_m[journey.last.station]
        fare_fen = bus_bands(max(here_m - min(stops_m.values()), max(stops_m.values()) - here_m))
    else:
        fare_fen = bus_bands(abs(stops_m[journey.last.station] - stops_m[journey.first.station]))
    base = f"BJ-BUS {yuan(fare_fen)}"
    if product in BUS_FREE:
        return Priced(fare_fen, 0, f"{base}; BJ-FREE")
    if journey.is_half:
        return Priced(fare_fen, fare_fen, f"{base}; {journey.how}, no relief")
    percent = BUS_STUDENT_PERCENT if product == "student" else BUS_PERCENT
    if line.system == BUS_OUTSIDE:
        percent = BUS_OUTSIDE_PERCENT
    return Priced(fare_fen, half_up(fare_fen, percent), f"{base}; {percent}%")
