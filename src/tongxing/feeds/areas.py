"""Which stations a feed may put in one area: those that no fare can tell apart.

A feed knows no distance, so fares by distance become fares from area to area. Two stations share an
area exactly when every fare from and to them is the same and they lie alike for early hours and
visitors; all others stand alone. Nothing is rounded to make areas larger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongxing.fares import CityFares, RideFacts, Tariff
from tongxing.fares.chains import fares_within
from tongxing.fares.rules import FlatFare
from tongxing.feeds.offers import Offers, Place
from tongxing.network.transport import Line

ROUTE_KINDS = {"rail": 1, "bus": 3, "ferry": 4, "cableway": 6}
"""Route types of our modes; lifts, escalators and taxis have none in a feed."""


@dataclass(frozen=True, slots=True)
class FareNet:
    """Lines of one mode that a feed prices alike: a network of the feed.

    `areas` maps a station to its area; it is empty where one fare holds for all. `fares` are
    (from area, to area) to (fen, rule), with ("", "") for a flat fare; `dearer` counts pairs left
    out because a way through another fare system is cheaper.
    """

    id: str
    system: str
    mode: str
    lines: tuple[str, ...]
    areas: Mapping[str, str]
    places: Mapping[str, Place]
    fares: Mapping[tuple[str, str], tuple[int, str]]
    dearer: int = 0


def fare_nets(fares: CityFares, tariff: Tariff, offers: Offers) -> tuple[FareNet, ...]:
    """The networks of a city's feed, in the order of its fare systems."""
    found: list[FareNet] = []
    for system in fares.network.fare_systems:
        lines = [line for line in fares.network.lines.values() if line.fare_system == system]
        base = tariff.base(system)
        for mode in dict.fromkeys(line.mode for line in lines):
            here = [line for line in lines if line.mode == mode]
            if mode not in ROUTE_KINDS or base is None:
                continue
            stated = any(key[0] == system for key in tariff.pairs)
            if isinstance(base, FlatFare) and not stated and not _has_a_way_round(fares, here):
                found.append(_flat(fares, offers, system, here, base))
            elif mode == "rail":
                found.append(_matrix(fares, tariff, offers, system, here))
            else:
                found += [_line(fares, tariff, offers, system, line) for line in here]
    return tuple(found)


def _has_a_way_round(fares: CityFares, lines: Sequence[Line]) -> bool:
    """Whether two stations of these lines may be joined by another fare system as well."""
    systems_at = fares.network.router.systems_at
    return sum(len(systems_at.get(station, ())) > 1 for station in _stations(lines)) > 1


def _flat(
    fares: CityFares, offers: Offers, system: str, lines: Sequence[Line], base: FlatFare
) -> FareNet:
    """One fare for all; the stations still part where early hours or visitors tell them apart."""
    stations = _stations(lines)
    places = _places(fares, offers, stations)
    kinds = dict.fromkeys((p.division, p.early) for p in places.values())
    if len(kinds) == 1:
        areas: dict[str, str] = {}
        by_area = {"": next(iter(places.values()))}
    else:
        names = {kind: f"{system}-{number}" for number, kind in enumerate(kinds, 1)}
        areas = {name: names[p.division, p.early] for name, p in places.items()}
        by_area = {areas[name]: p for name, p in places.items()}
    table = {(area, ""): (base.fare_fen, base.id) for area in by_area}
    return FareNet(
        system, system, lines[0].mode, tuple(line.id for line in lines), areas, by_area, table
    )


def _matrix(
    fares: CityFares, tariff: Tariff, offers: Offers, system: str, lines: Sequence[Line]
) -> FareNet:
    stations = _stations(lines)
    raw: dict[tuple[str, str], tuple[int, str]] = {}
    dearer = 0
    for origin in stations:
        for end, _, fare_fen, rule in fares_within(fares.network, tariff, system, origin):
            if end == origin:
                continue
            chain = fares.chain(tariff, origin, end)
            if chain is not None and chain.fare_fen < fare_fen:
                dearer += 1
                continue
            raw[origin, end] = fare_fen, rule
    return _grouped(fares, offers, system, system, lines, stations, raw, dearer)


def _line(fares: CityFares, tariff: Tariff, offers: Offers, system: str, line: Line) -> FareNet:
    """A bus line priced by distance is a network of its own: the same stops may cost less by
    another line."""
    stations = _stations([line])
    raw: dict[tuple[str, str], tuple[int, str]] = {}
    for origin in stations:
        for end in stations:
            ride = RideFacts(mode=line.mode, line=line.id, origin=origin, destination=end)
            base = fares.base_fare(tariff, ride) if end != origin else None
            if base is not None:
                raw[origin, end] = base.fare_fen, base.portions[0].rule
    return _grouped(fares, offers, f"{system}-{line.id}", system, [line], stations, raw, 0)


def _grouped(
    fares: CityFares,
    offers: Offers,
    name: str,
    system: str,
    lines: Sequence[Line],
    stations: Sequence[str],
    raw: Mapping[tuple[str, str], tuple[int, str]],
    dearer: int,
) -> FareNet:
    places = _places(fares, offers, stations)
    areas: dict[str, str] = {}
    members: list[list[str]] = []
    for station in stations:
        for group in members:
            if _alike(station, group[0], stations, raw, places):
                group.append(station)
                break
        else:
            members.append([station])
    for number, group in enumerate(members, 1):
        areas.update(dict.fromkeys(group, f"{name}-{number}"))
    by_area = {areas[group[0]]: places[group[0]] for group in members}
    table = {(areas[one], areas[other]): fare for (one, other), fare in raw.items()}
    ids = tuple(line.id for line in lines)
    return FareNet(name, system, lines[0].mode, ids, areas, by_area, table, dearer)


def _alike(
    one: str,
    other: str,
    stations: Sequence[str],
    raw: Mapping[tuple[str, str], tuple[int, str]],
    places: Mapping[str, Place],
) -> bool:
    """Whether no fare tells two stations apart; between the two it is the same both ways."""
    here, there = places[one], places[other]
    if (here.division, here.early) != (there.division, there.early):
        return False
    return raw.get((one, other)) == raw.get((other, one)) and all(
        raw.get((one, third)) == raw.get((other, third))
        and raw.get((third, one)) == raw.get((third, other))
        for third in stations
        if third not in (one, other)
    )


def _stations(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(station for line in lines for station in line.stations))


def _places(fares: CityFares, offers: Offers, stations: Sequence[str]) -> dict[str, Place]:
    known = fares.network.stations
    return {station: offers.place(station, known[station].place) for station in stations}
