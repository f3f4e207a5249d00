"""The cheapest way to pay for a rail ride that may run through several fare systems.

An airport line or a suburban line asks its own fare beside the main network's. A ride between
two stations can often be cut at more than one interchange; the passenger pays the cheapest sum.
Equal sums go to the chain with fewer systems, then fewer metres, then the first in data order. No
fare system is paid twice on one ride: no planner would price such a way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from tongxing.fares.tariff import Tariff
from tongxing.network.transport import CityNetwork


@dataclass(frozen=True, slots=True)
class Leg:
    """One fare system's part of a ride: where, how far, what it asks and by which rule."""

    system: str
    origin: str
    destination: str
    metres: int
    fare_fen: int
    rule: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The legs that a ride is paid by, in travel order."""

    fare_fen: int
    metres: int
    legs: tuple[Leg, ...]

    @property
    def rank(self) -> tuple[int, int, int]:
        return self.fare_fen, len(self.legs), self.metres


def chains_from(network: CityNetwork, tariff: Tariff, origin: str) -> dict[str, Chain]:
    """The cheapest chain from a station to every station that can be reached and paid for."""
    systems_at = network.router.systems_at
    best: dict[str, Chain] = {}
    heap: list[tuple[tuple[int, int, int], int, str, Chain]] = []
    settled: set[tuple[str, str]] = set()
    serial = 0
    heappush(heap, ((0, 0, 0), serial, origin, Chain(0, 0, ())))
    while heap:
        _, _, station, chain = heappop(heap)
        arrived_by = chain.legs[-1].system if chain.legs else ""
        if (station, arrived_by) in settled:
            continue
        settled.add((station, arrived_by))
        for system in systems_at.get(station, ()):
            if any(leg.system == system for leg in chain.legs):
                continue
            for end, metres, fare_fen, rule in fares_within(network, tariff, system, station):
                rank = (chain.fare_fen + fare_fen, len(chain.legs) + 1, chain.metres + metres)
                known = best.get(end)
                is_better = known is None or rank < known.rank
                goes_on = bool(metres) and len(systems_at[end]) > 1
                if not is_better and not goes_on:
                    continue
                leg = Leg(system, station, end, metres, fare_fen, rule)
                longer = Chain(rank[0], rank[2], (*chain.legs, leg))
                if is_better:
                    best[end] = longer
                if goes_on:
                    serial += 1
                    heappush(heap, (rank, serial, end, longer))
    return best


def fares_within(
    network: CityNetwork, tariff: Tariff, system: str, station: str
) -> Iterator[tuple[str, int, int, str]]:
    """Every station that one fare system reaches from another: its metres, fare and rule.

    A stated pair goes before the price list. Nothing when the system has no fare in this tariff.
    """
    rule = tariff.base(system)
    for end, metres in network.router.metres_from(station, system).items():
        stated = tariff.pairs.get((system, station, end))
        if stated is not None:
            yield end, metres, *stated
        elif rule is not None:
            yield end, metres, rule.fare(metres), rule.id
