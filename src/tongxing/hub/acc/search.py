"""The cheapest paths of a pair of stations that pass no station twice, in order.

What Yen's method finds, found another way: paths grow ride by ride, the most promising first, where
the promise is the cost so far and the least cost still to come (`Graph.costs_to`). A promise is
never more than what becomes of it, so paths come out in order of cost, and nothing above the limit
is looked at. A path is its rides; two that change at different stations are two paths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from tongxing.hub.acc.graph import Graph, Ride
from tongxing.hub.acc.parameters import Parameters


@dataclass(frozen=True, slots=True, order=True)
class FoundPath:
    """Cost in thousandths of a second, number of changes, rides in order: sorted like that."""

    cost: int
    transfers: int
    rides: tuple[Ride, ...]


def paths_between(
    graph: Graph, origin: int, destination: int, to_come: Sequence[int], parameters: Parameters
) -> list[FoundPath]:
    """The paths kept for a pair, the best first: of the `paths_max` cheapest, those within the
    thresholds. Empty where nothing connects the two. `to_come` is ``graph.costs_to(destination)``.
    """
    cheapest = _cheapest(graph, origin, destination, to_come, parameters)
    most = cheapest[0].transfers + parameters.transfers_over if cheapest else 0
    return [path for path in cheapest if path.transfers <= most]


def _cheapest(
    graph: Graph, origin: int, destination: int, to_come: Sequence[int], parameters: Parameters
) -> list[FoundPath]:
    heap: list[tuple[int, int, tuple[Ride, ...], int, int, int]] = []
    for stop in graph.stops_at.get(origin, ()):
        if to_come[stop] >= 0:
            aboard = graph.boards[stop]
            heappush(heap, (aboard + to_come[stop], 0, (), stop, aboard, 1 << origin))
    if not heap or origin == destination:
        return []
    limit = cost_limit(heap[0][0], parameters)
    found: list[FoundPath] = []
    while heap:
        promise, changes, rides, stop, cost, passed = heappop(heap)
        enough = len(found) >= parameters.paths_max
        if promise > limit or (enough and promise > found[parameters.paths_max - 1].cost):
            break
        if stop < 0:
            found.append(FoundPath(cost, changes, rides))
            continue
        track, boarded = graph.stops[stop]
        for forward, reach in ((True, graph.ahead[stop]), (False, graph.behind[stop])):
            for station, there, riding, on_way in reach.rides:
                arrived = cost + riding
                if passed & on_way or arrived + to_come[there] > limit:
                    break
                longer = (*rides, (track, forward, boarded, station))
                if station == destination:
                    heappush(heap, (arrived, changes, longer, -1, arrived, 0))
                    break
                for other, change in graph.changes[there]:
                    total = arrived + change
                    promised = total + to_come[other]
                    if promised <= limit:
                        heappush(
                            heap, (promised, changes + 1, longer, other, total, passed | on_way)
                        )
    return sorted(found)[: parameters.paths_max]


def cost_limit(best: int, parameters: Parameters) -> int:
    """The highest cost that a path may have beside the best one."""
    relative = best * parameters.cost_factor_per_mille // 1_000
    return min(relative, best + parameters.cost_over_s * 1_000)
