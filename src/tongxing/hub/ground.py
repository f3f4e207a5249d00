"""What the hub knows of the ground the records stand on: lines, acceptance, fares, paths.

Admission asks through `Ground`, so that it stays pure and can be tested on a small made-up city.
`NetworkGround` answers from the networks, tariffs and registry that every house carries. No record
is trusted: an unknown city, line or station gets an answer, never an error.
"""

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from tongxing.fares import CityFares, FareState, RideFacts, Rider, Tariff, load_city_fares, price
from tongxing.fares.model import Missing
from tongxing.hub.acc import NO_TABLES, SplitTables, load_agreements
from tongxing.hub.acc.agreements import Agreement, weights_by
from tongxing.hub.split import (
    SplitBasis,
    SplitLeg,
    Stretch,
    agreed_basis,
    line_basis,
    path_basis,
    table_basis,
    with_overtime,
)
from tongxing.kernel.clock import business_date
from tongxing.messages import Record
from tongxing.network.registry import Registry
from tongxing.network.transport import city_codes

_NOBODY = Rider()
_NEVER_USED = FareState()
_MISSING: Mapping[str, Missing] = {"missing_exit": "exit", "missing_entry": "entry"}
_PATH_KNOWN: frozenset[str] = frozenset(
    {"both_taps", "paired_by_account", "declared", "habitual", "disruption", "staff"}
)


class Ground(Protocol):
    """The questions admission asks of the world; every answer depends on the arguments alone."""

    def operators(self, record: Record) -> frozenset[str]:
        """Who may run the record's line (or, without a line, its mode) in its city."""

    def acceptance(self, record: Record, issuer_city: str, on: date) -> str:
        """An empty text when the medium was accepted there that day, else the reason why not."""

    def tariff_name(self, record: Record) -> str:
        """The tariff in force at the ride's entry; empty when there is none."""

    def fare_fen(self, record: Record) -> int | None:
        """The fare before any relief; None where the record does not say enough to tell."""

    def highest_charge_fen(self, record: Record) -> int | None:
        """What a rider without any relief would pay, overtime included; None as above."""

    def charge_fen(self, record: Record) -> int | None:
        """Exactly what the ride costs this rider; None where that depends on earlier rides or on
        who the rider is, which only the city knows."""

    def split_basis(self, record: Record) -> SplitBasis:
        """What the record's charge is split by."""

    def with_published(self, tables: SplitTables, fares: CityFares | None) -> "Ground":
        """The same ground with these split tables, and a city's fares as it published them (None:
        as before)."""


class NetworkGround:
    """The ground as the project's own networks, tariffs and registry describe it, with the split
    tables that the hub works with."""

    def __init__(self, registry: Registry, tables: SplitTables = NO_TABLES) -> None:
        self._registry = registry
        self._tables = tables
        self._cities = frozenset(city_codes())
        self._fares: dict[tuple[str, ...], int | None] = {}
        self._paths: dict[tuple[str, ...], SplitBasis | None] = {}
        self._lines: dict[tuple[str, ...], SplitBasis] = {}
        self._published: dict[str, CityFares] = {}

    def with_published(self, tables: SplitTables, fares: CityFares | None) -> "NetworkGround":
        """As the protocol says; a ground of its own that has worked nothing out yet."""
        other = NetworkGround(self._registry, tables)
        if fares is not None:
            other._published[fares.book.city] = fares
        return other

    def operators(self, record: Record) -> frozenset[str]:
        """As the protocol says; a line of another mode is no line of the record's."""
        city = self._city(record)
        if city is None:
            return frozenset()
        lines = city.network.lines
        if record.line:
            line = lines.get(record.line)
            fits = line is not None and line.mode == record.mode
            return frozenset({line.operator}) if line is not None and fits else frozenset()
        return frozenset(line.operator for line in lines.values() if line.mode == record.mode)

    def acceptance(self, record: Record, issuer_city: str, on: date) -> str:
        """As the protocol says; the marks a line carries come from the network."""
        city = self._city(record)
        line = None if city is None else city.network.lines.get(record.line)
        accepts = () if line is None else line.schemes
        answer = self._registry.acceptance(
            record.scheme, issuer_city, record.place, record.mode, on, record.line, accepts
        )
        return "" if answer.accepted else answer.reason

    def tariff_name(self, record: Record) -> str:
        tariff = self._tariff(record)
        return "" if tariff is None else tariff.name

    def fare_fen(self, record: Record) -> int | None:
        """As the protocol says; worked out once per pair of stations and tariff. A median of its
        own trips only the city can tell."""
        city, tariff = self._city(record), self._tariff(record)
        facts = _facts(record)
        if _is_free(record):
            return 0
        if city is None or tariff is None or facts is None or record.how == "median":
            return None
        key = (tariff.name, facts.mode, facts.line, facts.origin, facts.destination, facts.missing)
        if key not in self._fares:
            base = None if facts.missing else city.base_fare(tariff, facts)
            known_fen = None if base is None else base.fare_fen
            self._fares[key] = known_fen or self._priced(record, facts, charge=False)
        return self._fares[key]

    def highest_charge_fen(self, record: Record) -> int | None:
        facts = _facts(record)
        if _is_free(record):
            return 0
        return None if facts is None else self._priced(record, facts, charge=True)

    def charge_fen(self, record: Record) -> int | None:
        """Known of a ride without charge; every other may have been reduced for its rider."""
        return 0 if _is_free(record) else None

    def split_basis(self, record: Record) -> SplitBasis:
        """The split table of the day, or else the pricing path, of a whole rail ride; all else as
        the operators agreed, as a rule to the tapped line's."""
        city, tariff = self._city(record), self._tariff(record)
        is_path = record.mode == "rail" and record.how in _PATH_KNOWN
        if is_path and city is not None and tariff is not None:
            basis = self._whole_ride(record, city, tariff)
            if basis is not None:
                return self._with_overtime(record, basis)
        return self._agreed(record, "" if tariff is None else tariff.name)

    def _whole_ride(self, record: Record, city: CityFares, tariff: Tariff) -> SplitBasis | None:
        table = self._tables.name_at(record.city, record.entered_s)
        key = (record.city, tariff.name, table, record.origin, record.destination)
        if key not in self._paths:
            found = _table_basis(record, city, tariff, self._tables) if table else None
            self._paths[key] = found or _path_basis(record, city, tariff)
        return self._paths[key]

    def _with_overtime(self, record: Record, basis: SplitBasis) -> SplitBasis:
        agreement = _agreement(record)
        overtime_fen = record.charge_fen - record.fare_fen
        if agreement.overtime == "as_ride" or overtime_fen <= 0:
            return basis
        at_exit = self._operators_at(record, record.destination)
        weights = weights_by(agreement.overtime, agreement, record.operator, at_exit)
        return with_overtime(basis, overtime_fen, weights)

    def _agreed(self, record: Record, version: str) -> SplitBasis:
        agreement = _agreement(record)
        method = agreement.method(record.origin, record.destination)
        if method == "tapped_line" or record.mode != "rail":
            line = (record.city, version, record.line, record.operator)
            if line not in self._lines:
                self._lines[line] = line_basis(record.city, version, record.line, record.operator)
            return self._lines[line]
        known = self._operators_at(record, record.origin or record.destination)
        weights = weights_by(method, agreement, record.operator, known)
        return agreed_basis(record.city, version, record.origin, record.destination, weights)

    def _operators_at(self, record: Record, station: str) -> list[str]:
        city = self._city(record)
        found = None if city is None else city.network.stations.get(station)
        if city is None or found is None:
            return []
        lines = [city.network.lines[name] for name in found.lines]
        return [line.operator for line in lines if line.mode == record.mode]

    def _priced(self, record: Record, facts: RideFacts, charge: bool) -> int | None:
        city = self._city(record)
        if city is None:
            return None
        try:
            quote = price(city, facts, _NOBODY, _NEVER_USED)
        except LookupError:
            return None
        return quote.charge_fen if charge else quote.fare_fen

    def _city(self, record: Record) -> CityFares | None:
        found = self._published.get(record.city)
        if found is None and record.city in self._cities:
            return load_city_fares(record.city)
        return found

    def _tariff(self, record: Record) -> Tariff | None:
        city = self._city(record)
        return None if city is None else city.book.at(record.entered_s)


def _is_free(record: Record) -> bool:
    """A half trip that was cleared, or whose missing end is a station with open gates that no habit
    leads to: it costs nothing."""
    whole = record.origin and record.destination
    return record.how == "cleared" or (record.how == "disruption" and not whole)


def _facts(record: Record) -> RideFacts | None:
    """The ride as the tariff needs it; None for a void, and for money that a gate collected for an
    entry nobody has seen."""
    if record.how == "void" or (record.how == "missing_exit" and not record.origin):
        return None
    missing = _MISSING.get(record.how, "")
    if record.how == "median":
        missing = "exit" if record.origin else "entry"
    return RideFacts(
        mode=record.mode,
        line=record.line,
        place=record.place,
        origin=record.origin,
        destination=record.destination,
        entered_s=record.entered_s,
        exited_s=record.exited_s,
        missing=missing,
    )


def _agreement(record: Record) -> Agreement:
    return load_agreements().on(record.city, business_date(record.entered_s))


def _table_basis(
    record: Record, fares: CityFares, tariff: Tariff, tables: SplitTables
) -> SplitBasis | None:
    """What the split table of the ride's day and period says, leg by leg of how it was priced; None
    where it lacks one of them."""
    chain = fares.chain(tariff, record.origin, record.destination)
    legs = []
    for leg in chain.legs if chain is not None else ():
        where = (leg.system, leg.origin, leg.destination)
        found = tables.row(record.city, record.entered_s, *where)
        if found is None:
            return None
        shares = found[0].named(found[1].shares)
        legs.append(SplitLeg(leg.system, leg.fare_fen, tuple(Stretch("", *one) for one in shares)))
    if not legs:
        return None
    version = f"{tables.name_at(record.city, record.entered_s)}/{tariff.name}"
    return table_basis(record.city, version, record.origin, record.destination, legs)


def _path_basis(record: Record, fares: CityFares, tariff: Tariff) -> SplitBasis | None:
    """The path the ride was priced over, leg by leg; None where there is no such path."""
    chain = fares.chain(tariff, record.origin, record.destination)
    legs = []
    for leg in chain.legs if chain is not None else ():
        path = fares.network.path_within(leg.system, leg.origin, leg.destination)
        portions = () if path is None else path.portions
        stretches = tuple(Stretch(item.line, item.operator, item.metres) for item in portions)
        legs.append(SplitLeg(leg.system, leg.fare_fen, stretches))
    if not legs or not all(leg.metres > 0 for leg in legs):
        return None
    version = f"{tariff.name}/{fares.network.as_of.isoformat()}"
    return path_basis(record.city, version, record.origin, record.destination, legs)
