"""Numbers the places of a table with the kernel, and works out the fares of new ones.

Kept apart because it imports the kernel, which needs numba.
"""

import numpy as np

from tongxing.fares.rerating import layout
from tongxing.fares.rerating.bases import GIVEN_FARE, GIVEN_SYSTEM, BaseTables, Place
from tongxing.fares.rerating.compiling import Numbers, day_number
from tongxing.fares.rerating.journeys import JourneyTable
from tongxing.fares.rerating.kernel import places

_RAIL_MOST = 1_500
_ROOM = 1 << 14
_NO_NUMBERS = np.zeros(0, np.int64)


class Numbering:
    """The places seen so far and their numbers; `bases` gets a fare for each new one."""

    def __init__(self, bases: BaseTables) -> None:
        self.bases = bases
        self._size = 1 << 16
        self._one = np.zeros(self._size, np.int64)
        self._other = np.zeros(self._size, np.int64)
        self._number = np.full(self._size, layout.NONE, np.int32)
        self._tally = np.zeros(6, np.int64)
        self._new_rows = np.zeros(_ROOM, np.int64)
        self._rail_of = _NO_NUMBERS.astype(np.int32)
        self._rail_row = np.full(max(1, len(bases.fares.book.versions)), layout.NONE, np.int32)
        self._rail = np.full((0, 0, 0), layout.NONE, np.int32)

    def number(self, table: JourneyTable, days: Numbers, zero: int) -> None:
        """Write the number of its place into every row of the table."""
        self._make_room_for_rail(days)
        self._tally[places.TALLY_ZERO], self._tally[places.TALLY_DAYS] = zero, len(days)
        self._tally[places.TALLY_RAIL] = self.bases.codes.modes.find("rail")
        self._tally[places.TALLY_ROOM] = _ROOM
        row = 0
        while row < table.rows:
            self._grow()
            self._tally[places.TALLY_NEW] = 0
            row = places.number_rows(
                self._index(), table.columns, days, row, table.rows, self._size - 1
            )
            self._work_out(table, days, zero)
        if self.bases.count == 0:
            self.bases.add(Place(layout.NONE, 0, 0, 0, 0, 0))
            self._tally[places.TALLY_COUNT] += 1

    def _work_out(self, table: JourneyTable, days: Numbers, zero: int) -> None:
        """The base fares of the places that were new, by the rows they were first seen on."""
        columns = table.columns
        for row in self._new_rows[: self._tally[places.TALLY_NEW]]:
            time_s = int(columns.entered_s[row] or columns.exited_s[row])
            kind, line = int(columns.missing[row]), int(columns.line[row])
            if columns.system[row]:
                kind = GIVEN_FARE if columns.stated_fen[row] >= 0 else GIVEN_SYSTEM
                line = int(columns.system[row])
            self.bases.add(
                Place(
                    version=int(days[day_number(time_s) - zero, layout.DAY_VERSION]),
                    kind=kind,
                    mode=int(columns.mode[row]),
                    line=line,
                    origin=int(columns.origin[row]),
                    destination=int(columns.destination[row]),
                )
            )

    def _make_room_for_rail(self, days: Numbers) -> None:
        """A table of rail stations for each tariff version that the days know."""
        stations = self.bases.codes.stations.texts
        if len(self._rail_of) != len(stations):
            nodes = self.bases.fares.network.router.nodes_at
            order = {station: index for index, station in enumerate(nodes)}
            self._rail_of = np.array([order.get(one, layout.NONE) for one in stations], np.int32)
        count = len(self.bases.fares.network.router.nodes_at)
        if not 0 < count <= _RAIL_MOST:
            return
        for version in np.unique(days[:, layout.DAY_VERSION]):
            if version >= 0 and self._rail_row[version] == layout.NONE:
                self._rail_row[version] = len(self._rail)
                more = np.full((1, count, count), layout.NONE, np.int32)
                self._rail = np.concatenate([self._rail.reshape(-1, count, count), more])

    def _grow(self) -> None:
        """Keep the hash table at most half full, with the room that the next step may need."""
        used = int(np.count_nonzero(self._number != layout.NONE))
        if 2 * (used + _ROOM) <= self._size:
            return
        held = np.flatnonzero(self._number != layout.NONE)
        before = self._one[held], self._other[held], self._number[held]
        while 2 * (used + _ROOM) > self._size:
            self._size *= 2
        self._one = np.zeros(self._size, np.int64)
        self._other = np.zeros(self._size, np.int64)
        self._number = np.full(self._size, layout.NONE, np.int32)
        places.put_back(self._index(), *before, self._size - 1)

    def _index(self) -> places.PlaceIndex:
        return places.PlaceIndex(
            tally=self._tally,
            rail_of=self._rail_of,
            rail_row=self._rail_row,
            rail=self._rail,
            one=self._one,
            other=self._other,
            number=self._number,
            new_rows=self._new_rows,
        )
