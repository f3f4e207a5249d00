"""Riders who come to every limit of the tariffs: one second before it, on it, one second after.

Chance finds a limit now and then; these riders find all of them, so that a limit that one side
holds a second or a fen too far shows in every run.
"""

from collections.abc import Callable
from datetime import date
from itertools import product

from rider_days import (
    BEIJING,
    CHONGQING,
    CLOCKS_S,
    GAPS_S,
    Rider,
    Spot,
    Step,
    Wallet,
    account,
    purse,
)

from tongxing.kernel.clock import at, month_key

LIMITS_DAY, MONTH_DAY, LAST_OF_MARCH = date(2025, 7, 29), date(2026, 3, 10), date(2026, 3, 31)
LIMITS_FEN = [9_999, 10_000, 14_999, 15_000, 19_999, 20_000, 39_999, 40_000]
LIMITS_RIDES = [38, 39, 49, 59]
_A_DAY_LATER_S = 50_000


def _by_the_clock(clock_s: int) -> list[Step]:
    return [Step(_A_DAY_LATER_S, clock_s, "start", 0, 0), Step(1_500, -1, "go", 0, 1)]


# A ride, and an entry in the evening whose exit is never tapped; with the last medium.
RIDES = [Step(_A_DAY_LATER_S, -1, "start", 1, 0), Step(1_500, -1, "go", 1, 1)]
LOST = [Step(60_000, -1, "start", 1, 0), Step(43_200, -1, "start", 1, 0), *RIDES]

# Spots 0 and 1 are stations; 2 and 3 two vehicles of one line, 4 another line.
PATTERNS: dict[str, Callable[[int], list[Step]]] = {
    "turn": lambda gap_s: [
        Step(_A_DAY_LATER_S, -1, "start", 0, 0),
        Step(gap_s, -1, "turn", 1, 0),
    ],
    "ride": lambda gap_s: [
        Step(_A_DAY_LATER_S, -1, "start", 1, 0),
        Step(gap_s, -1, "go", 1, 1),
    ],
    "board and alight": lambda gap_s: [
        Step(_A_DAY_LATER_S, -1, "start", 0, 2),
        Step(gap_s, -1, "go", 1, gap_s),
    ],
    "one line": lambda gap_s: [
        Step(_A_DAY_LATER_S, -1, "start", 0, 2),
        Step(gap_s, -1, "start", 0, 3),
        Step(600, -1, "start", 0, 3),
    ],
    "bus and bus": lambda gap_s: [
        Step(_A_DAY_LATER_S, -1, "start", 0, 2),
        Step(gap_s, -1, "start", 0, 4),
        Step(600, -1, "start", 0, 2),
        Step(600, -1, "start", 0, 4),
    ],
    "bus and rail": lambda gap_s: [
        Step(_A_DAY_LATER_S, -1, "start", 0, 4),
        Step(gap_s, -1, "start", 0, 0),
        Step(1_500, -1, "go", 0, 1),
    ],
    "bus while inside": lambda gap_s: [
        Step(_A_DAY_LATER_S, -1, "start", 0, 0),
        Step(600, -1, "start", 0, 2),
        Step(600, -1, "go", 0, 1),
        Step(gap_s, -1, "start", 0, 4),
    ],
    "rail and bus": lambda gap_s: [
        Step(_A_DAY_LATER_S, -1, "start", 0, 0),
        Step(1_500, -1, "go", 0, 1),
        Step(gap_s, -1, "start", 0, 2),
    ],
}


def _places(city: str, *spots: str) -> tuple[Spot, ...]:
    return tuple(Spot(city, *spot.split(":")) for spot in spots)


CHONGQING_BUSES = (
    "bus-181:jiaochangkou-stop:bus-181-a",
    "bus-181:shiqiaopu-stop:bus-181-b",
    "bus-401:shiqiaopu-stop:bus-401-a",
)
BEIJING_BUSES = (
    "bus-1:xidan-stop:bus-1-a",
    "bus-1:xidan-stop:bus-1-b",
    "bus-4:muxidi-stop:bus-4-a",
)
PLACES = {
    purse("local:500000", CHONGQING, "ordinary", CHONGQING): _places(
        CHONGQING, "rail-1:xiaoshizi", "rail-1:shapingba", *CHONGQING_BUSES
    ),
    account(CHONGQING, "love_card", "frequent"): _places(
        CHONGQING, "rail-1:xiaoshizi", "rail-jiangtiao:shuangfu", *CHONGQING_BUSES
    ),
    purse("t_union", BEIJING, "ordinary", BEIJING): _places(
        BEIJING, "rail-1:tuqiao", "rail-1:guomao", *BEIJING_BUSES
    ),
    account(BEIJING, "student", "ordinary"): _places(
        BEIJING, "rail-1:tuqiao", "rail-capital-airport:terminal-3", *BEIJING_BUSES
    ),
}


def riders_at_the_limits() -> list[Rider]:
    """Riders who do one thing over and over, with every gap, at every clock time, at every step."""
    found: list[Rider] = []

    def add(wallet: Wallet, day: date, steps: list[Step], *month_so_far: int) -> None:
        starts_s = at(day, 3)
        rider = Rider(len(found), wallet, PLACES[wallet], starts_s, tuple(steps), *month_so_far)
        found.append(rider)

    for wallet in PLACES:
        for pattern in PATTERNS.values():
            add(wallet, LIMITS_DAY, [step for gap_s in GAPS_S for step in pattern(gap_s)])
        add(wallet, LIMITS_DAY, [step for clock_s in CLOCKS_S for step in _by_the_clock(clock_s)])
        for spent_fen, ridden in product(LIMITS_FEN, LIMITS_RIDES):
            add(wallet, MONTH_DAY, RIDES + RIDES, month_key(at(MONTH_DAY)), spent_fen, ridden)
            add(wallet, MONTH_DAY, LOST + RIDES, month_key(at(MONTH_DAY)), spent_fen, ridden)
        for clock_s in CLOCKS_S:
            add(wallet, MONTH_DAY, _by_the_clock(clock_s) * 2, month_key(at(MONTH_DAY)), 12_000, 20)
        for spent_fen in range(9_000, 10_001, 50):
            add(wallet, LAST_OF_MARCH, LOST + RIDES, 202_604, spent_fen, 1)
    return found
