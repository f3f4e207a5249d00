"""Riders with odd days: wallets of every kind, few places each, and steps with the worst timing.

A rider is drawn from chance alone, without asking what any of it costs. The times are drawn around
the limits that the tariffs have: the hour of a transfer, twenty minutes, the overtime limits, seven
o'clock, midnight, the end of the business day and of the month, the change of tariff in July 2025.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from tongxing.fares import load_city_fares
from tongxing.kernel.clock import at, month_key
from tongxing.network.registry import load_registry
from tongxing.network.transport import Line

CHONGQING, BEIJING = "500000", "110000"

DAYS = {
    CHONGQING: [
        *(date(2024, 6, 28), date(2025, 7, 28), date(2025, 7, 29), date(2025, 7, 30)),
        *(date(2025, 9, 29), date(2026, 2, 27), date(2026, 3, 9), date(2026, 3, 30)),
        *(date(2013, 5, 31), date(2026, 12, 30)),
    ],
    BEIJING: [
        *(date(2024, 6, 28), date(2025, 7, 29), date(2025, 9, 29), date(2026, 2, 27)),
        *(date(2026, 3, 9), date(2026, 3, 30), date(2015, 12, 24), date(2016, 12, 29)),
    ],
}
GAPS_S = [
    *(1, 29, 240, 899, 900, 901, 1_199, 1_200, 1_201, 2_400, 3_598, 3_599, 3_600, 3_601),
    *(5_000, 10_799, 10_800, 10_801, 14_399, 14_400, 14_401, 16_199, 16_200, 16_201, 30_000),
]
CLOCKS_S = [
    *(0, 1, 1_200, 10_799, 10_800, 10_801, 25_199, 25_200, 25_200, 25_200, 25_201, 28_800),
    *(64_800, 84_000, 86_398, 86_399),
]
ACTS = ["go"] * 12 + ["start", "start", "turn", "turn", "stray", "again", "again", "again"]
SPENT_FEN = [0, 9_000, 9_700, 10_000, 14_000, 15_000, 19_500, 20_000, 39_500, 40_000]

# Most stations are told apart by distance alone, which the fares between all of them cover.
STATIONS_PER_SYSTEM = 24
ALWAYS_KNOWN = {
    *("tiaodeng", "bishan", "dongzhimen", "sanyuanqiao", "caoqiao", "bagou", "rongchangdongjie"),
    *("tuqiao", "shahe", "changying"),  # of Beijing's low-peak list
}


class Spot(NamedTuple):
    """A reader's place: a line at a station, or a stop with the vehicle that stands at it."""

    city: str
    line: str
    station: str
    vehicle: str = ""


class Step(NamedTuple):
    """Wait `gap_s`, then until the clock next shows `clock_s` (-1: not at all), and try something.

    `act` is ``start`` (go in, board, ride a flat line), ``go`` (end the ride that is open, else
    start one), ``turn`` (end it where it began), ``stray`` (end one anywhere, whatever is open) or
    ``again`` (start where the last start was, or on another vehicle of its line). `medium` and
    `spot` count modulo what there is.
    """

    gap_s: int
    clock_s: int
    act: str
    medium: int
    spot: int


@dataclass(frozen=True)
class Wallet:
    """Media that pay from one purse or account: (kind, product) of each, and where they ride."""

    scheme: str
    issuer: str
    funding: str
    media: tuple[tuple[str, str], ...]
    cities: tuple[str, ...]


@dataclass(frozen=True)
class Rider:
    """Somebody with a wallet, the places they know, a first second, and a month so far."""

    number: int
    wallet: Wallet
    spots: tuple[Spot, ...]
    starts_s: int
    steps: tuple[Step, ...]
    month: int = 0
    spent_fen: int = 0
    ridden: int = 0

    @property
    def account(self) -> str:
        return f"A{self.number}" if self.wallet.funding == "account" else ""

    @property
    def medium_numbers(self) -> list[str]:
        """Numbers that the schemes accept, different for every rider."""
        prefix = {"local:500000": "4000", "local:110000": "5000"}.get(self.wallet.scheme)
        if prefix is None:
            prefix = {BEIJING: "310517", CHONGQING: "310492", "120000": "310491"}[
                self.wallet.issuer
            ]
        width = 19 if prefix.startswith("31") else 16
        count = len(self.wallet.media)
        return [
            prefix + f"{self.number * 10 + index:0{width - len(prefix)}d}" for index in range(count)
        ]


def purse(scheme: str, issuer: str, product: str, *cities: str) -> Wallet:
    """A card that carries its own money."""
    return Wallet(scheme, issuer, "purse", (("card", product),), cities)


def account(city: str, card: str, code: str) -> Wallet:
    """A card and a code on one account, each of its own class of holders."""
    return Wallet(f"local:{city}", city, "account", (("card", card), ("code", code)), (city,))


WALLETS = [
    *(purse("local:500000", CHONGQING, "ordinary", CHONGQING) for _ in range(3)),
    *(
        purse("local:500000", CHONGQING, product, CHONGQING)
        for product in ("frequent", "student", "love_card", "elder", "child", "soldier", "blind")
    ),
    *(account(CHONGQING, "ordinary", "ordinary") for _ in range(2)),
    account(CHONGQING, "ordinary", "frequent"),
    account(CHONGQING, "love_card", "ordinary"),
    account(CHONGQING, "student", "student"),
    account(CHONGQING, "elder", "frequent"),
    *(purse("t_union", BEIJING, "ordinary", BEIJING, CHONGQING) for _ in range(3)),
    *(
        purse("t_union", BEIJING, product, BEIJING, CHONGQING)
        for product in ("student", "elder", "child", "soldier", "disabled_severe")
    ),
    *(
        purse("t_union", issuer, product, BEIJING, CHONGQING)
        for issuer in (CHONGQING, "120000")
        for product in ("ordinary", "student", "elder")
    ),
    *(account(BEIJING, "ordinary", "ordinary") for _ in range(2)),
    account(BEIJING, "student", "ordinary"),
    account(BEIJING, "elder", "student"),
]


def line_of(spot: Spot) -> Line:
    return load_city_fares(spot.city).network.lines[spot.line]


@cache
def spots_by_system(wallet: Wallet, city: str, day: date) -> dict[str, list[Spot]]:
    """The readers of a city that accept the wallet's scheme and have a fare on that day."""
    fares, registry = load_city_fares(city), load_registry()
    tariff = fares.tariff_at(at(day))
    found: dict[str, list[Spot]] = {}
    for line in fares.network.lines.values():
        answer = registry.acceptance(
            wallet.scheme, wallet.issuer, line.place, line.mode, day, line.id, line.schemes
        )
        if tariff.base(line.fare_system) is None or not answer.accepted:
            continue
        vehicles = [f"{line.id}-a", f"{line.id}-b"] if line.mode == "bus" else [""]
        found.setdefault(line.fare_system, []).extend(
            Spot(city, line.id, station, vehicle)
            for station in line.stations
            for vehicle in vehicles
        )
    return {system: _some(spots) for system, spots in found.items()}


def _some(spots: list[Spot]) -> list[Spot]:
    """The same few spots for everybody, well spread."""
    every = max(1, len(spots) // STATIONS_PER_SYSTEM)
    return spots[::every] + [spot for spot in spots if spot.station in ALWAYS_KNOWN]


def draw_rider(number: int, chance: Random) -> Rider:
    """A rider of some kind, on some day, with the places and steps that chance gives."""
    wallet = chance.choice(WALLETS)
    day = chance.choice(DAYS[wallet.cities[0]])
    steps = tuple(_draw_step(chance) for _ in range(chance.randrange(4, 40)))
    return with_places(number, wallet, day, steps, chance)


def with_places(
    number: int, wallet: Wallet, day: date, steps: tuple[Step, ...], chance: Random
) -> Rider:
    """The rider, who knows so few places that stations, lines and vehicles come up again."""
    spots: list[Spot] = []
    for city in wallet.cities:
        main = load_city_fares(city).network.fare_systems[0]
        for system, known in spots_by_system(wallet, city, day).items():
            spots += chance.choices(known, k=5 if system == main else chance.randrange(3))
    chance.shuffle(spots)
    month, spent_fen, ridden = 0, 0, 0
    if chance.random() < 0.5:
        month = month_key(at(day)) if chance.random() < 0.8 else month_key(at(day) - 86_400 * 31)
        spent_fen, ridden = chance.choice(SPENT_FEN), chance.randrange(36, 60)
        spent_fen += chance.choice([0, chance.randrange(0, 1_000, 10)])
    starts_s = at(day, chance.randrange(3, 24)) + chance.randrange(3_600)
    return Rider(number, wallet, tuple(spots), starts_s, steps, month, spent_fen, ridden)


def _draw_step(chance: Random) -> Step:
    gap_s = chance.choice(GAPS_S) if chance.random() < 0.6 else chance.randrange(30, 9_000)
    clock_s = chance.choice(CLOCKS_S) if chance.random() < 0.1 else -1
    return Step(gap_s, clock_s, chance.choice(ACTS), chance.randrange(2), chance.randrange(60))


def riders() -> st.SearchStrategy[Rider]:
    """Riders whose steps hypothesis may shorten until only the trouble is left."""
    step = st.builds(
        Step,
        gap_s=st.one_of(st.sampled_from(GAPS_S), st.integers(30, 9_000)),
        clock_s=st.sampled_from([-1] * 6 + CLOCKS_S),
        act=st.sampled_from(ACTS),
        medium=st.integers(0, 1),
        spot=st.integers(0, 59),
    )
    steps = st.lists(step, min_size=1, max_size=20).map(tuple)
    return st.sampled_from(WALLETS).flatmap(
        lambda wallet: st.builds(
            with_places,
            number=st.just(1),
            wallet=st.just(wallet),
            day=st.sampled_from(DAYS[wallet.cities[0]]),
            steps=steps,
            chance=st.integers(0, 999).map(Random),
        )
    )
