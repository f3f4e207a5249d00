"""Which paths a pair of stations has: by hand, and against every path that there is."""

from itertools import pairwise

import pytest
from acc_world import (
    CITY,
    DAY,
    DEFAULTS,
    SERVICE,
    all_paths,
    city_of,
    header_for,
    kept_paths,
    line_of,
    logit,
    pairs,
    parameters_text,
    row_of,
    table_of,
    told,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.hub.acc import graph as graph_module
from tongxing.hub.acc import search
from tongxing.hub.acc.making import graph_of
from tongxing.hub.acc.parameters import read_parameters
from tongxing.hub.acc.search import paths_between
from tongxing.network.transport import CityNetwork

# Two lines from A to D: straight on with OP1, or round by OP2 with a change at B.
#   riding 100 m = 10 s, waiting 60 s for each train, a change = 60 s walk + 60 s wait + 180 s.
TWO_WAYS = city_of(
    line_of("l1", "OP1", "A 1000 B 6000 D"),
    line_of("l2", "OP2", "B 3000 D"),
)


def test_two_ways_by_hand() -> None:
    """Straight: 60 + 700 = 760 s. By l2: 60 + 100 + 300 + 300 = 760 s too: half each."""
    table = table_of(TWO_WAYS)
    row = row_of(table, "A", "D")
    assert told(table, row) == [
        ("l1 A-D", 760_000, 500_000),
        ("l1 A-B, l2 B-D", 760_000, 500_000),
    ]
    # l1: 7000 m of OP1. By l2: 1000 m of OP1 and 3000 m of OP2. OP1 = 1/2 + 1/2 x 1/4 = 5/8.
    assert table.named(row.shares) == (("OP1", 625_000), ("OP2", 375_000))


def test_seven_to_three_at_two_minutes() -> None:
    """The number that theta was chosen by: two minutes more is ridden by three in ten."""
    city = city_of(line_of("l1", "OP1", "A 3000 B"), line_of("l2", "OP2", "A 4200 B"))
    table = table_of(city)
    (_, first, most), (_, second, least) = told(table, row_of(table, "A", "B"))
    assert second - first == 120_000
    assert (most, least) == (698_465, 301_535)


def test_the_way_back_is_the_same_row() -> None:
    table = table_of(TWO_WAYS)
    assert row_of(table, "D", "A") == row_of(table, "A", "D")


def test_a_ring_is_ridden_both_ways_round() -> None:
    city = city_of(line_of("ring", "OP1", "A 1000 B 1000 C 1000 D 1000 A"))
    table = table_of(city)
    row = row_of(table, "A", "C")
    assert [path.rides[0][1] for path in row.paths] == [False, True]
    assert [path.cost for path in row.paths] == [260_000, 260_000]
    (short,) = row_of(table, "A", "B").paths
    assert short.cost == 160_000, "three quarters round is 200 s more: over one and a half times"


THERE_AND_BACK = city_of(
    line_of("l1", "OP1", "A 100 B 100 C"),
    line_of("l2", "OP2", "C 100 B 100 D"),
)


def test_no_path_comes_back_to_where_it_was() -> None:
    """B lies on both lines: out to C and back by the other line is no path to D."""
    table = table_of(THERE_AND_BACK, parameters=parameters_text(cost_factor_per_mille=9_000))
    assert [text for text, _, _ in told(table, row_of(table, "A", "D"))] == ["l1 A-B, l2 B-D"]


# what a threshold leaves of two ways that cost 360 s and 480 s, one change more
THRESHOLDS = [
    ("both are within all of them", {}, 2),
    ("the second is above one and a third times", {"cost_factor_per_mille": 1_333}, 1),
    ("the second is exactly at a third more", {"cost_factor_per_mille": 1_334}, 2),
    ("more than 119 s over", {"cost_over_s": 119}, 1),
    ("exactly 120 s over", {"cost_over_s": 120}, 2),
    ("only one path is looked at", {"paths_max": 1}, 1),
    ("too few ride the second one", {"share_min_ppm": 301_535}, 1),
    ("just enough ride the second one", {"share_min_ppm": 301_534}, 2),
]


@pytest.mark.parametrize(
    ("why", "changed", "paths"), THRESHOLDS, ids=[row[0] for row in THRESHOLDS]
)
def test_the_thresholds_decide_to_the_second(why: str, changed: dict[str, int], paths: int) -> None:
    city = city_of(line_of("l1", "OP1", "A 3000 B"), line_of("l2", "OP2", "A 4200 B"))
    table = table_of(city, parameters=parameters_text(**changed))
    row = row_of(table, "A", "B")
    assert len(row.paths) == paths
    assert sum(path.ppm for path in row.paths) == 1_000_000


def test_changes_are_counted_beside_the_best_path_s() -> None:
    city = city_of(
        line_of("l1", "OP1", "A 20000 E"),
        line_of("l2", "OP2", "A 1000 B"),
        line_of("l3", "OP2", "B 1000 C"),
        line_of("l4", "OP2", "C 1000 D"),
        line_of("l5", "OP2", "D 8000 E"),
    )
    few, many = parameters_text(transfers_over=2), parameters_text(transfers_over=3)
    assert len(row_of(table_of(city, parameters=few), "A", "E").paths) == 1
    assert len(row_of(table_of(city, parameters=many), "A", "E").paths) == 2


def test_weights_count_each_kind_of_time() -> None:
    heavy = parameters_text(riding_per_mille=2_000, waiting_per_mille=3_000, walking_per_mille=500)
    table = table_of(TWO_WAYS, parameters=heavy)
    costs = {text: cost for text, cost, _ in told(table, row_of(table, "A", "D"))}
    assert costs == {
        "l1 A-D": 2_000 * 700 + 3_000 * 60,
        "l1 A-B, l2 B-D": 2_000 * 400 + 3_000 * 120 + 500 * 60 + 180_000,
    }


def test_a_station_of_its_own_has_its_own_walk() -> None:
    service = SERVICE + '[[walk]]\nstation = "B"\nwalking_s = 0\nsource = "here"\n'
    table = table_of(TWO_WAYS, service)
    assert [cost for _, cost, _ in told(table, row_of(table, "A", "D"))] == [700_000, 760_000]


def test_what_is_not_connected_has_no_row() -> None:
    city = city_of(line_of("l1", "OP1", "A 100 B"), line_of("l2", "OP2", "C 100 D"))
    table = table_of(city)
    assert table.header.rows == 2
    assert table.row("main", "all-day", "A", "C") is None
    assert table.row("main", "all-day", "A", "A") is None
    assert table.row("main", "all-day", "A", "atlantis") is None
    assert table.row("main", "night", "A", "B") is None
    assert table.row("airport", "all-day", "A", "B") is None


def test_a_path_stays_inside_its_fare_system() -> None:
    """An airport line beside the main network is no short cut: it asks a fare of its own."""
    city = city_of(
        line_of("l1", "OP1", "A 9000 B"), line_of("air", "OP2", "A 3000 B", system="airport")
    )
    table = table_of(city)
    assert told(table, row_of(table, "A", "B")) == [("l1 A-B", 960_000, 1_000_000)]
    row = row_of(table, "A", "B", system="airport")
    assert table.named(row.shares) == (("OP2", 1_000_000),)


# --- against every path there is ------------------------------------------------------------------

STOPS = "ABCDEFG"


@st.composite
def cities(draw: st.DrawFn) -> CityNetwork:
    """Two to four lines, some of them rings, over seven stations."""
    lines = []
    for number in range(draw(st.integers(2, 4))):
        stops = draw(st.permutations(STOPS))[: draw(st.integers(2, 6))]
        metres = [draw(st.integers(1, 60)) * 100 for _ in stops]
        course = " ".join(f"{stop} {step}" for stop, step in zip(stops, metres, strict=True))
        is_ring = len(stops) > 2 and draw(st.booleans())
        course = f"{course} {stops[0]}" if is_ring else course.rsplit(" ", 1)[0]
        lines.append(line_of(f"l{number}", f"OP{number % 3}", course))
    return city_of(*lines)


def assert_same_as_enumeration(city: CityNetwork, parameters: str = "") -> None:
    numbers = read_parameters(parameters, CITY, DAY) if parameters else DEFAULTS
    table = table_of(city, parameters=parameters)
    for origin, destination in pairs(city):
        every = all_paths(city, origin, destination, numbers)
        row = table.row("main", "all-day", origin, destination)
        assert (row is None) == (not every)
        if row is None:
            continue
        kept = kept_paths(every, numbers)
        shares = logit(kept, numbers)
        expected = [(one.cost, share) for one, share in zip(kept, shares, strict=True) if share]
        assert [path.cost for path in row.paths] == [cost for cost, _ in expected]
        for path, (_, share) in zip(row.paths, expected, strict=True):
            assert abs(path.ppm - share * 1e6) <= 1
        if len(every) <= numbers.paths_max:
            assert operators_by_hand(city, kept, shares) == pytest.approx(
                dict(table.named(row.shares)), abs=2
            )


def operators_by_hand(city: CityNetwork, paths: list, shares: list[float]) -> dict[str, float]:
    parts: dict[str, float] = {}
    for path, share in zip(paths, shares, strict=True):
        lengths: dict[str, int] = {}
        for name, stops in path.rides:
            line = city.lines[name]
            for one, other in pairwise(stops):
                metres = step_between(line, one, other)
                lengths[line.operator] = lengths.get(line.operator, 0) + metres
        for operator, metres in lengths.items():
            part = share * metres / sum(lengths.values()) * 1e6
            parts[operator] = parts.get(operator, 0) + part
    return {who: part for who, part in parts.items() if part >= 0.5}


def step_between(line, one: str, other: str) -> int:
    ring = (*line.stations, line.stations[0]) if line.loop else line.stations
    steps = zip(ring, ring[1:], line.metres, strict=False)
    return next(metres for a, b, metres in steps if {a, b} == {one, other})


@settings(max_examples=60, deadline=None)
@given(cities())
def test_the_search_finds_what_enumeration_finds(city: CityNetwork) -> None:
    assert_same_as_enumeration(city)


@settings(max_examples=40, deadline=None)
@given(cities(), st.integers(1, 9), st.integers(1_000, 4_000), st.integers(0, 3))
def test_also_with_other_thresholds(
    city: CityNetwork, paths_max: int, factor: int, over: int
) -> None:
    text = parameters_text(
        paths_max=paths_max, cost_factor_per_mille=factor, transfers_over=over, share_min_ppm=0
    )
    assert_same_as_enumeration(city, text)


@settings(max_examples=30, deadline=None)
@given(cities(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_nothing(city: CityNetwork, chance) -> None:
    """The same network written in another order: the same parts for every pair."""
    lines = list(city.lines.values())
    chance.shuffle(lines)
    one, other = table_of(city), table_of(city_of(*lines))
    for origin, destination in pairs(city):
        rows = [table.row("main", "all-day", origin, destination) for table in (one, other)]
        if rows[0] is None or rows[1] is None:
            assert rows == [None, None]
            continue
        costs = [[path.cost for path in row.paths] for row in rows if row]
        assert costs[0] == costs[1]
        if len(set(costs[0])) == len(costs[0]) < DEFAULTS.paths_max:
            assert one.named(rows[0].shares) == other.named(rows[1].shares)


# --- bad input, planted bugs ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"ride_s": (0, 600)},
        {"ride_s": (-5, 600)},
        {"ride_s": (100,)},
        {"headways_s": (-1,)},
        {"stations": (0, 1, 0)},
        {"loop": True},
    ],
)
def test_a_track_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    header = header_for(TWO_WAYS)
    tracks = (replace(header.tracks[0], **change), *header.tracks[1:])
    with pytest.raises(ValueError, match="l1"):
        graph_of(replace(header, tracks=tracks), 0)


def test_the_comparison_sees_a_search_that_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: loops allowed; the limit forgotten; a wait forgotten; one path too few."""
    city = city_of(
        line_of("l1", "OP1", "A 500 B 500 C 500 D"),
        line_of("l2", "OP2", "B 700 E 600 D 400 A"),
        line_of("l3", "OP0", "E 300 A 800 C"),
    )
    wide = parameters_text(cost_factor_per_mille=3_000, share_min_ppm=0)
    assert_same_as_enumeration(city, wide)
    honest = search.paths_between

    def one_too_few(*arguments):
        return honest(*arguments)[:-1] or honest(*arguments)

    for where, name, bug in (
        ("making", "paths_between", one_too_few),
        ("search", "cost_limit", lambda best, parameters: best * 9),
        ("search", "cost_limit", lambda best, parameters: best + 60_000),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(f"tongxing.hub.acc.{where}.{name}", bug)
            with pytest.raises(AssertionError):
                assert_same_as_enumeration(city, wide)
    reach = graph_module._reach

    def forgets_where_it_was(*arguments):
        rides = reach(*arguments).rides
        return graph_module.Reach(tuple((*ride[:3], 0) for ride in rides))

    with monkeypatch.context() as patch:
        patch.setattr(graph_module, "_reach", forgets_where_it_was)
        with pytest.raises(AssertionError):
            assert_same_as_enumeration(THERE_AND_BACK, wide)


def test_nothing_leads_from_a_station_to_itself() -> None:
    graph = graph_of(header_for(TWO_WAYS), 0)
    assert paths_between(graph, 0, 0, graph.costs_to(0), DEFAULTS) == []
    assert paths_between(graph, 0, 99, graph.costs_to(99), DEFAULTS) == []
