"""Small metro networks for the split, and an enumeration that shares no code with the search.

A line is written ``A 4000 B 6000 C``: stops with metres between; one that ends where it begins is
a ring. Unless a test says otherwise trains run 36 km/h (100 metres in 10 s) every 2 minutes, and a
walk between platforms takes a minute.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.hub.acc.making import Texts, header_of, make_table, plan_of
from tongxing.hub.acc.parameters import Parameters, default_parameters, read_parameters
from tongxing.hub.acc.table import Header, SplitRow, SplitTable
from tongxing.kernel.reasons import Refusal
from tongxing.network.paths import build_router
from tongxing.network.transport import CityNetwork, Line, Operator, Station

DAY = date(2026, 3, 17)
CITY = "999999"
SERVICE = """
known_from = 2026-01-01
speed_mph = 36_000
walking_s = 60
[sources]
here = "made up for the test"
[[period]]
name = "all-day"
day_types = ["workday", "restday"]
headway_s = 120
source = "here"
"""
DEFAULTS = read_parameters(default_parameters(), CITY, DAY)


def line_of(name: str, operator: str, course: str, system: str = "main") -> Line:
    words = course.split()
    stops, metres = words[::2], tuple(int(word) for word in words[1::2])
    loop = stops[0] == stops[-1]
    stations = tuple(stops[:-1] if loop else stops)
    return Line(name, name, name, "rail", operator, system, CITY, stations, metres, loop=loop)


def city_of(*lines: Line, operators: Sequence[str] = ()) -> CityNetwork:
    """A network of these lines; further `operators` may run trains on them."""
    names = dict.fromkeys([*(line.operator for line in lines), *operators])
    stops = dict.fromkeys(stop for line in lines for stop in line.stations)
    serving = {stop: tuple(one.id for one in lines if stop in one.stations) for stop in stops}
    return CityNetwork(
        code=CITY,
        name_zh="城",
        name_en="Town",
        as_of=DAY,
        operators={name: Operator(name, name, name) for name in names},
        lines={line.id: line for line in lines},
        stations={stop: Station(stop, stop, stop, serving[stop], CITY) for stop in stops},
        fare_systems=tuple(dict.fromkeys(line.fare_system for line in lines)),
        sources=(),
        router=build_router((), "main"),
    )


def parameters_text(**changed: int) -> str:
    """The project's own parameters with some numbers changed, as a file."""
    lines = []
    for line in default_parameters().splitlines():
        name = line.partition(" = ")[0]
        lines.append(f"{name} = {changed.pop(name)}" if name in changed else line)
    assert not changed, f"no such parameters: {sorted(changed)}"
    return "\n".join(lines)


def table_of(
    network: CityNetwork, service: str = SERVICE, parameters: str = "", day: date = DAY
) -> SplitTable:
    plan = plan_of(network, day, Texts(service, parameters or default_parameters()))
    assert not isinstance(plan, Refusal), plan
    return make_table(plan)


def header_for(network: CityNetwork, service: str = SERVICE, parameters: str = "") -> Header:
    plan = plan_of(network, DAY, Texts(service, parameters or default_parameters()))
    assert not isinstance(plan, Refusal), plan
    return header_of(plan)


def row_of(
    table: SplitTable, origin: str, destination: str, period: str = "all-day", system: str = "main"
) -> SplitRow:
    row = table.row(system, period, origin, destination)
    assert row is not None
    return row


def told(table: SplitTable, row: SplitRow) -> list[tuple[str, int, int]]:
    """Each path as ``l1 A-B, l2 B-C``, its cost in thousandths of a second, its ppm."""
    header = table.header
    return [
        (
            ", ".join(
                f"{header.tracks[track].line} {header.stations[first]}-{header.stations[last]}"
                for track, _, first, last in path.rides
            ),
            path.cost,
            path.ppm,
        )
        for path in row.paths
    ]


# --- the slow way ---------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Walked:
    """A path as the enumeration finds it: milliseconds, changes, line and stops of each ride."""

    cost: int
    changes: int
    rides: tuple[tuple[str, tuple[str, ...]], ...]


def all_paths(network: CityNetwork, origin: str, destination: str, p: Parameters) -> list[Walked]:
    """Every path without loops, by walking the network station by station, cheapest first."""
    found: list[Walked] = []
    neighbours: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for line in network.lines.values():
        ring = (*line.stations, line.stations[0]) if line.loop else line.stations
        for one, other, metres in zip(ring, ring[1:], line.metres, strict=False):
            neighbours.setdefault((line.id, one), []).append((other, metres))
            neighbours.setdefault((line.id, other), []).append((one, metres))

    def ride(path: list[tuple[str, list[str]]], metres: list[int]) -> None:
        line, stops = path[-1]
        here = stops[-1]
        passed = {stop for _, ridden in path for stop in ridden}
        if here == destination:
            riding = sum(max(1, int(one * 3600 / 36_000 + 0.5)) for one in metres)
            cost = riding * p.riding_per_mille + len(path) * 60 * p.waiting_per_mille
            change = 60 * p.walking_per_mille + p.transfer_penalty_s * 1_000
            rides = tuple((name, tuple(ridden)) for name, ridden in path)
            found.append(Walked(cost + (len(path) - 1) * change, len(path) - 1, rides))
            return
        for onward, step in neighbours.get((line, here), ()):
            if onward not in passed:
                ride([*path[:-1], (line, [*stops, onward])], [*metres, step])
        if len(stops) > 1:
            for other in network.stations[here].lines:
                if other != line:
                    for onward, step in neighbours.get((other, here), ()):
                        if onward not in passed:
                            ride([*path, (other, [here, onward])], [*metres, step])

    for line in network.stations[origin].lines:
        for onward, step in neighbours.get((line, origin), ()):
            ride([(line, [origin, onward])], [step])
    return sorted(found)


def kept_paths(paths: Sequence[Walked], p: Parameters) -> list[Walked]:
    """The thresholds, as the reference has them in words."""
    first = paths[: p.paths_max]
    best = first[0]
    return [
        one
        for one in first
        if one.cost * 1_000 <= best.cost * p.cost_factor_per_mille
        and one.cost <= best.cost + p.cost_over_s * 1_000
        and one.changes <= best.changes + p.transfers_over
    ]


def logit(paths: Sequence[Walked], p: Parameters) -> list[float]:
    """Shares as floating-point numbers, small ones dropped and the rest scaled up."""
    theta = p.theta_per_minute_ppm / 1e6
    weights = [math.exp(-theta * (one.cost - paths[0].cost) / 60_000) for one in paths]
    kept = [one if one / sum(weights) >= p.share_min_ppm / 1e6 else 0.0 for one in weights]
    return [one / sum(kept) for one in kept]


def pairs(network: CityNetwork) -> Iterator[tuple[str, str]]:
    """All pairs of stations, the first by id first."""
    stops = sorted(network.stations)
    return ((a, b) for a in stops for b in stops if a < b)
