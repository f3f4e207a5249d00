"""What one passenger plans to do on one day: rides with their times, ends and media.

Planned from the passenger, the day and the seed alone. Whether a gate opens is not known here; a
ride that is refused simply does not happen, and the plan goes on without it.
"""

from datetime import date
from random import Random
from typing import NamedTuple

from tongxing.kernel.clock import at
from tongxing.kernel.workdays import is_workday
from tongxing.simulation.places import BusHop, CityMap
from tongxing.simulation.population import Passenger
from tongxing.simulation.scenario import Journey, Movement

_BP = 10_000
_PAUSE_S = 300
_ALONG_S = 60


class Ride(NamedTuple):
    """One planned ride.

    `exits_s` is 0 where one tap is the whole ride, or where the last tap will be forgotten;
    `arrives_s` is when the passenger is there, tap or no tap.
    `line` and `vehicle` are "" for rail. `medium_in` and `medium_out` index the passenger's media;
    `twice` is whether the first tap is repeated. `journey` numbers the journeys of the day.
    """

    enters_s: int
    exits_s: int
    mode: str
    line: str
    vehicle: str
    origin: str
    destination: str
    medium_in: int
    medium_out: int
    twice: bool
    journey: int
    arrives_s: int


class _Hop(NamedTuple):
    """A leg with its ends and its usual time."""

    mode: str
    line: str
    vehicle: str
    origin: str
    destination: str
    lasts_s: int


class DayPlanner:
    """Plans days in one city."""

    def __init__(self, city_map: CityMap, movement: Movement, vehicles_per_line: int) -> None:
        self._map = city_map
        self._movement = movement
        self._vehicles = vehicles_per_line

    def plan(self, passenger: Passenger, day: date, source: Random) -> list[Ride]:
        """The passenger's rides of the day, in order of time; draws only from `source`."""
        rides: list[Ride] = []
        free_s = 0
        centre = self._map.busy_station(source)
        for number, journey in enumerate(passenger.kind.journeys):
            if not _takes_place(journey, day, source):
                continue
            now_s = max(_start(journey, day, free_s, source), free_s + _PAUSE_S)
            buses = 0
            for position, leg in enumerate(journey.legs):
                if position:
                    now_s += source.randrange(*self._movement.walk_s)
                hop = self._hop(leg, passenger, journey, centre, buses, now_s, source)
                buses += leg == "bus"
                if hop is not None:
                    now_s += self._ride(rides, passenger, number, hop, now_s, source)
            free_s = now_s
        return rides

    def _ride(
        self,
        rides: list[Ride],
        passenger: Passenger,
        number: int,
        hop: _Hop,
        now_s: int,
        source: Random,
    ) -> int:
        """Append the ride of a hop; how long it takes."""
        kind, several = passenger.kind, len(passenger.media) > 1
        lasts_s = hop.lasts_s + source.randrange(self._movement.dawdle_s)
        lasts_s += kind.journeys[number].stay_min * 60
        single = bool(hop.line) and self._map.network.lines[hop.line].single_tap
        forgets = not single and source.randrange(_BP) < kind.forget_out_bp
        medium_in = medium_out = source.randrange(len(passenger.media)) if several else 0
        if several and source.randrange(_BP) < kind.switch_bp:
            medium_in, medium_out = 0, 1
        rides.append(
            Ride(
                enters_s=now_s,
                exits_s=0 if single or forgets else now_s + lasts_s,
                mode=hop.mode,
                line=hop.line,
                vehicle=hop.vehicle,
                origin=hop.origin,
                destination=hop.destination,
                medium_in=medium_in,
                medium_out=medium_out,
                twice=source.randrange(_BP) < kind.twice_bp,
                journey=number,
                arrives_s=now_s + lasts_s,
            )
        )
        return lasts_s

    def _hop(
        self,
        leg: str,
        passenger: Passenger,
        journey: Journey,
        centre: str,
        buses: int,
        now_s: int,
        source: Random,
    ) -> _Hop | None:
        """Where a leg leads; None where it leads nowhere (already there, or no such line here)."""
        anchors, outward = passenger.anchors, journey.start == "home"
        if leg == "rail":
            return self._rail(passenger, journey, centre)
        if leg == "bus":
            hop = anchors.onward if buses else anchors.feeder
            return self._bus(hop, outward or buses > 0, now_s)
        if leg.endswith("_bus"):
            return self._bus(anchors.county, outward, now_s)
        line = self._map.other_line(source, leg)
        if line is None:
            return None
        ends = (line.stations[0], line.stations[-1])
        first = source.randrange(2)
        lasts_s = self._movement.other_ride_s
        return _Hop(line.mode, line.id, "", ends[first], ends[1 - first], lasts_s)

    def _rail(self, passenger: Passenger, journey: Journey, centre: str) -> _Hop | None:
        origin = _station(journey.start, passenger, centre)
        if journey.end == "same":
            return _Hop("rail", "", "", origin, origin, self._movement.rail_fixed_s)
        destination = _station(journey.end, passenger, centre)
        path = self._map.network.path(origin, destination)
        if path is None or origin == destination:
            return None
        lasts_s = path.metres * 3600 // self._movement.rail_speed_mph
        return _Hop("rail", "", "", origin, destination, lasts_s + self._movement.rail_fixed_s)

    def _bus(self, hop: BusHop | None, outward: bool, now_s: int) -> _Hop:
        assert hop is not None, "a kind whose legs name a bus has a bus hop"
        origin, destination = (hop.far, hop.near) if outward else (hop.near, hop.far)
        path = self._map.network.path_on_line(hop.line, origin, destination)
        assert path is not None
        movement = self._movement
        number = now_s // movement.headway_s % self._vehicles + 1
        lasts_s = path.metres * 3600 // movement.bus_speed_mph + movement.bus_fixed_s
        vehicle = vehicle_name(hop.line, number)
        return _Hop("bus", hop.line, vehicle, origin, destination, lasts_s)


def vehicle_name(line: str, number: int) -> str:
    """The name of a line's n-th vehicle."""
    return f"{line}-{number:02d}"


def _takes_place(journey: Journey, day: date, source: Random) -> bool:
    if journey.workdays_only and not is_workday(day):
        return False
    return journey.share_bp >= _BP or source.randrange(_BP) < journey.share_bp


def _start(journey: Journey, day: date, free_s: int, source: Random) -> int:
    """The journey's first instant: three even draws make a peak around the wished time."""
    spread_s = journey.spread_min * 60
    away_s = sum(source.randrange(2 * spread_s + 1) for _ in range(3)) // 3 - spread_s
    if journey.at.startswith("+"):
        return free_s + max(_ALONG_S, int(journey.at[1:]) * 60 + away_s)
    hours, minutes = journey.at.split(":")
    return at(day, int(hours), int(minutes)) + away_s


def _station(role: str, passenger: Passenger, centre: str) -> str:
    if role == "home":
        return passenger.anchors.home
    return passenger.anchors.work if role == "work" else centre
