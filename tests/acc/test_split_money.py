"""Fares split by a table: to the fen, explained, compared; and trips that no table can split."""

from datetime import date

import pytest
from acc_world import CITY, DAY, SERVICE, city_of, line_of, parameters_text, row_of, table_of
from hypothesis import given
from hypothesis import strategies as st

from tongxing.hub.acc import load_agreements
from tongxing.hub.acc.agreements import Agreement, read_agreements, weights_by
from tongxing.hub.acc.money import Piece, Trip, compare, explain_fare, split_fare, split_trip
from tongxing.kernel.clock import at

# The worked day's R002: two paths, seven in ten ride one with 8.2 of 10 km on OP1.
TOWN = city_of(
    line_of("l1", "OP1", "A 1000 B 6000 D"),
    line_of("l2", "OP2", "B 3000 D"),
)
TABLE = table_of(TOWN)


def fens(fare_fen: int, *shares: tuple[str, int]) -> dict[str, int]:
    return {part.operator: part.fen for part in split_fare(fare_fen, shares)}


def test_the_worked_day_s_ride_over_two_paths() -> None:
    """360 fen, exact 295.2 and 64.8 (clearing reference, part 10, R002)."""
    assert fens(360, ("OP1", 820_000), ("OP2", 180_000)) == {"OP1": 295, "OP2": 65}


def test_an_odd_fen_and_a_tie() -> None:
    assert fens(1, ("OP1", 500_000), ("OP2", 500_000)) == {"OP1": 1, "OP2": 0}
    assert fens(1, ("OP2", 500_000), ("OP1", 500_000)) == {"OP1": 1, "OP2": 0}
    assert fens(0, ("OP1", 400_000), ("OP2", 600_000)) == {"OP1": 0, "OP2": 0}
    assert fens(-360, ("OP1", 820_000), ("OP2", 180_000)) == {"OP1": -295, "OP2": -65}


def test_shares_that_are_no_million_split_nothing() -> None:
    with pytest.raises(ValueError, match="per million"):
        split_fare(100, [("OP1", 999_999)])


SHARES = st.lists(st.integers(0, 1_000_000), min_size=1, max_size=5, unique=True).map(
    lambda cuts: [
        (f"OP{number}", high - low)
        for number, (low, high) in enumerate(
            zip([0, *sorted(cuts)], [*sorted(cuts), 1_000_000], strict=True)
        )
    ]
)


@given(st.lists(st.tuples(st.integers(-5_000, 50_000), SHARES), max_size=20))
def test_the_parts_of_any_fares_add_up_to_the_fares(fares) -> None:
    parts = [part for fen, shares in fares for part in split_fare(fen, shares)]
    assert sum(part.fen for part in parts) == sum(fen for fen, _ in fares)


@given(st.integers(0, 100_000), SHARES)
def test_a_part_is_its_exact_share_within_a_fen_in_any_order(fare_fen: int, shares) -> None:
    parts = split_fare(fare_fen, shares)
    for part in parts:
        exact = fare_fen * part.ppm
        assert part.floor_fen * 1_000_000 + part.remainder_millionths == exact
        assert part.fen == part.floor_fen + part.extra
    assert split_fare(fare_fen, shares[::-1]) == parts


def test_every_fen_is_explained() -> None:
    """A to D: half ride straight on (7 km OP1), half change at B (1 km OP1, 3 km OP2)."""
    told = explain_fare(TABLE, row_of(TABLE, "D", "A"), 501)
    straight, changed = told.paths
    assert (straight.cost_ms, straight.ppm, straight.metres) == (760_000, 500_000, {"OP1": 7_000})
    assert (changed.cost_ms, changed.penalty_s) == (760_000, 180)
    assert changed.metres == {"OP1": 1_000, "OP2": 3_000}
    assert [ride.metres for ride in changed.rides] == [1_000, 3_000]
    assert [ride.riding_s for ride in changed.rides] == [100, 300]
    assert [ride.walking_s for ride in changed.rides] == [0, 60]
    seconds = sum(ride.riding_s + ride.waiting_s + ride.walking_s for ride in changed.rides)
    assert (seconds + changed.penalty_s) * 1_000 == changed.cost_ms
    first, second = told.parts
    assert (first.floor_fen, first.remainder_millionths, first.extra, first.fen) == (
        313, 125_000, False, 313,
    )  # fmt: skip
    assert (second.floor_fen, second.remainder_millionths, second.extra, second.fen) == (
        187, 875_000, True, 188,
    )  # fmt: skip


CO_RUNNING = SERVICE + (
    '[[co_running]]\nline = "l1"\nfirst = "A"\nlast = "B"\nfrom_day = 2026-01-01\n'
    'source = "here"\ntrains = { OP1 = 250, OP9 = 750 }\n'
)


def test_who_runs_the_trains_is_paid() -> None:
    """Three in four trains between A and B are OP9's: it earns 750 of those 1,000 metres."""
    town = city_of(*TOWN.lines.values(), operators=("OP9",))
    table = table_of(town, CO_RUNNING)
    told = explain_fare(table, row_of(table, "A", "D"), 100)
    assert told.paths[0].metres == {"OP1": 6_250, "OP9": 750}
    assert told.paths[1].metres == {"OP1": 250, "OP2": 3_000, "OP9": 750}
    shares = dict(table.named(row_of(table, "A", "D").shares))
    # OP1 = 1/2 x 6250/7000 + 1/2 x 250/4000; OP9 = 1/2 x 750/7000 + 1/2 x 750/4000
    assert shares == {"OP1": 477_679, "OP2": 375_000, "OP9": 147_321}


# --- what another table would have given ----------------------------------------------------------

ONE_PATH = table_of(TOWN, parameters=parameters_text(paths_max=1))
MORNING = at(DAY, 8)


def trip(origin: str, destination: str, fen: int, **booked: int) -> Trip:
    return Trip(MORNING, (Piece("main", origin, destination, fen),), booked or None)


def test_what_another_table_would_have_given() -> None:
    trips = [trip("A", "D", 400), trip("D", "A", 400), trip("A", "B", 300), trip("A", "X", 200)]
    found = compare(trips, ONE_PATH, TABLE)
    assert found.before == {"OP1": 250 + 250 + 300, "OP2": 150 + 150}
    assert found.after == {"OP1": 400 + 400 + 300, "OP2": 0}
    assert (found.trips, found.fen, found.changed, found.moved_fen) == (3, 1_100, 2, 300)
    assert (found.left_out, found.left_out_fen) == (1, 200)
    assert sum(found.before.values()) == sum(found.after.values()) == found.fen


def test_what_a_table_gives_beside_what_was_booked() -> None:
    found = compare([trip("A", "D", 400, OP1=400), trip("A", "B", 1)], TABLE)
    assert (found.before, found.after) == ({"OP1": 400, "OP2": 0}, {"OP1": 250, "OP2": 150})
    assert found.left_out == 1, "a trip without a booked split cannot be compared"


def test_a_trip_through_two_fare_systems_is_split_piece_by_piece() -> None:
    town = city_of(*TOWN.lines.values(), line_of("air", "OP5", "D 9000 T", system="airport"))
    pieces = (Piece("main", "A", "D", 400), Piece("airport", "D", "T", 2_500))
    assert split_trip(Trip(MORNING, pieces), table_of(town)) == {
        "OP1": 250, "OP2": 150, "OP5": 2_500,
    }  # fmt: skip


# --- by agreement ---------------------------------------------------------------------------------

AGREED = """
[sources]
minutes = "minutes of the operators' meeting"
[[agreements]]
from_day = 2020-01-01
source = "minutes"
missing_exit = "tapped_line"
missing_entry = "tapped_line"
same_station = "tapped_line"
no_path = "tapped_line"
overtime = "as_ride"
[[agreements]]
from_day = 2026-03-01
city = "999999"
source = "minutes"
missing_exit = "fixed"
same_station = "station"
fixed = { OP1 = 3, OP2 = 1, OP3 = 0 }
"""


def agreed(day: date, city: str = CITY) -> Agreement:
    return read_agreements(AGREED).on(city, day)


def test_half_trips_go_by_agreement_and_its_date() -> None:
    now = agreed(DAY)
    assert weights_by(now.missing_exit, now, "OP2", []) == (("OP1", 3), ("OP2", 1))
    assert weights_by(now.missing_entry, now, "OP2", []) == (("OP2", 1),)
    assert weights_by(now.same_station, now, "OP2", ["OP2", "OP1", "OP1"]) == (
        ("OP1", 1), ("OP2", 1),
    )  # fmt: skip
    assert weights_by(now.same_station, now, "OP2", []) == (("OP2", 1),)
    assert agreed(date(2026, 2, 28)).missing_exit == "tapped_line"
    assert agreed(DAY, "110000").missing_exit == "tapped_line"
    assert now.source == "minutes of the operators' meeting"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("OP1 = 3", "OP1 = -3"),
        ("OP1 = 3, OP2 = 1", "OP1 = 0, OP2 = 0"),
        ("fixed = { OP1 = 3, OP2 = 1, OP3 = 0 }", ""),
        ('no_path = "tapped_line"', ""),
        ('"station"', '"dice"'),
        ('source = "minutes"', 'source = "rumour"'),
        ("2026-03-01", "2026-02-30"),
    ],
)
def test_an_agreement_that_cannot_be_is_refused(old: str, new: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_agreements(AGREED.replace(old, new))


def test_without_an_agreement_the_tapped_line_gets_it() -> None:
    """The project's own file says what the hub has always done."""
    ours = load_agreements().on("110000", DAY)
    methods = {ours.missing_exit, ours.missing_entry, ours.same_station, ours.no_path}
    assert methods == {"tapped_line"} and ours.overtime == "as_ride"
