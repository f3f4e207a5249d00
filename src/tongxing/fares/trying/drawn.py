"""A network drawn for a tariff that has none: stations lie where its price lists change.

One straight line per fare system, with stops at every edge of its price list and one metre beyond,
so that whatever a price list can be made to do, some ride on the drawn line meets it. The pricing
that runs over it is the real one; only the map is invented, and a report always says so.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

from tongxing.fares.rules import BandFare, BaseRule, DurationFare, FlatFare, MeterFare, TimeRelief
from tongxing.fares.tariff import Tariff
from tongxing.network.paths import Track, build_router
from tongxing.network.transport import MODES, CityNetwork, Line, Operator, Station

NEAR_M = 800
"""Between a station and the nearest one: a distance that people walk."""
_BEYOND_STEPS = 2
_FLAT_STOPS_M = (0, NEAR_M, 3_000, 6_000, 12_000)
_NAMED_APART_M = 2_000
_OPERATOR = "OP-DRAWN"


def drawn_network(tariff: Tariff) -> CityNetwork:
    """A network for every fare system that the tariff prices.

    Lines meet at the first stop of the first one. Stations that a rule names lie on the line of
    that rule's system, in the order in which they are named.
    """
    systems = [one for one in _systems(tariff) if not off_network(one, tariff.base(one))]
    lines: dict[str, Line] = {}
    hub = ""
    for system in systems:
        line = _line(tariff, system, tariff.base(system), hub)
        lines[line.id] = line
        if not hub and line.mode == "rail":
            hub = line.stations[0]
    stations = _stations(tariff.city, lines)
    rail = [one for one in lines.values() if one.mode == "rail"]
    main = next((one.fare_system for one in (*rail, *lines.values())), "")
    return CityNetwork(
        code=tariff.city,
        name_zh=tariff.city,
        name_en=tariff.city,
        as_of=date(2000, 1, 1),
        operators={_OPERATOR: Operator(_OPERATOR, "示意", "drawn", "illustrative")},
        lines=lines,
        stations=stations,
        fare_systems=tuple(dict.fromkeys([*([main] if main else []), *systems])),
        sources=(),
        router=build_router(
            [Track(one.id, one.fare_system, one.stations, one.metres) for one in rail], main
        ),
    )


def mode_of(system: str) -> str:
    """The mode a fare system runs, as its name says: its first word, else rail."""
    words = system.split("-")
    if "bus" in words:
        return "bus"
    return words[0] if words[0] in MODES else "rail"


def off_network(system: str, rule: BaseRule | None) -> bool:
    """Whether rides of this system have no line: taxis by their meter, bicycles by the time."""
    return isinstance(rule, MeterFare | DurationFare) or system in ("taxi", "bicycle")


def _systems(tariff: Tariff) -> tuple[str, ...]:
    """The fare systems that any price list or stated pair of the tariff names, rail first."""
    named = [*tariff.bases, *(system for system, _, _ in tariff.pairs)]
    if not named or tariff.base("") is not None:
        others = [system for rule in tariff.rules for system in rule.systems]
        named += others or ["rail"]
    unique = dict.fromkeys(named)
    return tuple(sorted(unique, key=lambda one: mode_of(one) != "rail"))


def _line(tariff: Tariff, system: str, rule: BaseRule | None, hub: str) -> Line:
    mode = mode_of(system)
    marks = _marks(rule)
    names = [f"{system}-{metres}m" for metres in marks]
    for named in _named_stations(tariff, system):
        if named not in names:
            names.append(named)
            marks.append(marks[-1] + _NAMED_APART_M)
    if hub and mode == "rail":
        names[0] = hub
    return Line(
        id=f"{system}-line",
        name_zh=f"{system} 示意线",
        name_en=f"{system} line (drawn)",
        mode=mode,
        operator=_OPERATOR,
        fare_system=system,
        place=tariff.city,
        stations=tuple(names),
        metres=tuple(b - a for a, b in pairwise(marks)),
        single_tap=mode != "rail" and isinstance(rule, FlatFare),
        illustrative=True,
        distances="illustrative",
    )


def _marks(rule: BaseRule | None) -> list[int]:
    """Where the stops lie, in metres from the first: so that for each edge of the price list one
    pair of stops lies exactly on it and one lies just beyond."""
    if not isinstance(rule, BandFare):
        return list(_FLAT_STOPS_M)
    edges = [edge + rule.grace_m for edge in rule.edges_m]
    if rule.then_every_m:
        last = edges[-1]
        edges += [last + step * rule.then_every_m for step in range(1, _BEYOND_STEPS + 1)]
    marks = {0, NEAR_M}
    for edge in edges:
        marks |= {edge, edge + 1, edge + NEAR_M}
    return sorted(marks)


def _named_stations(tariff: Tariff, system: str) -> Sequence[str]:
    pairs: Iterable[str] = (
        station for key in tariff.pairs if key[0] == system for station in key[1:]
    )
    early = (
        station
        for rule in tariff.rules
        if isinstance(rule, TimeRelief) and (not rule.systems or system in rule.systems)
        for station in rule.stations[:1]
    )
    return tuple(dict.fromkeys([*pairs, *early]))


def _stations(city: str, lines: dict[str, Line]) -> dict[str, Station]:
    serving: dict[str, list[str]] = {}
    for line in lines.values():
        for stop in line.stations:
            serving.setdefault(stop, []).append(line.id)
    return {
        stop: Station(id=stop, name_zh=stop, name_en=stop, lines=tuple(ids), place=city)
        for stop, ids in serving.items()
    }
