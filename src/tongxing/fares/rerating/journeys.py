"""Journeys as columns: the rides of each unit side by side, in the order they are charged.

A unit is whatever shares counters: a medium, or an account with all its media. The order is that
of the charging tap (exit, else entry), as the city prices them; equal ones keep their order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tongxing.fares.model import RideFacts, Rider
from tongxing.fares.rerating import layout
from tongxing.fares.rerating.bases import MISSING
from tongxing.fares.rerating.codes import Codebook, Given, Who, who_of


class Journey(Struct, frozen=True, kw_only=True):
    """One ride of one medium, or (with `pack`, the id of a pack's rule) the purchase of a pack.

    `unit` is the account, or the medium again where counters are nobody else's. `given` states the
    base fare for cities whose network is not known; without a fare system it states nothing.
    """

    unit: str
    medium: str
    ride: RideFacts
    rider: Rider
    given: Given = Given()
    pack: str = ""


TYPES: dict[str, type[np.signedinteger]] = {
    "first": np.int64, "slots": np.int32, "slot": np.int32, "entered_s": np.int64,
    "exited_s": np.int64, "mode": np.int8, "line": np.int32, "vehicle": np.int32,
    "origin": np.int32, "destination": np.int32, "missing": np.int8, "who": np.int32,
    "metres": np.int32, "slow_metres": np.int32, "system": np.int16, "stated_fen": np.int32,
    "pack": np.int16, "base": np.int32,
}  # fmt: skip
"""The type of every column of `layout.Columns`."""


@dataclass(frozen=True)
class JourneyTable:
    """Columns of journeys with the codes they are written in."""

    columns: layout.Columns
    codes: Codebook
    rows: int
    units: int
    most_slots: int
    first_s: int
    last_s: int

    def journeys(self, unit: int) -> Iterator[Journey]:
        """The journeys of one unit, as the exact engine takes them."""
        columns = self.columns
        for row in range(columns.first[unit], columns.first[unit + 1]):
            yield self._journey(unit, row)

    def _journey(self, unit: int, row: int) -> Journey:
        columns, codes = self.columns, self.codes
        kind, product, scheme, local, _, place = codes.whos[columns.who[row]]
        stations, pack = codes.stations.texts, int(columns.pack[row])
        return Journey(
            unit=str(unit),
            medium=str(columns.slot[row]),
            ride=RideFacts(
                mode=codes.modes.texts[columns.mode[row]],
                line=codes.lines.texts[columns.line[row]],
                vehicle=str(columns.vehicle[row] or ""),
                place=place,
                origin=stations[columns.origin[row]],
                destination=stations[columns.destination[row]],
                entered_s=int(columns.entered_s[row]),
                exited_s=int(columns.exited_s[row]),
                missing=MISSING[columns.missing[row]],
                metres=int(columns.metres[row]),
                slow_metres=int(columns.slow_metres[row]),
            ),
            rider=Rider(medium_kind=kind, product=product, scheme=scheme, issuer_is_local=local),
            given=Given(codes.systems.texts[columns.system[row]], int(columns.stated_fen[row])),
            pack=codes.packs.texts[pack + 1] if pack != layout.NONE else "",
        )


def charged_s(ride: RideFacts) -> int:
    """When a ride is charged: at the exit, else at the entry."""
    return ride.exited_s or ride.entered_s


def in_order(journeys: Sequence[Journey]) -> list[Journey]:
    """Journeys by unit (as first seen), then as they are charged."""
    units: dict[str, int] = {}
    for one in journeys:
        units.setdefault(one.unit, len(units))
    return sorted(
        journeys,
        key=lambda one: (units[one.unit], charged_s(one.ride), one.ride.entered_s),
    )


def journey_table(journeys: Sequence[Journey], packs: Sequence[str]) -> JourneyTable:
    """Journeys, already `in_order`, as columns; `packs` are the ids of the book's pack rules.

    Raises KeyError for the purchase of another pack.
    """
    codes = Codebook.empty()
    for pack in packs:
        codes.packs.of(pack)
    for one in journeys:
        if codes.packs.find(one.pack) < 0:
            raise KeyError(one.pack)
    whos: dict[Who, int] = {}
    rows = [_row(one, codes, whos) for one in journeys]
    codes.whos.extend(whos)
    slots: dict[tuple[str, str], int] = {}
    per_unit: dict[str, int] = {}
    slot = np.zeros(len(journeys), np.int32)
    for row, one in enumerate(journeys):
        key = (one.unit, one.medium)
        if key not in slots:
            slots[key] = per_unit.get(one.unit, 0)
            per_unit[one.unit] = slots[key] + 1
        slot[row] = slots[key]
    units = {name: number for number, name in enumerate(per_unit)}
    unit = np.array([units[one.unit] for one in journeys], np.int64)
    found = {
        name: np.array([row[name] for row in rows], TYPES[name])
        for name in (rows[0] if rows else dict.fromkeys(_RIDE_COLUMNS, 0))
    }
    return table_of(found, unit, slot, codes)


_RIDE_COLUMNS = tuple(name for name in TYPES if name not in ("first", "slots", "slot", "base"))


def table_of(
    found: dict[str, NDArray[np.signedinteger]],
    unit: NDArray[np.signedinteger],
    slot: NDArray[np.signedinteger],
    codes: Codebook,
) -> JourneyTable:
    """Columns in order, with where each unit begins and how many media it has."""
    rows = len(unit)
    starts = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]]) if rows else np.zeros(0, np.int64)
    first = np.r_[starts, rows].astype(np.int64)
    slots = np.maximum.reduceat(slot, starts) + 1 if rows else np.zeros(0, np.int32)
    times = np.r_[
        found["entered_s"][found["entered_s"] > 0], found["exited_s"][found["exited_s"] > 0]
    ]
    columns = layout.Columns(
        first=first,
        slots=slots.astype(np.int32),
        slot=slot.astype(np.int32),
        base=np.zeros(rows, np.int32),
        **{name: np.ascontiguousarray(found[name], TYPES[name]) for name in _RIDE_COLUMNS},
    )
    return JourneyTable(
        columns=columns,
        codes=codes,
        rows=rows,
        units=len(starts),
        most_slots=int(slots.max()) if rows else 1,
        first_s=int(times.min()) if len(times) else 0,
        last_s=int(times.max()) if len(times) else 0,
    )


def _row(one: Journey, codes: Codebook, whos: dict[Who, int]) -> dict[str, int]:
    ride = one.ride
    who = who_of(one.rider, ride.mode, ride.place)
    return {
        "entered_s": ride.entered_s, "exited_s": ride.exited_s, "mode": codes.modes.of(ride.mode),
        "line": codes.lines.of(ride.line), "vehicle": codes.vehicles.of(ride.vehicle),
        "origin": codes.stations.of(ride.origin),
        "destination": codes.stations.of(ride.destination),
        "missing": MISSING.index(ride.missing), "who": whos.setdefault(who, len(whos)),
        "metres": ride.metres, "slow_metres": ride.slow_metres,
        "system": codes.systems.of(one.given.system),
        "stated_fen": one.given.fare_fen if one.given.system else layout.NONE,
        "pack": codes.packs.of(one.pack) - 1,
    }  # fmt: skip
