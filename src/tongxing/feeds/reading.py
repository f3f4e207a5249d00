"""Reads a whole feed strictly: what it says is taken as written, what it cannot mean is refused.

`read_feed` is the only door. Stops and services are read here, trips in `timetable`, fares in
`reading_fares`. Shapes, pathways, translations and the like are not read: no fare depends on them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tongxing.feeds.model import Agency, Feed, Route, Service, Stop
from tongxing.feeds.opening import Container, Limits, opened
from tongxing.feeds.reading_fares import read_fares
from tongxing.feeds.tables import FileSpec, Row, Table, told
from tongxing.feeds.timetable import read_trips
from tongxing.kernel.reasons import Problem, Refusal

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AGENCY = FileSpec("agency.txt", ("agency_name", "agency_url", "agency_timezone"), ("agency_id",))
_STOPS = FileSpec(
    "stops.txt",
    ("stop_id",),
    ("stop_name", "stop_lat", "stop_lon", "zone_id", "location_type", "parent_station",
     "stop_timezone"),
)  # fmt: skip
_ROUTES = FileSpec(
    "routes.txt",
    ("route_id", "route_type"),
    ("agency_id", "route_short_name", "route_long_name", "network_id"),
)
_CALENDAR = FileSpec("calendar.txt", ("service_id", *_WEEKDAYS, "start_date", "end_date"))
_DATES = FileSpec("calendar_dates.txt", ("service_id", "date", "exception_type"))
_NETWORKS = FileSpec("networks.txt", ("network_id",), ("network_name",))
_ROUTE_NETWORKS = FileSpec("route_networks.txt", ("network_id", "route_id"))
_ROUTE_KINDS = {*range(8), 11, 12}
_EXTENDED_KINDS = range(100, 1800)

_Week = tuple[tuple[bool, ...], date | None, date | None]
_NEVER: _Week = ((False,) * 7, None, None)


@dataclass(slots=True)
class Source:
    """The files of a feed while they are read, and the account of what was."""

    container: Container
    files: list[tuple[str, int]] = field(default_factory=list)
    short_rows: int = 0

    def rows(self, spec: FileSpec, *, required: bool = False) -> Iterator[Row]:
        """The rows of a file; none for an optional file that is absent."""
        if spec.name in self.container.names:
            table = Table(spec, self.container)
            yield from table
            self.files.append((spec.name, table.count))
            self.short_rows += table.short
        elif required:
            raise Problem("FEED_FILE_MISSING", spec.name)

    def columns(self, spec: FileSpec) -> tuple[Table, Iterator[Row]]:
        """A file's table, whose `columns` are known from its first row on, and its rows."""
        table = Table(spec, self.container)
        return table, self._counted(table) if spec.name in self.container.names else iter(())

    def _counted(self, table: Table) -> Iterator[Row]:
        yield from table
        self.files.append((table.spec.name, table.count))
        self.short_rows += table.short


def read_feed(path: Path, limits: Limits | None = None) -> Feed | Refusal:
    """The feed in a zip file or folder, or why it cannot be taken.

    The refusal's `where` is ``file:line:column``. Broken I/O rises as OSError.
    """
    try:
        with opened(path, limits) as container:
            return _read(Source(container))
    except Problem as problem:
        return problem.refusal


def _read(source: Source) -> Feed:
    agencies = _agencies(source)
    stops = _stops(source)
    networks = {row.text("network_id"): row.maybe("network_name") for row in source.rows(_NETWORKS)}
    routes, named = _routes(source, agencies, networks)
    services = _services(source)
    trips = read_trips(source.rows, routes, services, stops)
    networks = networks or dict.fromkeys(named, "")
    fares = read_fares(source.rows, source.columns, agencies, stops, routes, services, networks)
    seen = {name for name, _ in source.files}
    return Feed(
        agencies=agencies,
        stops=stops,
        routes=routes,
        trips=trips,
        services=services,
        networks=networks,
        files=tuple(source.files),
        unread=tuple(sorted(source.container.names - seen)),
        short_rows=source.short_rows,
        **fares,
    )


def _agencies(source: Source) -> dict[str, Agency]:
    found: dict[str, Agency] = {}
    for row in source.rows(_AGENCY, required=True):
        agency = Agency(
            row.maybe("agency_id"), row.text("agency_name"), zone_name(row, "agency_timezone"),
            row.line,
        )  # fmt: skip
        row.once(found, agency.id, "agency_id")
        found[agency.id] = agency
        if agency.timezone != next(iter(found.values())).timezone:
            raise row.broken("agency_timezone", "one_timezone")
        if len(found) > 1 and "" in found:
            raise row.broken("agency_id", "agency_id")
    if not found:
        raise Problem("FEED_EMPTY", "agency.txt")
    return found


def _stops(source: Source) -> dict[str, Stop]:
    found: dict[str, Stop] = {}
    for row in source.rows(_STOPS, required=True):
        kind = int(row.choice("location_type", "0 1 2 3 4 -") or 0)
        placed = kind <= 2 or bool(row.maybe("stop_lat"))
        stop = Stop(
            id=row.text("stop_id"),
            name=row.text("stop_name") if kind <= 2 else row.maybe("stop_name"),
            kind=kind,
            parent=row.maybe("parent_station"),
            zone=row.maybe("zone_id"),
            timezone=zone_name(row, "stop_timezone") if row.maybe("stop_timezone") else "",
            lon_e6=row.micro("stop_lon", 180) if placed else None,
            lat_e6=row.micro("stop_lat", 90) if placed else None,
            row=row.line,
        )
        if bool(stop.parent) == (kind == 1) and kind:
            raise row.broken("parent_station", "parent")
        row.once(found, stop.id, "stop_id")
        found[stop.id] = stop
    for stop in found.values():
        parent = found.get(stop.parent)
        expected = 0 if stop.kind == 4 else 1
        if stop.parent and (parent is None or parent.kind != expected):
            place = f"stops.txt:{stop.row}:parent_station"
            raise Problem("FEED_REFERENCE", place, text=stop.parent, target="stops.txt")
    return found


def _routes(
    source: Source, agencies: dict[str, Agency], networks: dict[str, str]
) -> tuple[dict[str, Route], list[str]]:
    """The routes, and the networks that routes.txt itself names."""
    table, rows = source.columns(_ROUTES)
    if _ROUTES.name not in source.container.names:
        raise Problem("FEED_FILE_MISSING", _ROUTES.name)
    raw = list(rows)
    inline = "network_id" in table.columns
    assigned = _route_networks(source, networks)
    if inline and (networks or assigned):
        raise Problem("FEED_RULE", "routes.txt:1:network_id", **told("what", "rule.networks"))
    found: dict[str, Route] = {}
    for row in raw:
        route = _route(row, agencies, assigned)
        row.once(found, route.id, "route_id")
        found[route.id] = route
    for route_id, (_, line) in assigned.items():
        if route_id not in found:
            place = f"route_networks.txt:{line}:route_id"
            raise Problem("FEED_REFERENCE", place, text=route_id, target="routes.txt")
    return found, [route.network for route in found.values() if route.network]


def _route(row: Row, agencies: dict[str, Agency], assigned: dict[str, tuple[str, int]]) -> Route:
    kind = row.whole("route_type", 0, 9_999)
    if kind not in _ROUTE_KINDS and kind not in _EXTENDED_KINDS:
        raise row.refuse("route_type", "route_type")
    agency = row.maybe("agency_id")
    if agency:
        row.refer(agencies, agency, "agency_id", "agency.txt")
    elif len(agencies) > 1:
        raise row.refuse("agency_id", "something")
    route_id = row.text("route_id")
    if not row.maybe("route_short_name") and not row.maybe("route_long_name"):
        raise row.broken("route_short_name", "route_name")
    return Route(
        id=route_id,
        agency=agency or next(iter(agencies)),
        short_name=row.maybe("route_short_name"),
        long_name=row.maybe("route_long_name"),
        kind=kind,
        network=assigned.get(route_id, (row.maybe("network_id"), 0))[0],
        row=row.line,
    )


def _route_networks(source: Source, networks: dict[str, str]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for row in source.rows(_ROUTE_NETWORKS):
        row.refer(networks, row.text("network_id"), "network_id", "networks.txt")
        row.once(found, row.text("route_id"), "route_id")
        found[row.text("route_id")] = row.text("network_id"), row.line
    return found


def _services(source: Source) -> dict[str, Service]:
    weekly: dict[str, _Week] = {}
    for row in source.rows(_CALENDAR):
        row.once(weekly, row.text("service_id"), "service_id")
        first, last = row.day("start_date"), row.day("end_date")
        if last < first:
            raise row.broken("end_date", "dates")
        days = tuple(row.choice(day, "0 1") == "1" for day in _WEEKDAYS)
        weekly[row.text("service_id")] = days, first, last
    dated: dict[str, dict[date, bool]] = {}
    for row in source.rows(_DATES):
        days_of = dated.setdefault(row.text("service_id"), {})
        day = row.day("date")
        row.once(days_of, day, "date")
        days_of[day] = row.choice("exception_type", "1 2") == "1"
    if not {_CALENDAR.name, _DATES.name} & source.container.names:
        raise Problem("FEED_FILE_MISSING", _CALENDAR.name)
    found: dict[str, Service] = {}
    for name in (*weekly, *(one for one in dated if one not in weekly)):
        days, begins, ends = weekly.get(name, _NEVER)
        exceptions = dated.get(name, {})
        found[name] = Service(
            name, days, begins, ends,
            frozenset(day for day, runs in exceptions.items() if runs),
            frozenset(day for day, runs in exceptions.items() if not runs),
        )  # fmt: skip
    return found


def zone_name(row: Row, column: str) -> str:
    """The cell, which must name a time zone."""
    try:
        ZoneInfo(row.text(column))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise row.refuse(column, "timezone") from error
    return row.text(column)
