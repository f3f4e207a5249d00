"""Trips that no table can split: half trips, trips that end where they began, overtime.

What becomes of their money is agreed between the operators, so it is dated data, no rule in code.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.hub.acc.parameters import EVERYBODY
from tongxing.kernel.dated import Table, in_force, said

Method = Literal["tapped_line", "station", "fixed"]


class Agreement(Struct, frozen=True, forbid_unknown_fields=True):
    """What holds on a day. `fixed` are whole-number weights by operator."""

    missing_exit: Method
    missing_entry: Method
    same_station: Method
    no_path: Method
    overtime: Literal["as_ride"] | Method
    source: str
    fixed: Mapping[str, int] = {}

    def method(self, origin: str, destination: str) -> Method:
        """How a trip is split of which a table says nothing; a station that is not known is ""."""
        if origin and not destination:
            return self.missing_exit
        if destination and not origin:
            return self.missing_entry
        return self.same_station if origin and origin == destination else self.no_path


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    from_day: date
    source: str
    city: str = EVERYBODY
    missing_exit: Method | UnsetType = UNSET
    missing_entry: Method | UnsetType = UNSET
    same_station: Method | UnsetType = UNSET
    no_path: Method | UnsetType = UNSET
    overtime: Literal["as_ride"] | Method | UnsetType = UNSET
    fixed: Mapping[str, int] | UnsetType = UNSET


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    sources: Mapping[str, str]
    agreements: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class Agreements:
    """All agreements of a file, by city and day; what was looked up is remembered."""

    sources: Mapping[str, str]
    rows: tuple[_Row, ...]
    _known: dict[tuple[str, date], Agreement] = field(default_factory=dict)

    def on(self, city: str, day: date) -> Agreement:
        """What holds for a city on a day. Raises ValueError for a file that leaves a kind out."""
        found = self._known.get((city, day))
        if found is None:
            found = self._known[city, day] = self._laid(city, day)
        return found

    def _laid(self, city: str, day: date) -> Agreement:
        tables = [Table(row.city, row.from_day, said(row, Agreement)) for row in self.rows]
        merged = in_force(tables, (EVERYBODY, city), day)
        source = self.sources.get(str(merged.get("source", "")), "")
        return msgspec.convert({**merged, "source": source}, Agreement)


def read_agreements(text: str) -> Agreements:
    """The agreements of a file. Raises ValueError for one that is malformed or cannot be right:
    a source that is not named, fixed weights that are negative, all zero, or missing."""
    file = msgspec.convert(tomllib.loads(text), _File)
    found = Agreements(file.sources, file.agreements)
    for row in found.rows:
        if row.source not in found.sources:
            raise ValueError(f"agreements: no source {row.source}")
        agreement = found.on(row.city, row.from_day)
        weights = agreement.fixed.values()
        methods = (agreement.missing_exit, agreement.missing_entry, agreement.same_station)
        uses_fixed = "fixed" in (*methods, agreement.no_path, agreement.overtime)
        if any(weight < 0 for weight in weights) or (uses_fixed and sum(weights) <= 0):
            raise ValueError(f"agreements from {row.from_day}: fixed weights")
    return found


@cache
def load_agreements() -> Agreements:
    """The project's own file."""
    place = files("tongxing.hub.acc").joinpath("data/agreements.toml")
    return read_agreements(place.read_text(encoding="utf-8"))


def weights_by(
    method: Method, agreement: Agreement, tapped: str, at_station: Sequence[str]
) -> tuple[tuple[str, int], ...]:
    """Operators with weights, in order of operator: who gets what of an abnormal trip.

    `tapped` is the operator of the tapped line, `at_station` are those at the known station. A
    station that nobody is known at belongs to the operator of the tapped line.
    """
    if method == "fixed":
        return tuple(sorted((who, part) for who, part in agreement.fixed.items() if part))
    if method == "station" and at_station:
        return tuple((who, 1) for who in sorted(set(at_station)))
    return ((tapped, 1),)
