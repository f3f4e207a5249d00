"""Making a split table: every pair of stations of a city, in every period, as of a day.

A pair has one set of paths, found from the station that comes first by id; the other way round the
same paths are ridden backwards. The same plan gives the same bytes.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files

import msgspec
from msgspec import Struct

import tongxing
from tongxing.hub.acc.choice import operator_shares, path_shares
from tongxing.hub.acc.graph import Graph, Ride, TrackRow, build_graph
from tongxing.hub.acc.parameters import Parameters, read_parameters
from tongxing.hub.acc.search import paths_between
from tongxing.hub.acc.table import (
    Header,
    PathRow,
    Program,
    Section,
    SplitRow,
    SplitTable,
    seal_table,
)
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.network.running import RunningLine
from tongxing.network.service import Service, Stretch, check_stretch, read_service, running
from tongxing.network.transport import CityNetwork

PROGRAM = {
    "tongxing.hub.acc": ("choice.py", "graph.py", "making.py", "parameters.py", "search.py"),
    "tongxing.network": ("running.py", "service.py"),
    "tongxing.kernel": ("money.py",),
}
"""The code that decides what stands in a table."""


class Patch(Struct, frozen=True, forbid_unknown_fields=True):
    """What is closed beyond the city's own facts, from a day on and until a day, and why."""

    from_day: date
    until_day: date
    why: str
    closing: tuple[Mapping[str, str], ...]

    def stretches(self) -> tuple[Stretch, ...]:
        """The closings as stretches. Raises ValueError for a key that a stretch does not have."""
        days = {"from_day": self.from_day, "until_day": self.until_day, "source": "patch"}
        return tuple(msgspec.convert({**days, **row}, Stretch) for row in self.closing)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a table is made from. `inputs` are the hashes of the texts that it was read from."""

    network: CityNetwork
    service: Service
    parameters: Parameters
    valid_from: date
    valid_until: date | None
    lines: tuple[RunningLine, ...]
    inputs: Mapping[str, str]
    replaces: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts a plan is read from; `patch` is what is closed beside them."""

    service: str
    parameters: str
    patch: Patch | None = None
    patch_text: str = ""
    replaces: SplitTable | None = None
    until: date | None = field(default=None)


def plan_of(network: CityNetwork, day: date, texts: Texts) -> Plan | Refusal:
    """The plan for a table from a day on. It ends where the caller says, else where the facts known
    today change: what opens later needs a table of its own.

    Refuses with SPLIT_BEFORE_NETWORK, SPLIT_REPLACES (the table to be replaced is of another city
    or day) and SPLIT_CHANGES (something changes before the end asked for). Raises ValueError for
    texts that are malformed.
    """
    service = read_service(texts.service, network)
    closings = () if texts.patch is None else texts.patch.stretches()
    for closing in closings:
        check_stretch(closing, network)
    lines = running(network, service, day, closings)
    if isinstance(lines, Refusal):
        return lines
    end, patched = texts.until, texts.patch
    if patched is not None:
        end = patched.until_day if end is None else min(end, patched.until_day)
    old = None if texts.replaces is None else texts.replaces.header
    if old is not None:
        if old.city != network.code or not old.covers(day):
            return Refusal("SPLIT_REPLACES", values={"version": old.version, "day": day})
        end = end if old.valid_until is None else min(end or old.valid_until, old.valid_until)
    change = next_change(service, texts.parameters, day)
    if change is not None and texts.until is not None and texts.until > change:
        return Refusal("SPLIT_CHANGES", values={"day": change, "until": texts.until})
    end = min((one for one in (end, change) if one is not None), default=None)
    if end is not None and end <= day:
        return Refusal("SPLIT_TABLE_DATES", values={"first": day, "last": end})
    parameters = read_parameters(texts.parameters, network.code, day)
    inputs = {
        "network": network_sha256(network),
        "service": sha256_hex(texts.service.encode()),
        "parameters": sha256_hex(texts.parameters.encode()),
        "patch": sha256_hex(texts.patch_text.encode()) if texts.patch_text else "",
    }
    version = "" if old is None else old.version
    why = "" if patched is None else patched.why
    return Plan(network, service, parameters, day, end, lines, inputs, version, why)


def next_change(service: Service, parameters: str, day: date) -> date | None:
    """The first later day on which what is known today changes; None when nothing does."""
    stretches = (*service.opening, *service.closing)
    days = [day for one in stretches for day in (one.from_day, one.until_day)]
    days += [day for one in service.co_running for day in (one.from_day, one.until_day)]
    days += [row["from_day"] for row in tomllib.loads(parameters).get("parameters", ())]
    return min((one for one in days if one is not None and one > day), default=None)


def network_sha256(network: CityNetwork) -> str:
    """A hash of the rail lines: who runs them, their stops and metres."""
    rail = [line for line in network.lines.values() if line.mode == "rail"]
    facts = [(one.id, one.operator, one.fare_system, one.stations, one.metres) for one in rail]
    return sha256_hex(msgspec.json.encode(facts))


def program() -> Program:
    """Which program makes tables here. Line ends do not count."""
    texts = [
        files(package).joinpath(name).read_bytes().replace(b"\r\n", b"\n")
        for package, names in PROGRAM.items()
        for name in names
    ]
    joined = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    return Program(tongxing.__version__, sha256_hex(joined))


def header_of(plan: Plan) -> Header:
    """The header of a plan, before there are rows."""
    service, lines = plan.service, plan.lines
    stations = tuple(sorted({stop for line in lines for stop in line.stations}))
    operators = tuple(sorted({who for line in lines for run in line.runs for who, _ in run}))
    numbers = {name: number for number, name in enumerate(stations)}
    who = {name: number for number, name in enumerate(operators)}
    systems = [one for one in plan.network.fare_systems if one in {x.fare_system for x in lines}]
    walks = {walk.station: walk.walking_s for walk in service.walk if walk.station in numbers}
    return Header(
        version="",
        city=plan.network.code,
        valid_from=plan.valid_from,
        valid_until=plan.valid_until,
        replaces=plan.replaces,
        why=plan.why,
        network_as_of=plan.network.as_of,
        parameters=plan.parameters,
        periods=service.period,
        sections=tuple(Section(one, period.name) for one in systems for period in service.period),
        operators=operators,
        stations=stations,
        tracks=tuple(_track(line, service, numbers, who) for line in lines),
        walking_s=service.walking_s,
        walks_s=tuple(sorted((numbers[name], walk) for name, walk in walks.items())),
        inputs=plan.inputs,
        program=program(),
        rows=0,
        rows_sha256="",
    )


def _track(
    line: RunningLine, service: Service, numbers: Mapping[str, int], who: Mapping[str, int]
) -> TrackRow:
    facts = next((one for one in service.line if one.line == line.line), None)
    speed_mph = (facts.speed_mph if facts else 0) or service.speed_mph
    own = facts.headways_s if facts else {}
    return TrackRow(
        line=line.line,
        system=line.fare_system,
        stations=tuple(numbers[stop] for stop in line.stations),
        ride_s=tuple(_seconds(metres, speed_mph) for metres in line.metres),
        runs=tuple(tuple((who[name], run) for name, run in step) for step in line.runs),
        headways_s=tuple(own.get(one.name, one.headway_s) for one in service.period),
        loop=line.loop,
    )


def _seconds(metres: int, speed_mph: int) -> int:
    """The nearest whole second, at least one."""
    return max(1, (2 * metres * 3600 + speed_mph) // (2 * speed_mph))


def graph_of(header: Header, section: int) -> Graph:
    """The graph that a section's rows are found on. Raises ValueError as `build_graph`."""
    wanted = header.sections[section]
    period = [one.name for one in header.periods].index(wanted.period)
    return build_graph(
        header.tracks, wanted.system, period, dict(header.walks_s), header.walking_s,
        header.parameters,
    )  # fmt: skip


def pairs_of(header: Header) -> int:
    """How many pairs of stations the table of a header is asked for."""
    total = 0
    for section in header.sections:
        stops = {at for one in header.tracks if one.system == section.system for at in one.stations}
        total += len(stops) * (len(stops) - 1) // 2
    return total


def runs_of(header: Header, rides: Iterable[Ride]) -> dict[int, int]:
    """Millimetres of a path by operator."""
    total: dict[int, int] = {}
    for number, forward, first, last in rides:
        track = header.tracks[number]
        for step in track.steps(forward, first, last):
            for who, millimetres in track.runs[step]:
                total[who] = total.get(who, 0) + millimetres
    return total


def make_table(plan: Plan, tell: Callable[[int], object] = lambda _pairs: None) -> SplitTable:
    """The table of a plan; `tell` hears how many pairs were just done. Pairs that nothing connects
    have no row. Raises ValueError for facts that make no sense."""
    header = header_of(plan)
    rows: list[SplitRow] = []
    for section in range(len(header.sections)):
        graph = graph_of(header, section)
        for destination in sorted(graph.stops_at):
            rows += section_rows(header, section, graph, destination)
            tell(sum(1 for origin in graph.stops_at if origin < destination))
    return seal_table(header, rows)


def section_rows(
    header: Header, section: int, graph: Graph, destination: int
) -> Iterator[SplitRow]:
    """The rows of all pairs whose second station this is."""
    to_come = graph.costs_to(destination)
    for origin in sorted(graph.stops_at):
        if origin >= destination:
            break
        paths = paths_between(graph, origin, destination, to_come, header.parameters)
        if not paths:
            continue
        shares = path_shares([path.cost for path in paths], header.parameters)
        kept = [
            PathRow(path.cost, ppm, path.rides)
            for path, ppm in zip(paths, shares, strict=True)
            if ppm
        ]
        runs = [runs_of(header, path.rides) for path in kept]
        parts = operator_shares([path.ppm for path in kept], runs)
        yield SplitRow((section, origin, destination), parts, tuple(kept))
