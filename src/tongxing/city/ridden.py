"""The rides behind a city's trips, for those who price them otherwise: a dry run, a rerating.

Reads trips that stand and says again what their taps said, and what media remembered before them.
Nothing is written, and nobody's price is looked at here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tongxing.city.riding import ACCOUNT
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.riders import decode_state
from tongxing.fares import FareState, RideFacts, Rider
from tongxing.fares.model import Missing


@dataclass(frozen=True, slots=True)
class TripRide:
    """The ride of one trip: whose it is, on which medium, who ran the line of its tap."""

    rider_id: str
    medium_no: str
    operator: str
    rider: Rider
    ride: RideFacts


def trip_rides(
    cursor: Cursor, city: str, from_s: int, until_s: int, rows_at_once: int = 5_000
) -> Iterator[TripRide]:
    """The rides that began from `from_s` on and before `until_s`, as they were charged.

    `city` is the division code of the books. The vehicle is that of the tap which charged the
    ride: the exit, or the entry where no exit came. Half trips that no tariff has priced are left
    out: those that were cleared or let through for nothing, and those at the median of others.
    """
    cursor.execute(
        "DECLARE trip_rides CURSOR FOR"
        " SELECT t.rider_id, t.medium_no, t.operator, t.medium_kind, t.product, t.scheme, t.issuer,"
        "  t.mode, t.line, coalesce(v.vehicle, ''), t.place, t.origin, t.destination, t.entered_s,"
        "  t.exited_s, t.how"
        " FROM trip t LEFT JOIN LATERAL (SELECT tap.body::json ->> 'vehicle' AS vehicle"
        "  FROM trip_tap JOIN tap USING (terminal_id, epoch, seq)"
        "  WHERE trip_tap.trip_id = t.trip_id AND trip_tap.revision = t.revision"
        "  ORDER BY (t.how = 'missing_exit') = (tap.time_s = t.entered_s) DESC, tap.order_key DESC"
        "  LIMIT 1) v ON true"
        " WHERE t.how <> 'void' AND t.entered_s >= %s AND t.entered_s < %s"
        "  AND (t.how IN ('single_tap', 'missing_exit', 'missing_entry')"
        "   OR (t.origin <> '' AND t.destination <> ''))"
        " ORDER BY greatest(t.exited_s, t.entered_s), t.order_key",
        (from_s, until_s),
    )
    while rows := cursor.execute(f"FETCH {rows_at_once:d} FROM trip_rides").fetchall():
        for row in rows:
            yield _ride(city, row)
    cursor.execute("CLOSE trip_rides")


def fare_states_before(cursor: Cursor, day: date) -> tuple[dict[str, FareState], ...]:
    """What media, and what accounts, remembered before their first tap of the business day `day`
    or later: two dictionaries, by number of the medium and by rider."""
    rows = cursor.execute(
        "SELECT c.rider_id, c.state FROM (SELECT rider_id, min(business_date) AS business_date"
        "  FROM tap WHERE business_date >= %s AND outcome = 'opened' GROUP BY rider_id) AS first"
        " JOIN rider_checkpoint c USING (rider_id, business_date) ORDER BY c.rider_id",
        (day,),
    )
    media: dict[str, FareState] = {}
    accounts: dict[str, FareState] = {}
    for rider_id, text in rows:
        for name, state in decode_state(text).fare_states.items():
            if name == ACCOUNT:
                accounts[str(rider_id)] = state
            else:
                media[name] = state
    return media, accounts


def _ride(city: str, row: tuple[object, ...]) -> TripRide:
    texts = [str(value) for value in row]
    rider_id, medium_no, operator, kind, product, scheme, issuer = texts[:7]
    mode, line, vehicle, place, origin, destination, entered_s, exited_s, how = texts[7:]
    return TripRide(
        rider_id=rider_id,
        medium_no=medium_no,
        operator=operator,
        rider=Rider(
            medium_kind=kind,
            product=product,
            scheme=scheme,
            issuer=issuer,
            issuer_is_local=issuer == city,
        ),
        ride=RideFacts(
            mode=mode,
            line=line,
            vehicle=vehicle,
            place=place,
            origin=origin,
            destination=destination,
            entered_s=int(entered_s),
            exited_s=int(exited_s),
            missing=_missing(origin, destination, how),
        ),
    )


def _missing(origin: str, destination: str, how: str) -> Missing:
    """Which end nobody knows: neither a tap nor anyone's word says it."""
    if how == "single_tap" or (origin and destination):
        return ""
    return "exit" if origin else "entry"
