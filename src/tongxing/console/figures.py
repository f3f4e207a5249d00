"""The figures of a business day, added up from what the cities count. Pure.

Every total on the overview is a sum over these rows and nothing is counted twice, so that a reader
can add up any column of a table and get the figure above it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.city.half_trips import HALF_HOWS
from tongxing.city.views import TapCount, TripCount, UploadCount, WaitingCount

HOURS = 25
"""Hours of a business day from 03:00; the last one holds what a clock that runs ahead may bring."""

HALF: frozenset[str] = HALF_HOWS
PAIRED = "paired_by_account"
OPENED = "opened"


@dataclass(frozen=True, slots=True)
class CityDay:
    """One city's business day. `closed` says that its day is closed for accounts."""

    city: str
    taps: tuple[TapCount, ...]
    trips: tuple[TripCount, ...]
    uploads: UploadCount
    held: WaitingCount
    closed: bool

    @property
    def tap_count(self) -> int:
        return sum(row.taps for row in self.taps)

    @property
    def opened(self) -> int:
        return sum(row.taps for row in self.taps if row.outcome == OPENED)

    @property
    def refused(self) -> int:
        return self.tap_count - self.opened

    @property
    def late(self) -> int:
        return sum(row.late for row in self.taps)

    @property
    def trip_count(self) -> int:
        return sum(row.trips for row in self.trips)

    @property
    def charge_fen(self) -> int:
        return sum(row.charge_fen for row in self.trips)

    @property
    def relief_fen(self) -> int:
        return sum(row.relief_fen for row in self.trips)

    @property
    def half_trips(self) -> int:
        return sum(row.trips for row in self.trips if row.how in HALF)

    @property
    def waiting(self) -> int:
        return self.held.half_trips

    @property
    def held_fen(self) -> int:
        return self.held.held_fen

    @property
    def paired(self) -> int:
        return sum(row.trips for row in self.trips if row.how == PAIRED)

    @property
    def revised(self) -> int:
        return sum(row.trips for row in self.trips if row.revised)


@dataclass(frozen=True, slots=True)
class Flow:
    """Trips of one home city's passengers in one city of travel, and their money."""

    home: str
    travel: str
    trips: int
    fen: int


@dataclass(frozen=True, slots=True)
class Day:
    """One business day of all cities."""

    day: date
    cities: tuple[CityDay, ...]

    def total(self, figure: str) -> int:
        """The sum of a figure (a property of `CityDay`) over all cities."""
        return sum(getattr(city, figure) for city in self.cities)

    @property
    def is_closed(self) -> bool:
        """Whether every city has closed the day, so that its open trips have ended."""
        return all(city.closed for city in self.cities)

    @property
    def duplicates(self) -> int:
        return sum(city.uploads.duplicate_taps for city in self.cities)

    @property
    def quarantined(self) -> int:
        return sum(city.uploads.quarantined_taps for city in self.cities)


def hourly(day: Day) -> list[tuple[int, int]]:
    """Opened and refused taps of each hour, from 03:00; a last empty hour is left out."""
    counts = [[0, 0] for _ in range(HOURS)]
    for city in day.cities:
        for row in city.taps:
            counts[min(max(row.hour, 0), HOURS - 1)][row.outcome != OPENED] += row.taps
    if counts[-1] == [0, 0]:
        counts.pop()
    return [(opened, refused) for opened, refused in counts]


def refusals(day: Day) -> list[tuple[str, int]]:
    """Refused taps by reason, most frequent first."""
    counts: dict[str, int] = defaultdict(int)
    for city in day.cities:
        for row in city.taps:
            if row.outcome != OPENED:
                counts[row.reason] += row.taps
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def flows(day: Day) -> list[Flow]:
    """Money and trips from each passengers' home city to each city of travel."""
    trips: dict[tuple[str, str], int] = defaultdict(int)
    money: dict[tuple[str, str], int] = defaultdict(int)
    for city in day.cities:
        for row in city.trips:
            trips[row.issuer, city.city] += row.trips
            money[row.issuer, city.city] += row.charge_fen
    return [Flow(home, travel, trips[home, travel], money[home, travel]) for home, travel in trips]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Money by row and column, with sums that a reader can check."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], int]

    def cell(self, row: str, column: str) -> int:
        return self.cells.get((row, column), 0)

    def row_sum(self, row: str) -> int:
        return sum(self.cell(row, column) for column in self.columns)

    def column_sum(self, column: str) -> int:
        return sum(self.cell(row, column) for row in self.rows)

    @property
    def sum(self) -> int:
        return sum(self.cells.values())

    @property
    def largest(self) -> int:
        return max(map(abs, self.cells.values()), default=0)


def matrix(cells: Iterable[tuple[str, str, int]], first: Sequence[str] = ()) -> Matrix:
    """The matrix of (row, column, fen) triples; repeated ones add up.

    Rows and columns named in `first` come in that order, the rest by their sums, largest first.
    """
    totals: dict[tuple[str, str], int] = defaultdict(int)
    by_row: dict[str, int] = defaultdict(int)
    by_column: dict[str, int] = defaultdict(int)
    for row, column, fen in cells:
        totals[row, column] += fen
        by_row[row] += fen
        by_column[column] += fen
    return Matrix(_ordered(by_row, first), _ordered(by_column, first), dict(totals))


def _ordered(sums: Mapping[str, int], first: Sequence[str]) -> tuple[str, ...]:
    leading = [name for name in first if name in sums]
    rest = sorted(sums.keys() - set(first), key=lambda name: (-sums[name], name))
    return (*leading, *rest)
