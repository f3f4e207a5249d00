"""Prices a table of journeys: compiled where numba is installed, the exact way where it must be.

The compiled tables are kept between tables of one set of codes, so a stream of pieces compiles a
tariff and works out a base fare once.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tongxing.fares.city import CityFares
from tongxing.fares.rerating import layout
from tongxing.fares.rerating.bases import BaseTables
from tongxing.fares.rerating.codes import Codebook, Codes
from tongxing.fares.rerating.compiling import Numbers, PlanTables, day_number, day_table
from tongxing.fares.rerating.exact import Priced, price_unit, welcome
from tongxing.fares.rerating.journeys import JourneyTable
from tongxing.fares.rerating.machine import can_compile
from tongxing.fares.tariff import Tariff
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.workdays import is_workday

if TYPE_CHECKING:
    from tongxing.fares.rerating.numbering import Numbering

_CHUNKS_A_THREAD = 8
_DAYS_MOST = 100_000
_NOT_ASKED = -3
_NO_ENTRY_S = 0

OUTCOME_TYPES: dict[str, type[np.signedinteger]] = {
    "charge_fen": np.int32, "fare_fen": np.int32, "version": np.int16, "rule": np.int16,
    "counter": np.int8, "counter_fen": np.int64, "counter_rides": np.int32,
    "refusal": np.int8, "exact": np.int8,
}  # fmt: skip
"""The type of every column of `layout.Outcomes`."""


@dataclass(frozen=True)
class Rated:
    """The outcome of a table, in codes, and how many units took the exact way."""

    outcomes: layout.Outcomes
    exact_units: int
    exact_rows: int


@dataclass
class Rerater:
    """The fares of a city, compiled for journeys that are written in one codebook."""

    fares: CityFares
    codes: Codebook
    threads: int = 2
    compiled: bool = field(default_factory=can_compile)
    refusals: Codes = field(default_factory=Codes)
    _numbering: "Numbering | None" = None
    _plan_at: Numbers = field(default_factory=lambda: np.zeros((0, 0, 0), np.int64))

    def __post_init__(self) -> None:
        """Begin with what does not hang on a single journey."""
        self.plans = PlanTables(self.fares.book, self.codes)
        systems = Codes(self.codes.systems.texts)
        self.bases = BaseTables(self.fares, self.codes, systems, self.refusals, self.plans.lists)
        self._no_meter = self.refusals.of("FARES_NO_METER")
        self._no_pack_price = self.refusals.of("PACK_PRICE_UNKNOWN")
        self._no_fare = self.refusals.of("FARES_NO_FARE")
        self._counter_codes = {name: index for index, name in enumerate(self.plans.counters)}
        self._versions = {one.name: index for index, one in enumerate(self.fares.book.versions)}

    def rate(self, table: JourneyTable) -> Rated:
        """Price every journey of a table that is written in this rerater's codes."""
        outcomes = new_outcomes(table)
        if self.compiled and table.rows:
            self.run(table, self.prepare(table), outcomes)
        else:
            np.asarray(outcomes.exact)[:] = 1
        return self.finish(table, outcomes)

    def finish(self, table: JourneyTable, outcomes: layout.Outcomes) -> Rated:
        """Price the units that the kernel handed back with the exact engine."""
        units = np.flatnonzero(np.asarray(outcomes.exact))
        rows = sum(self._exactly(table, int(unit), outcomes) for unit in units)
        return Rated(outcomes, len(units), rows)

    def prepare(self, table: JourneyTable) -> layout.Prices:
        """Compile what the table needs: its days, the base fares of its places, its plans."""
        from tongxing.fares.rerating.numbering import Numbering

        first, last = day_number(table.first_s), day_number(table.last_s)
        last = min(last, first + _DAYS_MOST)
        days = day_table(self.fares.book, first, last)
        if self._numbering is None:
            self._numbering = Numbering(self.bases)
        self._numbering.number(table, days, first)
        versions = sorted({int(one) for one in days[:, layout.DAY_VERSION] if one >= 0})
        self._ask_plans(versions)
        return self._prices(days, first, versions)

    def run(self, table: JourneyTable, prices: layout.Prices, outcomes: layout.Outcomes) -> None:
        """Walk the units with the kernel, on every thread."""
        from tongxing.fares.rerating.kernel.walking import walk

        def work(units: tuple[int, int]) -> None:
            walk(prices, table.columns, self._memory(table), outcomes, (*units, counters))

        counters = len(self.plans.counters)
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(work, _chunks(table, self.threads * _CHUNKS_A_THREAD)))

    def priced(self, table: JourneyTable, outcomes: layout.Outcomes, row: int) -> Priced:
        """One row of an outcome in words."""
        version, counter = int(outcomes.version[row]), int(outcomes.counter[row])
        versions = self.fares.book.versions
        rule = int(outcomes.rule[row])
        return Priced(
            charge_fen=int(outcomes.charge_fen[row]),
            fare_fen=int(outcomes.fare_fen[row]),
            tariff="" if version == layout.NONE else versions[version].name,
            rule="" if rule == layout.NONE else self.plans.rules.texts[rule],
            counter="" if counter == layout.NONE else self.plans.counters[counter],
            counter_fen=int(outcomes.counter_fen[row]),
            counter_rides=int(outcomes.counter_rides[row]),
            refusal=self.refusals.texts[max(0, int(outcomes.refusal[row]))],
        )

    def _exactly(self, table: JourneyTable, unit: int, outcomes: layout.Outcomes) -> int:
        """Price one unit with the exact engine; how many journeys it had."""
        row = first = int(table.columns.first[unit])
        for priced in price_unit(self.fares, table.journeys(unit)):
            outcomes.charge_fen[row], outcomes.fare_fen[row] = priced.charge_fen, priced.fare_fen
            outcomes.version[row] = self._versions.get(priced.tariff, layout.NONE)
            outcomes.rule[row] = self.plans.rules.of(priced.rule) if priced.rule else layout.NONE
            outcomes.counter[row] = self._counter_codes.get(priced.counter, layout.NONE)
            outcomes.counter_fen[row] = priced.counter_fen
            outcomes.counter_rides[row] = priced.counter_rides
            outcomes.refusal[row] = self.refusals.of(priced.refusal) or layout.NONE
            row += 1
        return row - first

    def _ask_plans(self, versions: list[int]) -> None:
        """Fill the plan of every version, kind of rider and fare system that may be met."""
        shape = (
            len(self.fares.book.versions),
            max(1, len(self.codes.whos)),
            len(self.bases.systems),
        )
        before = self._plan_at
        if before.shape != shape:
            self._plan_at = np.full(shape, _NOT_ASKED, np.int64)
            self._plan_at[: before.shape[0], : before.shape[1], : before.shape[2]] = before
        for version in versions:
            tariff = self.fares.book.versions[version]
            for who, system in zip(*np.nonzero(self._plan_at[version] == _NOT_ASKED), strict=True):
                name = self.bases.systems.texts[system]
                row = (
                    self.plans.plan(tariff, name, self.codes.whos[who])
                    if who < len(self.codes.whos)
                    else layout.NONE
                )
                self._plan_at[version, who, system] = row

    def _prices(self, days: Numbers, zero: int, versions: list[int]) -> layout.Prices:
        plans, code = self.plans, self.codes.modes.find("rail")
        base_of, bases, portion_system, portion_fen = self.bases.tables()
        refusals = [self._no_meter, self._no_pack_price, self._no_fare]
        numbers = [zero, len(days), code, *refusals, int(is_workday(calendar_date(_NO_ENTRY_S)))]
        return layout.Prices(
            numbers=np.array(numbers, np.int64),
            days=days,
            base_of=base_of,
            bases=bases,
            portion_system=portion_system,
            portion_fen=portion_fen,
            plan_at=self._plan_at,
            plans=_rows(plans.plans, layout.PLAN_COLUMNS),
            lists=np.array(plans.lists or [0], np.int64),
            reliefs=_rows(plans.reliefs, layout.RELIEF_COLUMNS),
            station_sets=plans.station_table(),
            transfers=plans.transfer_table(),
            transfer_pairs=plans.pair_table(),
            packs=plans.pack_table(),
            caps=plans.cap_table(),
            counters=plans.counter_table(),
            highest=self._highest(versions),
            who_refusal=self._who_refusals(versions),
        )

    def _highest(self, versions: list[int]) -> Numbers:
        """The highest fare of each mode's first fare system, where overtime may ask for it."""
        modes = self.codes.modes.texts
        found = np.full((len(self.fares.book.versions) or 1, len(modes)), layout.UNKNOWN, np.int64)
        for version in versions:
            tariff = self.fares.book.versions[version]
            if not any(getattr(rule, "amount", 0) == "highest" for rule in tariff.rules):
                continue
            for code, mode in enumerate(modes):
                amounts = self._amounts(tariff, mode)
                if amounts:
                    found[version, code] = amounts.pop() if len(amounts) == 1 else layout.SEVERAL
        return found

    def _amounts(self, tariff: Tariff, mode: str) -> set[int]:
        """The highest fares that overtime of a mode may ask for: one, unless the lines of a mode
        off the network name several systems; none where the city cannot say."""
        if not self.fares.runs_off_network(mode):
            try:
                system = self.fares.home_system(mode, "", "")
                return {self.fares.most_within(tariff, system)}
            except LookupError:
                return set()
        lines = ("", *self.codes.lines.texts)
        systems = {self.fares.off_network_system(mode, line) for line in lines}
        return {self.fares.most_within(tariff, system) for system in systems if system}

    def _who_refusals(self, versions: list[int]) -> Numbers:
        """For each version and kind of rider, the code of the refusal of an unwelcome visitor."""
        shape = (len(self.fares.book.versions) or 1, max(1, len(self.codes.whos)))
        found = np.full(shape, layout.NONE, np.int64)
        for version in versions:
            tariff = self.fares.book.versions[version]
            for index, (_, _, scheme, local, mode, _) in enumerate(self.codes.whos):
                if not local and not welcome(self.fares, tariff, scheme, mode):
                    found[version, index] = self.refusals.of("VISITOR_MODE_NOT_OFFERED")
        return found

    def _memory(self, table: JourneyTable) -> layout.Memory:
        slots, counters = table.most_slots + 1, max(1, len(self.plans.counters))

        def cells(*shape: int) -> Numbers:
            return np.zeros(shape, np.int64)

        return layout.Memory(
            key=cells(slots, counters),
            paid=cells(slots, counters),
            rides=cells(slots, counters),
            anchors=cells(slots, layout.ANCHOR_COLUMNS),
            packs=cells(slots, layout.MAX_PACKS, layout.HELD_COLUMNS),
            pack_count=cells(slots),
            spent=cells(counters),
            work=cells(layout.MAX_PORTIONS, layout.WORK_COLUMNS),
            ride=cells(layout.RIDE_COLUMNS),
        )


def new_outcomes(table: JourneyTable) -> layout.Outcomes:
    """Outcomes of no price yet."""
    found = {name: np.zeros(table.rows, of_type) for name, of_type in OUTCOME_TYPES.items()}
    for name in ("version", "rule", "counter", "refusal"):
        found[name][:] = layout.NONE
    found["exact"] = np.zeros(table.units, np.int8)
    return layout.Outcomes(**found)


def _chunks(table: JourneyTable, wanted: int) -> Iterator[tuple[int, int]]:
    """Ranges of units with about as many journeys each."""
    first = np.asarray(table.columns.first)
    marks = np.searchsorted(first, np.linspace(0, table.rows, wanted + 1)[1:], side="left")
    begin = 0
    for mark in marks:
        end = min(int(mark), table.units)
        if end > begin:
            yield begin, end
            begin = end


def _rows(rows: list[list[int]], columns: int) -> Numbers:
    return np.array(rows or [[0] * columns], dtype=np.int64).reshape(-1, columns)
