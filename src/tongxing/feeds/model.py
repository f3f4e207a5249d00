"""What a feed says, in the format's own words: stops, routes, trips, services, fares v1 and v2.

Amounts are whole minor units of their currency (fen, cents); times are seconds of the service day;
`row` is the line of the file a thing stands in, so that a price can name it. Nothing here may read
a file or decide a price.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Agency:
    """A company that runs routes."""

    id: str
    name: str
    timezone: str
    row: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop (`kind` 0), a station (1), or another place of a station (2 to 4)."""

    id: str
    name: str
    kind: int
    parent: str
    zone: str
    timezone: str
    lon_e6: int | None
    lat_e6: int | None
    row: int


@dataclass(frozen=True, slots=True)
class Route:
    """A line as riders know it; `network` is "" where none is assigned."""

    id: str
    agency: str
    short_name: str
    long_name: str
    kind: int
    network: str
    row: int

    @property
    def name(self) -> str:
        return self.short_name or self.long_name or self.id


@dataclass(frozen=True, slots=True)
class Service:
    """The days on which something runs: weekdays (Monday first) of a span, and exceptions."""

    id: str
    weekdays: tuple[bool, ...]
    first: date | None
    last: date | None
    added: frozenset[date]
    removed: frozenset[date]

    def runs(self, day: date) -> bool:
        """Whether the service runs on a day."""
        if day in self.added:
            return True
        if self.first is None or self.last is None or day in self.removed:
            return False
        return self.first <= day <= self.last and self.weekdays[day.weekday()]

    def span(self) -> tuple[date, date] | None:
        """The first and the last day on which it runs, None if there is none."""
        days = sorted(self.added)
        if self.first is not None and self.last is not None:
            window = (self.last - self.first).days
            early = (self.first + timedelta(days=n) for n in range(window + 1))
            days += [d for d in (next((d for d in early if self.runs(d)), None),) if d]
            late = (self.last - timedelta(days=n) for n in range(window + 1))
            days += [d for d in (next((d for d in late if self.runs(d)), None),) if d]
        return (min(days), max(days)) if days else None


@dataclass(frozen=True, slots=True)
class Trip:
    """One run: stops in order with arrival and departure in seconds of the service day.

    `boards[i]` and `alights[i]` tell whether riders may do so there. `headways` are (start, end,
    seconds between) where the run stands for a service by frequency.
    """

    id: str
    route: str
    service: str
    stops: tuple[str, ...]
    arrivals: "array[int]"
    departures: "array[int]"
    boards: bytes
    alights: bytes
    headways: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FareAttribute:
    """Fares v1: a fare. `transfers` None means as many as one likes."""

    id: str
    amount_minor: int
    currency: str
    transfers: int | None
    duration_s: int | None
    agency: str
    row: int


@dataclass(frozen=True, slots=True)
class FareRule:
    """Fares v1: where a fare holds; "" does not matter."""

    fare: str
    route: str
    origin: str
    destination: str
    contains: str
    row: int


@dataclass(frozen=True, slots=True)
class FareMedium:
    """Fares v2: what holds a fare. `kind`: 0 none, 1 paper, 2 card, 3 cEMV, 4 app."""

    id: str
    name: str
    kind: int
    row: int


@dataclass(frozen=True, slots=True)
class RiderCategory:
    """Fares v2: a class of riders."""

    id: str
    name: str
    default: bool
    row: int


@dataclass(frozen=True, slots=True)
class FareProduct:
    """Fares v2: what a product costs a rider ("" any) with a medium ("" unknown)."""

    id: str
    name: str
    rider: str
    medium: str
    amount_minor: int
    currency: str
    row: int


@dataclass(frozen=True, slots=True)
class LegRule:
    """Fares v2: which product a leg needs. "" means what `Feed.has_priority` says it means."""

    group: str
    network: str
    from_area: str
    to_area: str
    from_timeframe: str
    to_timeframe: str
    product: str
    priority: int
    row: int


@dataclass(frozen=True, slots=True)
class JoinRule:
    """Fares v2: two legs that count as one, inside one network."""

    network: str
    from_stop: str
    to_stop: str
    row: int


@dataclass(frozen=True, slots=True)
class TransferRule:
    """Fares v2: what a transfer costs. `count` None where the groups differ, -1 without limit."""

    from_group: str
    to_group: str
    count: int | None
    limit_s: int | None
    limit_kind: int
    kind: int
    product: str
    row: int


@dataclass(frozen=True, slots=True)
class Timeframe:
    """Fares v2: seconds of the local day, the end excluded, on the days of a service."""

    start_s: int
    end_s: int
    service: str
    row: int


@dataclass(frozen=True)
class Feed:
    """All that was read of a feed. `files` is (name, rows) in reading order; `unread` are names of
    files the feed has beside those; `short_rows` counts rows that ended early."""

    agencies: Mapping[str, Agency]
    stops: Mapping[str, Stop]
    routes: Mapping[str, Route]
    trips: Mapping[str, Trip]
    services: Mapping[str, Service]
    fares: Mapping[str, FareAttribute]
    fare_rules: tuple[FareRule, ...]
    media: Mapping[str, FareMedium]
    riders: Mapping[str, RiderCategory]
    products: Mapping[str, tuple[FareProduct, ...]]
    leg_rules: tuple[LegRule, ...]
    has_priority: bool
    joins: tuple[JoinRule, ...]
    transfers: tuple[TransferRule, ...]
    areas: Mapping[str, str]
    stop_areas: Mapping[str, tuple[str, ...]]
    networks: Mapping[str, str]
    timeframes: Mapping[str, tuple[Timeframe, ...]]
    files: tuple[tuple[str, int], ...]
    unread: tuple[str, ...]
    short_rows: int

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the feed's agencies."""
        return ZoneInfo(next(iter(self.agencies.values())).timezone)

    def zone_of(self, stop: str) -> ZoneInfo:
        """The time zone of a stop: its own, its station's, else the agencies'."""
        here = self.stops[stop]
        parent = self.stops.get(here.parent)
        name = here.timezone or (parent.timezone if parent else "")
        return ZoneInfo(name) if name else self.zone

    def station_of(self, stop: str) -> str:
        """The station a stop belongs to, or the stop itself."""
        return self.stops[stop].parent or stop

    def areas_of(self, stop: str) -> tuple[str, ...]:
        """The areas of a stop; those of its station where it has none of its own."""
        return self.stop_areas.get(stop) or self.stop_areas.get(self.stops[stop].parent, ())

    @cached_property
    def trips_of_route(self) -> Mapping[str, tuple[Trip, ...]]:
        """The trips of each route, in the feed's order."""
        found: dict[str, list[Trip]] = {route: [] for route in self.routes}
        for trip in self.trips.values():
            found[trip.route].append(trip)
        return {route: tuple(trips) for route, trips in found.items()}

    @cached_property
    def routes_at(self) -> Mapping[str, frozenset[str]]:
        """The routes that stop at each stop."""
        found: dict[str, set[str]] = {}
        for trip in self.trips.values():
            for stop in trip.stops:
                found.setdefault(stop, set()).add(trip.route)
        return {stop: frozenset(routes) for stop, routes in found.items()}
