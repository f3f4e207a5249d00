"""The split table: for each pair of stations and period, who gets which part of a fare, and why.

A text file: one line that names the format, one line of JSON (the header), one line for each pair.
The header holds all that the rows are made from, so that a table explains and checks itself. Its
`version` is a hash of the header, which holds the hash of the rows: whoever knows the version knows
every byte. docs/algorithms/split.md describes the format.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tongxing.hub.acc.graph import Ride, TrackRow
from tongxing.hub.acc.parameters import PPM, Parameters, check_parameters
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.network.service import Period

FORMAT = "tongxing-split-table 1"
VERSION_CHARS = 16
_HASH_CHARS = 64

_N = "(?:0|[1-9][0-9]{0,17})"
_RIDE = rf"{_N}[<>]{_N}\.{_N}"
_PATH = rf"{_N} {_N} {_RIDE}(?:,{_RIDE})*"
_SHARE = f"{_N}:{_N}"
_LINE = re.compile(
    rf"({_N})\t({_N})\t({_N})\t({_SHARE}(?:,{_SHARE})*)\t({_PATH}(?:\|{_PATH})*)", re.ASCII
)
_RIDE_PARTS = re.compile(r"([0-9]+)([<>])([0-9]+)\.([0-9]+)", re.ASCII)

Key = tuple[int, int, int]
"""Section, and two stations, the one with the lower number first."""


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of one fare system in one period of the day."""

    system: str
    period: str


class Program(Struct, frozen=True, forbid_unknown_fields=True):
    """What made the table: the version of the project and a hash of the code that decides."""

    version: str
    sha256: str


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """All that the rows are made from. Rows name operators, stations, tracks and sections by their
    places in these lists. `valid_until` is the first day on which the table no longer holds, None
    when it is open; `replaces` is the version of the table that it stands in for. `inputs` are the
    SHA-256 of what it was made from. `walks_s` are by station, elsewhere `walking_s` holds."""

    version: str
    city: str
    valid_from: date
    valid_until: date | None
    replaces: str
    why: str
    network_as_of: date
    parameters: Parameters
    periods: tuple[Period, ...]
    sections: tuple[Section, ...]
    operators: tuple[str, ...]
    stations: tuple[str, ...]
    tracks: tuple[TrackRow, ...]
    walking_s: int
    walks_s: tuple[tuple[int, int], ...]
    inputs: Mapping[str, str]
    program: Program
    rows: int
    rows_sha256: str

    def covers(self, day: date) -> bool:
        """Whether it holds on a business day, unless another table replaces it."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True)
class PathRow:
    """A path of a row: generalised cost in thousandths of a second, parts per million, rides."""

    cost: int
    ppm: int
    rides: tuple[Ride, ...]


@dataclass(frozen=True, slots=True)
class SplitRow:
    """What a table says of a pair: operators with parts per million, and the paths behind it."""

    key: Key
    shares: tuple[tuple[int, int], ...]
    paths: tuple[PathRow, ...]


@dataclass(frozen=True, slots=True)
class SplitTable:
    """A table: its header, and its rows as they stand in the file, by key."""

    header: Header
    lines: Mapping[Key, str]
    numbers: Mapping[str, int]

    def row(self, system: str, period: str, origin: str, destination: str) -> SplitRow | None:
        """The row of a pair, whichever way it was ridden; None when the table has none."""
        ends = sorted((self.numbers.get(origin, -1), self.numbers.get(destination, -1)))
        wanted = Section(system, period)
        sections = self.header.sections
        section = sections.index(wanted) if wanted in sections else -1
        line = self.lines.get((section, ends[0], ends[1]))
        return None if line is None else parse_row(line)

    def rows(self) -> Iterator[SplitRow]:
        """All rows, in the order of the file."""
        return map(parse_row, self.lines.values())

    def named(self, shares: Iterable[tuple[int, int]]) -> tuple[tuple[str, int], ...]:
        """Shares with the operators' ids, in order of id."""
        return tuple((self.header.operators[who], ppm) for who, ppm in shares)


def format_row(row: SplitRow) -> str:
    """The row's line, without its end."""
    shares = ",".join(f"{who}:{ppm}" for who, ppm in row.shares)
    paths = "|".join(
        f"{path.cost} {path.ppm} " + ",".join(_ride_text(*ride) for ride in path.rides)
        for path in row.paths
    )
    section, origin, destination = row.key
    return f"{section}\t{origin}\t{destination}\t{shares}\t{paths}"


def parse_row(line: str) -> SplitRow:
    """The row of a line. Raises ValueError for a line that is not written as it has to be."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a row: {line[:60]}")
    shares = tuple(_pair(part.split(":")) for part in match[4].split(","))
    paths = []
    for text in match[5].split("|"):
        cost, ppm, rides = text.split(" ")
        found = tuple(
            (int(track), way == ">", int(first), int(last))
            for track, way, first, last in _RIDE_PARTS.findall(rides)
        )
        paths.append(PathRow(int(cost), int(ppm), found))
    return SplitRow((int(match[1]), int(match[2]), int(match[3])), shares, tuple(paths))


def seal_table(header: Header, rows: Iterable[SplitRow]) -> SplitTable:
    """The table of these rows, sorted, with its hashes and its version worked out."""
    lines = {row.key: format_row(row) for row in sorted(rows, key=lambda row: row.key)}
    body = _body(lines.values())
    counted = replace(header, rows=len(lines), rows_sha256=sha256_hex(body))
    sealed = replace(counted, version=version_of(counted))
    return SplitTable(sealed, lines, _numbers(sealed))


def version_of(header: Header) -> str:
    """The name that a header's content gives it: 16 hex characters of its SHA-256."""
    return sha256_hex(_json(replace(header, version="")))[:VERSION_CHARS]


def write_table(table: SplitTable) -> bytes:
    """The bytes of the file: the same for the same table on every machine."""
    top = f"{FORMAT}\n".encode() + _json(table.header) + b"\n"
    return top + _body(table.lines.values())


def read_table(data: bytes) -> SplitTable | Refusal:
    """The table in a file's bytes, if every one of them is as it was made.

    Refuses with SPLIT_TABLE_FORM for what is no table, SPLIT_TABLE_HASH for changed, cut or added
    bytes, SPLIT_TABLE_SUMS for shares that are not a million, SPLIT_TABLE_DATES for a time that
    ends before it begins.
    """
    first, _, rest = data.partition(b"\n")
    top, _, body = rest.partition(b"\n")
    if first != FORMAT.encode():
        return _malformed("line 1")
    try:
        header = msgspec.json.decode(top, type=Header)
        check_parameters(header.parameters)
    except ValueError as error:
        return _malformed(f"line 2: {error}")
    if _json(header) != top or version_of(header) != header.version:
        return _changed("header", header.version, _version_of_bytes(top, header))
    if (found := sha256_hex(body)) != header.rows_sha256:
        return _changed("rows", header.rows_sha256, found)
    if header.valid_until is not None and header.valid_until <= header.valid_from:
        days = {"first": header.valid_from, "last": header.valid_until}
        return Refusal("SPLIT_TABLE_DATES", values=days)
    return _read_rows(header, body)


def _read_rows(header: Header, body: bytes) -> SplitTable | Refusal:
    lines: dict[Key, str] = {}
    before: Key = (-1, 0, 0)
    for number, text in enumerate(body.decode("ascii", "replace").split("\n")[:-1], 3):
        try:
            row = parse_row(text)
        except ValueError:
            return _malformed(f"line {number}")
        if row.key <= before or not _fits(row, header):
            return _malformed(f"line {number}")
        for ppms in ([ppm for _, ppm in row.shares], [path.ppm for path in row.paths]):
            if sum(ppms) != PPM or min(ppms) == 0:
                return Refusal("SPLIT_TABLE_SUMS", f"line {number}", {"sum": sum(ppms)})
        before = row.key
        lines[row.key] = text
    if len(lines) != header.rows or not (body == b"" or body.endswith(b"\n")):
        return _malformed("rows")
    return SplitTable(header, lines, _numbers(header))


def _fits(row: SplitRow, header: Header) -> bool:
    section, origin, destination = row.key
    rides = [ride for path in row.paths for ride in path.rides]
    operators = [who for who, _ in row.shares]
    return (
        section < len(header.sections)
        and origin < destination < len(header.stations)
        and max(operators) < len(header.operators)
        and operators == sorted(set(operators))
        and all(track < len(header.tracks) for track, _, _, _ in rides)
        and all(max(first, last) < len(header.stations) for _, _, first, last in rides)
    )


def _malformed(where: str) -> Refusal:
    return Refusal("SPLIT_TABLE_FORM", where)


def _ride_text(track: int, forward: bool, first: int, last: int) -> str:
    return f"{track}{'>' if forward else '<'}{first}.{last}"


def _pair(parts: list[str]) -> tuple[int, int]:
    return int(parts[0]), int(parts[1])


def _numbers(header: Header) -> dict[str, int]:
    return {station: number for number, station in enumerate(header.stations)}


def _body(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _version_of_bytes(top: bytes, header: Header) -> str:
    """The version that a header's line gives as it is written, whatever the line says it is."""
    said = f'"version":"{header.version}"'.encode()
    return sha256_hex(top.replace(said, b'"version":""', 1))[:VERSION_CHARS]


def _changed(part: str, expected: str, found: str) -> Refusal:
    if found == expected:  # a line that hashes to what it says, and that we would not write so
        return _malformed("line 2")
    values = {"expected": expected[:_HASH_CHARS], "found": found}
    return Refusal("SPLIT_TABLE_HASH", part, values)


def _json(header: Header) -> bytes:
    return msgspec.json.encode(header, order="sorted")
