"""What runs where: the data is whole and honest, and paths are the shortest there are."""

import heapq
from collections import defaultdict

import pytest

from tongxing.network.paths import Track, build_router
from tongxing.network.transport import (
    DISTANCE_CONFIDENCE,
    MODES,
    city_codes,
    farther_terminus,
    load_network,
    metres_along,
)

CHONGQING, BEIJING = "500000", "110000"
CITIES = [load_network(code) for code in city_codes()]
NAMES = [city.name_en for city in CITIES]


@pytest.mark.parametrize("city", CITIES, ids=NAMES)
def test_every_line_names_a_known_operator_and_known_stations(city):
    for line in city.lines.values():
        assert line.operator in city.operators, line.id
        assert line.mode in MODES
        assert line.fare_system in city.fare_systems
        assert set(line.stations) <= city.stations.keys()
        assert len(line.metres) == len(line.stations) - (0 if line.loop else 1)
        assert all(metres > 0 for metres in line.metres)
        assert line.place.isdigit() and len(line.place) == 6


@pytest.mark.parametrize("city", CITIES, ids=NAMES)
def test_ids_are_ascii_and_every_name_exists_in_both_languages(city):
    for thing in (*city.stations.values(), *city.lines.values(), *city.operators.values()):
        assert thing.id.isascii() and " " not in thing.id
        assert thing.name_zh and thing.name_en.isascii()


@pytest.mark.parametrize("city", CITIES, ids=NAMES)
def test_what_is_invented_or_estimated_says_so(city):
    assert {source.confidence for source in city.sources} >= {"illustrative", "general"}
    for line in city.lines.values():
        assert line.distances in DISTANCE_CONFIDENCE
        if line.mode == "bus":
            assert line.illustrative and line.distances == "illustrative"
        if line.mode == "rail":
            expected = "official" if city.code == BEIJING else "estimated"
            assert not line.illustrative and line.distances == expected


def test_beijing_rail_is_whole():
    city = load_network(BEIJING)
    rail = [line for line in city.lines.values() if line.mode == "rail"]
    assert len(rail) == 28
    assert len({stop for line in rail for stop in line.stations}) == 425
    assert sum(len(line.metres) for line in rail) == 514
    assert {city.operators[line.operator].name_en for line in rail} >= {
        "Beijing Subway", "Beijing MTR", "Beijing Metro Operation",
    }  # fmt: skip


def test_chongqing_rail_is_whole():
    city = load_network(CHONGQING)
    rail = [line for line in city.lines.values() if line.mode == "rail"]
    assert len(rail) == 15
    assert len({stop for line in rail for stop in line.stations}) == 281
    assert city.lines["rail-loop"].loop


@pytest.mark.req("R-008", "R-009")
def test_chongqing_has_all_that_card_and_code_reach():
    city = load_network(CHONGQING)
    places = {line.place for line in city.lines.values() if line.mode == "bus"}
    assert places >= {CHONGQING, "500116", "500231", "500153", "500110"}
    assert {line.mode for line in city.lines.values()} == {
        "rail", "bus", "cableway", "escalator", "lift",
    }  # fmt: skip
    assert city.lines["rail-yunba"].fare_system not in ("urban", "bus-medium")


def test_county_lines_on_the_t_union_list_carry_its_mark():
    marked = [line for line in load_network(CHONGQING).lines.values() if line.schemes]
    assert {line.place for line in marked} == {"500117", "500102", "500101"}
    assert {scheme for line in marked for scheme in line.schemes} == {"t_union"}


def shortest_metres(city, origin):
    """A second, plain search over the same tracks: stations only, no lines, no systems."""
    edges = defaultdict(list)
    for line in city.lines.values():
        if line.mode == "rail" and line.fare_system == "main":
            ends = (*line.stations, *line.stations[:1]) if line.loop else line.stations
            for one, other, metres in zip(ends, ends[1:], line.metres, strict=False):
                edges[one].append((other, metres))
                edges[other].append((one, metres))
    found, heap = {}, [(0, origin)]
    while heap:
        metres, stop = heapq.heappop(heap)
        if stop not in found:
            found[stop] = metres
            for other, step in edges[stop]:
                heapq.heappush(heap, (metres + step, other))
    return found


@pytest.mark.parametrize("origin", ["tuqiao", "dongzhimen", "xierqi", "guomao", "muxidi-16"])
def test_paths_are_the_shortest(origin):
    city = load_network(BEIJING)
    expected = shortest_metres(city, origin)
    assert len(expected) > 390
    for destination, metres in expected.items():
        path = city.path_within("main", origin, destination)
        assert path is not None and path.metres == metres
        assert sum(portion.metres for portion in path.portions) == metres
        assert {portion.fare_system for portion in path.portions} <= {"main"}


def test_a_path_is_as_long_back_as_forth_and_always_the_same():
    city = load_network(BEIJING)
    there, back = city.path("andingmen", "ciqu"), city.path("ciqu", "andingmen")
    assert there is not None and back is not None
    assert there.metres == back.metres
    assert city.path("andingmen", "ciqu") is there


def test_out_of_station_pairs_are_no_shortcut():
    city = load_network(BEIJING)
    path = city.path("muxidi-1", "muxidi-16")
    assert path is not None and path.metres > 1_000


def test_nobody_crosses_an_airport_line_to_save_metres():
    city = load_network(BEIJING)
    path = city.path("sanyuanqiao", "dongzhimen")
    assert path is not None
    assert {portion.fare_system for portion in path.portions} == {"main"}
    airport = city.path_within("capital-airport", "sanyuanqiao", "dongzhimen")
    assert airport is not None and airport.metres < path.metres


def test_a_ride_to_the_station_it_began_at_has_no_metres():
    path = load_network(CHONGQING).path("chaotianmen", "chaotianmen")
    assert path is not None and (path.metres, path.portions) == (0, ())


@pytest.mark.parametrize(
    ("origin", "destination"),
    [("nowhere", "chaotianmen"), ("chaotianmen", "nowhere"), ("bishan", "yunba-line-1"), ("", "")],
)
def test_what_is_not_connected_has_no_path(origin, destination):
    assert load_network(CHONGQING).path(origin, destination) is None


def test_the_path_names_who_earns_which_metres():
    path = load_network(BEIJING).path("nongyezhanlanguan", "ciqu")
    assert path is not None
    assert [(p.line, p.operator, p.metres) for p in path.portions] == [
        ("rail-10", "OP-BJ-SUBWAY", 8459),
        ("rail-17", "OP-BJ-MTR", 13650),
    ]


def test_along_a_line_and_to_its_farther_end():
    city = load_network(BEIJING)
    line = city.lines["bus-1"]
    path = city.path_on_line("bus-1", "xidan-stop", "gongzhufen-stop")
    assert path is not None and path.metres == 5_000
    assert path.portions[0].operator == "OP-BJ-BUS"
    assert metres_along(line, line.stations[0], line.stations[-1]) == sum(line.metres)
    assert farther_terminus(line, line.stations[1]) == line.stations[-1]
    assert farther_terminus(line, line.stations[-2]) == line.stations[0]
    assert city.path_on_line("bus-1", "xidan-stop", "nowhere") is None
    assert city.path_on_line("no-such-line", "xidan-stop", "gongzhufen-stop") is None
    with pytest.raises(ValueError, match="not on bus-1"):
        metres_along(line, "nowhere", "xidan-stop")


def test_on_a_loop_the_shorter_way_round_counts():
    city = load_network(CHONGQING)
    loop = city.lines["rail-loop"]
    first, last = loop.stations[0], loop.stations[-1]
    assert metres_along(loop, first, last) == loop.metres[-1]


def test_equal_ways_go_to_the_fewer_changes():
    router = build_router([
        Track("direct", "s", ("a", "b", "c"), (100, 100)),
        Track("first", "s", ("a", "x"), (100,)),
        Track("second", "s", ("x", "c"), (100,)),
    ], "s")  # fmt: skip
    way = router.way("a", "c")
    assert way is not None and [leg.line for leg in way.legs] == ["direct"]


def test_stations_are_found_by_any_of_their_names():
    city = load_network(BEIJING)
    assert [one.id for one in city.find_stations("天安门东", "rail")] == ["tiananmen-east"]
    assert [one.id for one in city.find_stations(" tian'anmen EAST ")] == ["tiananmen-east"]
    assert [one.id for one in city.find_stations("tiananmen-east")] == ["tiananmen-east"]
    assert [one.id for one in city.find_stations("大钟寺")] == ["dazhongsi-12", "dazhongsi-13"]
    assert city.find_stations("无此站") == ()


def test_a_city_without_a_network_is_a_key_error():
    with pytest.raises(KeyError):
        load_network("330200")
    with pytest.raises(KeyError):
        load_network("../500000")


def test_a_further_fare_system_is_entered_only_when_it_must_be():
    router = build_router([
        Track("main", "main", ("a", "b", "c"), (100, 5_000)),
        Track("express", "express", ("b", "c", "d"), (100, 100)),
    ], "main")  # fmt: skip
    by_main, must = router.way("a", "c"), router.way("a", "d")
    assert by_main is not None and [leg.line for leg in by_main.legs] == ["main"]
    assert must is not None and must.metres == 300
    assert [leg.line for leg in must.legs] == ["main", "express"]
