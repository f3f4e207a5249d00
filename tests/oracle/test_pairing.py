"""Who is charged for which taps: pairs, half trips, and the passenger who turns round."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_world import BJ, CITIES, charged, fen, medium, on_account, rail, ride, t, tap

from tongxing.simulation.oracle import OpeningCounters, Ruling, expected_charges

PURSE = medium()
CARD = on_account("card-1")
CODE = on_account("code-1", medium_kind="code")

# From s0 the dearest way leads 80 km along the urban line: 11.00.
HIGHEST = 1_100


def enter(who, when, station="s0", **where):
    return tap("entry", when, who, station=station, **where)


def leave(who, when, station="s15", **where):
    return tap("exit", when, who, station=station, **where)


@pytest.mark.req("R-011")
def test_card_in_and_code_out_is_one_ride_of_the_code():
    whole = charged(enter(CARD, "2026-03-10 09:00"), leave(CODE, "2026-03-10 09:40"))
    (one,) = whole.rides
    assert (one.how, one.medium_no, one.charge_fen) == ("paired_by_account", "code-1", 450)
    assert one.first_tap_s == t("2026-03-10 09:00")
    assert whole.by_payer_fen == {"acct": 450}


def test_the_counters_of_the_exit_medium_hold():
    taps = enter(CARD, "2026-03-10 09:00"), leave(CODE, "2026-03-10 09:40")
    full = {"code-1": OpeningCounters(202603, {"500000": 20_000})}
    assert fen(*taps, opening=full) == [250]


@pytest.mark.parametrize("where", [{"city": BJ, "station": "m0"}, {"mode": "bus", "city": BJ}])
def test_an_exit_elsewhere_does_not_pair(where):
    where = {"line": "bus", "station": "k0"} | where
    taps = enter(CODE, "2026-03-10 09:00"), leave(CODE, "2026-03-10 09:40", **where)
    whole = charged(*taps)
    assert [one.missing for one in whole.held] == ["exit", "entry"]
    assert whole.rides == () and whole.by_payer_fen == {}


def test_purses_pair_on_the_medium_alone():
    other = medium("card-2", passenger="p")
    with pytest.raises(ValueError, match="card-2"):
        charged(enter(PURSE, "2026-03-10 09:00"), leave(other, "2026-03-10 09:40"))


def test_the_product_of_the_exit_medium_counts():
    student = on_account("card-2", product="student")
    assert fen(enter(CODE, "2026-03-10 09:00"), leave(student, "2026-03-10 09:40")) == [250]


def test_the_highest_fare_of_an_account_that_never_leaves_is_held_from_three_on():
    entry = enter(CODE, "2026-03-10 09:00")
    whole = charged(entry, until="2026-03-11 03:00")
    assert whole.rides == () and whole.by_payer_fen == {}
    (held,) = whole.held
    assert (held.payer, held.missing, held.held_fen) == ("acct", "exit", HIGHEST)
    assert (held.medium_no, held.known_s) == entry.key
    assert charged(entry, until="2026-03-11 02:59:59").held == ()


def test_at_the_highest_fare_it_fell_due_at_three():
    entry = enter(CODE, "2026-03-10 09:00")
    (one,) = charged(entry, until="2026-03-11 03:00", highest=True).rides
    assert (one.how, one.fare_fen, one.charge_fen) == ("missing_exit", HIGHEST, HIGHEST)
    assert one.charged_s == t("2026-03-11 03:00")
    assert charged(entry, until="2026-03-11 02:59:59", highest=True).rides == ()


def test_an_entry_after_midnight_belongs_to_the_evening():
    entry = enter(CODE, "2026-03-11 00:30")
    (one,) = charged(entry, until="2026-03-11 03:00", highest=True).rides
    assert one.charged_s == t("2026-03-11 03:00")


def test_an_exit_after_the_day_has_closed_stands_alone():
    taps = enter(CODE, "2026-03-11 02:30"), leave(CODE, "2026-03-11 03:00:00")
    rides = charged(*taps, highest=True).rides
    # From s15 the dearest way leads 65 km to s80: 10.00.
    assert [(one.how, one.charge_fen) for one in rides] == [
        ("missing_exit", HIGHEST),
        ("missing_entry", 1_000),
    ]


def test_a_second_entry_ends_the_first_ride():
    taps = (
        enter(CODE, "2026-03-10 09:00"),
        enter(CARD, "2026-03-10 10:00"),
        leave(CARD, "2026-03-10 10:30"),
    )
    rides = charged(*taps, highest=True).rides
    assert [(one.how, one.medium_no, one.charge_fen) for one in rides] == [
        ("missing_exit", "code-1", HIGHEST),
        ("both_taps", "card-1", 450),
    ]
    assert rides[0].charged_s == t("2026-03-10 10:00")


def test_a_bus_does_not_end_an_accounts_ride_but_collects_a_purses():
    def day(who):
        return charged(
            enter(who, "2026-03-10 09:00"),
            ride(who, "2026-03-10 10:00", "b1"),
            until="2026-03-10 12:00",
        )

    assert [one.how for one in day(CODE).rides] == ["single_tap"]
    collected, bus_ride = day(PURSE).rides
    assert (collected.how, collected.charge_fen) == ("missing_exit", HIGHEST)
    assert collected.charged_s == bus_ride.charged_s
    assert day(PURSE).by_payer_fen == {"card-1": HIGHEST + 180}


def test_a_purse_pays_its_half_trip_days_later_or_never():
    entry = enter(PURSE, "2026-03-10 09:00")
    assert charged(entry).rides == ()
    assert fen(entry, rail(PURSE, "2026-03-20 09:00", "09:30", "s15")) == [HIGHEST, 450]


def test_no_city_collects_for_another():
    away = ride(PURSE, "2026-03-12 09:00", "bus", city=BJ, station="k0")
    home = ride(PURSE, "2026-03-14 09:00", "b1")
    rides = charged(enter(PURSE, "2026-03-10 09:00"), away, home).rides
    assert [(one.city, one.charge_fen) for one in rides] == [
        ("500000", HIGHEST),
        (BJ, 100),
        ("500000", 180),
    ]
    assert rides[0].charged_s == t("2026-03-14 09:00")


def test_no_gate_lets_in_a_card_whose_ride_is_open_in_another_city():
    away = rail(PURSE, "2026-03-12 09:00", "09:30", "m5", "m0", city=BJ)
    with pytest.raises(ValueError, match="still open"):
        charged(enter(PURSE, "2026-03-10 09:00"), away)


def test_a_half_trip_counts_for_the_month_in_which_it_is_paid():
    later = rail(PURSE, "2026-03-31 20:00", "20:30", "s15")
    many = [enter(PURSE, f"2026-03-31 {hour:02d}:00") for hour in range(6, 16)]
    # Ten half trips of 11.00, the tenth collected by the evening's entry: 110.00 and 7折.
    assert fen(*many, later)[-1] == 350
    assert fen(*many[1:], later)[-1] == 450
    # Entered in March, charged at 03:00 on 1 April: 90.00 + 11.00 are April's.
    code_rides = enter(CODE, "2026-03-31 20:00"), rail(CODE, "2026-04-01 07:30", "08:00", "s15")
    april = {"code-1": OpeningCounters(202604, {"500000": 9_000})}
    assert fen(*code_rides, opening=april, highest=True) == [HIGHEST, 350]
    assert fen(*code_rides, opening=april) == [450], "what is only held counts for no month"


def test_a_half_trip_keeps_its_own_night_when_the_next_tap_is_weeks_later():
    taps = enter(CODE, "2026-03-20 20:00"), rail(CODE, "2026-04-02 09:00", "09:30", "s15")
    before = {"code-1": OpeningCounters(202604, {"500000": 9_000})}
    lost, paid = charged(*taps, opening=before, highest=True).rides
    assert lost.charged_s == t("2026-03-21 03:00")
    assert paid.charge_fen == 450


def test_an_account_that_only_leaves_pays_the_highest_fare_to_there():
    exit_ = leave(CODE, "2026-03-10 09:00", "s0")
    (held,) = charged(exit_).held
    assert (held.missing, held.held_fen) == ("entry", HIGHEST)
    (one,) = charged(exit_, highest=True).rides
    assert (one.how, one.charge_fen) == ("missing_entry", HIGHEST)


def test_a_purse_cannot_leave_without_having_entered():
    with pytest.raises(ValueError, match="never entered"):
        charged(leave(PURSE, "2026-03-10 09:00"))


def test_a_tap_without_a_payer_is_an_error():
    with pytest.raises(ValueError, match="nobody pays"):
        charged(enter(on_account("code-1", account=""), "2026-03-10 09:00"))


@pytest.mark.parametrize(("product", "charge_fen"), [("elder", 0), ("student", HIGHEST)])
def test_a_half_trip_bears_no_relief_but_the_free_stay_free(product, charge_fen):
    entry = enter(on_account("c", product=product), "2026-03-10 09:00")
    assert fen(entry, highest=True) == [charge_fen]
    median = {entry.key: Ruling("median", amount_fen=HIGHEST)}
    assert fen(entry, rulings=median) == [charge_fen]
    assert [one.held_fen for one in charged(entry).held] == [HIGHEST]


def test_half_trips_leave_the_transfer_window_alone():
    taps = (
        ride(PURSE, "2026-03-10 08:00", "b1"),
        enter(PURSE, "2026-03-10 08:20"),
        ride(PURSE, "2026-03-10 08:40", "b2"),
    )
    assert fen(*taps) == [180, HIGHEST, 0]


@pytest.mark.parametrize("who", [PURSE, CODE])
@pytest.mark.parametrize(("left", "charge_fen"), [("09:20:00", 0), ("09:20:01", 180)])
def test_turning_round_within_twenty_minutes_is_free(who, left, charge_fen):
    whole = charged(rail(who, "2026-03-10 09:00:00", left, "s0"))
    assert [one.charge_fen for one in whole.rides] == [charge_fen]


def test_turning_round_keeps_the_window_and_longer_stays_use_it():
    first = ride(PURSE, "2026-03-10 08:00", "b1")
    second = rail(PURSE, "2026-03-10 08:10", "08:20", "s0")
    assert fen(first, second, ride(PURSE, "2026-03-10 08:40", "b2")) == [180, 0, 0]
    second = rail(PURSE, "2026-03-10 08:10", "08:35", "s0")
    assert fen(first, second, ride(PURSE, "2026-03-10 08:40", "b2")) == [180, 0, 180]


def test_two_buses_of_one_line_do_not_pair():
    where = {"city": BJ, "mode": "bus", "line": "bus"}
    who = on_account("code-1", city=BJ)
    taps = (
        tap("entry", "2026-03-10 08:00", who, station="k0", vehicle="v1", **where),
        tap("exit", "2026-03-10 08:30", who, station="k10", vehicle="v2", **where),
    )
    rides = charged(*taps, highest=True).rides
    assert [(one.how, one.charge_fen) for one in rides] == [
        ("missing_exit", 300),
        ("missing_entry", 300),
    ]


@st.composite
def crowds(draw):
    """Passengers with one medium each, riding whole rides; and the same rides shuffled in."""
    rides = []
    for index in range(draw(st.integers(1, 5))):
        who = medium(f"card-{index}")
        start = draw(st.integers(0, 40))
        for turn in range(draw(st.integers(1, 6))):
            minute = start + 47 * turn
            clock = f"{6 + minute // 60:02d}:{minute % 60:02d}"
            if draw(st.booleans()):
                line = draw(st.sampled_from(["b1", "b2", "b3", "one-yuan"]))
                rides.append([ride(who, f"2026-03-10 {clock}", line)])
            else:
                to = draw(st.sampled_from(["s0", "s3", "s6", "s15", "s35", "j9"]))
                out = minute + draw(st.integers(0, 40))
                rides.append(
                    rail(who, f"2026-03-10 {clock}", f"{6 + out // 60:02d}:{out % 60:02d}", to)
                )
    return rides


@settings(max_examples=150, deadline=None)
@given(crowds(), st.integers(0, 1_000))
def test_strangers_never_change_anyones_price(rides, seed):
    events = [one for item in rides for one in item]
    together = expected_charges(events, t("2026-03-11 03:00"), cities=CITIES)
    assert sum(together.by_payer_fen.values()) == sum(one.charge_fen for one in together.rides)
    assert all(one.charge_fen <= one.fare_fen for one in together.rides)
    for payer, total_fen in together.by_payer_fen.items():
        own = [one for one in events if one.payer == payer]
        alone = expected_charges(own, t("2026-03-11 03:00"), cities=CITIES)
        assert alone.by_payer_fen == {payer: total_fen}
    random.Random(seed).shuffle(rides)
    shuffled = [one for item in rides for one in item]
    assert expected_charges(shuffled, t("2026-03-11 03:00"), cities=CITIES) == together
