"""The oracle's shortest paths against a second way to find them, and against real fares."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.simulation.oracle import CityFacts, Track
from tongxing.simulation.oracle.beijing import BATONG_AND_CHANGPING, LINE_6_EAST, TABLE
from tongxing.simulation.oracle.chongqing import TABLE_2011, TABLE_2025
from tongxing.simulation.oracle.geography import City, FareTable
from tongxing.simulation.oracle.loader import load_facts

STATIONS = "abcdef"


def network(tracks: list[tuple[str, str, str, int]]) -> City:
    return City(CityFacts("0", {}, tuple(Track(*track) for track in tracks), {}), {})


def track(systems: str):
    return st.tuples(
        st.sampled_from(systems),
        st.sampled_from(STATIONS),
        st.sampled_from(STATIONS),
        st.integers(1, 30),
    ).filter(lambda one: one[1] != one[2])


@settings(max_examples=200, deadline=None)
@given(st.lists(track("x"), min_size=1, max_size=12))
def test_metres_agree_with_floyd_and_warshall(tracks):
    far = 10**9
    metres = {(a, b): 0 if a == b else far for a, b in product(STATIONS, repeat=2)}
    for _, a, b, step in tracks:
        metres[a, b] = metres[b, a] = min(step, metres[a, b])
    for via, a, b in product(STATIONS, repeat=3):
        metres[a, b] = min(metres[a, b], metres[a, via] + metres[via, b])
    city = network(tracks)
    for start in {one for _, a, b, _ in tracks for one in (a, b)}:
        expected = {b: metres[start, b] for b in STATIONS if metres[start, b] < far}
        assert city.metres_from("x", start) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(track("xyz"), min_size=1, max_size=10))
def test_the_cheapest_sum_agrees_with_trying_every_order_of_systems(tracks):
    table = FareTable(
        "T", {"x": lambda m: 3 + m // 10, "y": lambda m: 20, "z": lambda m: 1 + m // 4}
    )
    city = network(tracks)

    def cheapest(here: str, goal: str, left: frozenset[str]) -> int:
        best = 10**9
        for system in left & set(city._systems_at.get(here, [])):
            for there, metres in city.metres_from(system, here).items():
                fen = table.fare_fen(system, metres)
                rest = 0 if there == goal else cheapest(there, goal, left - {system})
                best = min(best, fen + rest)
        return best

    start = tracks[0][1]
    for goal, route in city.routes_from(start, table).items():
        assert route.fare_fen == cheapest(start, goal, frozenset("xyz"))
        assert route.fare_fen == sum(fen for _, _, fen in route.parts)


@pytest.fixture(scope="module")
def beijing() -> City:
    return City(load_facts("110000"), {})


@pytest.mark.parametrize(
    ("a", "b", "metres", "fare_fen"),
    [
        ("安定门", "崇文门", 6_081, 300),
        ("农业展览馆", "雍和宫", 6_108, 400),
        ("农业展览馆", "东坝北", 12_046, 400),
        ("农业展览馆", "次渠", 22_109, 600),
        ("安德里北街", "北安河", 32_106, 700),
        ("土桥", "国贸", 21_131, 500),
        ("3号航站楼", "国贸", 34_002, 2_800),
    ],
)
def test_official_fares_of_beijing(beijing, a, b, metres, fare_fen):
    rails = {one for track in beijing.facts.tracks for one in (track.a, track.b)}
    station = {beijing.facts.names[one]: one for one in rails}
    route = beijing.route(station[a], station[b], TABLE)
    assert (route.metres, route.fare_fen) == (metres, fare_fen)
    assert beijing.route(station[b], station[a], TABLE).fare_fen == fare_fen


def test_every_low_peak_station_exists(beijing):
    rails = {beijing.facts.names[one] for track in beijing.facts.tracks for one in (track.a,)}
    rails |= {beijing.facts.names[track.b] for track in beijing.facts.tracks}
    assert rails >= BATONG_AND_CHANGPING | LINE_6_EAST
    assert len(BATONG_AND_CHANGPING | LINE_6_EAST) == 25


@pytest.mark.parametrize(
    ("code", "tables"), [("110000", [TABLE]), ("500000", [TABLE_2011, TABLE_2025])]
)
def test_the_texts_price_every_rail_of_the_network_files(code, tables):
    city = City(load_facts(code), {})
    for table in tables:
        for origin in sorted({track.a for track in city.facts.tracks}):
            assert all(route.fare_fen > 0 for route in city.routes_from(origin, table).values())


def test_stops_are_counted_from_the_first(beijing):
    stops_m = beijing.line("bus-919").stops_m
    assert stops_m["deshengmenxi-stop"] == 0
    assert stops_m["shahe-stop"] == 9_800 + 12_400


def test_a_ring_closes(beijing):
    assert beijing.metres_from("main", "xizhimen")["jishuitan"] <= 1_899


def test_an_unknown_city_is_an_error():
    with pytest.raises(ValueError, match="999999"):
        load_facts("999999")


def test_a_track_that_names_nothing_known_is_an_error(tmp_path):
    folder = tmp_path / "1"
    folder.mkdir()
    (folder / "city.toml").write_text('[[line]]\nid = "l"\nmode = "rail"\nfare_system = "x"\n')
    (folder / "stations.csv").write_text("id,name_zh\na,甲\n")
    (folder / "track.csv").write_text("line,station,metres\nl,a,\nl,b,5\n")
    with pytest.raises(ValueError, match="'b'"):
        load_facts("1", tmp_path)


def test_a_line_lies_where_its_file_says_or_in_the_city():
    lines = load_facts("500000").lines
    assert (lines["bus-hechuan-101"].place, lines["bus-151"].place) == ("500117", "500000")
