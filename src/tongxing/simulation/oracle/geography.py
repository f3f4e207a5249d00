"""Where the rides run: plain facts of a city, and the oracle's own shortest paths over them.

A city's rails fall into *fare systems* (the main network, an airport line, a tram) that are priced
apart and added. Inside one system the shortest track counts; between systems the oracle takes the
cheapest sum; on a tie the fewest systems, then the fewest metres, then the main network first.
Facts come in as values: this module reads no file.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Track:
    """Two neighbouring stations of one fare system and the metres between them."""

    system: str
    a: str
    b: str
    metres: int


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line as far as its price needs it; `stops_m` are stop positions from the first stop."""

    line: str
    mode: str
    system: str
    place: str
    stops_m: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CityFacts:
    """The raw facts of one city: station names in Chinese, rail tracks, and lines by id.

    `systems` are the fare systems, the main network first.
    """

    code: str
    names: Mapping[str, str]
    tracks: tuple[Track, ...]
    lines: Mapping[str, LineFacts]
    systems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FareTable:
    """A named set of distance tariffs, one per fare system: metres in, fen out."""

    name: str
    systems: Mapping[str, Callable[[int], int]]

    def fare_fen(self, system: str, metres: int) -> int:
        """Raises ValueError for a fare system that the tariff text does not price."""
        if system not in self.systems:
            raise ValueError(f"tariff {self.name} prices no fare system {system!r}")
        return self.systems[system](metres)


class Route(NamedTuple):
    """The cheapest way between two stations; `parts` are (fare system, metres, fen) in order."""

    fare_fen: int
    metres: int
    parts: tuple[tuple[str, int, int], ...]

    def part_fen(self, system: str) -> int:
        return sum(fen for part, _, fen in self.parts if part == system)


class City:
    """The facts of one city with what was worked out from them, kept because rides repeat."""

    def __init__(self, facts: CityFacts, placeholders: Mapping[str, int]) -> None:
        self.facts = facts
        self.placeholders = placeholders
        self._neighbours: dict[str, dict[str, list[tuple[str, int]]]] = {}
        self._systems_at: dict[str, list[str]] = {}
        for track in facts.tracks:
            for here, there in ((track.a, track.b), (track.b, track.a)):
                system = self._neighbours.setdefault(track.system, {})
                system.setdefault(here, []).append((there, track.metres))
        named = [name for name in facts.systems if name in self._neighbours]
        self._systems = named + sorted(self._neighbours.keys() - set(named))
        for name in self._systems:
            for station in self._neighbours[name]:
                self._systems_at.setdefault(station, []).append(name)
        self._metres: dict[tuple[str, str], dict[str, int]] = {}
        self._routes: dict[tuple[str, str], dict[str, Route]] = {}
        self._diameter: dict[str, int] = {}
        self._rails_m: dict[str, dict[str, int]] = {}

    def line(self, line: str) -> LineFacts:
        if line not in self.facts.lines:
            raise ValueError(f"city {self.facts.code} has no line {line!r}")
        return self.facts.lines[line]

    def metres_from(self, system: str, station: str) -> dict[str, int]:
        """Shortest metres from a station to every station of one fare system (Dijkstra)."""
        known = self._metres.get((system, station))
        if known is not None:
            return known
        neighbours = self._neighbours[system]
        metres: dict[str, int] = {}
        ahead = [(0, station)]
        while ahead:
            so_far, here = heapq.heappop(ahead)
            if here in metres:
                continue
            metres[here] = so_far
            for there, step in neighbours[here]:
                if there not in metres:
                    heapq.heappush(ahead, (so_far + step, there))
        self._metres[system, station] = metres
        return metres

    def rails_m(self, station: str) -> dict[str, int]:
        """Shortest metres from a station to every station that any rails reach: how far it is,
        whoever prices it. Empty where no rails are."""
        known = self._rails_m.get(station)
        if known is not None:
            return known
        metres: dict[str, int] = {}
        ahead = [(0, station)] if station in self._systems_at else []
        while ahead:
            so_far, here = heapq.heappop(ahead)
            if here in metres:
                continue
            metres[here] = so_far
            for system in self._systems_at[here]:
                for there, step in self._neighbours[system][here]:
                    if there not in metres:
                        heapq.heappush(ahead, (so_far + step, there))
        self._rails_m[station] = metres
        return metres

    def longest_m(self, system: str) -> int:
        """The longest of all shortest ways inside one fare system."""
        if system not in self._diameter:
            stations = self._neighbours[system]
            self._diameter[system] = max(
                max(self.metres_from(system, station).values()) for station in stations
            )
        return self._diameter[system]

    def routes_from(self, origin: str, table: FareTable) -> dict[str, Route]:
        """The cheapest route from a station to every station its rails reach.

        No fare system is used twice on one route: a passenger who leaves the main network for an
        airport line and comes back has made a way that no planner would price.
        """
        known = self._routes.get((table.name, origin))
        if known is not None:
            return known
        if origin not in self._systems_at:
            raise ValueError(f"city {self.facts.code} has no rail station {origin!r}")
        best: dict[str, Route] = {}
        waiting = [(origin, Route(0, 0, ()))]
        while waiting:
            here, sofar = waiting.pop()
            used = {system for system, _, _ in sofar.parts}
            for system in self._systems_at[here]:
                if system in used:
                    continue
                for there, metres in self.metres_from(system, here).items():
                    fen = table.fare_fen(system, metres)
                    route = Route(
                        sofar.fare_fen + fen,
                        sofar.metres + metres,
                        (*sofar.parts, (system, metres, fen)),
                    )
                    known_best = best.get(there)
                    if known_best is None or self._rank(route) < self._rank(known_best):
                        best[there] = route
                    if there != here and len(self._systems_at[there]) > 1:
                        waiting.append((there, route))
        self._routes[table.name, origin] = best
        return best

    def route(self, origin: str, destination: str, table: FareTable) -> Route:
        routes = self.routes_from(origin, table)
        if destination not in routes:
            raise ValueError(f"no rails lead from {origin!r} to {destination!r}")
        return routes[destination]

    def home_system(self, line: str, station: str) -> str:
        """The fare system of a rail tap: its line's, or the first whose rails touch the station."""
        if station not in self._systems_at:
            raise ValueError(f"city {self.facts.code} has no rail station {station!r}")
        here = self._systems_at[station]
        known = self.facts.lines.get(line)
        return known.system if known is not None and known.system in here else here[0]

    def highest_fen(self, system: str, station: str, table: FareTable) -> int:
        """The highest fare from (or to, the rails are symmetric) a station inside one system."""
        return max(
            table.fare_fen(system, metres) for metres in self.metres_from(system, station).values()
        )

    def _rank(self, route: Route) -> tuple[int, int, int, list[int]]:
        order = [self._systems.index(system) for system, _, _ in route.parts]
        return route.fare_fen, len(route.parts), route.metres, order
