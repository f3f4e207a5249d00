"""What visitors with a card of another member city pay: City Union's table, T-Union's rule.

City Union publishes a factor per city, mode and part of town (R-306); the table itself stands in
the registry, which also decides acceptance by it. A mode that a listed city does not name is not
open to visitors, and a member without a row gives no discount (R-308). T-Union's rule is that the
visited city's own policy holds (R-204), so it needs no table.
"""

from datetime import date

from msgspec import Struct

from tongxing.network.places import part_of_town
from tongxing.network.registry import load_registry
from tongxing.network.schemes import VisitorRate

T_UNION = "t_union"
CITY_UNION = "city_union"
VISITOR_RULE = "CU-VISITOR"


class VisitorRelief(Struct, frozen=True):
    """The share of the plain fare that a visitor pays, in basis points, by a table of a day."""

    id: str
    rate_bp: int
    as_of: str


def visitor_rows(city: str, day: date) -> tuple[VisitorRate, ...]:
    """City Union's rows for a city that hold on a day."""
    rows = load_registry().visitor_rates(CITY_UNION, city)
    return tuple(row for row in rows if row.as_of <= day)


def visitor_relief(
    scheme: str, city: str, mode: str, place: str, day: date
) -> VisitorRelief | None:
    """The factor of the table for a visitor on a day; None where no discount is given."""
    parts = ("all", part_of_town(place))
    for row in load_registry().visitor_rates(scheme, city):
        if row.mode == mode and row.part in parts and row.as_of <= day:
            return VisitorRelief(VISITOR_RULE, row.per_mille * 10, row.as_of.isoformat())
    return None


def table_days(city: str) -> frozenset[date]:
    """The days from which a visitor table holds in a city."""
    return frozenset(row.as_of for row in load_registry().visitor_rates(CITY_UNION, city))


def open_to_visitors(scheme: str, city: str, mode: str) -> bool:
    """Whether a visitor of the scheme may pay this mode here as far as the table knows.

    A city with rows opens only the modes they name; a member without a row is not judged here.
    """
    rows = load_registry().visitor_rates(scheme, city)
    return not rows or any(row.mode == mode for row in rows)
