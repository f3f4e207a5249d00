"""Dated tables laid over one another: what holds for an owner on a day, from data files.

A file says what holds for everybody and, where it differs, for some owner (a city, a scheme of a
city). Each table is good from its day on and says only what it changes. This is the one place where
that is worked out; what the numbers mean, and which are allowed, is for the room that owns them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from msgspec import UNSET, Struct


@dataclass(frozen=True, slots=True)
class Table:
    """What one table says, from a day on, of one owner."""

    owner: object
    from_day: date
    said: Mapping[str, object]


def said(row: Struct, of: type[Struct]) -> dict[str, object]:
    """Those of the fields of `of` that a row of a file gives; it leaves the others UNSET."""
    found = {name: getattr(row, name) for name in of.__struct_fields__}
    return {name: value for name, value in found.items() if value is not UNSET}


def in_force(tables: Iterable[Table], owners: Sequence[object], day: date) -> dict[str, object]:
    """All that holds on a day, by name. `owners` are the ones that are asked for, everybody first,
    the most special last; before everybody's first table, that one holds.

    Raises ValueError for two tables of one owner and day.
    """
    rows = sorted(tables, key=lambda table: table.from_day)
    known = [(row.owner, row.from_day) for row in rows]
    if len(set(known)) != len(known):
        raise ValueError("two tables of one owner and day")
    merged: dict[str, object] = {}
    for owner in owners:
        of_owner = [row for row in rows if row.owner == owner]
        begun = [row for row in of_owner if row.from_day <= day]
        for row in begun or (of_owner[:1] if owner == owners[0] else ()):
            merged |= row.said
    return merged


def below(merged: Mapping[str, object], least: int) -> list[str]:
    """The names of whole numbers that are below `least`; truths are no numbers."""
    return [
        name
        for name, value in merged.items()
        if isinstance(value, int) and not isinstance(value, bool) and value < least
    ]
