"""Base fares of places: each kind of ride gets a number when first seen, and its fare once.

A number stands for tariff version, mode, line and stations (a half trip's too), or for a fare
system of which the journey itself states the fare. The city's own engine works the fares out.
"""

from array import array
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tongxing.fares.city import CityFares
from tongxing.fares.model import BaseFare, Missing, RideFacts, Rider
from tongxing.fares.refusals import pricing_refusal
from tongxing.fares.rerating import layout
from tongxing.fares.rerating.codes import Codebook, Codes
from tongxing.fares.rerating.compiling import Beyond, Numbers, second_of, within
from tongxing.fares.rules import BandFare, BaseRule, DurationFare, FlatFare, MeterFare
from tongxing.fares.tariff import Tariff
from tongxing.kernel.clock import at

MISSING: tuple[Missing, ...] = ("", "exit", "entry")
GIVEN_FARE, GIVEN_SYSTEM = 3, 4
"""Kinds of place beyond the three of `MISSING`: fare in the row, fare by a named system."""

_LOCAL = Rider()


@dataclass(frozen=True, slots=True)
class Place:
    """What a number stands for, in codes; `line` is the fare system of the kinds `GIVEN_…`."""

    version: int
    kind: int
    mode: int
    line: int
    origin: int
    destination: int


@dataclass
class BaseTables:
    """The base fares of the places that were seen, by their numbers."""

    fares: CityFares
    codes: Codebook
    systems: Codes
    refusals: Codes
    lists: list[int]
    count: int = 0
    _known: dict[tuple[object, ...], int] = field(default_factory=dict)
    _numbers: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    _found: list[tuple[str, int]] = field(default_factory=list)
    _of_place: "array[int]" = field(default_factory=lambda: array("i"))
    _rows: "array[int]" = field(default_factory=lambda: array("q"))
    _portion_system: "array[int]" = field(default_factory=lambda: array("q"))
    _portion_fen: "array[int]" = field(default_factory=lambda: array("q"))
    _asked: dict[tuple[object, ...], tuple[int, bool]] = field(default_factory=dict)

    def add(self, place: Place) -> None:
        """Work out the base fare of the next number; places of one fare share its row, so that
        the table stays small enough for the processor's cache."""
        cells = [layout.STATED, 0, 0, 0, layout.NONE, layout.NONE, 0]
        self._found = []
        try:
            self._fill(cells, place)
        except LookupError:
            self._refuse(cells, "FARES_NO_FARE")
        key = (*cells, *self._found)
        row = self._known.setdefault(key, len(self._known))
        if row == len(self._rows) // layout.BASE_COLUMNS:
            cells[layout.BASE_FIRST] = len(self._portion_system)
            self._rows.extend(cells)
            for system, fare_fen in self._found:
                self._portion_system.append(self.systems.of(system))
                self._portion_fen.append(fare_fen)
        self._of_place.append(row)
        self.count += 1

    def tables(self) -> tuple[NDArray[np.int32], Numbers, Numbers, Numbers]:
        """The base of each place; bases, and the systems and fares of their portions."""
        rows = np.array(self._rows or array("q", [0] * layout.BASE_COLUMNS), dtype=np.int64)
        return (
            np.array(self._of_place or array("i", [0]), dtype=np.int32),
            rows.reshape(-1, layout.BASE_COLUMNS),
            np.array(self._portion_system or array("q", [0]), dtype=np.int64),
            np.array(self._portion_fen or array("q", [0]), dtype=np.int64),
        )

    def _fill(self, cells: list[int], place: Place) -> None:
        if place.version < 0:
            self._refuse(cells, "FARES_NO_TARIFF")
            return
        tariff = self.fares.book.versions[place.version]
        if place.kind in (GIVEN_FARE, GIVEN_SYSTEM):
            self._fill_given(cells, tariff, place)
            return
        ride = RideFacts(
            mode=self.codes.modes.texts[place.mode],
            line=self.codes.lines.texts[place.line],
            origin=self.codes.stations.texts[place.origin],
            destination=self.codes.stations.texts[place.destination],
            entered_s=_noon(tariff),
            metres=0,
            missing=MISSING[place.kind],
        )
        refusal, needs_meter = self._ask(place.version, ride)
        cells[layout.BASE_NEEDS_METER] = int(needs_meter)
        if refusal:
            cells[layout.BASE_KIND], cells[layout.BASE_REFUSAL] = layout.REFUSED, refusal
            return
        self._fill_ride(cells, tariff, ride)

    def _fill_ride(self, cells: list[int], tariff: Tariff, ride: RideFacts) -> None:
        system = self.fares.off_network_system(ride.mode, ride.line)
        if system is not None and not ride.missing:
            rule = tariff.base(system)
            stated = (system, ride.origin, ride.destination) in tariff.pairs
            if rule is not None and not stated and not isinstance(rule, FlatFare):
                self._by_ride(cells, rule, system)
                return
        if not ride.missing and ride.mode == "rail" and system is None:
            chain = self.fares.chain(tariff, ride.origin, ride.destination)
            if chain is not None:
                self._portions(cells, [(leg.system, leg.fare_fen) for leg in chain.legs])
                return
        base = None if ride.missing else self.fares.base_fare(tariff, ride)
        if base is None:
            cells[layout.BASE_HALF] = 1
            base = highest_base(self.fares, tariff, ride)
        self._portions(cells, [(portion.system, portion.fare_fen) for portion in base.portions])

    def _fill_given(self, cells: list[int], tariff: Tariff, place: Place) -> None:
        system = self.codes.systems.texts[place.line]
        if place.kind == GIVEN_FARE:
            self._portions(cells, [(system, 0)])
            cells[layout.BASE_KIND] = layout.IN_ROW
            return
        rule = tariff.base(system)
        if rule is None:
            self._refuse(cells, "FARES_NO_FARE")
        elif isinstance(rule, FlatFare):
            self._portions(cells, [(system, rule.fare_fen)])
        else:
            self._by_ride(cells, rule, system)

    def _by_ride(self, cells: list[int], rule: BaseRule, system: str) -> None:
        """A rule whose fare only the ride can tell: its figures, for the kernel to apply."""
        key = (rule.id, system)
        if key not in self._numbers:
            try:
                kind, numbers = numbers_of(rule)
            except Beyond:
                kind, numbers = layout.IN_ROW, []
            self._numbers[key] = kind, len(self.lists)
            self.lists += numbers
        self._portions(cells, [(system, 0)])
        cells[layout.BASE_KIND], cells[layout.BASE_NUMBERS] = self._numbers[key]

    def _portions(self, cells: list[int], portions: list[tuple[str, int]]) -> None:
        if len(portions) > layout.MAX_PORTIONS:
            portions = [("", layout.NONE)]
        cells[layout.BASE_COUNT] = len(portions)
        self._found = portions

    def _ask(self, version: int, ride: RideFacts) -> tuple[int, bool]:
        """The refusal of a ride in a version (code, 0 for none), and whether a meter is needed."""
        stations = self.fares.network.stations
        ends = [station for station in (ride.origin, ride.destination) if station]
        known = all(station in stations for station in ends)
        where = (ends[0] if ends else "") if known else (ride.origin, ride.destination)
        key = (version, ride.mode, ride.line, known, where, ride.missing)
        if key not in self._asked:
            found = pricing_refusal(self.fares, ride, _LOCAL)
            unread = RideFacts(
                mode=ride.mode, line=ride.line, origin=ride.origin, destination=ride.destination,
                entered_s=ride.entered_s, missing=ride.missing,
            )  # fmt: skip
            metered = found is None and pricing_refusal(self.fares, unread, _LOCAL) is not None
            code = 0 if found is None else self.refusals.of(found.code)
            self._asked[key] = (code, metered)
        return self._asked[key]

    def _refuse(self, cells: list[int], code: str) -> None:
        cells[layout.BASE_KIND] = layout.REFUSED
        cells[layout.BASE_REFUSAL] = self.refusals.of(code)


def highest_base(fares: CityFares, tariff: Tariff, ride: RideFacts) -> BaseFare:
    """The highest fare from the side of a ride that is known. Raises LookupError for none."""
    known = {"exit": ride.origin, "entry": ride.destination}.get(ride.missing)
    if known is None:
        known = ride.origin if ride.origin in fares.network.stations else ride.destination
    return fares.dearest(tariff, ride.mode, ride.line, known)


def numbers_of(rule: BaseRule) -> tuple[int, list[int]]:
    """A rule's figures as the kernel reads them. Raises `Beyond`."""
    if isinstance(rule, BandFare):
        within(*rule.edges_m, *rule.fares_fen, rule.cap_fen, rule.grace_m)
        within(rule.then_every_m, rule.then_add_fen)
        head = [rule.grace_m, len(rule.edges_m), rule.then_every_m, rule.then_add_fen, rule.cap_fen]
        return layout.BANDS, [*head, *rule.edges_m, *rule.fares_fen]
    if isinstance(rule, DurationFare):
        within(*rule.edges_s, *rule.fares_fen, rule.cap_fen, rule.then_every_s, rule.then_add_fen)
        head = [0, len(rule.edges_s), rule.then_every_s, rule.then_add_fen, rule.cap_fen]
        return layout.DURATION, [*head, *rule.edges_s, *rule.fares_fen]
    if not isinstance(rule, MeterFare):
        raise Beyond
    within(rule.start_fen, rule.start_m, rule.night_start_fen, rule.slow_bp)
    if max(rule.per_km_fen, rule.night_per_km_fen) > layout.FULL_BP:
        raise Beyond
    return layout.METER, [
        rule.start_fen, rule.start_m, rule.per_km_fen, rule.night_start_fen,
        rule.night_per_km_fen, second_of(rule.night_from), second_of(rule.night_until),
        rule.slow_bp,
    ]  # fmt: skip


def _noon(tariff: Tariff) -> int:
    """An instant at which the tariff is in force."""
    return at(tariff.from_day, 12)
