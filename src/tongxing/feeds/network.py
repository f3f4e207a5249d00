"""A feed's lines and stops in our words, for people who want to see what a feed holds.

A `FeedLine` is a route with its stops in the order of its longest course each way. A feed says
neither metres nor who is paid for them, so this is no `CityNetwork` and no fare of ours can be
worked out over it; `docs/gtfs.md` says what would be missing.
"""

from collections import Counter
from dataclasses import dataclass

from tongxing.feeds.model import Feed, Trip

_MODES = {
    0: "rail", 1: "rail", 2: "rail", 3: "bus", 4: "ferry", 5: "rail", 6: "cableway",
    7: "rail", 11: "bus", 12: "rail",
}  # fmt: skip
_EXTENDED = {
    1: "rail", 2: "bus", 4: "rail", 5: "rail", 6: "rail", 7: "bus", 8: "bus", 9: "rail",
    10: "ferry", 12: "ferry", 13: "cableway", 14: "cableway", 15: "taxi",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A line: `courses` are its stops in order, the longest way first, then others that are no
    part of one before. `mode` is one of ours, "other" where none fits."""

    id: str
    name: str
    mode: str
    operator: str
    network: str
    courses: tuple[tuple[str, ...], ...]
    trips: int


@dataclass(frozen=True, slots=True)
class FeedStop:
    """A stop with the lines that serve it; `areas` and `zone` are what fares know it by."""

    id: str
    name: str
    station: str
    zone: str
    areas: tuple[str, ...]
    lines: tuple[str, ...]
    lon_e6: int | None
    lat_e6: int | None


@dataclass(frozen=True, slots=True)
class FeedNetwork:
    """What runs where, by a feed. `first_day` and `last_day` are "" where nothing runs."""

    operators: tuple[str, ...]
    timezone: str
    first_day: str
    last_day: str
    lines: tuple[FeedLine, ...]
    stops: tuple[FeedStop, ...]


def feed_network(feed: Feed) -> FeedNetwork:
    """The lines and stops of a feed, in its own order."""
    used = {trip.service for trip in feed.trips.values()}
    spans = [span for name in used if (span := feed.services[name].span())]
    days = [day.isoformat() for span in spans for day in span]
    return FeedNetwork(
        operators=tuple(agency.name for agency in feed.agencies.values()),
        timezone=feed.zone.key,
        first_day=min(days, default=""),
        last_day=max(days, default=""),
        lines=tuple(
            FeedLine(
                id=route.id,
                name=route.name,
                mode=mode_of(route.kind),
                operator=feed.agencies[route.agency].name,
                network=route.network,
                courses=_courses(feed.trips_of_route[route.id]),
                trips=len(feed.trips_of_route[route.id]),
            )
            for route in feed.routes.values()
        ),
        stops=tuple(
            FeedStop(
                stop.id, stop.name, stop.parent, stop.zone, feed.areas_of(stop.id),
                tuple(r for r in feed.routes if r in feed.routes_at.get(stop.id, ())),
                stop.lon_e6, stop.lat_e6,
            )
            for stop in feed.stops.values()
            if stop.kind == 0
        ),
    )  # fmt: skip


def mode_of(kind: int) -> str:
    """Our mode for a route type, basic or extended; "other" where none fits."""
    return _MODES.get(kind) or _EXTENDED.get(kind // 100, "other")


def _courses(trips: tuple[Trip, ...]) -> tuple[tuple[str, ...], ...]:
    """The stop orders of trips, longest (then most frequent) first, without those that are a part
    of one before."""
    counts = Counter(trip.stops for trip in trips)
    ordered = sorted(counts, key=lambda stops: (-len(stops), -counts[stops], stops))
    kept: list[tuple[str, ...]] = []
    for stops in ordered:
        if not any(_is_part(stops, whole) for whole in kept):
            kept.append(stops)
    return tuple(kept)


def _is_part(stops: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Whether the stops are passed by the whole in the same order."""
    remaining = iter(whole)
    return all(stop in remaining for stop in stops)
