"""Half trips are held, stated, completed by the clock; the true tap always wins."""

from datetime import timedelta

import psycopg
import pytest
from half_trip_world import (
    CLOSE_S,
    DUE_S,
    close_days,
    code_of,
    done,
    gates,
    later,
    money,
    proofs_hold,
    the_half,
    trips,
    waiting,
)

from street import CARD, CHONGQING, CODE, DAY, PURSE, Taps, moment, open_city, send
from tongxing.city import City
from tongxing.city.proofs import prove_city
from tongxing.kernel.clock import month_key
from tongxing.messages import Tap
from tongxing.storage import Database

FROM, TO = "chaotianmen", "shapingba"  # 16,308 m, 5.00 yuan, 4.50 with the card; 12:14 at 80 km/h


def forgotten_exit(database: Database, *more: Tap) -> City:
    """An entry at eight and nothing after it; the day is closed."""
    city = open_city(database)
    send(city, Taps()("08:00", CARD, "entry", FROM), *more)
    city.close_day(DAY, CLOSE_S)
    return city


def whole(tap: Taps, days: int, clock: str, medium: str = CARD, to: str = TO) -> list[Tap]:
    """A whole ride on a day before (below 0) or after DAY."""
    begin = later(days, clock)
    taken = None if medium in (CARD, CODE) else 450
    return [
        tap(begin, medium, "entry", FROM, taken=0),
        tap(begin + 2_400, medium, "exit", to, taken=taken),
    ]


# --- the passenger states it ----------------------------------------------------------------------


@pytest.mark.req("R-010", "R-012")
def test_a_stated_exit_is_charged_like_the_ride_it_was(database: Database) -> None:
    city = forgotten_exit(database)
    assert money(database) == (10_000, 900)
    half = the_half(database)
    found = done(city.declare("r1", half, "沙坪坝", None, later(1)))
    assert (found.station, found.time_s, found.charge_fen) == (TO, moment("08:12:14"), 450)
    assert trips(database) == [("declared", FROM, TO, 500, 450)]
    assert (money(database), waiting(database)) == ((9_550, 0), [])
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        (lines,) = cursor.execute("SELECT lines FROM trip").fetchone() or ("",)
    assert '"how":"declared"' in lines and '"by":""' in lines, "a receipt names nobody"
    proofs_hold(database)


def test_the_same_request_again_changes_nothing_and_another_under_its_name_is_refused(
    database: Database,
) -> None:
    city = forgotten_exit(database)
    half = the_half(database)
    first = done(city.declare("r1", half, TO, None, later(1)))
    for time_s in (None, first.time_s):
        assert city.declare("r1", half, TO, time_s, later(2)) == first
    for other in (("another", TO, None), (half, "daping", None), (half, TO, first.time_s + 60)):
        assert code_of(city.declare("r1", *other, later(2))) == "REQUEST_REUSED"
    assert code_of(city.declare("r2", half, "daping", None, later(2))) == "HALF_TRIP_SETTLED"
    assert money(database) == (9_550, 0)


def test_a_stated_entry_is_charged_like_the_ride_it_was(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:40", CODE, "exit", TO))
    assert money(database) == (10_000, 1_000)
    found = done(city.declare("r1", the_half(database), FROM, moment("08:05"), moment("20:00")))
    assert found.charge_fen == 450
    assert trips(database) == [("declared", FROM, TO, 500, 450)]
    proofs_hold(database)


def test_a_bus_after_the_stated_exit_is_relieved_as_if_it_had_been_tapped(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("08:00", CARD, "entry", FROM),
        tap("09:00", CARD, "ride", "", mode="bus", line="bus-401", vehicle="v1"),
        tap("20:00", CARD, "entry", TO),
        tap("20:40", CARD, "exit", FROM),
    )
    assert [row[0] for row in trips(database)] == ["single_tap", "both_taps"]
    assert trips(database)[0][4] == 90
    done(city.declare("r1", the_half(database), TO, moment("08:40"), moment("22:00")))
    assert [(row[0], row[4]) for row in trips(database)] == [
        ("declared", 450),
        ("single_tap", 0),
        ("both_taps", 450),
    ]
    proofs_hold(database)


def test_a_bus_before_the_stated_exit_is_not_relieved_by_it(database: Database) -> None:
    city = forgotten_exit(database)
    done(city.declare("r1", the_half(database), TO, moment("09:00"), later(1)))
    bus = Taps()("08:30", CARD, "ride", "", mode="bus", line="bus-401", vehicle="v1")
    send(city, bus, at=later(1, "13:00"))
    assert [(row[0], row[4]) for row in trips(database)] == [("declared", 450), ("single_tap", 90)]
    proofs_hold(database)


def test_a_median_of_the_clock_gives_way_to_nothing_but_taps_and_staff(database: Database) -> None:
    city = forgotten_exit(database)
    half = the_half(database)
    close_days(city, DAY + timedelta(days=1), 7)
    assert code_of(city.declare("r1", half, TO, None, DUE_S + 60)) == "HALF_TRIP_SETTLED"


@pytest.mark.parametrize(
    ("station", "time_s", "now_s", "code"),
    [
        ("atlantis", None, later(1), "FARES_NO_STATION"),
        ("朝天门", None, later(1), "HALF_TRIP_SAME_STATION"),
        (TO, moment("08:12"), later(1), "HALF_TRIP_TIME_UNLIKELY"),
        (TO, moment("07:00"), later(1), "HALF_TRIP_TIME_UNLIKELY"),
        (TO, moment("12:01"), later(1), "HALF_TRIP_TIME_UNLIKELY"),
        (TO, None, DUE_S, "HALF_TRIP_TOO_OLD"),
    ],
)
def test_what_cannot_have_been_is_not_believed(
    database: Database, station: str, time_s: int | None, now_s: int, code: str
) -> None:
    city = forgotten_exit(database)
    assert code_of(city.declare("r1", the_half(database), station, time_s, now_s)) == code
    assert money(database) == (10_000, 900)
    with database.connect(f"city_{CHONGQING}") as connection:
        assert connection.execute("SELECT count(*) FROM half_trip_resolution").fetchone() == (0,)


def test_nobody_can_have_been_far_away_just_before_the_next_tap(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM), tap("08:20", CARD, "entry", FROM))
    half = the_half(database)
    assert code_of(city.declare("r1", half, TO, None, moment("09:00"))) == "HALF_TRIP_UNREACHABLE"
    assert done(city.declare("r2", half, "xiaoshizi", None, moment("09:00"))).charge_fen == 180


def test_an_unknown_half_trip_and_one_of_a_purse_say_why_not(database: Database) -> None:
    city, tap = open_city(database), Taps()
    assert code_of(city.declare("r1", "f" * 32, TO, None, later(1))) == "HALF_TRIP_UNKNOWN"
    send(
        city,
        tap("08:00", PURSE, "entry", FROM, taken=0),
        tap("18:00", PURSE, "entry", TO, taken=900),
    )
    with database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute("SELECT trip_id, how FROM trip").fetchone()
    assert row is not None and row[1] == "missing_exit"
    assert code_of(city.declare("r2", row[0], TO, None, later(1))) == "HALF_TRIP_ON_PURSE"


def test_three_corrections_a_month_are_free_and_the_next_month_begins_anew(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    for number in range(5):
        send(city, tap(later(9 + number, "08:00"), CARD, "entry", FROM), at=later(9 + number))
    city.close_day(DAY + timedelta(days=13), later(14, "03:00"))
    halves = [row[0] for row in waiting(database)]
    assert len(halves) == 5
    march, april = later(14), moment("06:00", DAY.replace(month=4, day=1))
    assert (month_key(march), month_key(april)) == (202603, 202604)
    for number in range(3):
        done(city.declare(f"r{number}", halves[number], TO, None, march))
    refused = city.declare("r3", halves[3], TO, None, march)
    assert code_of(refused) == "HALF_TRIP_CORRECTIONS_USED"
    done(city.declare("r4", halves[3], TO, None, april))


# --- the true tap wins ----------------------------------------------------------------------------


@pytest.mark.req("R-011")
def test_the_true_exit_beats_what_was_stated_and_the_difference_goes_back(
    database: Database,
) -> None:
    city = forgotten_exit(database)
    done(city.declare("r1", the_half(database), "daxuecheng", None, later(1)))
    assert trips(database)[0][4] > 450
    send(city, Taps()("08:40", CODE, "exit", TO), at=later(20))
    assert trips(database) == [("paired_by_account", FROM, TO, 500, 450)]
    assert money(database) == (9_550, 0)
    proofs_hold(database)


def test_the_true_entry_beats_what_the_clock_decided(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:40", CARD, "exit", TO))
    close_days(city, DAY, 8)
    assert trips(database) == [("missing_entry", "", TO, 1_000, 1_000)]
    send(city, tap("08:00", CARD, "entry", FROM), at=later(30))
    assert trips(database) == [("both_taps", FROM, TO, 500, 450)]
    proofs_hold(database)


def test_across_media_a_ride_lasts_four_hours_at_most(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM), tap("12:00:01", CODE, "exit", TO))
    assert [row[1] for row in waiting(database)] == ["entry"]
    send(city, tap("12:10", CARD, "exit", TO))  # the same medium: the tariff asks for overtime
    assert [row[0] for row in trips(database)] == ["both_taps"]


def test_across_media_four_hours_are_still_one_ride(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM), tap("12:00", CODE, "exit", TO))
    assert [row[0] for row in trips(database)] == ["paired_by_account"]


# --- the clock decides ----------------------------------------------------------------------------


def test_a_habit_completes_the_ride_after_seven_days(database: Database) -> None:
    city, tap = open_city(database), Taps()
    for days in (-3, -2, -1):
        send(city, *whole(tap, days, "07:00"), at=later(days, "23:00"))
    send(city, tap("08:00", CARD, "entry", FROM))
    close_days(city, DAY, 7)
    assert len(waiting(database)) == 1
    close_days(city, DAY + timedelta(days=7), 1)
    assert trips(database)[-1] == ("habitual", FROM, TO, 500, 450)
    assert waiting(database) == []
    proofs_hold(database)


def test_two_equal_rides_are_no_habit_and_the_median_of_others_counts(database: Database) -> None:
    city, tap = open_city(database), Taps()
    for number, end in enumerate((TO, TO, "xiaoshizi", "daping", "daping", "daxuecheng")):
        send(city, *whole(tap, -1, f"1{number}:00", CODE, end), at=later(-1, "23:00"))
    send(city, tap("08:00", CARD, "entry", FROM))
    close_days(city, DAY, 8)
    fares = sorted(row[3] for row in trips(database)[:-1])
    assert len(fares) == 6 and fares[2] < fares[3]  # of the two in the middle the lower one
    assert trips(database)[-1] == ("median", FROM, "", fares[2], fares[2])
    proofs_hold(database)


def test_where_nobody_rode_the_highest_fare_stands(database: Database) -> None:
    city = forgotten_exit(database)
    close_days(city, DAY + timedelta(days=1), 7)
    assert trips(database) == [("missing_exit", FROM, "", 900, 900)]
    assert money(database) == (9_100, 0)
    proofs_hold(database)


def test_the_fourth_half_trip_of_a_month_costs_the_highest_fare_whatever_the_habit(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    for days in (-3, -2, -1):
        send(city, *whole(tap, days, "07:00"), at=later(days, "23:00"))
    for hour in (8, 10, 12, 14):
        send(city, tap(f"{hour:02d}:00", CARD, "entry", FROM))
    close_days(city, DAY, 8)
    assert [row[0] for row in trips(database)[-4:]] == ["habitual"] * 3 + ["missing_exit"]
    proofs_hold(database)


def test_deciding_twice_decides_once(database: Database) -> None:
    city = forgotten_exit(database)
    assert city.resolve_due(DUE_S - 1) == 0
    assert city.resolve_due(DUE_S) == 1
    assert city.resolve_due(DUE_S) == 0
    assert city.resolve_due(DUE_S + 60) == 0
    with database.connect(f"city_{CHONGQING}") as connection:
        assert connection.execute("SELECT count(*) FROM half_trip_resolution").fetchone() == (1,)


# --- open gates -----------------------------------------------------------------------------------


def test_a_habit_through_open_gates_is_the_ride(database: Database) -> None:
    city, tap = open_city(database), Taps()
    for days in (-3, -2, -1):
        send(city, *whole(tap, days, "07:00"), at=later(days, "23:00"))
    send(city, tap("08:00", CARD, "entry", FROM))
    city.close_day(DAY, CLOSE_S)
    assert city.open_gates(gates(TO, moment("08:00"), moment("09:00"), at=later(1))) == 1
    assert trips(database)[-1] == ("disruption", FROM, TO, 500, 450)
    proofs_hold(database)


@pytest.mark.parametrize(("free", "count"), [(True, 1), (False, 0)])
def test_without_a_habit_the_notice_says_whether_it_is_free(
    database: Database, free: bool, count: int
) -> None:
    city = forgotten_exit(database)
    notice = gates(TO, moment("08:00"), moment("09:00"), free=free, at=later(1))
    assert city.open_gates(notice) == count
    assert city.open_gates(notice) == count  # once
    expected = [("disruption", FROM, "", 0, 0)] if free else []
    assert (trips(database), len(waiting(database))) == (expected, 1 - count)
    proofs_hold(database)


@pytest.mark.parametrize(
    ("station", "begins", "ends"),
    [
        (TO, "07:00", "08:12"),  # closed before a train could be there
        (TO, "12:01", "13:00"),  # later than any ride lasts
        ("atlantis-bus", "08:00", "09:00"),
    ],
)
def test_gates_that_nobody_can_have_gone_through_explain_nothing(
    database: Database, station: str, begins: str, ends: str
) -> None:
    city = forgotten_exit(database)
    found = city.open_gates(gates(station, moment(begins), moment(ends), at=later(1)))
    assert found == 0 if station == TO else code_of(found) == "FARES_NO_STATION"
    assert len(waiting(database)) == 1


def test_a_notice_also_explains_half_trips_that_come_in_after_it(database: Database) -> None:
    city = open_city(database)
    notice = gates(TO, moment("08:00"), moment("09:00"), at=moment("22:00"))
    assert city.open_gates(notice) == 0
    send(city, Taps()("08:00", CARD, "entry", FROM), at="23:00")
    city.close_day(DAY, CLOSE_S)
    assert trips(database) == [("disruption", FROM, "", 0, 0)]
    assert city.open_gates(notice) == 1
    wrong = gates(TO, moment("09:00"), moment("09:00"), name="g2")
    assert code_of(city.open_gates(wrong)) == "GATES_TIMES"
    assert code_of(city.open_gates(gates(FROM, 1, 2, name="g1"))) == "REQUEST_REUSED"


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE rider SET held_fen = held_fen + 1 WHERE rider_id = 'a1'", "held_not_taken"),
        ("UPDATE rider SET held_fen = 0, pending_fen = 0", "held_not_taken"),
        ("UPDATE half_trip SET held_fen = held_fen - 1", "held_not_taken"),
        ("UPDATE half_trip SET seq = 9", "each_tap_one_outcome"),
        ("UPDATE half_trip SET trip_id = (SELECT trip_id FROM trip)", "held_not_taken"),
    ],
)
def test_the_proofs_see_what_was_written_by_hand(
    database: Database, statement: str, broken: str
) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("07:00", CARD, "entry", FROM), tap("07:40", CARD, "exit", TO))
    send(city, tap("08:00", CARD, "entry", FROM))
    city.close_day(DAY, CLOSE_S)
    proofs_hold(database)
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        cursor.execute(statement.encode())
        found = [proof.name for proof in prove_city(cursor, CHONGQING) if not proof.holds]
        connection.rollback()
    assert found == [broken]


# --- evidence -------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["half_trip_resolution", "open_gates"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET station=''", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_was_said_is_never_edited(database: Database, table: str, statement: str) -> None:
    city = forgotten_exit(database)
    city.open_gates(gates(TO, moment("08:00"), moment("09:00"), at=later(1)))
    with database.connect(f"city_{CHONGQING}") as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement.format(table))
        connection.rollback()


def test_a_new_tap_of_a_day_with_a_stated_end_finds_the_same_trips_in_any_batch(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    first = tap("08:00", CARD, "entry", FROM)
    second = tap("12:00", CARD, "entry", FROM)
    send(city, first, second)
    done(city.declare("r1", the_half(database), TO, moment("08:40"), moment("13:00")))
    send(city, tap("13:00", CARD, "exit", TO))
    assert [row[0] for row in trips(database)] == ["declared", "both_taps"]
    send(city, tap("08:50", CARD, "exit", TO))
    assert [row[0] for row in trips(database)] == ["both_taps", "both_taps"]
    proofs_hold(database)
