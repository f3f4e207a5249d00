"""The dry run: two prices of each ride, counted once everywhere, told per passenger."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial_rides import (
    CITY,
    FAR,
    NEAR,
    book_of,
    bus,
    changed,
    current_book,
    dearer_far,
    file_of,
    half,
    rail,
    some_rides,
)

from tongxing.fares import CityFares, Counter, FareState, load_city_fares
from tongxing.fares.trying import fixed_book, newest_version
from tongxing.fares.trying.dry_run import DryRun, Opening, dry_run
from tongxing.fares.trying.figures import distance_band, spread
from tongxing.fares.trying.report import percent, signed
from tongxing.fares.trying.ridden import RiddenRide, read_rides
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.network.transport import load_network


def fares_of(content: bytes) -> CityFares:
    book = book_of(content)
    return CityFares(load_network(CITY), fixed_book(book, newest_version(book)))


def tried(content: bytes, rides: list[RiddenRide], **period: int) -> DryRun:
    return dry_run(rides, load_city_fares(CITY), fares_of(content), **period)


def test_the_same_tariff_changes_nothing() -> None:
    run = tried(changed(), some_rides())
    assert run.total.rides == len(some_rides())
    assert run.total.before_fen == run.total.after_fen > 0
    assert (run.spread.same, run.spread.more, run.spread.less) == (5, 0, 0)
    assert (run.more, run.less, run.unpriced) == ((), (), ())


def test_only_those_who_ride_far_pay_more() -> None:
    run = tried(dearer_far(), [one for one in some_rides() if not one.ride.missing])
    assert run.spread.more == 1
    [one] = run.more
    assert one.number == "623001******0003"
    assert one.rides == 5
    assert one.change_fen == run.total.change_fen > 0
    assert one.ride_after_fen > one.ride_before_fen
    assert set(one.before) == set(one.after) == {"zh", "en"}


def test_the_reason_names_the_rule_that_changed() -> None:
    content = changed(("rate_bp = 9000", "rate_bp = 9500"))
    run = tried(content, [rail("6230010000000001", 2), bus("6230010000000002", 2)])
    assert {one.rule for one in run.more} == {"CQ-CARD-9"}


def test_every_group_adds_up_to_the_whole() -> None:
    run = tried(dearer_far(), some_rides())
    assert run.total.change_fen > 0
    for name, rows in run.groups.items():
        assert sum(row.rides for row in rows) == run.total.rides, name
        assert sum(row.before_fen for row in rows) == run.total.before_fen, name
        assert sum(row.after_fen for row in rows) == run.total.after_fen, name
    assert run.spread.more_fen + run.spread.less_fen == run.total.change_fen
    assert sum(one.passengers for one in run.spread.bins) == run.spread.passengers == 5


def test_groups_say_where_the_money_is() -> None:
    run = tried(dearer_far(), some_rides())
    keys = {name: [row.key for row in rows] for name, rows in run.groups.items()}
    assert set(keys["mode"]) == {"rail", "bus"}
    assert set(keys["product"]) == {"ordinary", "student"}
    assert keys["hour"] == ["06", "09", "12", "18", "20"]
    assert "" in keys["distance"], "a half trip and a flat bus have no distance"
    assert "" in keys["operator"], "nobody knows who ran a half trip"
    assert len(keys["system"]) > 2, "the far ride runs through a further fare system"


def test_an_account_is_one_passenger() -> None:
    rides = [rail("6230010000000001", 2, account="A"), rail("6230010000000002", 3, account="A")]
    assert tried(dearer_far(), rides).spread.passengers == 1
    assert tried(dearer_far(), [replaced(one, account="") for one in rides]).spread.passengers == 2


def replaced(one: RiddenRide, account: str) -> RiddenRide:
    return RiddenRide(one.medium, one.rider, one.ride, account)


def test_rides_before_the_period_fill_the_counter_and_count_for_nothing() -> None:
    """Thirty rides of 4.50 reach the month's 100.00, so the next one is cheaper."""
    before = [rail("6230010000000001", 1 + number // 3, hour=6 + number % 3 * 5)
              for number in range(30)]  # fmt: skip
    last = rail("6230010000000001", 20)
    from_s = at(date(2026, 3, 20))
    warm = tried(changed(), [*before, last], counts_from_s=from_s)
    cold = tried(changed(), [last], counts_from_s=from_s)
    assert (warm.total.rides, warm.warm_rides) == (1, 30)
    assert (cold.total.rides, cold.warm_rides) == (1, 0)
    assert warm.total.before_fen < cold.total.before_fen


def test_what_was_counted_before_the_first_ride_holds_on_both_sides() -> None:
    """With 100.00 paid this month the ride costs 70 % or 80 %, also when it is told again."""
    medium = "6230010000000001"
    state = FareState(counters=(Counter(f"{CITY}.rail", 202603, 10_000, 30),))
    rides = [rail(medium, 20)]
    content = changed(("rates_bp = [9000, 7000, 5000]", "rates_bp = [9000, 8000, 5000]"))
    cold = tried(content, rides)
    warm = dry_run(rides, load_city_fares(CITY), fares_of(content),
                   opening=Opening({medium: state}))  # fmt: skip
    assert cold.total.change_fen == 0
    assert warm.total.before_fen * 9 == cold.total.before_fen * 7
    assert warm.total.after_fen * 9 == cold.total.before_fen * 8
    [one] = warm.more
    assert (one.ride_before_fen, one.ride_after_fen) == (
        warm.total.before_fen, warm.total.after_fen
    )  # fmt: skip


def test_rides_after_the_period_are_left_alone() -> None:
    rides = [rail("6230010000000001", 2), rail("6230010000000001", 9)]
    run = tried(changed(), rides, counts_until_s=at(date(2026, 3, 9)))
    assert (run.total.rides, run.last[:10]) == (1, "2026-03-02")


def test_a_ride_that_one_tariff_cannot_price_is_left_out_of_both_and_told() -> None:
    text = changed().decode()
    start = text.index('[[rule]]\nid = "CQ-BUS-ORDINARY"')
    no_buses = text.replace(text[start : text.index("[[rule]]", start + 8)], "")
    ordinary = load_network(CITY).lines
    line = next(one for one in ordinary.values() if one.fare_system == "bus-ordinary")
    ride = bus("6230010000000001", 2)
    ride = RiddenRide(
        ride.medium, ride.rider, replace_line(ride, line.id, line.place), ride.account
    )
    run = tried(no_buses.encode(), [ride, rail("6230010000000001", 3)])
    assert [(one.side, one.reason, one.rides) for one in run.unpriced] == [
        ("after", "FARES_NO_FARE", 1)
    ]
    assert (run.total.rides, run.total.change_fen) == (1, 0)


def replace_line(one: RiddenRide, line: str, place: str):
    from msgspec.structs import replace as with_fields

    return with_fields(one.ride, line=line, place=place)


def test_the_new_version_holds_on_every_day() -> None:
    """A tariff that begins in a year to come is tried on the rides of this one."""
    old = 'id = "CQ-CARD-9"\nkind = "percent"\nfrom = 2000-01-01'
    new = old.replace("2000-01-01", "2031-01-01")
    content = changed((old, new), ("rate_bp = 9000", "rate_bp = 8000"))
    run = tried(content, [rail("6230010000000001", 2)])
    assert run.after[0].startswith(f"{CITY}-20310101")
    assert run.total.after_fen == run.total.before_fen * 8 // 9


def test_the_old_tariff_is_that_of_the_day() -> None:
    july = rail("6230010000000001", 2)
    assert len(dry_run([july], load_city_fares(CITY), fares_of(changed())).before) == 1


def test_half_trips_pay_the_highest_fare_of_either_tariff() -> None:
    run = tried(dearer_far(), [half("6230010000000001", 2)])
    assert run.total.change_fen == 100


# --- figures ---


def test_the_bands_of_distance_include_their_upper_end() -> None:
    found = [distance_band(metres) for metres in (-1, 0, 3_000, 3_001, 6_000, 30_000, 30_001)]
    assert found == ["", "0 0-3", "0 0-3", "1 3-6", "1 3-6", "4 20-30", "5 30+"]


def test_a_spread_tells_its_marks_and_bins() -> None:
    found = spread([-500, -20, 0, 0, 0, 30, 30, 40, 1_000, 90_000])
    assert (found.passengers, found.less, found.same, found.more) == (10, 2, 3, 5)
    assert (found.less_fen, found.more_fen) == (-520, 91_100)
    assert found.deciles_fen == (-500, -500, -20, 0, 0, 0, 30, 30, 40, 1_000, 90_000)
    assert found.bins[-1].most_fen is None, "the farthest lies beyond the last full bin"
    assert [one.passengers for one in found.bins if one.side == "same"] == [3]


@given(st.lists(st.integers(-200_000, 200_000), max_size=60))
def test_each_passenger_stands_in_one_bin(changes: list[int]) -> None:
    found = spread(changes)
    assert sum(one.passengers for one in found.bins) == found.passengers == len(changes)
    for change in changes:
        fitting = [
            one
            for one in found.bins
            if (one.least_fen is None or one.least_fen <= change)
            and (one.most_fen is None or change <= one.most_fen)
        ]
        assert len(fitting) == 1
        assert fitting[0].passengers == sum(
            (fitting[0].least_fen is None or fitting[0].least_fen <= other)
            and (fitting[0].most_fen is None or other <= fitting[0].most_fen)
            for other in changes
        )
        assert fitting[0].side == ("same" if change == 0 else "more" if change > 0 else "less")


def test_shares_and_signs_read_as_people_write_them() -> None:
    assert [signed(fen) for fen in (150, 0, -5)] == ["+1.50", "0.00", "−0.05"]
    assert [percent(1, 3), percent(-1, 2_000), percent(-1, 2_001), percent(1, 0)] == [
        "33.3 %", "−0.1 %", "0.0 %", "–"
    ]  # fmt: skip


# --- files of rides ---


def test_a_file_of_rides_is_read_back_as_it_was_written() -> None:
    rides = some_rides()
    assert read_rides(file_of(rides).splitlines()) == rides


def test_rides_are_put_in_the_order_of_their_charge() -> None:
    backwards = some_rides()[::-1]
    found = read_rides(file_of(backwards).splitlines())
    assert not isinstance(found, Refusal)
    charged = [one.charged_s for one in found]
    assert charged == sorted(charged)
    assert charged != [one.charged_s for one in backwards]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (b'{"medium": "1"}', "rider"),
        (b"[1]", "object"),
        (b"{", ""),
        (b'{"medium": "", "rider": {}, "ride": {"mode": "rail", "entered_s": 1}}', "medium"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "", "entered_s": 1}}', "mode"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "rail"}}', "entered_s"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "rail", "entered_s": -1}}', "entered_s"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "rail", "entered_s": 9, "exited_s": 8}}',
         "before"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "rail", "entered_s": "9"}}', "int"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "rail", "entered_s": 9, "x": 1}}', "x"),
        (b'{"medium": "1", "rider": {"x": 1}, "ride": {"mode": "rail", "entered_s": 9}}', "x"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "rail", "entered_s": 9}, "x": 1}', "x"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "rail", "entered_s": 4200000000000}}',
         "2101"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "taxi", "entered_s": 9, "metres": -2}}',
         "negative"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "taxi", "entered_s": 9, "metres": 5,'
         b' "slow_metres": -9}}', "negative"),
        (b'{"medium": "1", "rider": {}, "ride": {"mode": "taxi", "entered_s": 9, "metres": 5,'
         b' "slow_metres": 6}}', "part of"),
        (b"\xff\xfe", ""),
    ],
)  # fmt: skip
def test_a_wrong_line_refuses_the_file_with_its_number(wrong: bytes, told: str) -> None:
    lines = [*file_of(some_rides()).splitlines()[:2], b"", wrong]
    found = read_rides(lines)
    assert isinstance(found, Refusal)
    assert (found.code, found.values["line"]) == ("RIDES_FILE", 4)
    assert told in str(found.values["detail"])


def test_a_file_without_rides_says_so() -> None:
    found = read_rides([b"", b"  "])
    assert isinstance(found, Refusal)
    assert found.code == "RIDES_NONE"


def test_the_stations_of_these_tests_cost_what_they_are_meant_to() -> None:
    assert newest_version(current_book()).name
    near, far = (tried(changed(), [rail("1", 2, end)]).total.before_fen for end in (NEAR, FAR))
    assert near < far
