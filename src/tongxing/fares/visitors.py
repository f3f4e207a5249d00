"""What visitors with a card of another member city pay: City Union's table, T-Union's rule.

City Union publishes a factor per city, mode and part of town (R-306); a mode that a listed city
does not name is not open to visitors, and a member without a row gives no discount (R-308).
T-Union's rule is that the visited city's own policy holds (R-204), so it needs no table.
"""

from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from tongxing.fares.rules import Confidence

T_UNION = "t_union"
CITY_UNION = "city_union"
VISITOR_RULE = "CU-VISITOR"


class VisitorRelief(Struct, frozen=True):
    """The share of the plain fare that a City Union visitor pays, in basis points."""

    id: str
    rate_bp: int


class VisitorRow(Struct, frozen=True, forbid_unknown_fields=True):
    """Rates by mode in one city; `places` (division codes) limits the row to parts of it."""

    city: str
    name_zh: str
    rates_bp: dict[str, int]
    places: tuple[str, ...] = ()
    part_zh: str = ""
    part_en: str = ""


class VisitorTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The table as it was published on one day."""

    as_of: date
    confidence: Confidence
    source: str
    row: tuple[VisitorRow, ...]


@cache
def visitor_table() -> VisitorTable:
    """City Union's table of visitors' factors, read once from the package data."""
    source = files("tongxing.fares").joinpath("data", "visitors.toml")
    return msgspec.toml.decode(source.read_bytes(), type=VisitorTable)


def rows_of(city: str) -> tuple[VisitorRow, ...]:
    """All rows of a city, one per part of town."""
    return tuple(row for row in visitor_table().row if row.city == city)


def visitor_relief(
    scheme: str, city: str, mode: str, place: str, day: date
) -> VisitorRelief | None:
    """The factor of the table for a visitor on a day; None where no discount is given."""
    if scheme != CITY_UNION or day < visitor_table().as_of:
        return None
    for row in rows_of(city):
        if mode in row.rates_bp and (not row.places or place in row.places):
            return VisitorRelief(VISITOR_RULE, row.rates_bp[mode])
    return None


def open_to_visitors(scheme: str, city: str, mode: str) -> bool:
    """Whether a visitor of the scheme may pay this mode here as far as the table knows.

    A city with rows opens only the modes they name; a member without a row is not judged here.
    """
    if scheme != CITY_UNION:
        return True
    rows = rows_of(city)
    return not rows or any(mode in row.rates_bp for row in rows)
