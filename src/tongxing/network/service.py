"""How a city's rail runs on a day: what is open, how fast, how often, who runs the trains.

The facts stand in ``service.toml`` beside a city's lines: periods of the day, headways, speeds,
walks between platforms, openings and closings by date, stretches on which other companies run
trains. `running` lays them over the lines and answers what runs on one day. Nothing here knows a
price.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from tongxing.kernel.clock import business_date, local
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.workdays import is_workday
from tongxing.network.running import RunningLine, lay_out
from tongxing.network.transport import CityNetwork

DAY_TYPES = ("workday", "restday")
PER_MILLE = 1_000

_HOURS = re.compile(r"([01][0-9]|2[0-9]):([0-5][0-9])-([01][0-9]|2[0-9]):([0-5][0-9])")


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the file: unknown keys are refused."""


class Period(_Row, frozen=True):
    """A part of the day, named; without `hours` it is the rest of its day types."""

    name: str
    day_types: tuple[str, ...]
    headway_s: int
    source: str
    hours: tuple[str, ...] = ()

    def holds(self, day_type: str, second_of_day: int) -> bool:
        """Whether it takes in a second after midnight (a ride after midnight counts on past 24 h
        of its business day)."""
        if day_type not in self.day_types:
            return False
        return not self.hours or any(
            first <= second_of_day < last for first, last in map(hours_of, self.hours)
        )


class LineFacts(_Row, frozen=True):
    """What is known of one line beyond the city's own figures; 0 and no headways: nothing."""

    line: str
    source: str
    speed_mph: int = 0
    headways_s: Mapping[str, int] = {}


class Walk(_Row, frozen=True):
    """How long it takes from platform to platform at one station."""

    station: str
    walking_s: int
    source: str


class Stretch(_Row, frozen=True):
    """A whole line, a stretch of it between two stops, or one stop, from a day on and until a day
    (that day no more). As an opening it is not there before `from_day`; as a closing it is not
    there from then until `until_day`. Trains pass a stop that is closed, they never pass a stretch.
    A closing without a line is a stop on all its lines."""

    from_day: date
    source: str
    line: str = ""
    first: str = ""
    last: str = ""
    station: str = ""
    until_day: date | None = None

    def covers(self, day: date) -> bool:
        return self.from_day <= day and (self.until_day is None or day < self.until_day)


class CoRunning(_Row, frozen=True):
    """A stretch whose trains are run by several companies: each one's thousandths of them."""

    line: str
    first: str
    last: str
    trains: Mapping[str, int]
    from_day: date
    source: str
    until_day: date | None = None

    def covers(self, day: date) -> bool:
        return self.from_day <= day and (self.until_day is None or day < self.until_day)


class Service(_Row, frozen=True):
    """The facts of one city. `known_from` is the first day that its openings go back to."""

    known_from: date
    speed_mph: int
    walking_s: int
    sources: Mapping[str, str]
    period: tuple[Period, ...]
    line: tuple[LineFacts, ...] = ()
    walk: tuple[Walk, ...] = ()
    opening: tuple[Stretch, ...] = ()
    closing: tuple[Stretch, ...] = ()
    co_running: tuple[CoRunning, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """The day type and the period of an instant."""

    day_type: str
    period: str


def hours_of(text: str) -> tuple[int, int]:
    """``07:00-09:00`` as two seconds after midnight. Raises ValueError."""
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text}: hours are written 07:00-09:00")
    first_h, first_m, last_h, last_m = map(int, match.groups())
    first_s, last_s = first_h * 3600 + first_m * 60, last_h * 3600 + last_m * 60
    if first_s >= last_s:
        raise ValueError(f"{text}: ends before it begins")
    return first_s, last_s


def day_type_of(day: date) -> str:
    """``workday`` or ``restday``, by China's calendar of holidays."""
    return "workday" if is_workday(day) else "restday"


def when_of(periods: Iterable[Period], time_s: int) -> When:
    """The day type and period of an instant: the first period that takes it in.

    Raises LookupError when none does; `check_service` sees that one always does.
    """
    day = business_date(time_s)
    moment = local(time_s)
    after_midnight_s = moment.hour * 3600 + moment.minute * 60 + moment.second
    if moment.date() != day:
        after_midnight_s += 24 * 3600
    day_type = day_type_of(day)
    for period in periods:
        if period.holds(day_type, after_midnight_s):
            return When(day_type, period.name)
    raise LookupError(f"no period on a {day_type} at {moment:%H:%M}")


def read_service(text: str, network: CityNetwork) -> Service:
    """The facts as written in a file for a network.

    Raises ValueError (msgspec's included) for what is malformed or names what is not there.
    """
    service = msgspec.convert(tomllib.loads(text), Service, strict=True)
    check_service(service, network)
    return service


def load_service(network: CityNetwork) -> Service:
    """The facts of a city with a network. Raises KeyError for one without ``service.toml``."""
    return read_service(service_text(network.code), network)


@cache
def service_text(city: str) -> str:
    """A city's ``service.toml`` as it stands. Raises KeyError for a city without one."""
    place = files("tongxing.network").joinpath("data", "cities", city, "service.toml")
    if not city.isdecimal() or not place.is_file():
        raise KeyError(city)
    return place.read_text(encoding="utf-8")


def check_service(service: Service, network: CityNetwork) -> None:
    """Raises ValueError for numbers that cannot be, and names that the network does not know."""
    for number in (service.speed_mph, *(one.headway_s for one in service.period)):
        _must(number > 0, f"{number} is no speed and no headway")
    for number in (service.walking_s, *(walk.walking_s for walk in service.walk)):
        _must(number >= 0, f"a walk of {number} s")
    for walk in service.walk:
        _must(walk.station in network.stations, walk.station)
    names = [period.name for period in service.period]
    _must(len(set(names)) == len(names), "two periods of one name")
    for period in service.period:
        _must(set(period.day_types) <= set(DAY_TYPES), f"{period.name}: day types")
        _must(all(map(hours_of, period.hours)), period.name)
    for day_type in DAY_TYPES:
        rest = [one for one in service.period if day_type in one.day_types and not one.hours]
        _must(len(rest) == 1, f"{day_type} has {len(rest)} periods for the rest of the day")
    for facts in service.line:
        _must(facts.line in network.lines and facts.speed_mph >= 0, facts.line)
        _must(set(facts.headways_s) <= set(names), f"{facts.line}: headways of no period")
        _must(all(one > 0 for one in facts.headways_s.values()), f"{facts.line}: headways")
    for stretch in (*service.opening, *service.closing):
        check_stretch(stretch, network)
    for shared in service.co_running:
        check_stretch(_as_stretch(shared), network)
        _must(set(shared.trains) <= set(network.operators), f"{shared.line}: who runs")
        whole = sum(shared.trains.values()) == PER_MILLE and min(shared.trains.values()) > 0
        _must(whole, f"{shared.line}: trains are thousandths of all")
    named = {one.source for one in (*service.opening, *service.closing)}
    named |= {one.source for one in service.walk} | {one.source for one in service.period}
    named |= {one.source for one in service.line} | {one.source for one in service.co_running}
    _must(named <= set(service.sources), f"sources {sorted(named - set(service.sources))}")


def check_stretch(stretch: Stretch, network: CityNetwork) -> None:
    """Raises ValueError unless it names a line (or a stop of one) that the network has."""
    _must(bool(stretch.line or stretch.station), "a stretch needs a line or a station")
    _must(bool(stretch.first) == bool(stretch.last), "a stretch has two ends")
    _must(not (stretch.first and stretch.station), "a stretch or a station, not both")
    _must(stretch.until_day is None or stretch.from_day < stretch.until_day, "days")
    if stretch.line:
        line = network.lines.get(stretch.line)
        _must(line is not None and line.mode == "rail", f"line {stretch.line}")
        stops = set() if line is None else set(line.stations)
        for stop in (stretch.first, stretch.last, stretch.station):
            _must(not stop or stop in stops, f"{stop} is not on {stretch.line}")
    else:
        _must(stretch.station in network.stations, f"station {stretch.station}")


def running(
    network: CityNetwork, service: Service, day: date, closings: Iterable[Stretch] = ()
) -> tuple[RunningLine, ...] | Refusal:
    """What runs on a day, in the order of the lines: openings of later days are left out, closings
    of that day too; `closings` are further ones, of a patch made the same day.

    Refuses with SPLIT_BEFORE_NETWORK for a day before the facts begin.
    """
    if day < service.known_from:
        known = service.known_from.isoformat()
        return Refusal("SPLIT_BEFORE_NETWORK", day.isoformat(), {"day": day, "known": known})
    away = [one for one in service.opening if day < one.from_day]
    away += [one for one in (*service.closing, *closings) if one.covers(day)]
    found: list[RunningLine] = []
    for line in network.lines.values():
        if line.mode != "rail":
            continue
        mine = [one for one in away if one.line == line.id or not one.line]
        shared = [
            (one.first, one.last, dict(one.trains))
            for one in service.co_running
            if one.line == line.id and one.covers(day)
        ]
        stops = {one.station for one in mine if one.station}
        whole = any(not one.station and not one.first for one in mine)
        cut = [(one.first, one.last) for one in mine if one.first]
        found += () if whole else lay_out(line, stops, cut, shared)
    return tuple(found)


def _as_stretch(shared: CoRunning) -> Stretch:
    return Stretch(shared.from_day, shared.source, shared.line, shared.first, shared.last)


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"service: {what} cannot be right")
