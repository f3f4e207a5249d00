"""How half trips of accounts should end: what may be stated, what open gates explain, what the
clock decides, and that a true tap is stronger than all of it."""

from datetime import date, timedelta

import pytest
from oracle_world import BJ, CITIES, CQ, on_account, rail, t, tap

from tongxing.kernel.clock import DAY_S, business_date, business_day_end
from tongxing.simulation.oracle import Close, OpenGates, Saying, expected_after_days

CARD, CODE = on_account("card-1"), on_account("code-1", medium_kind="code")
HIGHEST = 1_100
KNOWN = "2026-03-10 09:00"  # a Tuesday
# 15 km at 80 km/h.
LEAST_S = 675


def enter(who=CODE, when=KNOWN, station="s0", **where):
    return tap("entry", when, who, station=station, **where)


def leave(who=CODE, when="2026-03-10 09:40", station="s15", **where):
    return tap("exit", when, who, station=station, **where)


def says(station="s15", *, at=None, said="2026-03-11 12:00", known=KNOWN, **more):
    number = f"{said} {known}"
    return Saying(number, "acct", t(known), station, at and t(at), t(said), **more)


def closes(first="2026-03-10", days=3):
    """The closes of so many business days, each at 03:15."""
    start = date.fromisoformat(first)
    ends = [business_day_end(start + timedelta(days=number)) for number in range(days)]
    return [Close(end_s + 900, end_s) for end_s in ends]


def after(*events, said=(), notices=(), closed=None, arrivals=None):
    flat = [one for item in events for one in (item if isinstance(item, list) else [item])]
    return expected_after_days(
        flat,
        closes() if closed is None else closed,
        {},
        placeholders={},
        arrivals=arrivals or {},
        sayings=said,
        notices=notices,
        cities=CITIES,
    )


def ended(*events, **more):
    """(how, charge) of each ride, by first tap."""
    return [(one.how, one.charge_fen) for one in after(*events, **more).rides]


# --- what is stated -------------------------------------------------------------------------------


@pytest.mark.req("R-011")
def test_a_stated_end_makes_an_ordinary_ride_and_frees_the_hold():
    whole = after(enter(), said=[says()])
    (ride,) = whole.rides
    assert (ride.how, ride.fare_fen, ride.charge_fen) == ("declared", 500, 450)
    assert ride.charged_s == t(KNOWN) + LEAST_S
    assert whole.held == () and len(whole.accepted) == 1


def test_a_stated_entry_too():
    said = says("s0", known="2026-03-10 09:40")
    assert ended(leave(), said=[said]) == [("declared", 450)]


@pytest.mark.parametrize(
    ("left", "holds"),
    [
        ("2026-03-10 09:11:14", False),
        ("2026-03-10 09:11:15", True),
        ("2026-03-10 13:00:00", True),
        ("2026-03-10 13:00:01", False),
    ],
)
def test_a_stated_time_must_be_one_at_which_a_train_can_have_been_there(left, holds):
    whole = after(enter(), said=[says(at=left)])
    assert bool(whole.rides) is holds
    assert bool(whole.held) is not holds


@pytest.mark.parametrize(("then", "holds"), [("09:22:30", True), ("09:22:29", False)])
def test_the_next_tap_must_be_reachable_from_there(then, holds):
    """From s0 to s15 and back to s0 takes two times 675 seconds at the least."""
    next_ride = rail(CODE, f"2026-03-10 {then}", "10:20:00", "s3")
    whole = after(enter(), next_ride, said=[says()])
    assert [one.how for one in whole.rides] == ["declared", "both_taps"][not holds :]
    assert len(whole.held) == (not holds)


@pytest.mark.parametrize(
    "said",
    [
        says("s0"),
        says("nowhere"),
        says(said="2026-03-10 12:00"),
        says(said="2026-03-18 03:00"),
        says(known="2026-03-10 09:01"),
    ],
    ids=["the known station", "no such station", "still inside", "the eighth day", "another tap"],
)
def test_what_may_not_be_stated_is_refused(said):
    whole = after(enter(), said=[said])
    assert whole.rides == () and whole.accepted == frozenset()
    assert [one.held_fen for one in whole.held] == [HIGHEST]


def test_until_the_eighth_day_it_may_be_stated():
    assert ended(enter(), said=[says(said="2026-03-18 02:59:59")]) == [("declared", 450)]


def test_three_may_be_stated_in_a_month_and_the_fourth_in_the_next():
    days = ["2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29"]
    taps = [enter(when=f"{day} 09:00") for day in days]
    closed = closes("2026-03-26", 5)
    said = [says(known=f"{day} 09:00", said=f"{day[:8]}30 12:00") for day in days]
    first = after(*taps, said=said, closed=closed)
    assert [one.how for one in first.rides] == ["declared"] * 3
    assert [one.known_s for one in first.held] == [t("2026-03-29 09:00")]
    april = [*said[:3], says(known="2026-03-29 09:00", said="2026-04-01 00:00")]
    assert len(after(*taps, said=april, closed=closed).rides) == 4


def test_staff_may_correct_a_fourth_and_are_not_held_to_seven_days():
    said = says(said="2026-03-20 12:00", by_staff=True)
    assert ended(enter(), said=[said]) == [("staff", 450)]


def test_a_stated_ride_takes_its_place_among_the_others():
    """Its transfer window begins when it ended, and a bus within the hour after it is relieved."""
    bus = {"mode": "bus", "line": "b1", "vehicle": "v1"}
    ride = tap("ride", "2026-03-10 10:11:15", CODE, **bus)
    assert ended(enter(), ride, said=[says()]) == [("declared", 450), ("single_tap", 0)]
    late = tap("ride", "2026-03-10 10:11:16", CODE, **bus)
    assert ended(enter(), late, said=[says()])[1] == ("single_tap", 180)


# --- the true tap ---------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [2, 56])
def test_a_true_tap_undoes_what_was_said(days):
    exit_ = leave(station="s35")
    arrivals = {("acct", exit_.time_s): exit_.time_s + days * DAY_S}
    whole = after(enter(), exit_, said=[says()], arrivals=arrivals)
    assert [(one.how, one.charge_fen) for one in whole.rides] == [("both_taps", 720)]
    assert len(whole.accepted) == 1, "it held when it was said"


def test_after_56_days_it_is_evidence_only():
    exit_ = leave(station="s35")
    arrivals = {("acct", exit_.time_s): exit_.time_s + 56 * DAY_S + 1}
    assert ended(enter(), exit_, said=[says()], arrivals=arrivals) == [("declared", 450)]


# --- open gates -----------------------------------------------------------------------------------


def gates(station="s15", start="09:30", end="10:30", free=True, said="2026-03-10 13:00", city=CQ):
    day = "2026-03-10 "
    return OpenGates("g", city, station, t(day + start), t(day + end), free, t(said))


USUAL = [rail(CODE, f"2026-03-0{day} 09:00", "09:40", "s15") for day in (5, 6, 9)]


def test_open_gates_end_a_habitual_ride_where_it_usually_ends():
    whole = after(*USUAL, enter(), notices=[gates(free=False)])
    ride = whole.rides[-1]
    assert (ride.how, ride.charge_fen) == ("disruption", 450)
    assert ride.charged_s == t("2026-03-10 09:30")


def test_without_a_habit_it_is_free_when_the_notice_says_so():
    assert ended(enter(), notices=[gates()]) == [("disruption", 0)]
    assert len(after(enter(), notices=[gates(free=False)]).held) == 1


@pytest.mark.parametrize(
    "notice",
    [
        gates(end="09:11", start="09:05"),
        gates(start="13:01", end="14:00", said="2026-03-10 16:00"),
        gates("y2"),
        gates("m5", city=BJ),
    ],
    ids=["too early", "longer than any ride", "no way there", "another city"],
)
def test_open_gates_explain_only_what_can_have_ended_there(notice):
    assert len(after(enter(), notices=[notice]).held) == 1


# --- the clock ------------------------------------------------------------------------------------

DECIDED = closes(days=9)


def test_the_clock_decides_at_the_close_of_the_eighth_day():
    assert ended(enter(), closed=DECIDED[:7]) == []
    assert ended(enter(), closed=DECIDED[:8]) == [("missing_exit", HIGHEST)]


def test_three_equal_trips_are_a_habit():
    assert ended(*USUAL, enter(), closed=DECIDED)[-1] == ("habitual", 450)
    assert ended(*USUAL[1:], enter(), closed=DECIDED)[-1] == ("median", 500)


def test_of_two_habits_the_latest_counts():
    others = [rail(CODE, f"2026-03-0{day} 19:00", "19:20", "s3") for day in (5, 6, 9)]
    assert ended(*USUAL, *others, enter(), closed=DECIDED)[-1] == ("habitual", 180)


def test_else_the_lower_median_of_everybody_from_there():
    who = [on_account(f"card-{number}", f"acct-{number}") for number in range(2, 6)]
    ends = ["s3", "s6", "s15", "s80"]
    rides = [
        rail(one, "2026-03-12 10:00", "11:00", end) for one, end in zip(who, ends, strict=True)
    ]
    assert ("median", 300) in ended(enter(), *rides, closed=DECIDED)
    to_there = [rail(one, "2026-03-12 10:00", "11:00", "s0", "s3") for one in who]
    assert ("missing_exit", HIGHEST) in ended(enter(), *to_there, closed=DECIDED)


def test_the_fourth_half_trip_of_a_month_costs_the_most():
    days = ["2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13"]
    taps = [enter(when=f"{day} 09:00") for day in days]
    closed = closes(days=11)
    hows = [how for how, _ in ended(*USUAL, *taps, closed=closed)][3:]
    assert hows == ["habitual"] * 3 + ["missing_exit"]
    staff = says(known="2026-03-10 09:00", by_staff=True)
    hows = [how for how, _ in ended(*USUAL, *taps, said=[staff], closed=closed)][3:]
    assert hows == ["staff"] + ["habitual"] * 3


def test_a_decision_rests_on_the_taps_that_had_come_in():
    late = USUAL[2][1]
    arrivals = {("acct", late.time_s): DECIDED[8].closed_s}
    assert business_date(late.time_s) == date(2026, 3, 9)
    assert ended(*USUAL, enter(), closed=DECIDED[:8], arrivals=arrivals)[-1] == ("median", 500)
