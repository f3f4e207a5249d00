"""Which split table is in force: by city and business day, and what replaced what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tongxing.hub.acc.table import SplitRow, SplitTable
from tongxing.kernel.clock import business_date
from tongxing.kernel.reasons import Refusal
from tongxing.network.service import when_of


@dataclass(frozen=True, slots=True)
class SplitTables:
    """All tables a hub works with, by city, each day having at most one in force."""

    by_city: Mapping[str, tuple[SplitTable, ...]]

    def on(self, city: str, day: date) -> SplitTable | None:
        """The table of a business day; None when there is none."""
        in_force = standing(self.by_city.get(city, ()), day)
        return in_force[0] if in_force else None

    def name_at(self, city: str, entered_s: int) -> str:
        """Version and period of the table that a ride falls under; "" where there is no table."""
        table = self.on(city, business_date(entered_s))
        if table is None:
            return ""
        return f"{table.header.version}/{when_of(table.header.periods, entered_s).period}"

    def row(
        self, city: str, entered_s: int, system: str, origin: str, destination: str
    ) -> tuple[SplitTable, SplitRow] | None:
        """What the table of a ride's day says of it; None without a table or a row."""
        table = self.on(city, business_date(entered_s))
        found = None if table is None else row_at(table, entered_s, system, origin, destination)
        return None if table is None or found is None else (table, found)


NO_TABLES = SplitTables({})


def row_at(
    table: SplitTable, entered_s: int, system: str, origin: str, destination: str
) -> SplitRow | None:
    """The row of a pair for the period in which the ride began; None when there is none."""
    period = when_of(table.header.periods, entered_s).period
    return table.row(system, period, origin, destination)


def standing(tables: Iterable[SplitTable], day: date) -> list[SplitTable]:
    """The tables that hold on a day and that no other one of that day replaces."""
    covering = [table for table in tables if table.header.covers(day)]
    replaced = {table.header.replaces for table in covering}
    return [table for table in covering if table.header.version not in replaced]


def tables_of(tables: Iterable[SplitTable]) -> SplitTables | Refusal:
    """The tables together. The same table twice counts once.

    Refuses with SPLIT_TABLES_CLASH when two hold on one day and neither replaces the other.
    """
    by_city: dict[str, dict[str, SplitTable]] = {}
    for table in tables:
        by_city.setdefault(table.header.city, {})[table.header.version] = table
    for city, known in by_city.items():
        for day in sorted({table.header.valid_from for table in known.values()}):
            clash = [table.header.version for table in standing(known.values(), day)]
            if len(clash) > 1:
                values = {"one": clash[0], "other": clash[1], "day": day}
                return Refusal("SPLIT_TABLES_CLASH", city, values)
        ends = {one.header.valid_until for one in known.values()} - {None}
        for day in sorted(one for one in ends if one is not None):
            clash = [table.header.version for table in standing(known.values(), day)]
            if len(clash) > 1:
                values = {"one": clash[0], "other": clash[1], "day": day}
                return Refusal("SPLIT_TABLES_CLASH", city, values)
    return SplitTables({city: tuple(known.values()) for city, known in by_city.items()})
