"""A tariff against the city it is for: its fare systems, stations, and whom the money goes to.

A city without a network of its own on file is asked only what the tariff itself says. Operators'
shares are not part of a tariff: fares are split by metres, and the clearing fee's shares stand in
the hub's rulebook, which checks their sum itself; here every line that a fare is taken for must
belong to an operator that is known, or that money would have no owner.
"""

from collections.abc import Iterable, Iterator

from tongxing.fares.publishing.entries import Entry, Span, days_of, system_names, uncovered
from tongxing.fares.publishing.findings import Notebook, both, near
from tongxing.fares.publishing.timeline import PRICED_KINDS, stated_pairs
from tongxing.network.registry import load_registry
from tongxing.network.transport import MODES, CityNetwork

_PAIRS_SHOWN = 3


def check_city(notes: Notebook) -> None:
    """The file names a city that exists, in both languages."""
    document = notes.document.value
    code = document.get("city")
    if isinstance(code, str) and load_registry().place(code) is None:
        notes.error("TARIFF_CITY", ("city",), found=code)
    for key in ("name_zh", "name_en"):
        name = document.get(key)
        if isinstance(name, str) and not name.strip():
            notes.error("TARIFF_SCOPE", (key,))


def check_ground(notes: Notebook, entries: tuple[Entry, ...], network: CityNetwork | None) -> None:
    """Every system that runs has a fare; without a network, a system has one or is a slip."""
    priced = [entry for entry in entries if entry.kind in PRICED_KINDS]
    if network is not None:
        _check_served(notes, priced, network)
    elif all(entry.systems for entry in priced):
        others = [entry for entry in entries if entry.kind not in PRICED_KINDS]
        _check_systems(notes, others, set(system_names(priced)))


def check_names(notes: Notebook, entries: tuple[Entry, ...], network: CityNetwork | None) -> None:
    """Where the city has a network, every system, station and operator is one of its own."""
    if network is None:
        return
    _check_systems(notes, entries, _systems(network))
    _check_operators(notes, [entry for entry in entries if entry.kind in PRICED_KINDS], network)
    for entry in entries:
        _check_stations(notes, entry, network)


def _check_systems(notes: Notebook, entries: Iterable[Entry], known: set[str]) -> None:
    for entry in entries:
        for index, name in enumerate(entry.systems):
            if name.strip() and name not in known:
                path = (*entry.path, "systems", index)
                notes.error("TARIFF_SYSTEM", path, system=name, **near(name, known))


def _systems(network: CityNetwork) -> set[str]:
    """The fare systems of the lines; a mode without lines (taxi) has one of its own name."""
    modes = {line.mode for line in network.lines.values()}
    return set(network.fare_systems) | (set(MODES) - modes)


def _check_served(notes: Notebook, priced: list[Entry], network: CityNetwork) -> None:
    if any(not entry.systems for entry in priced):
        return
    has_fare = set(system_names(priced))
    for system in network.fare_systems:
        if system not in has_fare:
            notes.error_at_key("TARIFF_UNPRICED", ("rule",), system=system)


def _check_operators(notes: Notebook, priced: list[Entry], network: CityNetwork) -> None:
    said: set[str] = set()
    for entry in priced:
        for line in network.lines.values():
            mine = not entry.systems or line.fare_system in entry.systems
            if mine and line.operator not in network.operators and line.id not in said:
                said.add(line.id)
                values = {"line": line.id, "operator": line.operator}
                hint = near(line.operator, network.operators)
                notes.error("OPERATOR_UNKNOWN", entry.path, **values, **hint)


def _check_stations(notes: Notebook, entry: Entry, network: CityNetwork) -> None:
    if not set(entry.systems) <= set(network.fare_systems):
        return  # what is wrong there is the name of the system
    here = set(_stations(network, entry.systems))
    for index, name in enumerate(_listed(entry.rule.get("stations"))):
        if isinstance(name, str) and name not in here:
            path = (*entry.path, "stations", index)
            notes.error("TARIFF_STATION", path, station=name, **near(name, here))
    if entry.kind != "pairs":
        return
    rail = {line.fare_system for line in network.lines.values() if line.mode == "rail"}
    for index, name in enumerate(entry.systems):
        if name in network.fare_systems and name not in rail:
            why = both("why", "never.pairs_by_rail")
            notes.warning("TARIFF_NEVER", (*entry.path, "systems", index), **why)
    for index, row in enumerate(_listed(entry.rule.get("rows"))):
        for side, name in enumerate(_listed(row)[:2]):
            if isinstance(name, str) and name not in here:
                path = (*entry.path, "rows", index, side)
                notes.error("TARIFF_STATION", path, station=name, **near(name, here))


def _listed(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _stations(network: CityNetwork, systems: Iterable[str]) -> Iterator[str]:
    wanted = set(systems)
    for line in network.lines.values():
        if not wanted or line.fare_system in wanted:
            yield from line.stations


def check_pairs(notes: Notebook, entries: tuple[Entry, ...], network: CityNetwork | None) -> None:
    """Where no price list stands behind the stated pairs, every pair of stations has its fare."""
    lists = [e for e in entries if e.kind in PRICED_KINDS and e.kind != "pairs"]
    tables = [entry for entry in entries if entry.kind == "pairs"]
    for system in system_names(tables):
        own = [entry for entry in tables if system in entry.systems]
        behind = [e.span for e in lists if system in e.systems or not e.systems]
        for entry in own:
            for hole in uncovered(entry.span, behind):
                _check_matrix(notes, own, entry, system, hole, network)
                break


def _check_matrix(
    notes: Notebook,
    tables: list[Entry],
    entry: Entry,
    system: str,
    days: Span,
    network: CityNetwork | None,
) -> None:
    """All stations to all others, on the first day that nothing but the tables gives a fare."""
    stated = {
        pair
        for table in tables
        if table.first <= days[0] <= table.last
        for pair in stated_pairs(table)
    }
    wanted = {name for pair in stated for name in pair}
    if network is not None and system in network.fare_systems:
        wanted = set(_stations(network, (system,)))
    missing = sorted(
        (one, other)
        for one in wanted
        for other in wanted
        if one != other and (one, other) not in stated
    )
    if missing:
        shown = ", ".join(f"{one} → {other}" for one, other in missing[:_PAIRS_SHOWN])
        more = "…" if len(missing) > _PAIRS_SHOWN else ""
        path = (*entry.path, "rows")
        values = {"system": system, "count": len(missing), "shown": shown + more}
        notes.error_at_key("TARIFF_OD_MISSING", path, **values, **days_of(days))
