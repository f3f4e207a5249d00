"""Splitting fares by a table, explaining each fen, and what another table would have given.

Parts are whole fen by largest remainder, fare by fare, with nothing carried over: whatever fares
are added up, the parts add up to the same sum.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tongxing.hub.acc.graph import TrackRow
from tongxing.hub.acc.making import runs_of
from tongxing.hub.acc.parameters import PPM
from tongxing.hub.acc.table import Header, PathRow, SplitRow, SplitTable
from tongxing.hub.acc.tables import row_at
from tongxing.kernel.money import split_largest_remainder


@dataclass(frozen=True, slots=True)
class Part:
    """An operator's part of a fare: floor of the exact part, what is left of it in millionths of a
    fen, and whether one of the fen left over went there."""

    operator: str
    ppm: int
    floor_fen: int
    remainder_millionths: int
    extra: bool
    fen: int


@dataclass(frozen=True, slots=True)
class RideTold:
    """A ride of a path: line, from, to, metres and seconds aboard, with the wait before it and the
    walk to its platform (0 for the first). `via` is the first stop on the way where the line is a
    ring, so that the two ways round can be told apart; else ""."""

    line: str
    origin: str
    destination: str
    metres: int
    riding_s: int
    waiting_s: int
    walking_s: int
    via: str = ""


@dataclass(frozen=True, slots=True)
class PathTold:
    """A path with what its cost and its part are made of; metres by operator."""

    rides: tuple[RideTold, ...]
    penalty_s: int
    cost_ms: int
    ppm: int
    metres: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FareTold:
    """A fare's split with all that led to it. `period` is the row's."""

    version: str
    period: str
    fare_fen: int
    paths: tuple[PathTold, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a trip paid one fare system, and between which of its stations."""

    system: str
    origin: str
    destination: str
    fen: int


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip as far as splitting it needs: when it began, what it paid in each fare system, and how
    it was split, where that is known (fen by operator)."""

    entered_s: int
    pieces: tuple[Piece, ...]
    booked: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A day's trips split twice: fen by operator, trips and fen that could be, trips whose parts
    differ, fen that would change hands, and trips and fen that could not be (no row in a table;
    left out of the sums)."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    trips: int
    fen: int
    changed: int
    moved_fen: int
    left_out: int
    left_out_fen: int


def split_fare(fare_fen: int, shares: Iterable[tuple[str, int]]) -> tuple[Part, ...]:
    """The parts of a fare by operators with parts per million, in order of operator; a refund
    (below zero) is the mirror image of its fare. Raises ValueError unless the shares are a million.
    """
    named = sorted(shares)
    if sum(ppm for _, ppm in named) != PPM:
        raise ValueError("the shares of a fare are parts per million")
    fens = split_largest_remainder(fare_fen, [ppm for _, ppm in named])
    parts = []
    for (operator, ppm), fen in zip(named, fens, strict=True):
        floor, rest = divmod(abs(fare_fen) * ppm, PPM)
        sign = -1 if fare_fen < 0 else 1
        parts.append(Part(operator, ppm, sign * floor, rest, abs(fen) > floor, fen))
    return tuple(parts)


def explain_fare(table: SplitTable, row: SplitRow, fare_fen: int) -> FareTold:
    """Everything behind the split of a fare, from the table alone."""
    header = table.header
    section = header.sections[row.key[0]]
    period = [one.name for one in header.periods].index(section.period)
    paths = tuple(_told(header, period, path) for path in row.paths)
    parts = split_fare(fare_fen, table.named(row.shares))
    return FareTold(header.version, section.period, fare_fen, paths, parts)


def cost_of(header: Header, period: int, path: PathRow) -> int:
    """The generalised cost of a path, added up again from its rides, in thousandths of a second."""
    numbers = header.parameters
    walks = dict(header.walks_s)
    total = 0
    for number, (track, forward, first, last) in enumerate(path.rides):
        row = header.tracks[track]
        riding_s = _riding(row, forward, first, last)
        total += riding_s * numbers.riding_per_mille
        total += row.headways_s[period] * numbers.waiting_per_mille // 2
        if number:
            walk_s = walks.get(first, header.walking_s)
            total += walk_s * numbers.walking_per_mille + numbers.transfer_penalty_s * 1_000
    return total


def compare(
    trips: Iterable[Trip], after: SplitTable, before: SplitTable | None = None
) -> Comparison:
    """The same trips split as they were booked (or by the table `before`), and by another table."""
    sums: tuple[dict[str, int], dict[str, int]] = ({}, {})
    told = Counter[str]()
    for trip in trips:
        fen = sum(piece.fen for piece in trip.pieces)
        first = trip.booked if before is None else split_trip(trip, before)
        second = split_trip(trip, after)
        if first is None or second is None:
            told.update(left_out=1, left_out_fen=fen)
            continue
        operators = {*first, *second}
        gained = [second.get(who, 0) - first.get(who, 0) for who in operators]
        for who in operators:
            sums[0][who] = sums[0].get(who, 0) + first.get(who, 0)
            sums[1][who] = sums[1].get(who, 0) + second.get(who, 0)
        told.update(trips=1, fen=fen, changed=int(any(gained)))
        told.update(moved_fen=sum(one for one in gained if one > 0))
    names = ("trips", "fen", "changed", "moved_fen", "left_out", "left_out_fen")
    old, new = (dict(sorted(one.items())) for one in sums)
    return Comparison(old, new, *(told[one] for one in names))


def split_trip(trip: Trip, table: SplitTable) -> dict[str, int] | None:
    """Fen by operator, piece by piece; None where the table has no row for a piece of it."""
    total: dict[str, int] = {}
    for piece in trip.pieces:
        row = row_at(table, trip.entered_s, piece.system, piece.origin, piece.destination)
        if row is None:
            return None
        for part in split_fare(piece.fen, table.named(row.shares)):
            total[part.operator] = total.get(part.operator, 0) + part.fen
    return total


def _told(header: Header, period: int, path: PathRow) -> PathTold:
    walks = dict(header.walks_s)
    rides = []
    for number, (track, forward, first, last) in enumerate(path.rides):
        row = header.tracks[track]
        steps = row.steps(forward, first, last)
        rides.append(
            RideTold(
                row.line,
                header.stations[first],
                header.stations[last],
                sum(run for step in steps for _, run in row.runs[step]) // 1_000,
                _riding(row, forward, first, last),
                row.headways_s[period] // 2,
                walks.get(first, header.walking_s) if number else 0,
                header.stations[_next(row, forward, first)] if row.loop else "",
            )
        )
    runs = sorted(runs_of(header, path.rides).items())
    metres = {header.operators[who]: run // 1_000 for who, run in runs}
    penalty_s = header.parameters.transfer_penalty_s * (len(rides) - 1)
    return PathTold(tuple(rides), penalty_s, path.cost, path.ppm, metres)


def _next(track: TrackRow, forward: bool, station: int) -> int:
    at = track.stations.index(station)
    return track.stations[(at + (1 if forward else -1)) % len(track.stations)]


def _riding(track: TrackRow, forward: bool, first: int, last: int) -> int:
    return sum(track.ride_s[step] for step in track.steps(forward, first, last))
