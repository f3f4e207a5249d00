"""Staff correct half trips by the grid: each of its eighteen cases, with its code and its price."""

from datetime import timedelta
from importlib.resources import files
from typing import NamedTuple

import pytest
from half_trip_world import CLOSE_S, code_of, later, money, proofs_hold, the_half, trips, waiting

from street import CARD, CHONGQING, CODE, DAY, PURSE, Taps, moment, open_city, send
from tongxing.city import City, Corrected, Correction
from tongxing.city.grid import age_of, read_grid, staff_grid
from tongxing.city.half_trips import Resolution
from tongxing.city.healing import apply
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import business_day_end
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

FROM, TO = "chaotianmen", "shapingba"
NEAR = "xiaoshizi"  # the next station


def corrected(found: Corrected | Refusal) -> Corrected:
    assert isinstance(found, Corrected), found
    return found


def asked(area: str, station: str, **more: str) -> Correction:
    plain = {"request_id": "r1", "staff": "staff-7", "medium_no": CARD}
    return Correction(area="inside" if area == "inside" else "outside", station=station,
                      **{**plain, **more})  # fmt: skip


class Case(NamedTuple):
    """A case of the grid: the tap (kind, station) before, how long ago, and what comes out."""

    area: str
    tap: str
    at: str
    now_s: int
    code: str
    kind: str
    charge_fen: int
    stated: str = ""


NOON = moment("12:00")
CASES = [
    Case("outside", "exit", TO, moment("08:20"), "8900", "staff", 450, FROM),
    Case("outside", "exit", TO, NOON, "8900", "staff", 450, FROM),
    Case("outside", "exit", TO, later(1), "8900", "staff", 450, FROM),
    Case("outside", "entry", TO, moment("08:20"), "8411", "cleared", 0),
    Case("outside", "entry", TO, NOON, "8412", "staff", 180),
    Case("outside", "entry", TO, later(1), "8414", "maximum", 1_000),
    Case("outside", "entry", FROM, moment("08:20"), "8416", "staff", 450),
    Case("outside", "entry", FROM, NOON, "8416", "staff", 450),
    Case("outside", "entry", FROM, later(1), "8414", "maximum", 900),
    Case("inside", "ride out", TO, moment("08:20"), "0310", "", 0),
    Case("inside", "ride out", TO, NOON, "8900", "", 0),
    Case("inside", "ride out", TO, later(1), "8900", "", 0),
    Case("inside", "entry", TO, moment("08:20"), "8411", "cleared", 0),
    Case("inside", "entry", TO, moment("09:00"), "8300", "staff", 180),
    Case("inside", "entry", TO, later(1), "8414", "maximum", 1_000),
    Case("inside", "entry", FROM, moment("08:20"), "8416", "staff", 450),
    Case("inside", "entry", FROM, moment("09:00"), "8300", "staff", 450),
    Case("inside", "entry", FROM, later(1), "8414", "maximum", 900),
]


def prepared(database: Database, case: Case) -> City:
    city, tap = open_city(database), Taps()
    if case.tap == "ride out":
        send(city, tap("07:20", CARD, "entry", FROM), tap("08:00", CARD, "exit", case.at))
    else:
        kind = "exit" if case.tap == "exit" else "entry"
        send(city, tap("08:00", CARD, kind, case.at))
    if case.now_s > CLOSE_S:
        city.close_day(DAY, CLOSE_S)
    return city


@pytest.mark.parametrize("case", CASES, ids=[f"{c.area}, {c.tap} {c.at}, {c.code}" for c in CASES])
def test_each_case_has_its_code_and_its_price(database: Database, case: Case) -> None:
    city = prepared(database, case)
    before = money(database)[0]
    found = corrected(city.correct(asked(case.area, TO, stated=case.stated), case.now_s))
    assert (found.code, found.kind, found.charge_fen) == (case.code, case.kind, case.charge_fen)
    assert money(database) == (before - case.charge_fen, 0)
    again = corrected(city.correct(asked(case.area, TO, stated=case.stated), case.now_s))
    assert again == found
    assert money(database) == (before - case.charge_fen, 0)
    proofs_hold(database)


def test_the_cases_are_all_there_are() -> None:
    grid = staff_grid()
    assert len(grid) == len(CASES) == 18
    tried = {
        (case.area, "none" if case.tap in ("exit", "ride out") else
         "here" if case.at == TO else "elsewhere", age_of(moment("08:00"), case.now_s, 1_200))
        for case in CASES
    }  # fmt: skip
    assert tried == set(grid)
    assert all(grid[case].code for case in grid)


@pytest.mark.parametrize(
    ("said", "instead", "what"),
    [
        ('age = "short"', 'age = "long"', "stands twice"),
        ('code = "8900"', 'kode = "8900"', "unknown field"),
        ('price = "clear"', 'price = "cheap"', "Invalid enum value"),
        ('reason = "GRID_STAYED"', 'reason = "GRID_GUESSED"', "no such reason"),
    ],
)
def test_a_grid_with_a_slip_in_it_is_not_read(said: str, instead: str, what: str) -> None:
    text = files("tongxing.city").joinpath("data", "staff_grid.toml").read_text("utf-8")
    assert said in text
    with pytest.raises(ValueError, match=what):
        read_grid(text.replace(said, instead, 1).encode())


def test_a_correction_ends_an_open_trip_at_once_and_the_rider_may_enter_again(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM))
    assert money(database) == (10_000, 900)
    corrected(city.correct(asked("outside", TO), moment("09:00")))
    assert money(database) == (9_550, 0)
    send(city, tap("09:10", CARD, "entry", TO), tap("09:50", CARD, "exit", FROM))
    assert [row[0] for row in trips(database)] == ["staff", "both_taps"]
    city.close_day(DAY, CLOSE_S)
    assert (waiting(database), money(database)) == ([], (9_100, 0))
    proofs_hold(database)


def test_the_true_exit_beats_staff_who_ended_an_open_trip(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM))
    corrected(city.correct(asked("outside", NEAR), moment("09:00")))
    assert trips(database)[0][:3] == ("staff", FROM, NEAR)
    send(city, tap("08:50", CARD, "exit", TO))  # newer than every tap that is known
    assert trips(database) == [("both_taps", FROM, TO, 500, 450)]
    proofs_hold(database)


def test_another_station_at_the_same_fare_is_another_trip_in_the_books(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM))
    city.close_day(DAY, CLOSE_S)
    half, fares = the_half(database), load_city_fares(CHONGQING)
    tariff = fares.tariff_at(moment("08:00"))
    chains = {end: fares.chain(tariff, FROM, end) for end in fares.network.stations}
    other = next(
        end for end, chain in chains.items() if chain and chain.fare_fen == 500 and end != TO
    )
    for number, end in enumerate((TO, other)):
        request = asked("outside", NEAR, half_trip=half, stated=end, request_id=f"r{number}")
        assert corrected(city.correct(request, later(1) + number)).charge_fen == 450
        assert trips(database) == [("staff", FROM, end, 500, 450)]
    proofs_hold(database)


def test_inside_only_the_very_last_tap_matters(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("07:00", CARD, "entry", FROM))
    send(city, tap("08:00", CARD, "entry", FROM), tap("08:40", CARD, "exit", NEAR))
    found = corrected(city.correct(asked("inside", TO), NOON))
    assert (found.code, found.half_trip) == ("8900", "")
    assert [row[0] for row in trips(database)] == ["both_taps"]


def test_staff_may_correct_what_the_passenger_stated_and_what_the_clock_decided(
    database: Database,
) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM))
    city.close_day(DAY, CLOSE_S)
    half = the_half(database)
    city.resolve_due(business_day_end(DAY + timedelta(days=7)))
    assert money(database) == (9_100, 0)
    found = corrected(city.correct(asked("outside", NEAR, half_trip=half, stated=TO), later(9)))
    assert (found.code, found.kind, found.charge_fen) == ("8414", "staff", 450)
    assert trips(database) == [("staff", FROM, TO, 500, 450)]
    with_code = asked("outside", NEAR, half_trip=half, stated=NEAR, request_id="r2")
    assert corrected(city.correct(with_code, later(10))).charge_fen == 180
    with pytest.raises(AssertionError):
        corrected(city.correct(asked("inside", FROM, staff="staff-8"), later(11)))
    proofs_hold(database)


def test_nobody_can_have_come_here_in_that_time(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM))
    for area in ("inside", "outside"):
        found = city.correct(asked(area, TO), moment("08:10"))
        assert code_of(found) == "HALF_TRIP_UNREACHABLE"
    assert money(database) == (10_000, 900)


def test_what_cannot_be_corrected_says_why(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("07:00", PURSE, "entry", FROM, taken=0))
    send(city, tap("07:00", CARD, "entry", FROM), tap("07:40", CARD, "exit", TO))
    noon = moment("12:00")
    assert code_of(city.correct(asked("outside", TO), noon)) == "HALF_TRIP_NONE"
    assert code_of(city.correct(asked("outside", TO, medium_no=PURSE), noon)) == "CORRECT_AT_READER"
    assert code_of(city.correct(asked("outside", TO, medium_no="x"), noon)) == "MEDIUM_UNKNOWN"
    assert code_of(city.correct(asked("outside", "atlantis"), noon)) == "FARES_NO_STATION"
    picked = asked("outside", TO, half_trip="f" * 32)
    assert code_of(city.correct(picked, noon)) == "HALF_TRIP_UNKNOWN"
    send(city, tap("10:00", CODE, "exit", TO))
    assert code_of(city.correct(asked("outside", TO), noon)) == "CORRECT_NEEDS_ENTRY"


@pytest.mark.parametrize("tap_between", [False, True], ids=["at the close", "at the next entry"])
def test_what_staff_decide_before_the_day_is_closed_stands(
    database: Database, tap_between: bool
) -> None:
    """At four the day is over but nobody has closed it; staff then charge what the clock would."""
    city, tap = open_city(database), Taps()
    send(city, tap("20:00", CARD, "entry", FROM))
    found = corrected(city.correct(asked("outside", TO), moment("28:00")))
    assert (found.code, found.kind, found.charge_fen) == ("8414", "maximum", 900)
    assert (waiting(database), money(database)) == ([], (9_100, 0))
    send(city, tap("19:00", CODE, "exit", NEAR), at="28:30")  # late: that day is told again
    if tap_between:
        send(city, tap("32:00", CARD, "entry", FROM), tap("32:40", CARD, "exit", TO), at="33:00")
    city.close_day(DAY, moment("33:10"))
    assert trips(database)[0][0] == "missing_exit"
    assert [half[1] for half in waiting(database)] == ["entry"]
    assert money(database)[0] == 9_100 - (450 if tap_between else 0)
    proofs_hold(database)


def test_the_fourth_half_trip_of_a_month_is_the_fourth_also_while_it_is_open(
    database: Database,
) -> None:
    """Before the day is closed its trip is in no table of half trips, but it is one."""
    city, tap = open_city(database), Taps()
    for number in range(5):
        begin = moment("06:00") + number * 3_600
        send(city, tap(begin, CARD, "entry", FROM), tap(begin + 1_800, CARD, "exit", TO))
    for clock in ("12:00", "13:00", "14:00", "20:00"):
        send(city, tap(clock, CARD, "entry", FROM))
    found = corrected(city.correct(asked("outside", TO), moment("28:00")))
    assert (found.kind, found.charge_fen) == ("maximum", 900)


def test_a_request_of_one_rider_is_no_answer_to_another(database: Database) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", FROM))
    corrected(city.correct(asked("outside", TO), NOON))
    elsewhere = asked("outside", TO, medium_no="somebody-else")
    assert code_of(city.correct(elsewhere, NOON)) == "REQUEST_REUSED"
    another = asked("outside", TO, half_trip="f" * 32)
    assert code_of(city.correct(another, NOON)) == "REQUEST_REUSED"
    assert corrected(city.correct(asked("outside", TO, medium_no=CODE), NOON)).charge_fen == 450


def test_a_half_trip_that_an_older_version_charged_can_be_corrected(
    empty_database: Database,
) -> None:
    """There nobody said anything of it: the highest fare was charged at the close."""
    database = empty_database
    city = open_city(database)
    entry = Taps()("08:00", CARD, "entry", FROM)
    send(city, entry)
    city.close_day(DAY, CLOSE_S)
    half = the_half(database)
    said = Resolution(request_id="older", tap=entry.ref, kind="maximum", time_s=CLOSE_S,
                      decided_s=CLOSE_S, decided_by="clock")  # fmt: skip
    with city._transaction() as cursor:
        apply(cursor, CHONGQING, load_city_fares(CHONGQING), [("a1", entry, said)], CLOSE_S)
        cursor.execute("ALTER TABLE half_trip_resolution DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM half_trip_resolution")
        cursor.execute("UPDATE rider SET resolved_s = NULL")
    assert trips(database) == [("missing_exit", FROM, "", 900, 900)]
    asked_now = asked("outside", NEAR, half_trip=half, stated=TO)
    assert corrected(city.correct(asked_now, later(9))).charge_fen == 450
    assert money(database) == (9_550, 0)
    proofs_hold(database)
