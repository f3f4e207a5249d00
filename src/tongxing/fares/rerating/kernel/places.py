"""Gives every row the number of its place: rail by a table of stations, all else by a hash table.

Both only ever grow. A place seen for the first time gets the next number, and its row is noted so
that the base fare can be worked out once.
"""

from typing import NamedTuple

from tongxing.fares.rerating.layout import DAY_VERSION, NONE, Cells, Columns
from tongxing.fares.rerating.machine import compiled, entrance

_DAY_S = 86_400
_OFFSET_S = 28_800
_MIX_ONE = 0x1B873593CC9E2D51
_MIX_TWO = 0x2127599BF4325C37
_GIVEN_FARE = 3
_GIVEN_SYSTEM = 4

TALLY_COUNT, TALLY_NEW, TALLY_ROOM, TALLY_RAIL, TALLY_ZERO, TALLY_DAYS = range(6)


class PlaceIndex(NamedTuple):
    """Numbers of places. `rail[version row, station, station]`; the hash table beside it has two
    keys to a number. `tally` counts; `new_rows` are rows with places not seen before."""

    tally: Cells
    rail_of: Cells
    rail_row: Cells
    rail: Cells
    one: Cells
    other: Cells
    number: Cells
    new_rows: Cells


@compiled
def found_at(index: PlaceIndex, one: int, other: int, mask: int) -> int:
    """Where two keys stand in the hash table, or the free place where they belong."""
    mixed = (one * _MIX_ONE) ^ (other * _MIX_TWO)
    at = (mixed ^ (mixed >> 29)) & mask
    while index.number[at] != NONE and (index.one[at] != one or index.other[at] != other):
        at = (at + 1) & mask
    return at


@compiled
def new_number(index: PlaceIndex, row: int) -> int:
    """The next number, for a place first seen on this row."""
    number = index.tally[TALLY_COUNT]
    index.new_rows[index.tally[TALLY_NEW]] = row
    index.tally[TALLY_COUNT] += 1
    index.tally[TALLY_NEW] += 1
    return number


@compiled
def by_hash(index: PlaceIndex, rides: Columns, row: int, version: int, mask: int) -> int:
    """The number of a place by its keys."""
    kind, line = rides.missing[row], rides.line[row]
    origin, destination = rides.origin[row], rides.destination[row]
    if rides.system[row] != 0:
        kind = _GIVEN_FARE if rides.stated_fen[row] >= 0 else _GIVEN_SYSTEM
        line, origin, destination = rides.system[row], 0, 0
    one = ((version + 1) * 8 + kind) * 64 + rides.mode[row]
    one = one * 4_294_967_296 + line
    other = origin * 4_294_967_296 + destination
    at = found_at(index, one, other, mask)
    if index.number[at] == NONE:
        index.one[at] = one
        index.other[at] = other
        index.number[at] = new_number(index, row)
    return index.number[at]


@entrance
def number_rows(
    index: PlaceIndex, rides: Columns, days: Cells, begin: int, end: int, mask: int
) -> int:
    """Number rows until the end, or until there is no room for more new places; the row reached."""
    tally = index.tally
    for row in range(begin, end):
        if tally[TALLY_NEW] >= tally[TALLY_ROOM]:
            return row
        if rides.pack[row] != NONE:
            continue
        day = ((rides.entered_s[row] or rides.exited_s[row]) + _OFFSET_S) // _DAY_S
        day -= tally[TALLY_ZERO]
        if day < 0 or day >= tally[TALLY_DAYS]:
            continue
        version = days[day, DAY_VERSION]
        if (
            version >= 0
            and rides.mode[row] == tally[TALLY_RAIL]
            and rides.missing[row] == 0
            and rides.line[row] == 0
            and rides.system[row] == 0
        ):
            one, other = index.rail_of[rides.origin[row]], index.rail_of[rides.destination[row]]
            table = index.rail_row[version]
            if one >= 0 and other >= 0 and table >= 0:
                if index.rail[table, one, other] == NONE:
                    index.rail[table, one, other] = new_number(index, row)
                rides.base[row] = index.rail[table, one, other]
                continue
        rides.base[row] = by_hash(index, rides, row, version, mask)
    return end


@entrance
def put_back(index: PlaceIndex, ones: Cells, others: Cells, numbers: Cells, mask: int) -> None:
    """Put known places into a new, larger hash table."""
    for held in range(len(ones)):
        at = found_at(index, ones[held], others[held], mask)
        index.one[at] = ones[held]
        index.other[at] = others[held]
        index.number[at] = numbers[held]
