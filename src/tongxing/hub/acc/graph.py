"""One fare system's lines in one period, as the search rides them: stops, seconds, costs.

A *stop* is a station on a track. Costs are thousandths of a second of generalised cost, as whole
numbers: riding, waiting and walking, each with its weight, and a penalty for each change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from msgspec import Struct

from tongxing.hub.acc.parameters import Parameters

Ride = tuple[int, bool, int, int]
"""A ride: track, whether in the order of its stops, station boarded, station left (numbers)."""


class TrackRow(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A track as a table keeps it. Stations and operators are numbers of the table's lists;
    `runs[i]` are the millimetres of step i by operator; `headways_s` are by period."""

    line: str
    system: str
    stations: tuple[int, ...]
    ride_s: tuple[int, ...]
    runs: tuple[tuple[tuple[int, int], ...], ...]
    headways_s: tuple[int, ...]
    loop: bool = False

    def steps(self, forward: bool, first: int, last: int) -> range | tuple[int, ...]:
        """The steps of a ride between two stations. Raises ValueError for a ride that cannot be."""
        begin, end = self.stations.index(first), self.stations.index(last)
        if self.loop:
            count = len(self.stations)
            if not forward:
                begin, end = end, begin
            return tuple((begin + offset) % count for offset in range((end - begin) % count))
        if begin == end or forward != (begin < end):
            raise ValueError(f"{self.line}: no ride from {first} to {last}")
        return range(min(begin, end), max(begin, end))


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be reached from a stop in one direction: station, stop, cost of the ride, and the
    stations on the way as bits."""

    rides: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """`stops[n]` is (track, station). `boards[n]` is the cost of waiting there; `changes[n]` are
    the stops one can change to with the cost of walk, penalty and wait; `ahead[n]` what is reached
    in the order of the stops, `behind[n]` against it. `beside[n]` are the next stops of the track
    with the cost of the step."""

    stops: tuple[tuple[int, int], ...]
    stops_at: Mapping[int, tuple[int, ...]]
    boards: tuple[int, ...]
    changes: tuple[tuple[tuple[int, int], ...], ...]
    ahead: tuple[Reach, ...]
    behind: tuple[Reach, ...]
    beside: tuple[tuple[tuple[int, int], ...], ...]

    def costs_to(self, station: int) -> list[int]:
        """The least cost from aboard each stop to a station, loops allowed; -1 if there is no way.

        A lower bound for every path without loops, and exact for the best one.
        """
        costs = [-1] * len(self.stops)
        heap = [(0, stop) for stop in self.stops_at.get(station, ())]
        while heap:
            cost, stop = heappop(heap)
            if costs[stop] >= 0:
                continue
            costs[stop] = cost
            for other, step in self.beside[stop]:
                if costs[other] < 0:
                    heappush(heap, (cost + step, other))
            for other, _ in self.changes[stop]:
                if costs[other] < 0:
                    back = next(price for at, price in self.changes[other] if at == stop)
                    heappush(heap, (cost + back, other))
        return costs


def build_graph(
    tracks: Sequence[TrackRow],
    system: str,
    period: int,
    walks_s: Mapping[int, int],
    walking_s: int,
    parameters: Parameters,
) -> Graph:
    """The graph of a fare system (`period` is the number of a headway). Walks are by station;
    where none is given, `walking_s`.

    Raises ValueError for times that are negative, and for a track that stops twice at a station.
    """
    chosen = [(n, track) for n, track in enumerate(tracks) if track.system == system]
    stops: list[tuple[int, int]] = []
    stops_at: dict[int, tuple[int, ...]] = {}
    spans: list[tuple[int, TrackRow, range]] = []
    for number, track in chosen:
        _check(track, period)
        first = len(stops)
        stops += [(number, station) for station in track.stations]
        spans.append((number, track, range(first, len(stops))))
    for stop, (_, station) in enumerate(stops):
        stops_at[station] = (*stops_at.get(station, ()), stop)
    boards = [
        track.headways_s[period] * parameters.waiting_per_mille // 2
        for _, track, span in spans
        for _ in span
    ]
    changes = []
    for stop, (_, station) in enumerate(stops):
        walk = walks_s.get(station, walking_s) * parameters.walking_per_mille
        fixed = walk + parameters.transfer_penalty_s * 1_000
        others = [other for other in stops_at[station] if other != stop]
        changes.append(tuple((other, fixed + boards[other]) for other in others))
    ahead: list[Reach] = []
    behind: list[Reach] = []
    beside: list[tuple[tuple[int, int], ...]] = []
    for _, track, span in spans:
        steps = [seconds * parameters.riding_per_mille for seconds in track.ride_s]
        for at in range(len(span)):
            ahead.append(_reach(track, span, steps, at, 1))
            behind.append(_reach(track, span, steps, at, -1))
            near = (*ahead[-1].rides[:1], *behind[-1].rides[:1])
            beside.append(tuple((ride[1], ride[2]) for ride in near))
    return Graph(
        tuple(stops), stops_at, tuple(boards), tuple(changes), tuple(ahead), tuple(behind),
        tuple(beside),
    )  # fmt: skip


def _check(track: TrackRow, period: int) -> None:
    if len(set(track.stations)) != len(track.stations):
        raise ValueError(f"{track.line} stops twice at a station")
    if any(seconds <= 0 for seconds in track.ride_s) or track.headways_s[period] < 0:
        raise ValueError(f"{track.line}: a ride takes time, a wait is not negative")
    wanted = len(track.stations) - (0 if track.loop else 1)
    if len(track.ride_s) != wanted or len(track.runs) != wanted:
        raise ValueError(f"{track.line}: {wanted} steps lie between its stops")


def _reach(track: TrackRow, span: range, steps: Sequence[int], at: int, way: int) -> Reach:
    count = len(span)
    rides: list[tuple[int, int, int, int]] = []
    cost, passed = 0, 0
    for offset in range(1, count):
        here = at + way * offset
        if not track.loop and not 0 <= here < count:
            break
        here %= count
        cost += steps[(here - 1) % count if way > 0 else here]
        station = track.stations[here]
        passed |= 1 << station
        rides.append((station, span[here], cost, passed))
    return Reach(tuple(rides))
