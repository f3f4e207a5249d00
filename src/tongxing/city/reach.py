"""Where a rider can have been, and when: the least time between stations, and what follows.

A stated end of a half trip is believed only when a train could have brought the rider there, and
when the rider's next (or, for a missing entry, last) tap elsewhere leaves the time for it. Pure.
"""

from typing import NamedTuple

from tongxing.city.half_trips import missing_end
from tongxing.city.terms import Terms
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap
from tongxing.network.transport import CityNetwork


class Times(NamedTuple):
    """When the missing end of a half trip can have been, both ends included."""

    earliest_s: int
    latest_s: int


def least_travel_s(
    network: CityNetwork, terms: Terms, known: Tap, origin: str, destination: str
) -> int | None:
    """The least seconds from one station to another by the mode (off the rails: the line) of a tap;
    None when nothing connects them."""
    if known.mode == "rail":
        metres = network.router.metres_from(origin).get(destination)
    else:
        path = network.path_on_line(known.line, origin, destination)
        metres = None if path is None else path.metres
    return None if metres is None else seconds_for(metres, terms.speed_kmh_max)


def seconds_for(metres: int, speed_kmh: int) -> int:
    """Whole seconds for a way at a speed, rounded up: nobody is faster."""
    return -(-metres * 3_600 // (speed_kmh * 1_000))


def find_station(network: CityNetwork, known: Tap, text: str) -> str | Refusal:
    """The station that a person means by an id or a name, reachable from the known tap if one of
    that name is. Refuses FARES_NO_STATION and HALF_TRIP_NO_WAY."""
    found = network.find_stations(text)
    if not found:
        near = {"near_zh": "—", "near_en": "—"}
        return Refusal("FARES_NO_STATION", text, {"station": text, **near})
    for station in found:
        if known.mode == "rail":
            reached = station.id in network.router.metres_from(known.station)
        else:
            reached = network.path_on_line(known.line, known.station, station.id) is not None
        if reached:
            return station.id
    return Refusal("HALF_TRIP_NO_WAY", text, {"station": text})


def possible_times(
    network: CityNetwork,
    terms: Terms,
    known: Tap,
    station: str,
    neighbour: Tap | None,
    now_s: int,
) -> Times | None:
    """When the missing end can have been at `station`; None when never.

    `neighbour` is the rider's next tap after a missing exit, or the last one before a missing
    entry. A ride lasts at most `travel_s_max`, and nobody states what is still to come.
    """
    is_exit = missing_end(known) == "exit"
    ends = (known.station, station) if is_exit else (station, known.station)
    travel_s = least_travel_s(network, terms, known, *ends)
    if travel_s is None:
        return None
    away_s = 0 if neighbour is None else _way_s(network, terms, station, neighbour.station)
    if is_exit:
        earliest_s = known.time_s + travel_s
        latest_s = min(known.time_s + terms.travel_s_max, now_s)
        if neighbour is not None:
            latest_s = min(latest_s, neighbour.time_s - away_s)
    else:
        latest_s = known.time_s - travel_s
        earliest_s = known.time_s - terms.travel_s_max
        if neighbour is not None:
            earliest_s = max(earliest_s, neighbour.time_s + away_s)
    return Times(earliest_s, latest_s) if earliest_s <= latest_s else None


def likely_time_s(known: Tap, times: Times) -> int:
    """The time of a missing end that nobody has stated: as near to the known tap as can be."""
    return times.earliest_s if missing_end(known) == "exit" else times.latest_s


def unreachable(station: str, times: Times | None) -> Refusal:
    """Why a stated end cannot be: what would have been possible there, if anything."""
    if times is None:
        return Refusal("HALF_TRIP_UNREACHABLE", station, {"station": station})
    values = {
        "station": station,
        "earliest": stamp(times.earliest_s),
        "latest": stamp(times.latest_s),
    }
    return Refusal("HALF_TRIP_TIME_UNLIKELY", station, values)


def _way_s(network: CityNetwork, terms: Terms, one: str, other: str) -> int:
    """Least seconds by rail from one stop to another; 0 where no rail is known to connect them:
    nothing is held against a rider that the network does not know."""
    metres = network.router.metres_from(one).get(other, 0)
    return seconds_for(metres, terms.speed_kmh_max)
