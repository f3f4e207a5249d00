"""The grid by which staff correct half trips: where the rider stands, what was tapped, and when.

It is data (``data/staff_grid.toml``): one correction code, one price rule and one reason for each
of its cells, read strictly and whole. Nothing here prices, and nothing may make up a cell.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from tongxing.kernel.clock import business_date
from tongxing.kernel.reasons import all_reasons

Area = Literal["inside", "outside"]
Entry = Literal["none", "here", "elsewhere"]
Age = Literal["short", "long", "other_day"]
PriceRule = Literal["clear", "here_now", "here_before", "round", "stated", "usual", "nothing"]

Place = tuple[Area, Entry, Age]


class Cell(Struct, frozen=True, forbid_unknown_fields=True):
    """One case of the grid, and what is done about it."""

    area: Area
    entry: Entry
    age: Age
    code: str
    price: PriceRule
    reason: str


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    cell: list[Cell]


@cache
def staff_grid() -> Mapping[Place, Cell]:
    """The whole grid, read once."""
    return read_grid(files("tongxing.city").joinpath("data", "staff_grid.toml").read_bytes())


def read_grid(content: bytes) -> Mapping[Place, Cell]:
    """The grid from its file.

    Raises ValueError (msgspec.ValidationError is one) when a case stands twice or not at all, and
    for a word, a reason or a price rule that does not exist.
    """
    cells = msgspec.toml.decode(content, type=_File).cell
    found = {(cell.area, cell.entry, cell.age): cell for cell in cells}
    every = set(product(get_args(Area), get_args(Entry), get_args(Age)))
    if len(found) < len(cells) or set(found) != every:
        raise ValueError(f"cases missing {sorted(every - set(found))}, or one stands twice")
    unknown = sorted({cell.reason for cell in cells} - set(all_reasons()))
    if unknown:
        raise ValueError(f"no such reason: {unknown}")
    return found


def age_of(tap_s: int | None, now_s: int, short_s: int) -> Age:
    """How old a tap is on the grid; one that nobody knows of is of another day."""
    if tap_s is None or business_date(tap_s) != business_date(now_s):
        return "other_day"
    return "short" if now_s - tap_s <= short_s else "long"
