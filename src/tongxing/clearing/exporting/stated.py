"""What the rules of an export say of a ride: fares, highest charges, splits, operators of lines.

It is asked as the live hub's ground is asked, and answers from the tables that are written; what is
asked for the first time is worked out by the live ground, and becomes a row of them. So what a row
is judged by here is what `hub clear` will read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from tongxing.clearing.exporting.periods import Periods
from tongxing.fares import CityFares
from tongxing.fares.rules import FlatFare
from tongxing.hub.acc import SplitTables
from tongxing.hub.ground import Ground
from tongxing.hub.split import SplitBasis, agreed_basis, line_basis
from tongxing.kernel.clock import DAY_S, at, business_date, calendar_date
from tongxing.messages import Record

_NOON = 12
_EXACT = 1 << 53
"""Engines divide whole numbers exactly below this."""
_LONG_S = 2 * DAY_S
"""A stay longer than any limit, so that what overtime adds is seen."""


class LineFacts(NamedTuple):
    """A line as the rules have it."""

    mode: str
    operator: str


class Fare(NamedTuple):
    """A fare, and the most that may be charged for it."""

    fare_fen: int
    most_fen: int


class FareKey(NamedTuple):
    """Since when, and of what: a line (rail: ""), or two stations."""

    first: date
    line: str
    origin: str = ""
    destination: str = ""


class SplitKey(NamedTuple):
    """Since which business day, in which period, and between which stations."""

    first: date
    period: str
    origin: str
    destination: str


@dataclass(slots=True)
class CityRules:
    """What the rules say of one city, as far as it was asked. `fare_days` and `split_days` are the
    first days on which something changes."""

    code: str
    fares: CityFares
    live: Ground
    tables: SplitTables
    periods: Periods
    fare_days: Sequence[date]
    split_days: Sequence[date]
    charge_max_fen: int
    lines: dict[str, LineFacts] = field(default_factory=dict)
    known_fares: dict[FareKey, Fare | None] = field(default_factory=dict)
    known_splits: dict[SplitKey, tuple[tuple[str, int], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for line in self.fares.network.lines.values():
            self.lines[line.id] = LineFacts(line.mode, line.operator)

    def line_of(self, record: Record) -> str:
        """The line of the rules that a record's ride is of, "" for none: its own, where its
        operator runs it, or where it names none a made-up one of its mode and operator."""
        if record.line:
            known = self.lines.get(record.line)
            return record.line if known and known.operator == record.operator else ""
        facts = LineFacts(record.mode, record.operator)
        if facts not in self.lines.values():
            return ""
        name = f"*:{record.mode}:{record.operator}"
        self.lines[name] = facts
        return name

    def fare(self, record: Record) -> Fare | None:
        """The fare of a record, of the rules; None where they have none."""
        facts, first = self.lines.get(record.line), _since(self.fare_days, record)
        if facts is None or first is None:
            return None
        if facts.mode == "rail" and record.origin and record.destination:
            key = FareKey(first, "", record.origin, record.destination)
        elif facts.mode != "rail":
            key = FareKey(first, record.line)
        else:
            return None
        if key not in self.known_fares:
            self.known_fares[key] = self._worked_out(key, record)
        return self.known_fares[key]

    def weights(self, record: Record) -> tuple[tuple[str, int], ...]:
        """What a record is split by; empty where the rules leave it to the line's operator."""
        facts, first = self.lines.get(record.line), _since(self.split_days, record, business=True)
        is_pair = record.origin and record.destination
        if facts is None or facts.mode != "rail" or first is None or not is_pair:
            return ()
        period = self.periods.at(record.entered_s) if self.table_on(first) else ""
        key = SplitKey(first, period, record.origin, record.destination)
        if key not in self.known_splits:
            self.known_splits[key] = self._split(key, record)
        return self.known_splits[key]

    def table_on(self, day: date) -> str:
        """The version of the split table of a business day; "" for none."""
        table = self.tables.on(self.code, day)
        return "" if table is None else table.header.version

    def until(self, days: Sequence[date], first: date) -> date | None:
        """The day on which what holds since `first` holds no more."""
        return next((day for day in days if day > first), None)

    def ask_all(self) -> None:
        """Work out every pair of rail stations, whether it was ridden or not. The ground is made
        anew for each origin: what it remembers of a pair is kept here already."""
        network = self.fares.network
        stops = [
            (name, next(line for line in one.lines if network.lines[line].mode == "rail"))
            for name, one in network.stations.items()
            if any(network.lines[line].mode == "rail" for line in one.lines)
        ]
        for first, entered_s in self._moments():
            for origin, _ in stops:
                self.live = self.live.with_published(self.tables, self.fares)
                for destination, line in stops:
                    ride = _canonical(_LIKE, self.code, line, origin, destination, entered_s)
                    self.weights(ride)
                    if first:
                        self.fare(ride)

    def _moments(self) -> Iterator[tuple[bool, int]]:
        """An instant of each time in which nothing changes, and whether it is the first of its
        fares."""
        for first in self.fare_days:
            yield True, at(first, _NOON)
        for first in self.split_days:
            until = self.until(self.split_days, first)
            for period in self.periods.names if self.table_on(first) else ():
                moment = self.periods.moment(period, first, until)
                if moment is not None:
                    yield False, moment
            yield False, at(first, _NOON)

    def _worked_out(self, key: FareKey, record: Record) -> Fare | None:
        tariff = self.fares.book.at(at(key.first, _NOON))
        if tariff is None:
            return None
        if key.line:
            line = self.fares.network.lines.get(key.line)
            if line is None or not isinstance(tariff.base(line.fare_system), FlatFare):
                return None
        ride = _canonical(
            record, self.code, record.line, key.origin, key.destination, at(key.first, _NOON)
        )
        fare_fen = self.live.fare_fen(ride)
        if fare_fen is None:
            return None
        most_fen = self.live.highest_charge_fen(ride)
        return Fare(fare_fen, max(fare_fen, most_fen or 0))

    def _split(self, key: SplitKey, record: Record) -> tuple[tuple[str, int], ...]:
        moment = self.periods.moment(
            key.period, key.first, self.until(self.split_days, key.first)
        ) if key.period else at(key.first, _NOON)  # fmt: skip
        if moment is None:
            return ()
        ride = _canonical(record, self.code, record.line, key.origin, key.destination, moment)
        basis = self.live.split_basis(ride)
        whole = sum(weight for _, weight in basis.weights)
        if basis.kind not in ("table", "path") or whole * max(1, self.charge_max_fen) >= _EXACT:
            return ()
        return basis.weights


_LIKE = Record(
    record_id="t.1", trip_id="t", revision=1, acquirer="ACQ", issuer="ISS", medium_no="1",
    medium_kind="card", scheme="t_union", funding="purse", city="1", place="1", mode="rail",
    operator="", line="", origin="", destination="", entered_s=0, exited_s=0, how="both_taps",
    fare_fen=0, charge_fen=0, delta_fen=0, tariff="", deny_list_version=0, taps=[],
)  # fmt: skip
"""Nobody's ride, for pairs of stations that nobody rode between."""


class StatedGround:
    """The rules of an export as a ground: see the module."""

    def __init__(self, cities: Mapping[str, CityRules]) -> None:
        self._cities = cities

    def operators(self, record: Record) -> frozenset[str]:
        """As `Ground` says."""
        city = self._cities.get(record.city)
        facts = None if city is None else city.lines.get(record.line)
        fits = facts is not None and facts.mode == record.mode
        return frozenset({facts.operator}) if facts is not None and fits else frozenset()

    def acceptance(self, record: Record, issuer_city: str, on: date) -> str:
        """The rules do not say where a medium is accepted."""
        return ""

    def tariff_name(self, record: Record) -> str:
        """Nor what a tariff is called."""
        return record.tariff

    def fare_fen(self, record: Record) -> int | None:
        """As `Ground` says."""
        found = self._fare(record)
        return None if found is None else found.fare_fen

    def highest_charge_fen(self, record: Record) -> int | None:
        """As `Ground` says; without a fare, what the record says its fare is."""
        found = self._fare(record)
        return record.fare_fen if found is None else found.most_fen

    def charge_fen(self, record: Record) -> int | None:
        """The rules know of no rider."""
        return None

    def split_basis(self, record: Record) -> SplitBasis:
        """As `Ground` says."""
        city = self._cities.get(record.city)
        weights = () if city is None else city.weights(record)
        if not weights:
            return line_basis(record.city, "", record.line, record.operator)
        return agreed_basis(record.city, "", record.origin, record.destination, weights)

    def with_published(self, tables: SplitTables, fares: CityFares | None) -> "StatedGround":
        """The same: what was published is in the rules already."""
        return self

    def _fare(self, record: Record) -> Fare | None:
        city = self._cities.get(record.city)
        return None if city is None else city.fare(record)


def _since(days: Sequence[date], record: Record, business: bool = False) -> date | None:
    on = (business_date if business else calendar_date)(record.entered_s)
    return next((day for day in reversed(days) if day <= on), None)


def _canonical(
    like: Record, city: str, line: str, origin: str, destination: str, entered_s: int
) -> Record:
    """A whole ride between two stations, or of a line, without anything of its rider."""
    return replace(
        like,
        city=city,
        place=city,
        mode="rail" if origin else like.mode,
        line=line,
        origin=origin,
        destination=destination,
        entered_s=entered_s,
        exited_s=entered_s + _LONG_S,
        how="both_taps",
        fare_fen=0,
        charge_fen=0,
        delta_fen=0,
    )
