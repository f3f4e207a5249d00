"""A month of invented journeys on a real network, the same for the same seed: for measuring.

Commuters with a home and a work station take a bus before or after the train on some days, go out
at noon or in the evening on others; a few forget a tap, turn back, or stay too long. Nobody's data.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tongxing.fares.city import CityFares
from tongxing.fares.rerating.codes import Codebook, Who
from tongxing.fares.rerating.journeys import TYPES, JourneyTable, table_of
from tongxing.kernel.clock import DAY_S

Column = NDArray[np.signedinteger]

LEGS = ("feeder", "out", "noon", "back", "evening")
_CHANCES = (0.35, 0.62, 0.10, 0.60, 0.33)
_STARTS_S = (6.2 * 3600, 0, 11.5 * 3600, 17 * 3600, 0)
_SPREADS_S = (2.4 * 3600, 1_500, 2 * 3600, 3.0 * 3600, 4_500)
_FORGOTTEN, _TURNED, _LINGERED, _VISITING = 0.004, 0.002, 0.001, 0.03
_RAIL_LEGS = (1, 3)


@dataclass(frozen=True)
class Month:
    """What to invent: the first day's midnight, how many days, how many media, the seed."""

    first_s: int
    days: int
    media: int
    seed: int


def invented_codes(fares: CityFares) -> Codebook:
    """The codes of a city's network, and of the kinds of rider its tariffs know."""
    codes = Codebook.empty()
    network = fares.network
    for line in network.lines.values():
        codes.modes.of(line.mode)
        if line.mode != "rail":
            codes.lines.of(line.id)
    for station in network.stations:
        codes.stations.of(station)
    for rule in fares.book.rules.values():
        if getattr(rule, "pack", ""):
            codes.packs.of(rule.id)
    codes.whos.extend(_whos(fares))
    return codes


def _whos(fares: CityFares) -> list[Who]:
    """Ordinary cards and codes first (they are the most), then the other classes, then visitors."""
    products = sorted({name for rule in fares.book.rules.values() for name in rule.products})
    locals_: list[Who] = [
        (kind, product, "", True, "", "")
        for product in ["ordinary", *(one for one in products if one != "ordinary")]
        for kind in ("card", "code")
    ]
    places = sorted({(line.mode, line.place) for line in fares.network.lines.values()})
    visiting: list[Who] = [
        ("card", "ordinary", "t_union", False, mode, place) for mode, place in places
    ]
    return [*locals_, *visiting]


def invented_month(fares: CityFares, codes: Codebook, month: Month) -> JourneyTable:
    """The journeys of the month, every medium a unit of its own."""
    rng = np.random.default_rng(month.seed)
    shape = (month.media, month.days, len(LEGS))
    chance = np.array(_CHANCES) * rng.uniform(0.5, 1.5, (month.media, 1, 1))
    medium, day, leg = np.nonzero(rng.random(shape) < chance)
    rows = len(medium)
    entered_s, exited_s = _times(rng, month, shape, (medium, day, leg))
    found = {name: np.zeros(rows, of_type) for name, of_type in TYPES.items()}
    for name in ("metres", "stated_fen", "pack"):
        found[name][:] = -1
    found["entered_s"], found["exited_s"] = entered_s, exited_s
    _by_rail(rng, fares, codes, found, medium, leg, month.media)
    _by_line(rng, fares, codes, found, medium, leg)
    _strange(rng, codes, found)
    _riders(rng, fares, codes, found, medium, month.media)
    found["vehicle"][:] = np.where(found["line"] > 0, rng.integers(1, 400, rows), 0)
    return table_of(found, medium, np.zeros(rows, np.int32), codes)


def _times(
    rng: np.random.Generator,
    month: Month,
    shape: tuple[int, int, int],
    at: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]],
) -> tuple[Column, Column]:
    """Entries and exits of all legs in order: a feeder bus, then the train soon after it."""
    medium, day, leg = at
    starts = rng.random(shape) * np.array(_SPREADS_S)
    starts[..., 0] += _STARTS_S[0]
    starts[..., 1] += starts[..., 0] + 240
    starts[..., 2] += _STARTS_S[2]
    starts[..., 3] += _STARTS_S[3]
    ride_s = 300 + rng.random(len(leg)) * 3_600
    starts[..., 4] += starts[..., 3] + 3_960
    entered_s = month.first_s + day * DAY_S + starts[medium, day, leg].astype(np.int64)
    return entered_s, entered_s + ride_s.astype(np.int64)


def _by_rail(
    rng: np.random.Generator,
    fares: CityFares,
    codes: Codebook,
    found: dict[str, Column],
    medium: NDArray[np.intp],
    leg: NDArray[np.intp],
    media: int,
) -> None:
    """The way out and back between home and work, with the odd detour."""
    stations = np.array([codes.stations.find(one) for one in fares.network.router.nodes_at])
    home, work = (stations[rng.integers(0, len(stations), media)] for _ in range(2))
    rail = np.isin(leg, _RAIL_LEGS) | ((leg == 2) & (rng.random(len(leg)) < 0.5))
    detour = rng.random(len(leg)) < 0.15
    other = stations[rng.integers(0, len(stations), len(leg))]
    outward = leg != 3
    found["mode"][:] = np.where(rail, codes.modes.find("rail"), 0)
    starting = np.where(outward, home[medium], work[medium])
    found["origin"][:] = np.where(rail, starting, 0)
    found["destination"][:] = np.where(
        rail, np.where(detour, other, np.where(outward, work[medium], home[medium])), 0
    )


def _by_line(
    rng: np.random.Generator,
    fares: CityFares,
    codes: Codebook,
    found: dict[str, Column],
    medium: NDArray[np.intp],
    leg: NDArray[np.intp],
) -> None:
    """All other legs: each medium has two lines it takes, one tap or two as the line asks."""
    lines = [line for line in fares.network.lines.values() if line.mode != "rail"]
    rows = np.flatnonzero(found["mode"] == 0)
    taken = (medium[rows] * 7 + (leg[rows] > 2)) % len(lines)
    stops = np.array([len(line.stations) for line in lines])
    stop_codes = np.zeros((len(lines), stops.max()), np.int32)
    for index, line in enumerate(lines):
        stop_codes[index, : len(line.stations)] = [codes.stations.find(s) for s in line.stations]
    mode = np.array([codes.modes.find(line.mode) for line in lines])
    single = np.array([line.single_tap for line in lines])
    on = (rng.random(len(rows)) * stops[taken]).astype(np.int64)
    off = (rng.random(len(rows)) * stops[taken]).astype(np.int64)
    found["mode"][rows] = mode[taken]
    found["line"][rows] = np.array([codes.lines.find(line.id) for line in lines])[taken]
    found["origin"][rows] = stop_codes[taken, on]
    found["destination"][rows] = np.where(single[taken], 0, stop_codes[taken, off])
    found["exited_s"][rows] = np.where(single[taken], 0, found["exited_s"][rows])


def _strange(rng: np.random.Generator, codes: Codebook, found: dict[str, Column]) -> None:
    """Forgotten exits, turning back at the gate, and staying for hours."""
    rail = found["mode"] == codes.modes.find("rail")
    draw = rng.random(len(rail))
    forgotten = rail & (draw < _FORGOTTEN)
    found["missing"][forgotten] = 1
    found["destination"][forgotten] = 0
    found["exited_s"][forgotten] = 0
    turned = rail & (draw >= _FORGOTTEN) & (draw < _FORGOTTEN + _TURNED)
    found["destination"][turned] = found["origin"][turned]
    found["exited_s"][turned] = found["entered_s"][turned] + 400
    lingered = rail & (draw > 1 - _LINGERED)
    found["exited_s"][lingered] = found["entered_s"][lingered] + 3 * 3600


def _riders(
    rng: np.random.Generator,
    fares: CityFares,
    codes: Codebook,
    found: dict[str, Column],
    medium: NDArray[np.intp],
    media: int,
) -> None:
    """Who rides: mostly ordinary cards and codes; visitors by mode and place of the ride."""
    locals_ = sum(1 for who in codes.whos if who[3])
    ordinary = rng.random(media) < 0.8
    who = np.where(ordinary, rng.integers(0, 2, media), rng.integers(0, locals_, media))
    visiting = (rng.random(media) < _VISITING)[medium]
    by_ride = np.zeros((len(codes.modes), len(codes.lines)), np.int64)
    numbers = {one[4:]: number for number, one in enumerate(codes.whos) if not one[3]}
    for line in fares.network.lines.values():
        code = codes.lines.of(line.id) if line.mode != "rail" else 0
        by_ride[codes.modes.find(line.mode), code] = numbers[line.mode, line.place]
    found["who"][:] = np.where(visiting, by_ride[found["mode"], found["line"]], who[medium])
