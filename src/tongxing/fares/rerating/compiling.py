"""Tariff versions as tables of whole numbers, from the plans that `Tariff.plan` works out.

What the kernel cannot hold exactly (a figure beyond its bounds, too many counters) is left out of
the tables, and whoever needs it goes the exact way. No city is named here.
"""

from dataclasses import dataclass, field
from datetime import date, time

import numpy as np
from numpy.typing import NDArray

from tongxing.fares.counters import period_key
from tongxing.fares.model import Rider
from tongxing.fares.rerating import layout
from tongxing.fares.rerating.codes import Codebook, Codes, Who
from tongxing.fares.rules import (
    ACCOUNT_MARK,
    CapRelief,
    CounterRule,
    FreeRide,
    PackRelief,
    PercentRelief,
    SliceRelief,
    TimeRelief,
    TransferRelief,
)
from tongxing.fares.tariff import Plan, ShareRelief, Tariff, TariffBook
from tongxing.fares.visitors import VISITOR_RULE, VisitorRelief
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S, at, calendar_date
from tongxing.kernel.workdays import is_workday

Numbers = NDArray[np.int64]
_HOWS = {"half_up": 0, "half_even": 1, "up": 2, "down": 3}
_DAYS = {"every": 0, "workday": 1, "restday": 2}
_LIMITS = {"first_fare": 0, "first_paid": 1, "none": 2}
_PERIODS = {"": 0, "week": 1, "day": 2}


class Beyond(Exception):
    """A figure that the tables do not take; only ever caught in this room."""


def within(*figures: int) -> None:
    """Raise `Beyond` for a figure that is negative or too large for exact 64-bit steps."""
    if any(not 0 <= figure <= layout.MOST for figure in figures):
        raise Beyond


def table(rows: list[list[int]], columns: int) -> Numbers:
    """Rows as an array that has at least one row, so that the kernel's types never change."""
    return np.array(rows or [[0] * columns], dtype=np.int64).reshape(-1, columns)


def row_of(columns: int, cells: dict[int, int]) -> list[int]:
    """A row with these cells, NONE elsewhere."""
    row = [layout.NONE] * columns
    for column, value in cells.items():
        row[column] = value
    return row


@dataclass
class PlanTables:
    """The plans of one tariff book as rows; each is written once, when somebody first needs it."""

    book: TariffBook
    codes: Codebook
    rules: Codes = field(default_factory=Codes)
    counters: list[str] = field(default_factory=list)
    plans: list[list[int]] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)
    reliefs: list[list[int]] = field(default_factory=list)
    station_sets: list[frozenset[str]] = field(default_factory=list)
    transfers: list[TransferRelief] = field(default_factory=list)
    packs: list[PackRelief] = field(default_factory=list)
    caps: list[CapRelief] = field(default_factory=list)
    pack_names: Codes = field(default_factory=Codes)
    _plans: dict[int, int] = field(default_factory=dict)
    _reliefs: dict[ShareRelief, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Counters, packs and transfers of every version, in the order of the file."""
        for rule in self.book.rules.values():
            self.rules.of(rule.id)
            if isinstance(rule, CounterRule):
                name = f"{self.book.city}.{rule.counter_name}"
                if name not in self.counters:
                    self.counters.append(name)
            if isinstance(rule, CapRelief):
                self.caps.append(rule)
            elif isinstance(rule, PackRelief):
                self.packs.append(rule)
                self.pack_names.of(rule.pack)
            elif isinstance(rule, TransferRelief):
                self.transfers.append(rule)
        self.rules.of(VISITOR_RULE)

    def plan(self, tariff: Tariff, system: str, who: Who) -> int:
        """The row of the plan of one kind of rider; NONE where only the exact engine can price."""
        kind, product, scheme, local, mode, place = who
        rider = Rider(medium_kind=kind, product=product, scheme=scheme, issuer_is_local=local)
        plan = tariff.plan(system, mode, place, rider)
        if id(plan) not in self._plans:
            try:
                self.plans.append(self._plan_row(plan))
                self._plans[id(plan)] = len(self.plans) - 1
            except Beyond:
                self._plans[id(plan)] = layout.NONE
        return self._plans[id(plan)]

    def _plan_row(self, plan: Plan) -> list[int]:
        reliefs = self._listed([self._relief(relief) for relief in plan.reliefs])
        transfers = self._listed([self.transfers.index(rule) for rule in plan.transfers])
        packs = self._listed([self.packs.index(rule) for rule in plan.packs])
        counters = self._listed([self._counter(name) for name in plan.counters])
        for rule in plan.transfers:
            within(rule.window_s, rule.min_gap_s, rule.relief_fen, rule.same_line_min_s)
        caps = self._listed([self.caps.index(rule) for rule in plan.caps])
        within(plan.quantum_fen, *(rule.cap_fen for rule in plan.caps))
        cells = {
            layout.PLAN_RELIEFS: reliefs[0], layout.PLAN_RELIEFS_END: reliefs[1],
            layout.PLAN_TRANSFERS: transfers[0], layout.PLAN_TRANSFERS_END: transfers[1],
            layout.PLAN_PACKS: packs[0], layout.PLAN_PACKS_END: packs[1],
            layout.PLAN_COUNTERS: counters[0], layout.PLAN_COUNTERS_END: counters[1],
            layout.PLAN_MULTIPLY: int(plan.multiply), layout.PLAN_QUANTUM: plan.quantum_fen,
            layout.PLAN_HOW: _HOWS[plan.rounding],
            layout.PLAN_CAPS: caps[0], layout.PLAN_CAPS_END: caps[1],
        }  # fmt: skip
        if plan.holder is not None:
            cells[layout.PLAN_HOLDER_BP] = plan.holder.rate_bp
            cells[layout.PLAN_HOLDER_RULE] = self.rules.of(plan.holder.id)
        if plan.turn_back is not None:
            within(plan.turn_back.within_s)
            cells[layout.PLAN_TURN_WITHIN] = plan.turn_back.within_s
            cells[layout.PLAN_TURN_RULE] = self.rules.of(plan.turn_back.id)
        if plan.overtime is not None:
            amount = plan.overtime.amount
            within(plan.overtime.limit_s, 0 if amount == "highest" else amount)
            cells[layout.PLAN_OVER_LIMIT] = plan.overtime.limit_s
            cells[layout.PLAN_OVER_AMOUNT] = layout.HIGHEST if amount == "highest" else amount
        return row_of(layout.PLAN_COLUMNS, cells)

    def _listed(self, numbers: list[int]) -> tuple[int, int]:
        begin = len(self.lists)
        self.lists += numbers
        return begin, len(self.lists)

    def _counter(self, name: str) -> int:
        index = self.counters.index(name)
        if index >= layout.MAX_COUNTERS:
            raise Beyond
        return index

    def _relief(self, relief: ShareRelief) -> int:
        if relief not in self._reliefs:
            cells = {layout.RELIEF_RULE: self.rules.of(relief.id), **self._relief_cells(relief)}
            self.reliefs.append(row_of(layout.RELIEF_COLUMNS, cells))
            self._reliefs[relief] = len(self.reliefs) - 1
        return self._reliefs[relief]

    def _relief_cells(self, relief: ShareRelief) -> dict[int, int]:
        if isinstance(relief, PercentRelief | VisitorRelief):
            within(relief.rate_bp)
            return {layout.RELIEF_KIND: layout.PERCENT, layout.RELIEF_BP: relief.rate_bp}
        if isinstance(relief, TimeRelief):
            return self._hours(relief)
        if isinstance(relief, SliceRelief):
            return {
                layout.RELIEF_KIND: layout.SLICES,
                **self._steps(relief.upto_fen, relief.rates_bp),
            }
        counter = self._counter(f"{self.book.city}.{relief.counter_name}")
        cells = {layout.RELIEF_COUNTER: counter, layout.RELIEF_RIDES: 1}
        if isinstance(relief, FreeRide):
            cells[layout.RELIEF_KIND] = layout.NTH_FREE
            return {**cells, **self._steps(relief.rides, ())}
        sliced = relief.applies == "slice"
        cells[layout.RELIEF_KIND] = layout.STEPS_SLICED if sliced else layout.STEPS
        cells[layout.RELIEF_RIDES] = int(relief.counts == "rides")
        return {**cells, **self._steps(relief.reach, relief.rates_bp)}

    def _steps(self, steps: tuple[int, ...], rates: tuple[int, ...]) -> dict[int, int]:
        within(*steps)
        if any(not 0 <= rate <= layout.FULL_BP for rate in rates):
            raise Beyond
        begin, end = self._listed(list(steps))
        first_rate, _ = self._listed(list(rates))
        return {
            layout.RELIEF_STEPS: begin, layout.RELIEF_STEPS_END: end,
            layout.RELIEF_RATES: first_rate,
        }  # fmt: skip

    def _hours(self, relief: TimeRelief) -> dict[int, int]:
        cells = {
            layout.RELIEF_KIND: layout.HOURS,
            layout.RELIEF_BP: relief.rate_bp,
            layout.RELIEF_FROM: second_of(relief.entry_from),
            layout.RELIEF_UNTIL: second_of(relief.entry_until) - (not relief.until_included),
            layout.RELIEF_DAYS: _DAYS[relief.days],
        }
        if relief.stations:
            self.station_sets.append(frozenset(relief.stations))
            cells[layout.RELIEF_STATIONS] = len(self.station_sets) - 1
        return cells

    def station_table(self) -> Numbers:
        """For each list of stations, which codes are on it."""
        found = np.zeros((max(1, len(self.station_sets)), len(self.codes.stations)), np.int64)
        for index, stations in enumerate(self.station_sets):
            for station in stations:
                code = self.codes.stations.find(station)
                if code > 0:
                    found[index, code] = 1
        return found

    def transfer_table(self) -> Numbers:
        """One row for each transfer rule of the book."""
        return table([self._transfer_row(rule) for rule in self.transfers], layout.XFER_COLUMNS)

    def _transfer_row(self, rule: TransferRelief) -> list[int]:
        return [
            self.rules.of(rule.id), rule.window_s, rule.min_gap_s, rule.relief_fen,
            _LIMITS[rule.limit], int(rule.rail_starts == "exit"), int(rule.rail_ends == "exit"),
            int(rule.beside_percent == "after"), int(rule.chain == "every"),
            int(rule.counts_ride), rule.same_line_min_s, int(rule.same_vehicle),
        ]  # fmt: skip

    def pair_table(self) -> Numbers:
        """For each transfer rule, first mode and second mode: whether the pair is relieved."""
        modes = self.codes.modes.texts
        found = np.zeros((max(1, len(self.transfers)), len(modes), len(modes)), np.int64)
        for index, rule in enumerate(self.transfers):
            for one, first in enumerate(modes):
                for other, second in enumerate(modes):
                    found[index, one, other] = f"{first}-{second}" in rule.pairs
        return found

    def pack_table(self) -> Numbers:
        """One row for each ride pack of the book; a price of NONE is not known."""
        rows = [
            [
                self.rules.of(rule.id), self.pack_names.of(rule.pack), rule.rides, rule.days,
                layout.NONE if rule.price_fen is None else rule.price_fen,
            ]
            for rule in self.packs
        ]  # fmt: skip
        return table(rows, layout.PACK_COLUMNS)

    def cap_table(self) -> Numbers:
        """One row for each cap of the book."""
        rows = [
            [
                self.rules.of(rule.id), rule.cap_fen,
                self.counters.index(f"{self.book.city}.{rule.counter_name}"),
                int(rule.with_overtime),
            ]
            for rule in self.caps
        ]  # fmt: skip
        return table(rows, layout.CAP_COLUMNS)

    def counter_table(self) -> Numbers:
        """One row for each counter: its period, and whether it is the account's."""
        rows = []
        for name in self.counters:
            period = name.removesuffix(ACCOUNT_MARK).partition(":")[2]
            rows.append([_PERIODS[period], int(name.endswith(ACCOUNT_MARK))])
        return table(rows, layout.COUNTER_COLUMNS)


def second_of(clock: time) -> int:
    """The second of the day of a clock time."""
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def day_number(time_s: int) -> int:
    """The China day an instant lies in, counted from 1970-01-01."""
    return (time_s + CHINA_OFFSET_S) // DAY_S


def day_table(book: TariffBook, first: int, last: int) -> Numbers:
    """What holds on each day: tariff version, periods, working day, end of the month."""
    versions = {id(tariff): index for index, tariff in enumerate(book.versions)}
    rows = []
    for number in range(first, last + 1):
        time_s = number * DAY_S - CHINA_OFFSET_S
        tariff = book.at(time_s)
        day = calendar_date(time_s)
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        rows.append(
            [
                layout.NONE if tariff is None else versions[id(tariff)],
                period_key("", time_s),
                period_key(":week", time_s),
                period_key(":day", time_s),
                int(is_workday(day)),
                at(following) - 1,
            ]
        )
    return table(rows, layout.DAY_COLUMNS)
