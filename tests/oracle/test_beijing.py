"""Beijing by hand: each case's arithmetic stands in yuan beside it, taken from the texts."""

import pytest
from oracle_world import BJ, bus, charged, fen, medium, on_account, rail, tap

from tongxing.simulation.oracle import OpeningCounters
from tongxing.simulation.oracle.beijing import bus_bands, main_bands

CARD = medium(city=BJ, scheme="t_union")


def bj(who, entered, left, to, start="m0"):
    return rail(who, entered, left, to, start, city=BJ)


def spent(fen_so_far: int):
    return {"opening": {"card-1": OpeningCounters(202603, {BJ: fen_so_far})}}


@pytest.mark.parametrize(
    ("metres", "fare_fen"),
    [
        (0, 300),
        (6_081, 300),
        (6_099, 300),
        (6_100, 400),
        (6_108, 400),
        (12_046, 400),
        (12_100, 500),
        (22_099, 500),
        (22_109, 600),
        (32_099, 600),
        (32_106, 700),
        (52_099, 700),
        (52_100, 800),
        (92_100, 1_000),
    ],
)
def test_every_band_gives_away_ninety_nine_metres(metres, fare_fen):
    assert main_bands(metres) == fare_fen


@pytest.mark.parametrize(
    ("metres", "fare_fen"),
    [(0, 200), (10_000, 200), (10_001, 300), (15_000, 300), (15_001, 400), (30_000, 600)],
)
def test_bus_bands(metres, fare_fen):
    assert bus_bands(metres) == fare_fen


def month_of(rides_per_day: int, days: int, to: str, start: str = "m0") -> list[int]:
    return fen(
        *(
            bj(
                CARD,
                f"2026-03-{day:02d} {8 + 3 * turn:02d}:00",
                f"{9 + 3 * turn:02d}:00",
                to,
                start,
            )
            for day in range(1, days + 1)
            for turn in range(rides_per_day)
        )
    )


def test_a_month_at_six_yuan_hits_150_exactly():
    charges = month_of(2, 22, "m31")
    assert (charges.count(600), charges.count(480), charges.count(300)) == (17, 10, 17)
    assert sum(charges) == 20_100


def test_the_discount_ends_at_400_yuan():
    charges = month_of(4, 19, "m80")  # 80 km, 9.00
    assert (charges.count(900), charges.count(720), charges.count(450)) == (12 + 2, 6, 56)
    assert charges[-2:] == [900, 900]
    assert sum(charges) == 42_120


def test_the_ride_that_crosses_a_step_still_pays_in_full():
    rides = (
        bj(CARD, "2026-03-10 09:00", "09:40", "m21"),
        bj(CARD, "2026-03-10 18:00", "18:40", "m21"),
    )
    assert fen(*rides, **spent(9_600)) == [500, 400]
    assert fen(*rides, **spent(9_499)) == [500, 500]
    assert fen(*rides, **spent(9_500)) == [500, 400]


def test_a_new_month_starts_at_nothing():
    ride = bj(CARD, "2026-04-01 09:00", "09:40", "m21")
    assert fen(ride, **spent(16_000)) == [500]


def test_airport_lines_add_on_pay_in_full_and_do_not_count():
    out = bj(CARD, "2026-03-10 09:00", "10:00", "air")
    home = bj(CARD, "2026-03-10 18:00", "18:40", "m21")
    # 25.00 in full + 5 km 3.00 x 0.5; the main part alone counts.
    assert fen(out, home, **spent(16_000)) == [2_650, 250]
    assert fen(out, home, **spent(14_699)) == [2_740, 400]  # 146.99 + 2.40 = 149.39
    only = bj(CARD, "2026-03-10 09:00", "10:00", "air", "m11")
    assert fen(only, home, **spent(9_999)) == [2_500, 500]


def test_the_cheapest_sum_and_not_the_shortest_track_counts():
    # By the airport line m5-m11 is 4 km, by the main network 6 km: 3.00 against 25.00.
    (one,) = charged(bj(CARD, "2026-03-10 09:00", "09:40", "m11", "m5")).rides
    assert one.fare_fen == 300


def test_the_daxing_line_has_its_own_steps():
    rides = [
        bj(CARD, "2026-03-10 09:00", "09:40", "d13", "m31"),
        bj(CARD, "2026-03-10 10:00", "10:40", "d38", "d13"),
        bj(CARD, "2026-03-10 11:00", "11:40", "d38", "m31"),
    ]
    assert fen(*rides) == [1_000, 2_500, 3_500]


def test_trams_are_apart():
    assert fen(bj(CARD, "2026-03-10 09:00", "09:40", "tram", "m5"), **spent(20_000)) == [550]


@pytest.mark.parametrize(
    ("entered", "start", "charge_fen"),
    [
        ("2026-03-10 07:00:00", "m21", 250),  # the limit is included
        ("2026-03-10 07:00:01", "m21", 500),
        ("2026-03-14 06:30:00", "m21", 500),  # a Saturday
        ("2026-02-28 06:30:00", "m21", 250),  # a Saturday made up for
        ("2026-03-10 06:30:00", "m0", 500),  # not a listed station
        ("2016-03-10 06:30:00", "m21", 350),  # the first list, 7折
        ("2015-11-10 06:30:00", "m21", 500),
    ],
)
def test_low_peak_at_listed_stations(entered, start, charge_fen):
    to = "m0" if start == "m21" else "m21"
    assert fen(bj(CARD, entered, "08:00", to, start)) == [charge_fen]


def test_low_peak_and_month_step_multiply_and_round_once():
    early = bj(CARD, "2026-03-10 06:30", "07:20", "m0", "m21")
    assert fen(early, **spent(10_000)) == [200]  # 5.00 x 0.8 x 0.5
    assert fen(early, **spent(15_000)) == [125]


def test_four_hours_then_three_yuan_on_top():
    assert fen(bj(CARD, "2026-03-10 09:00:00", "13:00:00", "m5")) == [300]
    assert fen(bj(CARD, "2026-03-10 09:00:00", "13:00:01", "m5")) == [600]
    assert fen(bj(CARD, "2026-03-10 09:00:00", "13:00:01", "air", "m11")) == [2_800]


def test_three_yuan_of_overtime_count_where_the_ride_began():
    later = bj(CARD, "2026-03-10 18:00", "18:40", "m21")
    out = bj(CARD, "2026-03-10 09:00:00", "13:00:01", "air")
    home = bj(CARD, "2026-03-10 09:00:00", "13:00:01", "m0", "air")
    # 25.00 + 3.00 + 3.00 of overtime; of them 6.00 or 3.00 count for the month.
    assert fen(out, later, **spent(9_400)) == [3_100, 400]
    assert fen(home, later, **spent(9_400)) == [3_100, 500]


@pytest.mark.parametrize(
    ("product", "charge_fen"), [("ordinary", 150), ("student", 75), ("elder", 0), ("child", 0)]
)
def test_a_bus_of_ten_and_a_half_kilometres(product, charge_fen):
    who = medium(city=BJ, product=product)
    assert fen(bus(who, "2026-03-10 08:00", "08:50", "bus", "k0", "k10")) == [charge_fen]
    assert fen(bus(who, "2026-03-10 08:00", "08:50", "bus", "k10", "k0")) == [charge_fen]


def test_a_bus_outside_the_city_takes_a_fifth_off():
    assert fen(bus(CARD, "2026-03-10 08:00", "08:50", "out", "k0", "k12")) == [240]


@pytest.mark.req("R-204")
def test_a_visitor_rides_a_bus_as_an_ordinary_card():
    visitor = medium("3150", issuer="330200", scheme="t_union", product="student")
    assert fen(bus(visitor, "2026-03-10 08:00", "08:40", "bus", "k0", "k9")) == [100]


def test_nobody_is_free_on_the_rails():
    elder = medium(city=BJ, product="elder")
    assert fen(bj(elder, "2026-03-10 09:00", "09:40", "m5")) == [300]


def test_a_bus_with_one_tap_is_a_flat_line():
    one = tap("ride", "2026-03-10 08:00", CARD, city=BJ, mode="bus", line="bus", station="k0")
    assert fen(one) == [100]


def test_a_missing_alighting_pays_to_the_farther_end():
    board = tap(
        "entry",
        "2026-03-10 08:00",
        CARD,
        city=BJ,
        mode="bus",
        line="long",
        vehicle="v1",
        station="k30",
    )
    later = bus(CARD, "2026-03-10 18:00", "18:40", "bus", "k0", "k9")
    # 30 km to the far end: 2.00 + 4 x 1.00, no discount; then the new ride as ever.
    assert fen(board, later) == [600, 100]


def test_a_half_trip_costs_the_dearest_ride_inside_its_fare_system():
    main = tap("entry", "2026-03-10 09:00", CARD, city=BJ, station="m5")
    airport = tap("entry", "2026-03-10 09:00", CARD, city=BJ, station="m5", line="rail-air")
    later = bj(CARD, "2026-03-10 18:00", "18:40", "m21")
    # From m5 it is 75 km to m80, 9.00; at the airport line's own gate 25.00, which no month counts.
    assert fen(main, later, **spent(9_099)) == [900, 500]
    assert fen(main, later, **spent(9_100)) == [900, 400]
    assert fen(airport, later, **spent(9_999)) == [2_500, 500]


def test_an_alighting_alone_costs_an_account_the_way_from_the_farther_end():
    who = on_account("code-1", city=BJ, medium_kind="code")
    alight = tap(
        "exit",
        "2026-03-10 08:00",
        who,
        city=BJ,
        mode="bus",
        line="long",
        vehicle="v",
        station="end",
    )
    assert fen(alight, highest=True) == [800]  # 40 km


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (tap("ride", "2026-03-10 08:00", CARD, city=BJ, mode="ferry"), "ferry"),
        (tap("ride", "2014-12-27 08:00", CARD, city=BJ, mode="bus", line="bus"), "2014"),
        (
            tap("ride", "2026-03-10 08:00", medium(city=BJ, product="vip"), city=BJ, mode="bus"),
            "vip",
        ),
    ],
)
def test_what_no_text_prices_is_an_error_and_not_a_guess(event, said):
    with pytest.raises(ValueError, match=said):
        charged(event)
