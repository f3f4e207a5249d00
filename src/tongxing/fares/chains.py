"""The cheapest way to pay for a rail ride that may run through several fare systems.

An airport line or a suburban line asks its own fare beside the main network's. A ride between
two stations can often be cut at more than one interchange; the passenger pays the cheapest sum.
Equal sums go to the chain with fewer systems, then fewer metres, then the first in data order. No
fare system is paid twice on one ride: no planner would price such a way.
"""

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


def fare_within(
    tariff: Tariff, system: str, origin: str, destination: str, metres: int
) -> tuple[int, str] | None:
    """Fare and rule of a ride inside one system; a stated pair goes before the price list.

    None when the system has no fare in this tariff.
    """
    stated = tariff.pairs.get((system, origin, destination))
    if stated is not None:
        return stated
    rule = tariff.base(system)
    return None if rule is None else (rule.fare(metres), rule.id)


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
            for longer in _extended(network, tariff, chain, system, station):
                end = longer.legs[-1].destination
                known = best.get(end)
                if known is None or longer.rank < known.rank:
                    best[end] = longer
                if len(systems_at[end]) > 1 and longer.legs[-1].metres:
                    serial += 1
                    heappush(heap, (longer.rank, serial, end, longer))
    return best


def _extended(
    network: CityNetwork, tariff: Tariff, chain: Chain, system: str, station: str
) -> list[Chain]:
    chains: list[Chain] = []
    for end, metres in network.router.metres_from(station, system).items():
        fare = fare_within(tariff, system, station, end, metres)
        if fare is not None:
            leg = Leg(system, station, end, metres, *fare)
            total = chain.fare_fen + leg.fare_fen
            chains.append(Chain(total, chain.metres + metres, (*chain.legs, leg)))
    return chains
