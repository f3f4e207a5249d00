"""Trips and their times: reads them compactly, and finds the next ride between two stops.

Stop times are the bulk of every feed; each is kept as five whole numbers until its trip is whole.
Times of stops between two timed ones are worked out evenly, as the format allows.
"""

from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from tongxing.feeds.model import Feed, Route, Service, Stop, Trip
from tongxing.feeds.tables import FileSpec, Row
from tongxing.kernel.reasons import Problem

_TRIPS = FileSpec("trips.txt", ("route_id", "service_id", "trip_id"))
_TIMES = FileSpec(
    "stop_times.txt",
    ("trip_id", "stop_sequence", "stop_id"),
    ("arrival_time", "departure_time", "pickup_type", "drop_off_type"),
)
_FREQUENCIES = FileSpec("frequencies.txt", ("trip_id", "start_time", "end_time", "headway_secs"))
_DAY_MOST_S = 7 * 86_400
_NOON_S = 12 * 3600
_UNTIMED = -1
_FIELDS = 5

Rows = Callable[..., Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Ride:
    """One leg that a timetable offers, in seconds since 1970 UTC."""

    trip: str
    route: str
    origin: str
    destination: str
    passed: tuple[str, ...]
    depart_s: int
    arrive_s: int


def read_trips(
    rows: Rows,
    routes: Mapping[str, Route],
    services: Mapping[str, Service],
    stops: Mapping[str, Stop],
) -> dict[str, Trip]:
    """The trips with their stops in order. `rows` reads a file by its spec."""
    heads: dict[str, tuple[str, str]] = {}
    for row in rows(_TRIPS, required=True):
        trip, route, service = row.text("trip_id"), row.text("route_id"), row.text("service_id")
        row.refer(routes, route, "route_id", "routes.txt")
        row.refer(services, service, "service_id", "calendar.txt")
        row.once(heads, trip, "trip_id")
        heads[trip] = route, service
    numbers = {stop: index for index, stop in enumerate(stops)}
    packed = {trip: array("q") for trip in heads}
    for row in rows(_TIMES, required=True):
        _pack(row, packed, numbers, stops)
    headways = _headways(rows, heads)
    names = tuple(stops)
    patterns: dict[tuple[str, ...], tuple[str, ...]] = {}
    found: dict[str, Trip] = {}
    for trip, (route, service) in heads.items():
        entries = _ordered(trip, packed.pop(trip))
        if len(entries) < 2:
            raise Problem("FEED_TRIP_SHORT", "stop_times.txt", trip=trip)
        order = tuple(names[entry[1]] for entry in entries)
        found[trip] = Trip(
            id=trip,
            route=route,
            service=service,
            stops=patterns.setdefault(order, order),
            arrivals=array("i", _timed(trip, [entry[2] for entry in entries])),
            departures=array("i", _timed(trip, [entry[3] for entry in entries])),
            boards=bytes(entry[4] & 1 for entry in entries),
            alights=bytes(entry[4] >> 1 for entry in entries),
            headways=tuple(headways.get(trip, ())),
        )
    return found


def _pack(
    row: Row, packed: "dict[str, array[int]]", numbers: Mapping[str, int], stops: Mapping[str, Stop]
) -> None:
    trip, stop = row.text("trip_id"), row.text("stop_id")
    row.refer(packed, trip, "trip_id", "trips.txt")
    row.refer(numbers, stop, "stop_id", "stops.txt")
    if stops[stop].kind:
        raise row.refuse("stop_id", "platform")
    arrival = row.clock("arrival_time", _DAY_MOST_S) if row.maybe("arrival_time") else _UNTIMED
    departs = row.clock("departure_time", _DAY_MOST_S) if row.maybe("departure_time") else arrival
    arrival = departs if arrival == _UNTIMED else arrival
    if departs < arrival:
        raise row.broken("departure_time", "times")
    boards = row.choice("pickup_type", "0 1 2 3 -") != "1"
    alights = row.choice("drop_off_type", "0 1 2 3 -") != "1"
    sequence = row.whole("stop_sequence", 0)
    packed[trip].extend((sequence, numbers[stop], arrival, departs, boards | alights << 1))


def _ordered(trip: str, packed: "array[int]") -> list[tuple[int, ...]]:
    entries = sorted(
        tuple(packed[index : index + _FIELDS]) for index in range(0, len(packed), _FIELDS)
    )
    for one, other in pairwise(entries):
        if one[0] == other[0]:
            raise Problem("FEED_DUPLICATE", "stop_times.txt", text=f"{trip} {one[0]}")
        if _UNTIMED not in (one[3], other[2]) and other[2] < one[3]:
            raise Problem("FEED_TRIP_BACKWARDS", "stop_times.txt", trip=trip, sequence=other[0])
    return entries


def _timed(trip: str, times: list[int]) -> list[int]:
    """The times with those between two timed stops worked out evenly."""
    if _UNTIMED in (times[0], times[-1]):
        raise Problem("FEED_TRIP_UNTIMED", "stop_times.txt", trip=trip)
    known = [index for index, found in enumerate(times) if found != _UNTIMED]
    for first, last in pairwise(known):
        for index in range(first + 1, last):
            gone = (times[last] - times[first]) * (index - first)
            times[index] = times[first] + gone // (last - first)
    return times


def _headways(rows: Rows, trips: Collection[str]) -> dict[str, list[tuple[int, int, int]]]:
    found: dict[str, list[tuple[int, int, int]]] = {}
    for row in rows(_FREQUENCIES):
        row.refer(trips, row.text("trip_id"), "trip_id", "trips.txt")
        start, end = row.clock("start_time", _DAY_MOST_S), row.clock("end_time", _DAY_MOST_S)
        if end <= start:
            raise row.broken("end_time", "times")
        spans = found.setdefault(row.text("trip_id"), [])
        if any(start < other_end and other_start < end for other_start, other_end, _ in spans):
            raise row.broken("start_time", "headways")
        spans.append((start, end, row.whole("headway_secs", 1, 86_400)))
    return found


def next_ride(
    feed: Feed, origins: Collection[str], destinations: Collection[str], after_s: int
) -> Ride | None:
    """The ride from one of the stops to another that arrives first, boarding at or after an
    instant, at most a day later; None where the timetable has none."""
    today = datetime.fromtimestamp(after_s, feed.zone).date()
    best: Ride | None = None
    for trip in trips_between(feed, origins, destinations):
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            if not feed.services[trip.service].runs(day):
                continue
            ride = _ride(feed, trip, day, origins, destinations, after_s)
            if ride is not None and (best is None or ride.arrive_s < best.arrive_s):
                best = ride
    return best if best is not None and best.depart_s - after_s <= 86_400 else None


def trips_between(
    feed: Feed, origins: Collection[str], destinations: Collection[str]
) -> Iterator[Trip]:
    """The trips that go from one of the stops to another, on whatever day."""
    for trip in feed.trips.values():
        boarded = False
        for index, stop in enumerate(trip.stops):
            if boarded and stop in destinations and trip.alights[index]:
                yield trip
                break
            boarded = boarded or (stop in origins and bool(trip.boards[index]))


def _ride(
    feed: Feed,
    trip: Trip,
    day: date,
    origins: Collection[str],
    destinations: Collection[str],
    after_s: int,
) -> Ride | None:
    """The trip's first departure of a service day at or after an instant, to its nearest end."""
    zero_s = service_zero(feed, day)
    starts = [i for i, s in enumerate(trip.stops) if s in origins and trip.boards[i]]
    for start in reversed(starts):
        ends = [
            index
            for index, stop in enumerate(trip.stops)
            if index > start and stop in destinations and trip.alights[index]
        ]
        shift = _shift(trip, after_s - zero_s - trip.departures[start])
        if not ends or shift is None:
            continue
        return Ride(
            trip.id, trip.route, trip.stops[start], trip.stops[ends[0]],
            trip.stops[start : ends[0] + 1],
            zero_s + trip.departures[start] + shift, zero_s + trip.arrivals[ends[0]] + shift,
        )  # fmt: skip
    return None


def _shift(trip: Trip, missing_s: int) -> int | None:
    """Seconds by which a run of the trip starts later than written, at least `missing_s`."""
    if not trip.headways:
        return 0 if missing_s <= 0 else None
    first_s = trip.departures[0]
    found: list[int] = []
    for start, end, headway in trip.headways:
        least = max(0, missing_s - (start - first_s))
        begins = start + -(-least // headway) * headway
        if begins < end:
            found.append(begins - first_s)
    return min(found, default=None)


def service_zero(feed: Feed, day: date) -> int:
    """The instant from which a service day's times count: noon less twelve hours."""
    noon = datetime.combine(day, time(12), feed.zone)
    return int(noon.timestamp()) - _NOON_S
