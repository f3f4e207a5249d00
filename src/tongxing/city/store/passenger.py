"""What one account's books hold for its passenger's eyes: trips by month, media, the fold state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import LiteralString

from tongxing.city.riding import NEW_STATE, RiderState
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.riders import decode_state
from tongxing.city.views import TripRow

_ROW: LiteralString = (
    "trip_id, revision, business_date, medium_no, medium_kind, scheme, issuer, product, funding,"
    " place, mode, operator, line, origin, destination, entered_s, exited_s, how, fare_fen,"
    " charge_fen, tariff, remark"
)


@dataclass(frozen=True, slots=True)
class OwnMedium:
    """A medium of an account; `denied` is the reason under which gates refuse it, else ""."""

    medium_no: str
    medium_kind: str
    scheme: str
    product: str
    denied: str


@dataclass(frozen=True, slots=True)
class MonthOfTrips:
    """How many trips a calendar month of business days has, and what they cost."""

    first: date
    trips: int
    charge_fen: int


def months_of(cursor: Cursor, rider_id: str) -> list[MonthOfTrips]:
    """The months in which an account has trips, newest first."""
    rows = cursor.execute(
        "SELECT date_trunc('month', completed_on)::date, count(*), sum(charge_fen)::bigint"
        " FROM trip WHERE rider_id = %s AND how <> 'void' GROUP BY 1 ORDER BY 1 DESC",
        (rider_id,),
    )
    return [MonthOfTrips(*row) for row in rows]


def trips_between(
    cursor: Cursor, rider_id: str, first: date, following: date, limit: int
) -> list[TripRow]:
    """An account's trips completed from one day up to another, newest first."""
    rows = cursor.execute(
        "SELECT " + _ROW + " FROM trip WHERE rider_id = %s AND completed_on >= %s"
        " AND completed_on < %s AND how <> 'void' ORDER BY entered_s DESC, trip_id DESC LIMIT %s",
        (rider_id, first, following, limit),
    )
    return [TripRow(*row) for row in rows]


def owner_of_trip(cursor: Cursor, trip_id: str) -> str | None:
    """Whose trip it is; None for one that is not in the books."""
    row = cursor.execute("SELECT rider_id FROM trip WHERE trip_id = %s", (trip_id,)).fetchone()
    return None if row is None else str(row[0])


def media_of(cursor: Cursor, rider_id: str) -> list[OwnMedium]:
    """The media of an account, codes before cards."""
    rows = cursor.execute(
        "SELECT medium_no, medium_kind, scheme, product, denied FROM medium WHERE rider_id = %s"
        " ORDER BY medium_kind DESC, medium_no",
        (rider_id,),
    )
    return [OwnMedium(*row) for row in rows]


def state_of(cursor: Cursor, rider_id: str) -> RiderState:
    """What the fold remembers of an account; the empty state for one that is not here."""
    row = cursor.execute("SELECT state FROM rider WHERE rider_id = %s", (rider_id,)).fetchone()
    return NEW_STATE if row is None else decode_state(str(row[0]))


def busiest_accounts(cursor: Cursor, kinds: Sequence[str], limit: int) -> list[str]:
    """Accounts with exactly these kinds of media, by how much they travelled, the busiest first."""
    rows = cursor.execute(
        "SELECT rider_id FROM rider JOIN (SELECT rider_id, array_agg(medium_kind ORDER BY"
        " medium_kind) AS kinds, max(denied) AS denied FROM medium GROUP BY rider_id) AS m"
        " USING (rider_id) LEFT JOIN (SELECT rider_id, count(*) AS trips FROM trip"
        " WHERE how <> 'void' GROUP BY rider_id) AS t USING (rider_id)"
        " WHERE kind = 'account' AND kinds = %s AND denied = '' AND balance_fen > 0"
        " ORDER BY coalesce(trips, 0) DESC, rider_id LIMIT %s",
        (sorted(kinds), limit),
    )
    return [str(row[0]) for row in rows]
