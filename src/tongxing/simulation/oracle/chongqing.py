"""What a ride in Chongqing should cost, written down from the tariff texts (A1-A12, A19, A20).

Sources: the rail notice of 2025-07-25 (in force 2025-07-30), the 2011 band list with its 7 yuan
cap, the one-hour transfer rules of 2013, the bus fares of 2017. The bands of 2025 are inferred
from official fares, not seen in a text. Never ask the engine here: this is its counterpart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tongxing.kernel.clock import at, calendar_date, month_key
from tongxing.kernel.money import yuan
from tongxing.kernel.workdays import is_workday
from tongxing.simulation.oracle.arithmetic import banded, half_up
from tongxing.simulation.oracle.geography import City, FareTable, Route
from tongxing.simulation.oracle.journeys import (
    Journey,
    Memory,
    Priced,
    TransferWindow,
    product_here,
    second_of_day,
)

CODE = "500000"
CENTRE = "500000"
URBAN = "urban"
JIANGTIAO = "jiangtiao"

FIRST_BANDS_S = at(date(2011, 8, 1))
STAY_LIMITS_S = at(date(2019, 5, 13))
NOTICE_2025_S = at(date(2025, 7, 30))

FREE = frozenset(
    {
        *("elder", "child", "blind", "disabled_severe", "soldier", "disabled_veteran"),
        *("injured_police", "martyr_family", "army_retired", "firefighter"),
    }
)
HALF_ON_RAIL = frozenset({"student", "love_card"})
HALF_ELSEWHERE = frozenset({"love_card"})
TRANSFERS = frozenset({"ordinary", "love_card", "frequent"})
PRODUCTS = FREE | TRANSFERS | HALF_ON_RAIL

CARD_PERCENT = 90
EARLY_PERCENT = 70
EARLY_BEFORE_S = 7 * 3600
TIERS = ((20_000, 50), (10_000, 70))
FREE_RIDES = frozenset({40, 50, 60})

WINDOW_S = 3600
RELIEF_MAX_FEN = 200
SAME_LINE_WAIT_S = 900
STAY_MAX_S = {URBAN: 180 * 60, JIANGTIAO: 270 * 60}

# The fare of line 502 stands in the worked example of the transfer rules.
FLAT_FARES_FEN: Mapping[str, int] = {
    "bus-ordinary": 100,
    "bus-medium": 200,
    "bus-express": 700,
    "escalator": 200,
    "lift": 200,
}
NO_CARD_RELIEF = frozenset({"cableway", "bus-county-tunion"})


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg: `boarded_s` must lie in the window before it, `clock_s` starts its own window."""

    mode: str
    line: str
    vehicle: str
    boarded_s: int
    clock_s: int


def bands_2011(metres: int) -> int:
    """2 yuan to 6 km ... 10 yuan over 63 km, of which never more than 7 are taken (A25)."""
    edges_m = (6_000, 11_000, 17_000, 24_000, 32_000, 41_000, 51_000, 63_000)
    return min(700, banded(metres, edges_m, 200, 100, 0))


def bands_2025(metres: int) -> int:
    """2 yuan to 4 km ... 10 yuan to 76 km, then 1 yuan per begun 20 km, no cap (A24)."""
    edges_m = (4_000, 8_000, 13_000, 18_000, 24_000, 31_000, 41_000, 56_000, 76_000)
    return banded(metres, edges_m, 200, 100, 20_000)


def jiangtiao_bands(metres: int) -> int:
    """2 yuan to 6 km, 3 to 10, 4 to 14, 5 to 19, 6 to 24, 7 beyond (a page on its opening)."""
    return banded(metres, (6_000, 10_000, 14_000, 19_000, 24_000), 200, 100, 0)


APART = {JIANGTIAO: jiangtiao_bands, "bitong": bands_2025, "yunba": bands_2025}
TABLE_2011 = FareTable("CQ-RAIL-2011", {URBAN: bands_2011, **APART})
TABLE_2025 = FareTable("CQ-RAIL-2025", {URBAN: bands_2025, **APART})


def rail_table(entered_s: int) -> FareTable:
    """The bands of the day of entry. Raises ValueError before the first list the oracle knows."""
    if entered_s < FIRST_BANDS_S:
        raise ValueError("no rail bands of Chongqing are known before 2011-08-01")
    return TABLE_2025 if entered_s >= NOTICE_2025_S else TABLE_2011


def price(journey: Journey, memory: Memory, city: City) -> Priced:
    """Fare and charge of one journey; `memory` is what the medium carried and is brought forward.

    Raises ValueError for a mode, line, station or product that the texts do not know.
    """
    product = product_here(journey.last)
    if product not in PRODUCTS:
        raise ValueError(f"the texts know no holder class {product!r} in Chongqing")
    memory.turn_to(month_key(journey.charged_s))
    if journey.first.mode == "rail":
        return _rail(journey, product, memory, city)
    if journey.first.mode == "bus":
        return _bus(journey, product, memory, city)
    if journey.first.mode in ("escalator", "lift", "cableway"):
        return _fixed(journey, product, city)
    raise ValueError(f"no fare is known for {journey.first.mode!r} in Chongqing")


def _rail(journey: Journey, product: str, memory: Memory, city: City) -> Priced:
    table = rail_table(journey.entered_s)
    if journey.is_half:
        return _half_trip(journey, product, memory, city, table)
    route = city.route(journey.first.station, journey.last.station, table)
    if journey.turned_round:
        return Priced(route.fare_fen, 0, "same station within 20 min")
    urban_fen = route.part_fen(URBAN)
    reasons = [f"{table.name} {yuan(route.fare_fen)}"]
    if product in FREE:
        charge_fen = 0
        reasons.append("CQ-FREE")
    else:
        beside_fen = _beside(route, product, reasons)
        paid_fen = _urban(journey, product, urban_fen, memory, reasons) if urban_fen else 0
        over_fen = _overtime(journey, route, table, city, reasons)
        _count(journey, memory, paid_fen + (over_fen if route.parts[0][0] == URBAN else 0))
        charge_fen = paid_fen + beside_fen + over_fen
    if urban_fen and journey.entered_s >= NOTICE_2025_S:
        memory.rail_rides += 1
    return Priced(route.fare_fen, charge_fen, "; ".join(reasons))


def _half_trip(
    journey: Journey, product: str, memory: Memory, city: City, table: FareTable
) -> Priced:
    """The highest fare of its fare system from (to) the one station known, or the median of what
    others rode for, without any relief; free stays free."""
    tap = journey.last
    system = city.home_system(tap.line, tap.station)
    what, price_fen = "median", journey.amount_fen
    if price_fen < 0:
        what, price_fen = "highest", city.highest_fen(system, tap.station, table)
    if product in FREE:
        return Priced(price_fen, 0, f"{journey.how}; CQ-FREE")
    if system == URBAN:
        _count(journey, memory, price_fen)
    why = f"{journey.how}: {what} of {table.name} {system} {yuan(price_fen)}"
    return Priced(price_fen, price_fen, why)


def _count(journey: Journey, memory: Memory, paid_fen: int) -> None:
    """The month's total begins with the notice: what was entered before it counts for nothing."""
    if journey.entered_s >= NOTICE_2025_S:
        memory.rail_spend_fen += paid_fen


def _beside(route: Route, product: str, reasons: list[str]) -> int:
    """Lines priced apart: the notice of 2025 leaves them out, so only the half price holds."""
    full_fen = sum(fen for system, _, fen in route.parts if system != URBAN)
    if product in HALF_ON_RAIL:
        return half_up(full_fen, 50)
    if full_fen:
        reasons.append(f"apart {yuan(full_fen)}")
    return full_fen


def _urban(
    journey: Journey, product: str, fare_fen: int, memory: Memory, reasons: list[str]
) -> int:
    """The urban part: the lowest single rate (A2), or the transfer price if that is lower (A4)."""
    percent = _rail_percent(journey, product, memory, reasons)
    leg = Leg("rail", "", "", journey.first.time_s, journey.last.time_s)
    return _pay_leg(leg, fare_fen, percent, product, memory, reasons)


def _rail_percent(journey: Journey, product: str, memory: Memory, reasons: list[str]) -> int:
    percent, rule = CARD_PERCENT, "CQ-CARD-9"
    if product in HALF_ON_RAIL:
        percent, rule = 50, "half price holder"
    if journey.entered_s >= NOTICE_2025_S:
        for reached_fen, tier_percent in TIERS:
            if memory.rail_spend_fen >= reached_fen and tier_percent < percent:
                percent, rule = tier_percent, f"CQ-MONTH over {yuan(reached_fen)}"
        if _early(journey) and percent > EARLY_PERCENT:
            percent, rule = EARLY_PERCENT, "CQ-EARLY"
        frequent = product == "frequent" and journey.last.medium_kind == "code"
        if frequent and memory.rail_rides + 1 in FREE_RIDES:
            percent, rule = 0, f"CQ-FREQ ride {memory.rail_rides + 1}"
    reasons.append(f"{rule} {percent}%")
    return percent


def _early(journey: Journey) -> bool:
    """Entry strictly before 07:00:00 by the wall clock of a working day (A12)."""
    entered_s = journey.entered_s
    return second_of_day(entered_s) < EARLY_BEFORE_S and is_workday(calendar_date(entered_s))


def _overtime(
    journey: Journey, route: Route, table: FareTable, city: City, reasons: list[str]
) -> int:
    """Too long inside: the main network's maximum fare on top, at full price.

    A way over several lines has the longest limit of them; Bitong and the Yunba are given none.
    """
    limits_s = [STAY_MAX_S[system] for system, _, _ in route.parts if system in STAY_MAX_S]
    if journey.entered_s < STAY_LIMITS_S or not limits_s or journey.stay_s <= max(limits_s):
        return 0
    over_fen = table.fare_fen(URBAN, city.longest_m(URBAN))
    reasons.append(f"CQ-RAIL-TIME +{yuan(over_fen)}")
    return over_fen


def _bus(journey: Journey, product: str, memory: Memory, city: City) -> Priced:
    """A flat bus: one tap at boarding. Only buses of the main city take part in transfers."""
    tap = journey.first
    line = city.line(tap.line)
    fare_fen = flat_fare_fen(tap.line, city)
    if product in FREE:
        return Priced(fare_fen, 0, f"CQ-BUS {yuan(fare_fen)}; CQ-FREE")
    percent = _flat_percent(line.system, product)
    reasons = [f"CQ-BUS {yuan(fare_fen)}", f"{percent}%"]
    if line.place != CENTRE:
        return Priced(fare_fen, half_up(fare_fen, percent), "; ".join(reasons))
    leg = Leg("bus", tap.line, tap.vehicle, tap.time_s, tap.time_s)
    paid_fen = _pay_leg(leg, fare_fen, percent, product, memory, reasons)
    return Priced(fare_fen, paid_fen, "; ".join(reasons))


def _fixed(journey: Journey, product: str, city: City) -> Priced:
    """Escalator, lift and cableway: a flat fare, no transfers."""
    line = city.line(journey.first.line)
    fare_fen = flat_fare_fen(line.line, city)
    percent = _flat_percent(line.system, product)
    return Priced(fare_fen, half_up(fare_fen, percent), f"flat {yuan(fare_fen)}; {percent}%")


def _flat_percent(system: str, product: str) -> int:
    """Half for the love card everywhere, 9折 for others where the Changtong card is the card."""
    if product in HALF_ELSEWHERE:
        return 50
    return 100 if system in NO_CARD_RELIEF else CARD_PERCENT


def _pay_leg(
    leg: Leg, fare_fen: int, percent: int, product: str, memory: Memory, reasons: list[str]
) -> int:
    """What a leg of the main city pays: its percentage, or the transfer price if that is lower.

    A leg in the window uses the transfer up even where the percentage wins (A4), and closes the
    chain (A6). Any other leg opens a window of its own, if the holder may transfer at all (A19).
    """
    by_percent_fen = half_up(fare_fen, percent)
    if memory.window is not None and _in_window(memory.window, leg):
        left_fen = max(0, fare_fen - min(RELIEF_MAX_FEN, memory.window.nominal_fen))
        by_transfer_fen = half_up(left_fen, 50) if product == "love_card" else left_fen
        if by_transfer_fen < by_percent_fen:
            reasons.append(f"CQ-XFER leaves {yuan(by_transfer_fen)}")
        memory.window = None
        return min(by_percent_fen, by_transfer_fen)
    is_newer = memory.window is None or leg.boarded_s >= memory.window.boarded_s
    if product in TRANSFERS and is_newer:
        memory.window = TransferWindow(
            leg.boarded_s, leg.clock_s, fare_fen, leg.mode, leg.line, leg.vehicle
        )
    return by_percent_fen


def _in_window(window: TransferWindow, leg: Leg) -> bool:
    """One hour, limit included; never rail to rail, the same vehicle, or the same line at once."""
    waited_s = leg.boarded_s - window.since_s
    if not 0 <= waited_s <= WINDOW_S:
        return False
    if leg.mode != window.mode:
        return True
    if leg.mode == "rail" or (leg.vehicle and leg.vehicle == window.vehicle):
        return False
    return leg.line != window.line or waited_s >= SAME_LINE_WAIT_S


def flat_fare_fen(line: str, city: City) -> int:
    """The full fare of a line with one tap: a placeholder by line or fare system, else the text's.

    Raises ValueError where no text names a fare and no placeholder stands in for it.
    """
    system = city.line(line).system
    for fares, key in (
        (city.placeholders, line),
        (city.placeholders, system),
        (FLAT_FARES_FEN, system),
    ):
        if key in fares:
            return fares[key]
    raise ValueError(f"no text names the fare of line {line!r} ({system}) and no placeholder does")
