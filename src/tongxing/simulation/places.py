"""Where simulated people live, work and change: drawn from the city's real network.

A bus stop that bears the name of a rail station lies beside it; that is all the geography a
transfer needs. Distances here steer where people go, never what they pay.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import cos, radians
from random import Random

from tongxing.network.transport import CityNetwork, Line, Station
from tongxing.simulation.scenario import CityScenario
from tongxing.simulation.seeds import pick

_METRES_PER_DEGREE = 111_320
_ASIDE_M = 3_000  # a station without coordinates is put this far from everything


Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BusHop:
    """A ride on one line between two of its stops; `rail` is the rail station beside `near`."""

    line: str
    far: str
    near: str
    rail: str = ""


class CityMap:
    """The places of one city, indexed for drawing. The same network gives the same indexes."""

    def __init__(self, network: CityNetwork, city: CityScenario) -> None:
        self.network = network
        self._city = city
        rail = [
            station
            for station in network.stations.values()
            if any(network.lines[line].mode == "rail" for line in station.lines)
        ]
        self.rail = [station.id for station in rail]
        self._weights = _running(
            1 + (len(station.lines) - 1) * city.interchange_weight for station in rail
        )
        self._positions = _positions(rail)
        self._near: dict[str, tuple[list[int], list[str]]] = {}
        self._rail_by_name = {station.name_zh: station.id for station in rail}
        self._buses: dict[str, list[Line]] = {
            "bus": self._bus_lines(lambda line: line.place == network.code),
            "county_bus": self._bus_lines(lambda line: line.place in city.counties),
            "t_union_bus": self._bus_lines(lambda line: "t_union" in line.schemes),
        }
        self._others: dict[str, list[Line]] = {}
        for line in network.lines.values():
            if line.mode not in ("rail", "bus"):
                self._others.setdefault(line.mode, []).append(line)

    def busy_station(self, source: Random) -> str:
        """A rail station; interchanges are drawn more often."""
        return self.rail[pick(source, self._weights)]

    def partner(self, source: Random, station: str) -> str:
        """Another rail station that can be reached, most often about a usual trip away."""
        distances, stations = self._by_distance(station)
        usual_m = self._city.rail_trip_m
        wanted_m = source.randrange(usual_m // 8, usual_m) + source.randrange(usual_m)
        index = bisect_left(distances, wanted_m * wanted_m)
        for offset in range(len(stations)):
            found = stations[(index + offset) % len(stations)]
            if self.network.path(station, found) is not None:
                return found
        raise ValueError(f"{station} is connected to nothing")

    def bus_hop(self, source: Random, way: str = "bus") -> BusHop:
        """A ride on a line of that way of travelling, ending near a rail station if it can.

        Raises ValueError where no line runs.
        """
        lines = self._buses.get(way, [])
        if not lines:
            raise ValueError(f"no {way} line in {self.network.code}")
        line = lines[source.randrange(len(lines))]
        beside = [stop for stop in line.stations if self._rail_beside(stop)]
        ends = beside or list(line.stations)
        near = ends[source.randrange(len(ends))]
        others = [stop for stop in line.stations if stop != near]
        far = others[source.randrange(len(others))]
        return BusHop(line.id, far, near, self._rail_beside(near))

    def other_line(self, source: Random, mode: str) -> Line | None:
        """A cableway, escalator or lift; None where the city has none."""
        lines = self._others.get(mode)
        return lines[source.randrange(len(lines))] if lines else None

    def _by_distance(self, station: str) -> tuple[list[int], list[str]]:
        """All other rail stations with their squared distances as the crow flies, nearest first."""
        found = self._near.get(station)
        if found is None:
            here = self._positions.get(station)
            ordered = sorted(
                (_squared(here, self._positions.get(other)), other)
                for other in self.rail
                if other != station
            )
            found = self._near[station] = (
                [squared for squared, _ in ordered],
                [other for _, other in ordered],
            )
        return found

    def _rail_beside(self, stop: str) -> str:
        return self._rail_by_name.get(self.network.stations[stop].name_zh, "")

    def _bus_lines(self, wanted: Callable[[Line], bool]) -> list[Line]:
        return [line for line in self.network.lines.values() if line.mode == "bus" and wanted(line)]


def _squared(one: Position | None, other: Position | None) -> int:
    if one is None or other is None:
        return _ASIDE_M * _ASIDE_M
    east, north = one[0] - other[0], one[1] - other[1]
    return east * east + north * north


def _positions(stations: Iterable[Station]) -> dict[str, Position]:
    """Metres east and north of a common point, good enough to steer by, where they are known."""
    known = [station for station in stations if station.lat_e6 is not None]
    mean_lat_e6 = sum(station.lat_e6 or 0 for station in known) // max(len(known), 1)
    east_permille = round(1_000 * cos(radians(mean_lat_e6 / 1_000_000)))
    return {
        station.id: (
            (station.lon_e6 or 0) * _METRES_PER_DEGREE // 1_000_000 * east_permille // 1_000,
            (station.lat_e6 or 0) * _METRES_PER_DEGREE // 1_000_000,
        )
        for station in known
    }


def _running(weights: Iterable[int]) -> list[int]:
    total, running = 0, []
    for weight in weights:
        total += weight
        running.append(total)
    return running
