"""Books that an older version kept are brought up to date by whoever reads them next."""

import json
import sys
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "city"))

from street import CARD, CHONGQING, CITY_KEY, DAY, KEYS, Taps, booked, moment, open_city, send
from tongxing.city import City
from tongxing.cli import run
from tongxing.cli.books import bring_up_to_date
from tongxing.fares import load_city_fares
from tongxing.hub.store import HubStore
from tongxing.storage import Database

SCHEMA = f"city_{CHONGQING}"

BEFORE_HALF_TRIPS = f"""
    SET search_path TO {SCHEMA};
    DROP TABLE half_trip, half_trip_resolution, open_gates;
    DROP FUNCTION said_is_append_only;
    ALTER TABLE tap DROP COLUMN set_aside;
    ALTER TABLE rider DROP COLUMN pending_fen, DROP COLUMN resolved_s;
    DELETE FROM migration WHERE component = 'city' AND name = '0003_half_trips.sql';
    UPDATE rider SET state = json_build_array(state::json -> 0, state::json -> 1)::text
        WHERE state <> ''
"""


@pytest.fixture
def older(database: Database) -> Database:
    """A ride and an open trip in books from before there were tables of half trips."""
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("07:00", CARD, "entry", "chaotianmen"),
        tap("07:40", CARD, "exit", "shapingba"),
        tap("08:00", CARD, "entry", "chaotianmen"),
    )
    city.close()
    HubStore(database).close()
    with psycopg.connect(database.dsn) as connection:
        connection.execute(BEFORE_HALF_TRIPS.encode())
    return database


def test_older_books_are_proven(older: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "--dsn", older.dsn, "--json"]) == 0
    proofs = json.loads(capsys.readouterr().out)
    assert {proof["name"] for proof in proofs} >= {"held_not_taken", "each_tap_one_outcome"}
    assert all(proof["holds"] for proof in proofs)


def test_a_trip_of_older_books_is_explained(
    older: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with older.connect(SCHEMA) as connection:
        [(trip,)] = connection.execute("SELECT trip_id FROM trip").fetchall()
    assert run(["fares", "explain", trip, "--dsn", older.dsn, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_they_are_changed_once_and_a_house_that_is_not_there_stays_away(older: Database) -> None:
    assert bring_up_to_date(older) == [SCHEMA]
    assert bring_up_to_date(older) == []
    with older.connect("city_990000"):
        pass
    assert bring_up_to_date(older) == []
    with older.connect("city_990000") as empty:
        tables = empty.execute("SELECT to_regclass('migration'), to_regclass('trip')").fetchone()
    assert tables == (None, None)


def test_an_open_trip_of_older_books_goes_on(older: Database) -> None:
    """It is completed by its exit, or is held as a half trip when its day is closed."""
    city = open_again(older)
    assert booked(older)[0][1:4] == ("both_taps", "chaotianmen", "shapingba")
    city.close_day(DAY, moment("27:00"))
    [half] = city.waiting()
    assert half.held_fen == 900
    tap = Taps()
    tap("07:40", CARD, "exit", "shapingba")  # the number it had
    send(city, tap("08:40", CARD, "exit", "shapingba"), at="28:00")
    assert [row[1] for row in booked(older)] == ["both_taps", "both_taps"]
    assert city.waiting() == []
    city.close()


def open_again(database: Database) -> City:
    return City(CHONGQING, database, CITY_KEY, KEYS, load_city_fares(CHONGQING))
