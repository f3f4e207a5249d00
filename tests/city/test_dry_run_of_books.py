"""The dry run over a city's books: every trip is there once, told as its taps told it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from half_trip_world import done

from street import CARD, CHONGQING, CODE, DAY, PURSE, Taps, booked, moment, open_city, send
from tongxing.city.half_trips import Kind, Resolution
from tongxing.city.healing import apply
from tongxing.city.ridden import TripRide, fare_states_before, trip_rides
from tongxing.cli import run
from tongxing.fares import FareState, highest_fare, load_city_fares, price
from tongxing.storage import Database

TARIFF = Path(__file__).parents[2] / "src/tongxing/fares/data" / CHONGQING / "tariff.toml"
EVER_S = 2**40
HIGHEST_FEN = highest_fare(load_city_fares(CHONGQING), "rail", "", "chaotianmen", moment("12:00"))


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Commands find the one city of the books by themselves, or none."""
    return empty_database


def ridden(database: Database, from_s: int = 0, until_s: int = EVER_S) -> list[TripRide]:
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        return list(trip_rides(cursor, CHONGQING, from_s, until_s))


@pytest.fixture
def books(database: Database) -> Database:
    """A ride by card, a bus and a ride by code, a half trip of the code, and a purse."""
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("07:10", CARD, "entry", "chaotianmen"),
        tap("07:40", CARD, "exit", "shapingba"),
        tap("08:00", CODE, "ride", "", line="bus-149", mode="bus", vehicle="V7"),
        tap("08:30", CODE, "entry", "shapingba"),
        tap("09:00", CODE, "exit", "chaotianmen"),
        tap("10:00", CODE, "entry", "chaotianmen"),
        tap("11:00", PURSE, "entry", "chaotianmen"),
        tap("11:30", PURSE, "exit", "shapingba", taken=450),
        tap("12:00", PURSE, "entry", "chaotianmen"),
        tap("14:00", PURSE, "entry", "chaotianmen", taken=HIGHEST_FEN),
        tap("14:30", PURSE, "exit", "shapingba", taken=450),
    )
    return database


def test_each_trip_is_told_once_in_the_order_of_its_charge(books: Database) -> None:
    rides = ridden(books)
    charged = [one.ride.exited_s or one.ride.entered_s for one in rides]
    assert charged == sorted(charged)
    assert len(rides) == len(booked(books))
    first = rides[0]
    assert (first.rider_id, first.medium_no, first.rider.medium_kind) == ("a1", CARD, "card")
    assert (first.ride.origin, first.ride.destination) == ("chaotianmen", "shapingba")
    assert (first.ride.entered_s, first.ride.exited_s) == (moment("07:10"), moment("07:40"))


def test_a_ride_remembers_its_vehicle_and_a_half_trip_its_missing_end(books: Database) -> None:
    by_time = {one.ride.entered_s: one.ride for one in ridden(books)}
    assert by_time[moment("08:00")].vehicle == "V7"
    assert by_time[moment("07:10")].missing == ""
    half = by_time[moment("12:00")]
    assert (half.origin, half.destination, half.missing) == ("chaotianmen", "", "exit")
    assert half.exited_s == moment("14:00"), "when the money fell due"


def test_half_trips_are_told_as_they_were_resolved(database: Database) -> None:
    """Stated, at the median of others, cleared, let through: only what a tariff priced is told."""
    city, tap = open_city(database), Taps()
    for clock in ("06:00", "08:00", "10:00", "12:00"):
        send(city, tap(clock, CARD, "entry", "chaotianmen"))
    send(
        city,
        tap("07:10", PURSE, "entry", "chaotianmen"),
        tap("07:50", PURSE, "exit", "shapingba", taken=450),
    )
    city.close_day(DAY, moment("27:00"))
    stated, cleared, let_through, median = [half.trip_id for half in city.waiting()]
    done(city.declare("r1", stated, "shapingba", None, moment("30:00")))
    rules: list[tuple[Kind, int, str]] = [
        ("cleared", 0, cleared), ("disruption", 0, let_through), ("median", 500, median)
    ]  # fmt: skip
    halves = {half.trip_id: half for half in city.waiting()}
    said = [
        (halves[trip].rider_id, halves[trip].tap, Resolution(
            request_id=trip, tap=halves[trip].tap.ref, kind=kind, time_s=moment("30:00"),
            amount_fen=fen, decided_s=moment("30:00"), decided_by="s",
        ))
        for kind, fen, trip in rules
    ]  # fmt: skip
    with city._transaction() as cursor:
        apply(cursor, CHONGQING, load_city_fares(CHONGQING), said, moment("30:00"))
    hows = sorted(row[1] for row in booked(database))
    assert hows == ["both_taps", "cleared", "declared", "disruption", "median"]
    told = ridden(database)
    assert [(one.ride.origin, one.ride.destination, one.ride.missing) for one in told] == [
        ("chaotianmen", "shapingba", "")
    ] * 2


def test_the_period_ends_before_its_end(books: Database) -> None:
    from_s, until_s = moment("08:00"), moment("11:00")
    entered = [one.ride.entered_s for one in ridden(books, from_s, until_s)]
    assert entered
    assert all(from_s <= one < until_s for one in entered)


def test_pricing_the_told_rides_gives_what_was_booked(books: Database) -> None:
    fares = load_city_fares(CHONGQING)
    states: dict[str, FareState] = {}
    charges = []
    for one in ridden(books):
        quote = price(fares, one.ride, one.rider, states.get(one.medium_no, FareState()))
        states[one.medium_no] = quote.state
        charges.append(quote.charge_fen)
    assert sorted(charges) == sorted(row[4] for row in booked(books))


def test_what_was_counted_before_the_period_is_taken_from_the_books(database: Database) -> None:
    city, tap, next_day = open_city(database), Taps(), DAY + timedelta(days=1)
    send(
        city,
        tap("07:10", CARD, "entry", "chaotianmen"),
        tap("07:40", CARD, "exit", "shapingba"),
        tap(moment("07:10", next_day), CARD, "entry", "chaotianmen"),
        tap(moment("07:40", next_day), CARD, "exit", "shapingba"),
        at=moment("23:00", next_day),
    )
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        before, _ = fare_states_before(cursor, next_day)
        at_first, accounts = fare_states_before(cursor, DAY)
        after, _ = fare_states_before(cursor, next_day + timedelta(days=1))
    [counter] = before[CARD].counters
    assert (counter.paid_fen, counter.rides) == (450, 1)
    assert at_first == accounts == after == {}, "nothing before the first tap, or where none is"


def test_the_command_compares_the_books_with_a_new_tariff(
    books: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    dearer = tmp_path / "new.toml"
    text = TARIFF.read_text(encoding="utf-8")
    dearer.write_text(text.replace("fare_fen = 200", "fare_fen = 300"), encoding="utf-8")
    line = ["fares", "dry-run", str(dearer), "--city", CHONGQING, "--from-books"]
    assert run([*line, "--dsn", books.dsn, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["rides"] == len(booked(books))
    assert found["total"]["before_fen"] == sum(row[4] for row in booked(books))
    assert found["unpriced"] == []
    assert {row["key"] for row in found["groups"]["mode"]} == {"rail", "bus"}


def test_without_books_it_says_what_to_do(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["fares", "dry-run", str(TARIFF), "--city", CHONGQING, "--from-books"]
    assert run([*line, "--dsn", database.dsn, "--json"]) != 0
    assert json.loads(capsys.readouterr().err)["code"] == "NOTHING_TO_PROVE"
