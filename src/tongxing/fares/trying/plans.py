"""Travel that people plan: who wants to be where, when; what the search must serve to count.

A plan is a list of trips in order of time. An exploit counts only if it serves every trip of the
plan, between the same places, in the same order and not later than allowed. The plans of a tariff
are made from its own edges: distances on and beyond the edges of the price list, months that reach
its steps, a stay beyond its time limit, rides through all its fare systems.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tongxing.fares.rules import (
    CounterRule,
    DurationFare,
    MeterFare,
    OvertimeCharge,
    PercentRelief,
    TimeRelief,
    TransferRelief,
)
from tongxing.fares.tariff import Tariff
from tongxing.fares.trying.world import Course, World
from tongxing.kernel.clock import at
from tongxing.kernel.ids import digest
from tongxing.kernel.workdays import is_workday

WEEK_DAYS, MONTH_DAYS = 7, 31
_OUT_S, _NOON_S, _BACK_S = 7 * 3600 + 20 * 60, 11 * 3600, 18 * 3600 + 10 * 60
_FRIDAY = 4
_CHANGE_S = 300
_LINGER_BEYOND_S = 1_800


@dataclass(frozen=True, slots=True)
class PlannedTrip:
    """One ride somebody means to make: from when on, how, and when they honestly arrive."""

    course: Course
    entered_s: int
    exited_s: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What one passenger plans for a period. `pattern` is a key of the texts; `period` is "day",
    "week" or "month"."""

    pattern: str
    period: str
    product: str
    medium_kind: str
    trips: tuple[PlannedTrip, ...]


def make_plans(world: World, first_day: date, seed: int, every: bool) -> list[Plan]:
    """The plans of a tariff. `first_day` is the first of a calendar month; `every` takes all
    levels of the price list instead of three, and all classes of card instead of two."""
    found: list[Plan] = []
    products = _products(world.tariff)
    levels = _levels(world, seed, 99 if every else 3)

    def plan(pattern: str, period: str, way: Sequence[Course], product: str = "ordinary") -> None:
        trips = _trips(world, pattern, period, first_day, way)
        kind = _medium_kind(world.tariff, product)
        if trips:
            found.append(Plan(pattern, period, product, kind, trips))

    for course in levels:
        plan("commuter", "week", [course])
        plan("commuter", "month", [course])
    for product in products[1 : 99 if every else 3]:
        plan("commuter", "month", levels[len(levels) // 2 :][:1], product)
    if levels:
        plan("mixed", "week", [levels[0], levels[-1]])
        plan("mixed", "month", [levels[0], levels[-1]])
        plan("busy", "month", levels[-1:])
        plan("occasional", "month", levels[-1:])
    for course in _from_early_stations(world):
        plan("commuter", "month", [course])
    for course in _further_systems(world):
        plan("airport", "day", [course])
    with_bus = _with_transfer(world, levels)
    plan("transfers", "week", with_bus)
    plan("transfers", "month", with_bus)
    for course in _off_network(world):
        plan("own_way", "day", [course])
    return found + _lingering(world, levels, first_day)


def _trips(
    world: World, pattern: str, period: str, first_day: date, way: Sequence[Course]
) -> tuple[PlannedTrip, ...]:
    """The trips of a pattern: out in the morning and back in the evening; the busy also in
    between; the mixed ride the first course on most days and the last one from Friday on."""
    trips: list[PlannedTrip] = []
    for day in _days(pattern, period, first_day):
        todays = way
        if pattern == "mixed":
            todays = way[-1:] if day.weekday() >= _FRIDAY else way[:1]
        trips += _along(todays, at(day) + _OUT_S)
        back = _returned(world, todays)
        if pattern == "busy":
            trips += _along(back, at(day) + _NOON_S)
            trips += _along(todays, at(day) + _NOON_S + _CHANGE_S + todays[0].stay_s)
        trips += _along(back, at(day) + _BACK_S)
    return tuple(trips)


def _days(pattern: str, period: str, first_day: date) -> list[date]:
    monday = first_day + timedelta(days=(7 - first_day.weekday()) % 7)
    if period == "day":
        return [_workday_from(monday)]
    first, count = (monday, WEEK_DAYS) if period == "week" else (first_day, MONTH_DAYS)
    days = [first + timedelta(days=number) for number in range(count)]
    if period == "month":
        days = [day for day in days if day.month == first_day.month]
    if pattern == "occasional":
        return days[2::5]
    return days if pattern == "mixed" else [day for day in days if is_workday(day)]


def _medium_kind(tariff: Tariff, product: str) -> str:
    """The kind of medium a class rides with: the one that a counter meant for it asks for."""
    for rule in tariff.rules:
        if isinstance(rule, CounterRule) and product in rule.products:
            return "card" if "card" in rule.media else rule.media[0]
    return "card"


def _workday_from(day: date) -> date:
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def _along(way: Iterable[Course], start_s: int) -> Iterator[PlannedTrip]:
    """The courses of a way one after the other, with the time to change between them."""
    for course in way:
        yield PlannedTrip(course, start_s, start_s + course.stay_s)
        start_s += course.stay_s + _CHANGE_S


def _returned(world: World, way: Sequence[Course]) -> list[Course]:
    back = []
    for course in reversed(way):
        if course.mode != "rail" and not course.line:
            back.append(course)
            continue
        found = world.course(course.destination, course.origin, course.line)
        if found is not None:
            back.append(found)
    return back


def _products(tariff: Tariff) -> list[str]:
    """ "ordinary", then each class of card that pays something other than nothing; those that
    some counter, hour or transfer is about go first."""
    clever = CounterRule | TimeRelief | TransferRelief
    rules = sorted(tariff.rules, key=lambda rule: not isinstance(rule, clever))
    named = [name for rule in rules for name in rule.products]
    free = {
        name
        for rule in tariff.rules
        if isinstance(rule, PercentRelief) and rule.rate_bp == 0
        for name in rule.products
    }
    return list(dict.fromkeys(["ordinary", *(name for name in named if name not in free)]))


def _levels(world: World, seed: int, count: int) -> list[Course]:
    """Rides from one station of the main system, one per fare level, the longest of each.

    On a drawn network the station with the dearest ride and the most levels, on a real one a
    station of the seed's choice; where there is no rail, the first stop of the first line.
    """
    network = world.network
    if not network.fare_systems:
        return []
    main = network.fare_systems[0]
    lines = [line for line in network.lines.values() if line.fare_system == main]
    starts = [stop for line in lines for stop in line.stations]
    if lines[0].mode != "rail":
        ordered = _by_fare(world, starts[0], starts[1:], lines[0].id)
    elif world.drawn:
        found = [_by_fare(world, start, _ends(world, start), "") for start in starts]
        ordered = max(found, key=lambda rides: _height(world, rides))
    else:
        start = starts[_draw(seed, "start", len(starts))]
        ordered = _by_fare(world, start, _ends(world, start), "")
    if len(ordered) <= count:
        return ordered
    return [ordered[index * (len(ordered) - 1) // (count - 1)] for index in range(count)]


def _ends(world: World, start: str) -> list[str]:
    main = world.network.fare_systems[0]
    return [end for end in world.network.router.metres_from(start, main) if end != start]


def _by_fare(world: World, start: str, ends: Sequence[str], line: str) -> list[Course]:
    """The longest ride of each fare from a stop, the cheapest fare first."""
    longest: dict[int, Course] = {}
    for end in ends:
        course = world.course(start, end, line)
        if course is not None:
            fare_fen = world.base_fen(course)
            if fare_fen not in longest or course.metres >= longest[fare_fen].metres:
                longest[fare_fen] = course
    return [longest[fare_fen] for fare_fen in sorted(longest)]


def _height(world: World, rides: Sequence[Course]) -> tuple[int, int]:
    return (world.base_fen(rides[-1]), len(rides)) if rides else (0, 0)


def _further_systems(world: World) -> list[Course]:
    """From the end of each further rail system's line to the middle and the far side of the main
    system, and to the middle of all that can be reached."""
    network = world.network
    found: list[Course] = []
    for system in network.fare_systems[1:]:
        lines = [line for line in network.lines.values() if line.fare_system == system]
        if lines[0].mode != "rail":
            continue
        end = lines[0].stations[-1]
        start = network_start(world)
        inside = _by_metres(network.router.metres_from(start, network.fare_systems[0]))
        everywhere = _by_metres(network.router.metres_from(start))
        goals = (inside[len(inside) // 2], inside[-1], everywhere[len(everywhere) // 2])
        for goal in dict.fromkeys(goals):
            course = world.course(end, goal)
            if course is not None and goal != end:
                found.append(course)
    return found


def _by_metres(reached: Mapping[str, int]) -> list[str]:
    return sorted(reached, key=lambda stop: (reached[stop], stop))


def _from_early_stations(world: World) -> list[Course]:
    """From a station where entering early is cheaper to the middle of its network."""
    for rule in world.tariff.rules:
        if isinstance(rule, TimeRelief) and rule.stations:
            goals = _by_metres(world.network.router.metres_from(rule.stations[0]))
            course = world.course(rule.stations[0], goals[len(goals) // 2]) if goals else None
            return [] if course is None else [course]
    return []


def network_start(world: World) -> str:
    """The first station of the main system."""
    main = world.network.fare_systems[0]
    return next(one for one in world.network.lines.values() if one.fare_system == main).stations[0]


def _with_transfer(world: World, levels: Sequence[Course]) -> list[Course]:
    """A bus, a ride by rail and another bus, where the city has buses that cost one fare."""
    buses = [line for line in world.network.lines.values() if line.mode == "bus"]
    if not buses or not levels or levels[0].mode != "rail":
        return []
    rail = levels[len(levels) // 2]
    first = world.course(buses[0].stations[0], buses[0].stations[1], buses[0].id)
    last = world.course(buses[-1].stations[0], buses[-1].stations[1], buses[-1].id)
    return [one for one in (first, rail, last) if one is not None]


def _lingering(world: World, levels: Sequence[Course], first_day: date) -> list[Plan]:
    """A ride whose passenger stays inside the gates beyond the time limit."""
    limits = [rule.limit_s for rule in world.tariff.rules if isinstance(rule, OvertimeCharge)]
    if not limits or not levels or levels[-1].mode != "rail":
        return []
    monday = _days("commuter", "day", first_day)[0]
    entered_s = at(monday) + _OUT_S
    exited_s = entered_s + max(limits) + _LINGER_BEYOND_S
    trip = PlannedTrip(levels[-1], entered_s, exited_s)
    return [Plan("lingering", "day", "ordinary", "card", (trip,))]


def _off_network(world: World) -> list[Course]:
    """Rides by taxi and bicycle, long enough to meet what their price lists do."""
    found = []
    for system in world.off_network_modes:
        rule = world.tariff.base(system)
        if isinstance(rule, MeterFare):
            metres = rule.start_m * 3 + 500
            found.append(Course(system, "", "A", "B", metres, metres // 8))
        elif isinstance(rule, DurationFare):
            for edge_s in rule.edges_s:
                stay_s = edge_s + rule.then_every_s // 2
                found.append(Course(system, "", "A", "B", stay_s * 4, stay_s))
    return found


def _draw(seed: int, what: str, count: int) -> int:
    """A number below `count` that depends on the seed and on nothing else."""
    return int(digest("trying", seed, what)[:12], 16) % count
