"""A rider with a half trip, and short words for what can become of it."""

from datetime import date, timedelta

from street import CHONGQING, DAY, moment, open_city
from tongxing.city import City
from tongxing.city.healing import Resolved
from tongxing.city.proofs import prove_city
from tongxing.city.store.half_trips import OpenGates
from tongxing.kernel.clock import business_day_end
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

DAY_S = 86_400
CLOSE_S = business_day_end(DAY)
DUE_S = CLOSE_S + 7 * DAY_S
"""From here on the clock decides about a half trip of DAY."""


def later(days: int, text: str = "12:00") -> int:
    """A time of day, some days after DAY."""
    return moment(text, DAY + timedelta(days=days))


def waiting(database: Database) -> list[tuple[str, str, str, int]]:
    """The half trips that wait: id, missing end, known station, what is held."""
    with database.connect(f"city_{CHONGQING}") as connection:
        return connection.execute(
            "SELECT trip_id, missing, station, held_fen FROM half_trip ORDER BY time_s, trip_id"
        ).fetchall()


def the_half(database: Database) -> str:
    """The id of the only half trip that waits."""
    [(trip_id, *_)] = waiting(database)
    return trip_id


def trips(database: Database) -> list[tuple[str, str, str, int, int]]:
    """The live trips by entry: how, origin, destination, fare, charge."""
    with database.connect(f"city_{CHONGQING}") as connection:
        return connection.execute(
            "SELECT how, origin, destination, fare_fen, charge_fen FROM trip WHERE how <> 'void'"
            " ORDER BY order_key, trip_id"
        ).fetchall()


def money(database: Database, rider: str = "a1") -> tuple[int, int]:
    """Balance and what is held."""
    with database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute(
            "SELECT balance_fen, held_fen FROM rider WHERE rider_id = %s", (rider,)
        ).fetchone()
    assert row is not None
    return row


def proofs_hold(database: Database) -> None:
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert [proof for proof in prove_city(cursor, CHONGQING) if not proof.holds] == []


def code_of(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.code


def done(found: Resolved | Refusal) -> Resolved:
    assert isinstance(found, Resolved), found
    return found


def gates(
    station: str, begins: int, ends: int, *, free: bool = True, name: str = "g1", at: int = 0
) -> OpenGates:
    return OpenGates(name, station, begins, ends, free, at or ends, "staff-7")


def close_days(city: City, first: date, count: int) -> None:
    """Close some business days, each at its end."""
    for number in range(count):
        day = first + timedelta(days=number)
        assert not isinstance(city.close_day(day, business_day_end(day)), Refusal)


__all__ = ["City", "open_city"]
