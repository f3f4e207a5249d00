"""What runs where: operators, lines, stations and metres of each city, read from dated data.

A city is a folder under ``data/cities/``: ``city.toml`` (operators, lines, sources),
``stations.csv`` and ``track.csv`` (stops in order, metres from the stop before). Adding a city
means adding a folder. Nothing here may know a price, and no city may be named in the code.
"""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import StringIO
from typing import Any

from tongxing.network.paths import Router, Track, build_router

MODES = ("rail", "bus", "cableway", "escalator", "lift", "ferry", "taxi", "bicycle")
DISTANCE_CONFIDENCE = ("official", "estimated", "illustrative")


@dataclass(frozen=True, slots=True)
class Operator:
    """A company that runs lines and is paid for it. `confidence` says how far it is known."""

    id: str
    name_zh: str
    name_en: str
    confidence: str = "seen"


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its stops in order.

    `fare_system` names the tariff that prices it. `place` is the six-digit division code it runs
    in. `schemes` are schemes accepted here beyond the city's own. `single_tap` means one tap is
    the whole ride. `illustrative` means the line's course is invented. A `loop` runs on from its
    last stop to its first. `metres[i]` lies between stop i and the next one.
    """

    id: str
    name_zh: str
    name_en: str
    mode: str
    operator: str
    fare_system: str
    place: str
    stations: tuple[str, ...]
    metres: tuple[int, ...]
    loop: bool = False
    schemes: tuple[str, ...] = ()
    single_tap: bool = False
    illustrative: bool = False
    distances: str = "official"
    colour: str = "#666666"


@dataclass(frozen=True, slots=True)
class Station:
    """A station or stop. `lon_e6`/`lat_e6` are millionths of a degree (WGS-84), None if unknown."""

    id: str
    name_zh: str
    name_en: str
    lines: tuple[str, ...]
    place: str
    lon_e6: int | None = None
    lat_e6: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part of the data comes from, under which licence, and how sure it is."""

    what_zh: str
    what_en: str
    origin_zh: str
    origin_en: str
    licence: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Portion:
    """Metres of a path on one line, with the operator that earns them."""

    line: str
    operator: str
    fare_system: str
    metres: int


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the network: all its metres, and its portions in travel order."""

    metres: int
    portions: tuple[Portion, ...]


@dataclass(frozen=True, slots=True)
class CityNetwork:
    """The network of one city as of a day, with its paths remembered.

    `fare_systems` begins with the main network; the others ask a fare of their own beside it.
    """

    code: str
    name_zh: str
    name_en: str
    as_of: date
    operators: Mapping[str, Operator]
    lines: Mapping[str, Line]
    stations: Mapping[str, Station]
    fare_systems: tuple[str, ...]
    sources: tuple[Source, ...]
    router: Router
    _paths: dict[tuple[str, str, str], Path | None] = field(default_factory=dict)

    def path(self, origin: str, destination: str) -> Path | None:
        """The rail path: fewest systems beside the main one, then fewest metres; None if none."""
        return self.path_within("", origin, destination)

    def path_within(self, fare_system: str, origin: str, destination: str) -> Path | None:
        """The rail path that stays inside one fare system ("" for any); None if there is none."""
        key = (fare_system, origin, destination)
        if key not in self._paths:
            way = self.router.way(origin, destination, fare_system)
            self._paths[key] = (
                None
                if way is None
                else Path(way.metres, tuple(self.portion(leg.line, leg.metres) for leg in way.legs))
            )
        return self._paths[key]

    def path_on_line(self, line: str, origin: str, destination: str) -> Path | None:
        """The way along one line (a bus ride); the shorter way round on a loop.

        None when the line is unknown or a stop is not on it.
        """
        known = self.lines.get(line)
        if known is None or origin not in known.stations or destination not in known.stations:
            return None
        metres = metres_along(known, origin, destination)
        return Path(metres, (self.portion(line, metres),))

    def portion(self, line: str, metres: int) -> Portion:
        """These metres of a line, with its operator and fare system."""
        known = self.lines[line]
        return Portion(line, known.operator, known.fare_system, metres)

    def find_stations(self, text: str, mode: str = "") -> tuple[Station, ...]:
        """The stations that a person means by an id or a name in zh or en, in data order.

        A name may end in the word for station: 国贸站, Guomao Station.
        """
        wanted = text.strip().casefold()
        by_id = self.stations.get(wanted)
        if by_id is not None:
            return (by_id,)
        return self._named(wanted, mode) or self._named(_bare(wanted), mode)

    def near_stations(self, text: str) -> tuple[Station, ...]:
        """At most three stations whose names come close to a text, the closest first."""
        wanted = _bare(text.strip().casefold())
        names = {
            name.casefold(): station
            for station in self.stations.values()
            for name in (station.name_en, station.name_zh)
        }
        return tuple(names[name] for name in get_close_matches(wanted, names, n=3, cutoff=0.5))

    def _named(self, wanted: str, mode: str) -> tuple[Station, ...]:
        return tuple(
            station
            for station in self.stations.values()
            if wanted in (station.name_zh.casefold(), station.name_en.casefold())
            and (not mode or any(self.lines[line].mode == mode for line in station.lines))
        )


def _bare(name: str) -> str:
    for ending in (" subway station", " metro station", " station", "地铁站", "站"):
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def metres_along(line: Line, origin: str, destination: str) -> int:
    """Metres between two stops of a line; a stop it passes twice counts where it is nearest.

    Raises ValueError when a stop is not on the line.
    """
    marks = [0]
    for step in line.metres:
        marks.append(marks[-1] + step)
    starts = [marks[i] for i, stop in enumerate(line.stations) if stop == origin]
    ends = [marks[i] for i, stop in enumerate(line.stations) if stop == destination]
    if not starts or not ends:
        raise ValueError(f"{origin} or {destination} is not on {line.id}")
    straight = min(abs(a - b) for a in starts for b in ends)
    return min(straight, marks[-1] - straight) if line.loop else straight


def farther_terminus(line: Line, stop: str) -> str:
    """The end of the line that is farther from a stop; the first stop when both are as far."""
    first, last = line.stations[0], line.stations[-1]
    return first if metres_along(line, first, stop) >= metres_along(line, stop, last) else last


def city_codes() -> tuple[str, ...]:
    """The division codes of the cities that have a network, in order."""
    return tuple(sorted(item.name for item in _cities().iterdir() if item.name.isdigit()))


@cache
def no_network(city: str) -> CityNetwork:
    """A city of which only the code is known: no line, no station, so no path and no metres."""
    return CityNetwork(
        city, city, city, date.min, {}, {}, {}, (), (), build_router((), "")
    )  # fmt: skip


def network_or_none(city: str) -> CityNetwork:
    """The network of a city; an empty one where it is not known."""
    return load_network(city) if city in city_codes() else no_network(city)


@cache
def load_network(city: str) -> CityNetwork:
    """The network of a city by its division code, read once.

    Raises KeyError for a city without a network and ValueError for data that contradicts itself.
    """
    folder = _cities().joinpath(city)
    if city not in city_codes():
        raise KeyError(city)
    head = tomllib.loads(folder.joinpath("city.toml").read_text(encoding="utf-8"))
    operators = {row["id"]: Operator(**row) for row in head["operator"]}
    track = _read_track(folder)
    lines = {
        row["id"]: _line(row, head["code"], operators, track.pop(row["id"], []))
        for row in head["line"]
    }
    if track:
        raise ValueError(f"{city}: track of unknown lines {sorted(track)}")
    return CityNetwork(
        code=head["code"],
        name_zh=head["name_zh"],
        name_en=head["name_en"],
        as_of=head["as_of"],
        operators=operators,
        lines=lines,
        stations=_read_stations(folder, head["code"], lines),
        fare_systems=_known_systems(head["fare_systems"], lines),
        sources=tuple(Source(**row) for row in head["source"]),
        router=build_router(_rail(lines), head["fare_systems"][0]),
    )


def _cities() -> Traversable:
    return files("tongxing.network").joinpath("data", "cities")


def _rows(folder: Traversable, name: str) -> Iterable[dict[str, str]]:
    return csv.DictReader(StringIO(folder.joinpath(name).read_text(encoding="utf-8")))


def _read_track(folder: Traversable) -> dict[str, list[tuple[str, int, str]]]:
    """Stops by line, each with metres from the stop before (0 for the first) and confidence."""
    track: dict[str, list[tuple[str, int, str]]] = {}
    for row in _rows(folder, "track.csv"):
        stops = track.setdefault(row["line"], [])
        if bool(row["metres"]) != bool(stops):
            raise ValueError(f"{row['line']}: metres stand on every stop but the first")
        if stops and (int(row["metres"]) <= 0 or row["confidence"] not in DISTANCE_CONFIDENCE):
            raise ValueError(f"{row['line']}: {row['station']} has no honest distance")
        stops.append((row["station"], int(row["metres"] or 0), row["confidence"]))
    return track


def _line(
    row: Mapping[str, Any],
    city: str,
    operators: Mapping[str, Operator],
    stops: list[tuple[str, int, str]],
) -> Line:
    if row["operator"] not in operators or row["mode"] not in MODES or len(stops) < 2:
        raise ValueError(f"{row['id']}: unknown operator or mode, or fewer than two stops")
    names = tuple(stop for stop, _, _ in stops)
    loop = names[0] == names[-1]
    worst = max((confidence for _, _, confidence in stops[1:]), key=DISTANCE_CONFIDENCE.index)
    extra = {"place": city, **row, "schemes": tuple(row.get("schemes", ()))}
    return Line(
        **extra,
        stations=names[:-1] if loop else names,
        metres=tuple(metres for _, metres, _ in stops[1:]),
        loop=loop,
        distances=worst,
    )


def _known_systems(named: Iterable[str], lines: Mapping[str, Line]) -> tuple[str, ...]:
    systems = tuple(named)
    if {line.fare_system for line in lines.values()} != set(systems):
        raise ValueError("the fare systems of a city are those of its lines, each named once")
    return systems


def _read_stations(folder: Traversable, city: str, lines: Mapping[str, Line]) -> dict[str, Station]:
    serving: dict[str, list[str]] = {}
    for line in lines.values():
        for stop in line.stations:
            serving.setdefault(stop, []).append(line.id)
    stations: dict[str, Station] = {}
    for row in _rows(folder, "stations.csv"):
        if row["id"] in stations:
            raise ValueError(f"{row['id']}: two stations carry this id")
        stations[row["id"]] = Station(
            id=row["id"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            lines=tuple(serving.pop(row["id"])),
            place=row["place"] or city,
            lon_e6=int(row["lon_e6"]) if row["lon_e6"] else None,
            lat_e6=int(row["lat_e6"]) if row["lat_e6"] else None,
        )
    if serving:
        raise ValueError(f"{city}: stops without a station: {sorted(serving)}")
    return stations


def _rail(lines: Mapping[str, Line]) -> Iterable[Track]:
    for line in lines.values():
        if line.mode == "rail":
            ends = line.stations[:1] if line.loop else ()
            yield Track(line.id, line.fare_system, line.stations + ends, line.metres)
