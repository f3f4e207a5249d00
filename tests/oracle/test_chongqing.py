"""Chongqing by hand: each case's arithmetic stands in yuan beside it, taken from the texts."""

import pytest
from oracle_world import CQ, charged, fen, medium, on_account, rail, ride, tap

from tongxing.simulation.oracle import OpeningCounters
from tongxing.simulation.oracle.chongqing import bands_2011, bands_2025

CARD = medium()


def spent(fen_so_far: int, month: int = 202603, no: str = "card-1", rides: int = 0):
    return {"opening": {no: OpeningCounters(month, {CQ: fen_so_far}, {CQ: rides})}}


@pytest.mark.parametrize(
    ("metres", "fare_fen"),
    [(0, 200), (6_000, 200), (6_001, 300), (41_000, 700), (41_001, 700), (64_000, 700)],
)
def test_bands_until_july_2025_stop_at_seven_yuan(metres, fare_fen):
    assert bands_2011(metres) == fare_fen


@pytest.mark.parametrize(
    ("metres", "fare_fen"),
    [
        (4_000, 200),
        (4_001, 300),
        (8_000, 300),
        (13_000, 400),
        (18_000, 500),
        (24_000, 600),
        (31_000, 700),
        (41_000, 800),
        (56_000, 900),
        (76_000, 1000),
        (76_001, 1100),
        (96_000, 1100),
        (96_001, 1200),
    ],
)
def test_bands_since_july_2025_have_no_cap(metres, fare_fen):
    assert bands_2025(metres) == fare_fen


def test_the_table_is_that_of_the_day_of_entry():
    before = rail(CARD, "2025-07-29 23:50", "2025-07-30 00:15", "s35")
    after = rail(CARD, "2025-07-30 09:00", "09:50", "s35")
    # 35 km: 7.00 by the old list, 8.00 by the new one, both less a tenth.
    assert fen(before, after) == [630, 720]


def test_a_plain_card_ride_pays_nine_tenths():
    assert fen(rail(CARD, "2026-03-10 09:10", "09:45", "s15")) == [450]


@pytest.mark.req("R-022")
@pytest.mark.parametrize(
    ("entered", "left", "charge_fen"),
    [
        ("2026-03-10 06:59:59", "07:30", 350),
        ("2026-03-10 07:00:00", "07:30", 450),
        ("2026-03-14 06:30", "07:05", 450),  # a Saturday
        ("2026-02-28 06:30", "07:05", 350),  # a Saturday made up for
        ("2026-02-17 06:30", "07:05", 450),  # a Tuesday in the spring festival
        ("2025-07-29 06:30", "07:05", 360),  # before the notice: 17 km list 4.00 less a tenth
    ],
)
def test_the_early_bird_needs_a_workday_and_the_second_before_seven(entered, left, charge_fen):
    assert fen(rail(CARD, entered, left, "s15")) == [charge_fen]


def test_a_month_step_holds_from_the_next_ride():
    rides = (
        rail(CARD, "2026-03-20 09:00", "09:30", "s6"),
        rail(CARD, "2026-03-20 18:00", "18:30", "s6"),
    )
    assert fen(*rides, **spent(9_900)) == [270, 210]
    assert fen(*rides, **spent(9_999)) == [270, 210]
    assert fen(*rides, **spent(10_000)) == [210, 210]


def test_the_second_step_halves():
    rides = (
        rail(CARD, "2026-03-20 09:00", "10:00", "s35"),
        rail(CARD, "2026-03-20 18:00", "19:00", "s35"),
    )
    assert fen(*rides, **spent(19_800)) == [560, 400]


def test_a_commuter_month_of_44_rides():
    rides = [
        rail(CARD, f"2026-03-{day:02d} {hour}:00", f"{hour}:40", "s15")
        for day in range(1, 23)
        for hour in ("09", "18")
    ]
    charges = fen(*rides)
    assert (charges.count(450), charges.count(350), sum(charges)) == (23, 21, 17_700)


@pytest.mark.req("R-007")
def test_card_and_code_of_one_account_count_apart():
    card, code = on_account("card-1"), on_account("code-1", medium_kind="code")
    rides = (
        rail(card, "2026-03-20 09:00", "09:30", "s15"),
        rail(code, "2026-03-20 18:00", "18:30", "s15"),
    )
    both = charged(*rides, **spent(23_000))
    assert [one.charge_fen for one in both.rides] == [250, 450]
    assert both.by_payer_fen == {"acct": 700}
    buses = ride(card, "2026-03-10 08:00", "b1"), ride(code, "2026-03-10 08:30", "b2")
    assert fen(*buses) == [180, 180]


def test_a_month_is_that_of_the_exit_tap():
    rides = (
        rail(CARD, "2026-08-31 23:40", "2026-09-01 00:20", "s15"),
        rail(CARD, "2026-09-01 09:00", "09:30", "s15"),
    )
    # An entry in the first minutes of a workday would be early as well: 5.00 x 0.7 = 3.50.
    assert fen(*rides, **spent(25_000, month=202608)) == [450, 450]


def bus_bus(first: str, second: str, at: str, **kinds: str) -> list[int]:
    return fen(
        ride(CARD, "2026-03-10 08:00", first, kinds.get("v1", "")),
        ride(CARD, f"2026-03-10 {at}", second, kinds.get("v2", "")),
        placeholders={"one-fifty": 150},
    )


@pytest.mark.req("R-006")
@pytest.mark.parametrize(
    ("first", "second", "at", "charges_fen"),
    [
        ("b1", "b2", "08:30", [180, 0]),
        ("one-yuan", "b2", "08:20", [90, 100]),  # relief at most the first fare
        ("one-fifty", "b2", "08:20", [135, 50]),
        ("b1", "express", "08:20", [180, 500]),  # 7.00 - 2.00, no tenth off the rest
        ("b1", "b2", "09:00:00", [180, 0]),
        ("b1", "b2", "09:00:01", [180, 180]),
        ("b1", "b1", "08:14:59", [180, 180]),  # the same line within a quarter of an hour
        ("b1", "b1", "08:15:00", [180, 0]),
    ],
)
def test_bus_to_bus_within_the_hour(first, second, at, charges_fen):
    assert bus_bus(first, second, at) == charges_fen


def test_the_same_vehicle_never_transfers():
    assert bus_bus("b1", "b1", "08:30", v1="v9", v2="v9") == [180, 180]
    assert bus_bus("b1", "b1", "08:30", v1="v9", v2="v8") == [180, 0]


def test_taps_two_and_four_of_a_chain_are_relieved():
    taps = [
        ride(CARD, f"2026-03-10 08:{minute}", line)
        for minute, line in (("00", "b1"), ("15", "b2"), ("30", "b3"), ("45", "b4"))
    ]
    assert fen(*taps) == [180, 0, 180, 0]


def test_bus_to_rail_pays_the_rest_in_full_and_the_rest_counts_for_the_month():
    first = ride(CARD, "2026-03-10 08:00", "b1")
    second = rail(CARD, "2026-03-10 08:40", "09:05", "s6")
    third = rail(CARD, "2026-03-10 18:00", "18:30", "s6")
    assert fen(first, second) == [180, 100]
    # 99.00 + 1.00 reaches the step, so the evening pays 3.00 x 0.7; the bus never counted.
    assert fen(first, second, third, **spent(9_900)) == [180, 100, 210]
    assert fen(first, second, third, **spent(9_899)) == [180, 100, 270]


def test_rail_to_bus_runs_from_the_exit():
    first = rail(CARD, "2026-03-10 08:10", "09:05", "s10")
    assert fen(first, ride(CARD, "2026-03-10 10:05:00", "b1")) == [360, 0]
    assert fen(first, ride(CARD, "2026-03-10 10:05:01", "b1")) == [360, 180]


def test_bus_to_rail_runs_to_the_entry():
    first = ride(CARD, "2026-03-10 08:00", "b1")
    assert fen(first, rail(CARD, "2026-03-10 09:00:00", "11:00", "s6")) == [180, 100]
    assert fen(first, rail(CARD, "2026-03-10 09:00:01", "11:00", "s6")) == [180, 270]


def test_rail_to_rail_gives_nothing_but_opens_its_own_window():
    first = rail(CARD, "2026-03-10 08:00", "08:20", "s6")
    second = rail(CARD, "2026-03-10 08:40", "08:55", "s6")
    assert fen(first, second, ride(CARD, "2026-03-10 09:50", "b1")) == [270, 270, 0]


def test_a_window_outlives_midnight():
    first = ride(CARD, "2026-03-10 23:40", "b1")
    assert fen(first, rail(CARD, "2026-03-11 00:20", "00:45", "s6")) == [180, 100]


def test_a_cheaper_month_rate_wins_but_uses_the_transfer_up():
    first = ride(CARD, "2026-03-10 08:00", "one-yuan")
    second = rail(CARD, "2026-03-10 08:20", "08:40", "s15")
    third = ride(CARD, "2026-03-10 08:50", "b1")
    # Half of 5.00 beats 5.00 - 1.00; the bus after it is tap three and pays in full.
    assert fen(first, second, third, **spent(20_000)) == [90, 250, 180]


def test_the_love_card_pays_half_of_what_a_transfer_leaves():
    love = medium(product="love_card")
    taps = ride(love, "2013-03-01 08:00", "b1"), ride(love, "2013-03-01 08:40", "express")
    assert fen(*taps) == [100, 250]


def test_the_relief_is_never_more_than_two_yuan():
    first = ride(CARD, "2026-03-10 08:00", "express")
    assert fen(first, rail(CARD, "2026-03-10 08:30", "09:30", "s35")) == [630, 600]


def test_students_pay_half_on_rails_and_never_transfer():
    student = medium(product="student")
    assert fen(
        ride(student, "2026-03-10 08:00", "b1"),
        rail(student, "2026-03-10 08:30", "08:50", "s6"),
    ) == [180, 150]


@pytest.mark.parametrize("product", ["elder", "child"])
def test_free_holders_travel_free_and_leave_no_window(product):
    free = medium(product=product)
    assert fen(
        rail(free, "2026-03-10 08:00", "08:30", "s15"),
        ride(free, "2026-03-10 08:40", "b1"),
        ride(free, "2026-03-10 08:50", "b2"),
        rail(free, "2026-03-10 09:00", "18:00", "s15"),
    ) == [0, 0, 0, 0]


def test_a_visitor_of_any_class_is_an_ordinary_passenger():
    visitor = medium("3104", scheme="t_union", issuer="110000", product="student")
    county = ride(visitor, "2026-03-10 08:00", "county", district="500117")
    # Hechuan's buses do not take the Changtong card, so its 9折 has no place there.
    assert fen(county, placeholders={"bus-county-tunion": 150}) == [150]


def test_county_buses_take_no_part_in_transfers():
    taps = (
        ride(CARD, "2026-03-10 08:00", "county", district="500117"),
        ride(CARD, "2026-03-10 08:20", "b1"),
        ride(CARD, "2026-03-10 08:30", "county", district="500117"),
        ride(CARD, "2026-03-10 08:40", "b2"),
    )
    assert fen(*taps, placeholders={"bus-county-tunion": 100}) == [100, 180, 100, 0]


@pytest.mark.req("R-008")
def test_escalator_lift_and_cableway():
    def fixed(who, mode, line):
        return ride(who, f"2026-03-10 {10 + len(mode)}:00", line, mode=mode)

    modes = ("lift", "lift"), ("cableway", "rope"), ("escalator", "stairs")
    assert fen(*(fixed(CARD, *one) for one in modes), placeholders={"rope": 2_000}) == [
        180,
        2_000,
        180,
    ]
    love = medium(product="love_card")
    assert fen(*(fixed(love, *one) for one in modes), placeholders={"cableway": 1_001}) == [
        100,
        501,
        100,
    ]
    assert fen(fixed(CARD, "lift", "lift"), placeholders={"lift": 100}) == [90]
    with pytest.raises(ValueError, match="rope"):
        fen(fixed(CARD, "cableway", "rope"))


@pytest.mark.parametrize(
    ("day", "start", "to", "left", "charge_fen"),
    [
        ("2026-03-10", "s0", "j9", "12:30:00", 570),  # 4.5 hours where a way touches Jiangtiao
        ("2026-03-10", "s0", "j9", "12:30:01", 570 + 1_100),
        ("2026-03-10", "j9", "s6", "12:30:01", 300 + 1_100),
        ("2026-03-10", "y0", "y2", "23:00:00", 200),  # nobody names a limit for the Yunba
        ("2019-05-12", "s0", "s3", "20:00:00", 180),  # before the page of May 2019
    ],
)
def test_limits_of_stay_by_line_and_day(day, start, to, left, charge_fen):
    assert fen(rail(CARD, f"{day} 08:00:00", left, to, start)) == [charge_fen]


def test_what_was_paid_before_the_notice_is_in_no_total():
    before = rail(CARD, "2025-07-29 09:00", "09:30", "s15")
    after = rail(CARD, "2025-07-30 09:00", "09:30", "s15")
    assert fen(before, after, **spent(9_900, month=202507)) == [360, 450]
    assert fen(after, before, **spent(10_000, month=202507)) == [360, 350]


def test_a_bus_tapped_while_a_rail_ride_is_open_keeps_its_window():
    card = on_account("card-1")
    inside = rail(card, "2026-03-10 08:00", "08:30", "s6")
    bus = ride(card, "2026-03-10 08:10", "b1")
    later = ride(card, "2026-03-10 09:15", "b2")
    # The window is still the bus's of 08:10, so 09:15 is too late; 09:10 is not.
    assert fen(inside, bus, later) == [270, 180, 180]
    assert fen(inside, bus, ride(card, "2026-03-10 09:10", "b2")) == [270, 180, 0]


def test_a_station_of_two_fare_systems_is_the_main_networks():
    turned = rail(CARD, "2026-03-10 09:00", "09:50", "s6", start="s6")
    assert fen(turned) == [180]


def test_a_stay_of_more_than_three_hours_pays_the_network_maximum_on_top():
    inside = rail(CARD, "2026-03-10 08:00:00", "11:00:00", "s15")
    over = rail(CARD, "2026-03-10 08:00:00", "11:00:01", "s15")
    # 80 km is the longest urban way: 11.00 on top of 4.50.
    assert fen(inside) == [450]
    assert fen(over) == [1_550]
    half = medium(product="student")
    assert fen(rail(half, "2026-03-10 08:00:00", "11:00:01", "s15")) == [250 + 1_100]


def test_a_line_priced_apart_is_added_without_relief_and_does_not_count():
    mixed = rail(CARD, "2026-03-10 09:00", "09:50", "j9")
    apart = rail(CARD, "2026-03-10 12:00", "12:50", "j9", start="s6")
    # s0-s6 3.00 x 0.9, s6-j9 9 km 3.00.
    assert fen(mixed) == [570]
    assert fen(apart, ride(CARD, "2026-03-10 13:00", "b1")) == [300, 180]
    after = rail(CARD, "2026-03-10 18:00", "18:30", "s6")
    assert fen(mixed, after, **spent(9_729)) == [570, 270]
    assert fen(mixed, after, **spent(9_730)) == [570, 210]


def test_a_half_trip_costs_the_dearest_ride_inside_its_fare_system():
    # From s6 it is 74 km to s80, 10.00; at the gate of the line apart 9 km to j9, 3.00.
    urban = tap("entry", "2026-03-10 09:00", CARD, station="s6")
    apart = tap("entry", "2026-03-10 09:00", CARD, station="s6", line="rail-j")
    later = rail(CARD, "2026-03-10 18:00", "18:40", "s15")
    assert fen(urban, later, **spent(8_999)) == [1_000, 450]
    assert fen(urban, later, **spent(9_000)) == [1_000, 350]
    assert fen(apart, later, **spent(9_999)) == [300, 450]


def test_half_price_holds_on_lines_priced_apart():
    love = medium(product="love_card")
    assert fen(rail(love, "2026-03-10 09:00", "09:50", "j9", start="s6")) == [150]


def test_the_early_bird_never_spoils_a_better_rate():
    early = rail(CARD, "2026-03-10 06:30", "07:00", "s15")
    assert fen(early, **spent(20_000)) == [250]


def test_the_fortieth_ride_of_a_registered_code_is_free():
    code = medium("code-1", product="frequent", medium_kind="code")
    rides = (
        rail(code, "2026-03-25 09:00", "09:30", "s15"),
        rail(code, "2026-03-25 18:00", "18:30", "s15"),
    )
    assert fen(*rides, **spent(0, no="code-1", rides=39)) == [0, 450]
    card = rail(medium(product="frequent"), "2026-03-25 09:00", "09:30", "s15")
    assert fen(card, **spent(0, rides=39)) == [450]


def test_half_a_fen_rounds_up():
    # 0.9 of 1.05 is 0.945.
    assert fen(ride(CARD, "2026-03-10 08:00", "b1"), placeholders={"b1": 105}) == [95]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (tap("ride", "2026-03-10 08:00", CARD, mode="taxi", line="b1"), "taxi"),
        (ride(CARD, "2026-03-10 08:00", "no-such-line"), "no-such-line"),
        (ride(medium(product="vip"), "2026-03-10 08:00", "b1"), "vip"),
        (tap("ride", "2026-03-10 08:00", CARD, mode="bus", city="310000", line="x"), "310000"),
        (tap("peep", "2026-03-10 08:00", CARD, station="s0"), "peep"),
    ],
)
def test_what_no_text_prices_is_an_error_and_not_a_guess(event, said):
    with pytest.raises(ValueError, match=said):
        charged(event)


def test_rails_before_the_first_known_list_are_an_error():
    with pytest.raises(ValueError, match="2011"):
        fen(rail(CARD, "2011-07-31 09:00", "09:30", "s15"))


def test_an_unknown_station_is_an_error():
    with pytest.raises(ValueError, match="nowhere"):
        fen(rail(CARD, "2026-03-10 09:00", "09:30", "nowhere"))
    with pytest.raises(ValueError, match="nowhere"):
        fen(rail(CARD, "2026-03-10 09:00", "09:30", "s0", start="nowhere"))
    with pytest.raises(ValueError, match="no rails lead"):
        fen(rail(CARD, "2026-03-10 09:00", "09:30", "y2"))
