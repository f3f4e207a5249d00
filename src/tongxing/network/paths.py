"""Shortest ways over a city's rail lines, found once per origin and then kept.

A way enters as few fare systems beside the main network as it can (nobody crosses an airport line
to save metres), then has the fewest metres, then the fewest changes of line. What is still equal
is decided by the order of the lines in the data: the same question always has the same answer.

This module knows metres and lines; it must never know money.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

# Entering a further fare system outweighs any metres, one metre any number of changes of line.
_CHANGE = 1
_METRE = 1_000
_SYSTEM = 1_000 * 10_000_000


@dataclass(frozen=True, slots=True)
class Track:
    """One rail line as the search needs it: stops in order; a loop ends with its first stop."""

    line: str
    fare_system: str
    stations: tuple[str, ...]
    metres: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """Consecutive metres on one line of a way."""

    line: str
    metres: int


@dataclass(frozen=True, slots=True)
class Way:
    """The metres of a way, and its legs in travel order."""

    metres: int
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class _Search:
    """All shortest ways from one origin: cost and the node before, by node."""

    costs: list[int]
    before: list[int]


@dataclass(frozen=True, slots=True)
class Router:
    """The rail graph of a city: a node is a station on a line, so that changes can be counted.

    `systems_at` are the fare systems that stop at a station, the main one first.
    """

    nodes: tuple[tuple[str, int], ...]
    tracks: tuple[Track, ...]
    nodes_at: Mapping[str, tuple[int, ...]]
    edges: tuple[tuple[tuple[int, int, int], ...], ...]
    main_system: str
    systems_at: Mapping[str, tuple[str, ...]]
    _searches: dict[tuple[str, str], _Search] = field(default_factory=dict)
    _reached: dict[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)

    def way(self, origin: str, destination: str, system: str = "") -> Way | None:
        """The best way between two stations, inside one fare system when it is named.

        None when a station is unknown or nothing connects them. From a station to itself the
        way has no metres and no legs.
        """
        search = self._search(origin, system)
        if search is None:
            return None
        best = self._arrival(search, destination)
        if best is None:
            return None
        return self._walk_back(search, best)

    def metres_from(self, origin: str, system: str = "") -> Mapping[str, int]:
        """Metres to every station that can be reached (inside one fare system when named)."""
        reached = self._reached.get((origin, system))
        if reached is None:
            reached = self._reached[origin, system] = self._reach(origin, system)
        return reached

    def _reach(self, origin: str, system: str) -> Mapping[str, int]:
        search = self._search(origin, system)
        if search is None:
            return {}
        costs = search.costs
        reached: dict[str, int] = {}
        for station, nodes in self.nodes_at.items():
            least = min([cost for node in nodes if (cost := costs[node]) >= 0], default=-1)
            if least >= 0:
                reached[station] = least % _SYSTEM // _METRE
        return reached

    def _search(self, origin: str, system: str) -> _Search | None:
        if origin not in self.nodes_at:
            return None
        found = self._searches.get((origin, system))
        if found is None:
            found = self._searches[origin, system] = self._dijkstra(origin, system)
        return found

    def _arrival(self, search: _Search, destination: str) -> int | None:
        reachable = [node for node in self.nodes_at.get(destination, ()) if search.costs[node] >= 0]
        return min(reachable, key=lambda node: (search.costs[node], node), default=None)

    def _dijkstra(self, origin: str, system: str) -> _Search:
        costs = [-1] * len(self.nodes)
        before = [-1] * len(self.nodes)
        heap = [
            (self._entering(self.tracks[self.nodes[node][1]].fare_system), node, -1)
            for node in self.nodes_at[origin]
            if system in ("", self.tracks[self.nodes[node][1]].fare_system)
        ]
        while heap:
            cost, node, previous = heappop(heap)
            if costs[node] >= 0:
                continue
            costs[node], before[node] = cost, previous
            for neighbour, weight, track in self.edges[node]:
                if costs[neighbour] < 0 and system in ("", self.tracks[track].fare_system):
                    heappush(heap, (cost + weight, neighbour, node))
        return _Search(costs, before)

    def _entering(self, system: str) -> int:
        return 0 if system == self.main_system else _SYSTEM

    def _walk_back(self, search: _Search, node: int) -> Way:
        total = search.costs[node] % _SYSTEM // _METRE
        legs: list[Leg] = []
        while (previous := search.before[node]) >= 0:
            track = self.nodes[node][1]
            metres = (
                search.costs[node] % _SYSTEM // _METRE - search.costs[previous] % _SYSTEM // _METRE
            )
            line = self.tracks[track].line
            if metres and legs and legs[-1].line == line:
                legs[-1] = Leg(line, legs[-1].metres + metres)
            elif metres:
                legs.append(Leg(line, metres))
            node = previous
        return Way(total, tuple(reversed(legs)))


def build_router(tracks: Iterable[Track], main_system: str) -> Router:
    """The router of these lines, in their order; `main_system` is the one everybody rides in."""
    ordered = tuple(tracks)
    numbers: dict[tuple[str, int], int] = {}
    for index, track in enumerate(ordered):
        for station in track.stations:
            numbers.setdefault((station, index), len(numbers))
    nodes_at: dict[str, tuple[int, ...]] = {}
    for (station, _), node in numbers.items():
        nodes_at[station] = (*nodes_at.get(station, ()), node)
    edges: list[list[tuple[int, int, int]]] = [[] for _ in numbers]
    for index, track in enumerate(ordered):
        for one, other, metres in _steps(track):
            a, b = numbers[one, index], numbers[other, index]
            edges[a].append((b, metres * _METRE, index))
            edges[b].append((a, metres * _METRE, index))
    nodes = tuple(numbers)
    for group in nodes_at.values():
        for a in group:
            edges[a].extend(_changes(a, group, nodes, ordered, main_system))
    return Router(
        nodes=nodes,
        tracks=ordered,
        nodes_at=nodes_at,
        edges=tuple(tuple(out) for out in edges),
        main_system=main_system,
        systems_at={
            station: _systems(group, nodes, ordered, main_system)
            for station, group in nodes_at.items()
        },
    )


def _steps(track: Track) -> Iterable[tuple[str, str, int]]:
    return zip(track.stations, track.stations[1:], track.metres, strict=False)


def _systems(
    group: Sequence[int],
    nodes: Sequence[tuple[str, int]],
    tracks: Sequence[Track],
    main_system: str,
) -> tuple[str, ...]:
    found = dict.fromkeys(tracks[nodes[node][1]].fare_system for node in group)
    return tuple(sorted(found, key=lambda system: system != main_system))


def _changes(
    node: int,
    group: Sequence[int],
    nodes: Sequence[tuple[str, int]],
    tracks: Sequence[Track],
    main_system: str,
) -> Iterable[tuple[int, int, int]]:
    here = tracks[nodes[node][1]].fare_system
    for other in group:
        if other != node:
            track = nodes[other][1]
            further = tracks[track].fare_system not in (here, main_system)
            yield other, _CHANGE + (_SYSTEM if further else 0), track
