"""The files of an exported feed that say what runs where: stops, routes, runs, days.

A feed must place every stop; one whose coordinates we do not know is put at the middle of the
others, says so in its description, and is counted. The timetable is a stand-in (see `exporting`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tongxing.feeds.areas import ROUTE_KINDS, FareNet
from tongxing.kernel.workdays import is_workday
from tongxing.network.transport import CityNetwork, Line

Rows = list[tuple[str, ...]]
_SECONDS_PER_KM = 120
_FIRST_RUN_S = 5 * 3600
_LAST_RUN_S = 24 * 3600
_HEADWAY_S = 600
_UNPLACED = "位置不详，暂放在全网中心 / place unknown, put at the middle of the network"


@dataclass(frozen=True, slots=True)
class NetworkRows:
    """The rows of each file, the stops without a known place, the lines that fit no route type."""

    files: dict[str, Rows]
    unplaced: tuple[str, ...]
    left_out: tuple[str, ...]


def network_rows(
    network: CityNetwork, nets: Sequence[FareNet], day: date, last_day: date, address: str
) -> NetworkRows:
    """Agencies, stops, areas, routes, networks and runs of a city."""
    lines = [line for line in network.lines.values() if line.mode in ROUTE_KINDS]
    served = dict.fromkeys(station for line in lines for station in line.stations)
    stops, unplaced = _stop_rows(network, list(served))
    net_of = {line: net.id for net in nets for line in net.lines}
    operators = dict.fromkeys(line.operator for line in lines)
    files: dict[str, Rows] = {
        "agency.txt": [
            ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang"),
            *((one, network.operators[one].name_zh, address, "Asia/Shanghai", "zh")
              for one in operators),
        ],
        "stops.txt": stops,
        "routes.txt": [
            ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type"),
            *((line.id, line.operator, line.name_zh, _ends(network, line),
               str(ROUTE_KINDS[line.mode])) for line in lines),
        ],
        "networks.txt": [("network_id", "network_name"), *((net.id, net.id) for net in nets)],
        "route_networks.txt": [
            ("network_id", "route_id"),
            *((net_of[line.id], line.id) for line in lines if line.id in net_of),
        ],
        "areas.txt": [
            ("area_id", "area_name"),
            *((area, area) for net in nets for area in dict.fromkeys(net.areas.values())),
        ],
        "stop_areas.txt": [
            ("area_id", "stop_id"),
            *((area, station) for net in nets for station, area in net.areas.items()),
        ],
        **_run_rows(lines),
        "translations.txt": _translations(network, lines, list(served)),
        "feed_info.txt": [
            ("feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_start_date",
             "feed_end_date"),
            ("Tongxing", address, "zh", f"{day:%Y%m%d}", f"{last_day:%Y%m%d}"),
        ],
    }  # fmt: skip
    left_out = tuple(line.id for line in network.lines.values() if line.mode not in ROUTE_KINDS)
    return NetworkRows(files, unplaced, left_out)


def calendar_rows(day: date, last_day: date) -> dict[str, Rows]:
    """Every day, and China's workdays and days of rest with their exceptions, from day to day."""
    rows: Rows = [
        ("service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
         "sunday", "start_date", "end_date"),
    ]  # fmt: skip
    span = (f"{day:%Y%m%d}", f"{last_day:%Y%m%d}")
    for service, days in (("daily", "1111111"), ("workday", "1111100"), ("restday", "0000011")):
        rows.append((service, *days, *span))
    exceptions: Rows = [("service_id", "date", "exception_type")]
    for number in range((last_day - day).days + 1):
        one = day + timedelta(days=number)
        if is_workday(one) == (one.weekday() < 5):
            continue
        added, removed = ("workday", "restday") if is_workday(one) else ("restday", "workday")
        exceptions += [(added, f"{one:%Y%m%d}", "1"), (removed, f"{one:%Y%m%d}", "2")]
    return {"calendar.txt": rows, "calendar_dates.txt": exceptions}


def _stop_rows(network: CityNetwork, served: Sequence[str]) -> tuple[Rows, tuple[str, ...]]:
    rows: Rows = [("stop_id", "stop_name", "stop_desc", "stop_lat", "stop_lon")]
    known = [
        (found.lat_e6, found.lon_e6)
        for name in served
        if (found := network.stations[name]).lat_e6 is not None and found.lon_e6 is not None
    ]
    middle = [sum(axis) // max(1, len(known)) for axis in zip(*known, strict=True)] or [0, 0]
    unplaced: list[str] = []
    for name in served:
        stop = network.stations[name]
        lat, lon = stop.lat_e6, stop.lon_e6
        if lat is None or lon is None:
            unplaced.append(name)
            lat, lon = middle
        said = _UNPLACED if name in unplaced[-1:] else ""
        rows.append((name, stop.name_zh, said, _degrees(lat), _degrees(lon)))
    return rows, tuple(unplaced)


def _degrees(micro: int) -> str:
    whole, rest = divmod(abs(micro), 10**6)
    return f"{'-' if micro < 0 else ''}{whole}.{rest:06d}"


def _ends(network: CityNetwork, line: Line) -> str:
    first, last = network.stations[line.stations[0]], network.stations[line.stations[-1]]
    return f"{first.name_zh} – {last.name_zh}"


def _run_rows(lines: Sequence[Line]) -> dict[str, Rows]:
    """One approximate run each way, repeated all day."""
    trips: Rows = [("route_id", "service_id", "trip_id", "direction_id")]
    times: Rows = [
        ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "timepoint"),
    ]
    frequencies: Rows = [("trip_id", "start_time", "end_time", "headway_secs", "exact_times")]
    for line in lines:
        course = line.stations + (line.stations[:1] if line.loop else ())
        for direction in ("0", "1"):
            trip = f"{line.id}-{direction}"
            stops = course if direction == "0" else course[::-1]
            metres = line.metres if direction == "0" else line.metres[::-1]
            trips.append((line.id, "daily", trip, direction))
            second = _FIRST_RUN_S
            for number, stop in enumerate(stops):
                second += metres[number - 1] * _SECONDS_PER_KM // 1000 if number else 0
                times.append((trip, _clock(second), _clock(second), stop, str(number + 1), "0"))
            frequencies.append(
                (trip, _clock(_FIRST_RUN_S), _clock(_LAST_RUN_S), str(_HEADWAY_S), "0")
            )
    return {"trips.txt": trips, "stop_times.txt": times, "frequencies.txt": frequencies}


def _clock(second: int) -> str:
    hours, rest = divmod(second, 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _translations(network: CityNetwork, lines: Sequence[Line], served: Sequence[str]) -> Rows:
    head = ("table_name", "field_name", "language", "translation", "record_id")
    stops = (
        ("stops", "stop_name", "en", network.stations[name].name_en, name)
        for name in served
        if network.stations[name].name_en
    )
    routes = (
        ("routes", "route_short_name", "en", line.name_en, line.id)
        for line in lines
        if line.name_en
    )
    return [head, *stops, *routes]
