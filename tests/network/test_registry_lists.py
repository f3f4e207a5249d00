"""The lists are complete: every count equals that of the list it was taken from."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest

from tongxing.network import load_registry, region_of
from tongxing.network.loading import check_book, load_book
from tongxing.network.numbers import KINDS
from tongxing.network.schemes import COVERAGE_KINDS, Entry, known_date

REGISTRY = load_registry()
TODAY = date(2026, 11, 20)
T_UNION = REGISTRY.rows_of("t_union")
CITY_UNION = REGISTRY.rows_of("city_union")


def level(entry: Entry) -> str:
    place = REGISTRY.place(entry.place)
    assert place
    return place.level


@pytest.mark.req("R-213")
def test_t_union_has_306_rows_in_the_lists_own_order():
    assert [entry.row for entry in T_UNION] == list(range(1, 307))
    assert len({entry.place for entry in T_UNION}) == 306
    assert (T_UNION[0].listed_as, T_UNION[-1].listed_as) == ("北京市", "香港")


@pytest.mark.req("R-213")
def test_coverage_marks_are_as_often_as_on_the_list():
    marks = Counter((entry.coverage, entry.certain) for entry in T_UNION)
    assert marks == {
        ("whole", True): 127,
        ("listed", True): 123,
        ("partial_bus_lines", True): 23,
        ("sub_area", True): 12,
        ("sub_area_partial_lines", True): 2,
        ("under_conversion", True): 10,
        ("under_conversion", False): 1,
        ("metro_unavailable", True): 3,
        ("metro_only", True): 2,
        ("whole_except", True): 1,
        ("planned", True): 1,
        ("under_study", True): 1,
    }
    doubtful = [entry for entry in T_UNION if not entry.certain]
    assert [(entry.listed_as, entry.wording) for entry in doubtful] == [("资阳市", "改造中?")]


@pytest.mark.parametrize(
    ("coverage", "names"),
    [
        ("metro_unavailable", ["上海市", "福州市", "成都市"]),
        ("metro_only", ["深圳市", "东莞市"]),
        ("whole_except", ["黔东南州"]),
        ("planned", ["澳门"]),
        ("under_study", ["香港"]),
    ],
)
@pytest.mark.req("R-213")
def test_the_rare_marks_stand_at_the_right_places(coverage, names):
    assert [entry.listed_as for entry in T_UNION if entry.coverage == coverage] == names


@pytest.mark.req("R-215")
def test_nested_counties_keep_their_own_brand():
    nested = {
        entry.listed_as: (REGISTRY.place_name(entry.nested_in, "zh"), entry.brand)
        for entry in T_UNION
        if entry.nested_in
    }
    assert nested == {
        "江阴市": ("无锡市", "澄通卡"),
        "宜兴市": ("无锡市", "陶都通"),
        "昆山市": ("苏州市", "昆通卡"),
        "敦煌市": ("酒泉市", ""),
    }


@pytest.mark.req("R-215")
def test_marks_and_brands_of_whole_provinces():
    marks = REGISTRY.province_marks
    brands = {REGISTRY.place_name(code, "zh"): mark.brand for code, mark in marks.items()}
    assert {name: brand for name, brand in brands.items() if brand} == {
        "福建省": "福路通",
        "河南省": "轩辕通",
        "广西壮族自治区": "桂民卡",
        "甘肃省": "丝路任我行",
        "重庆市": "交运通",
    }
    assert marks["500000"].mark == "仅以下县区部分公交线路"
    assert marks["320000"].mark == "全省"
    whole = [entry for entry in T_UNION if entry.coverage == "whole"]
    assert all(marks[entry.place[:2] + "0000"].mark for entry in whole)


@pytest.mark.req("R-213")
def test_chongqing_has_twelve_counties_and_not_its_centre():
    places = [entry for entry in T_UNION if entry.place.startswith("50")]
    assert len(places) == 12
    assert {entry.coverage for entry in places} == {"partial_bus_lines"}
    assert "500000" not in {entry.place for entry in T_UNION}


def test_the_lists_spelling_is_kept_beside_the_right_name():
    bozhou = next(entry for entry in T_UNION if entry.place == "341600")
    assert (bozhou.listed_as, bozhou.note) == ("毫州市", "listed_with_typo")
    assert REGISTRY.place_name("341600", "zh") == "亳州市"


def test_places_without_a_division_code_have_ids_of_ours():
    ours = [entry.place for entry in T_UNION if entry.note == "no_division_code"]
    assert ours == ["220000-changbaishan", "650000-xpcc12", "650000-xpcc13"]


@pytest.mark.req("R-300")
def test_city_union_has_80_members_in_seven_batches():
    batches = Counter(entry.batch for entry in CITY_UNION)
    assert batches == {1: 8, 2: 9, 3: 18, 4: 15, 5: 22, 6: 5, 7: 3}
    dates = {entry.batch: entry.valid_from.text for entry in CITY_UNION}
    assert dates == {
        1: "2012-07-27",
        2: "2013-04",
        3: "2013-10-19",
        4: "2014-10-31",
        5: "2015-11",
        6: "2016-12",
        7: "2017-12",
    }
    assert Counter(map(level, CITY_UNION)) == {"province": 3, "prefecture": 56, "county": 21}


@pytest.mark.req("R-300")
def test_the_last_two_batches_lack_a_citation_and_say_so():
    assert {entry.batch for entry in CITY_UNION if not entry.certain} == {6, 7}
    assert all(entry.note == "citation_needed" for entry in CITY_UNION if entry.batch >= 6)


def test_61_members_are_on_both_lists():
    assert len({e.place for e in CITY_UNION} & {e.place for e in T_UNION}) == 61


@pytest.mark.req("R-310")
def test_wenzhou_opens_the_service_at_a_named_place():
    points = {entry.listed_as: entry.service_point for entry in CITY_UNION if entry.service_point}
    assert points == {"温州市": "学院西路“市民卡服务中心”"}


@pytest.mark.req("R-306")
def test_the_visitor_table_has_40_rows_of_whole_thousandths():
    rates = [rate for e in CITY_UNION for rate in REGISTRY.visitor_rates("city_union", e.place)]
    assert len(rates) == 40
    assert all(type(rate.per_mille) is int for rate in rates)
    assert len({rate.place for rate in rates}) == 35
    bus = Counter(rate.per_mille for rate in rates if rate.mode == "bus")
    assert bus == {1000: 11, 950: 2, 900: 9, 850: 3, 800: 6, 700: 2, 600: 3}
    extra = {(rate.place, rate.mode) for rate in rates if rate.mode != "bus"}
    assert extra == {
        ("310000", "rail"),
        ("310000", "ferry"),
        ("320581", "taxi"),
        ("211400", "taxi"),
    }
    assert {rate.as_of for rate in rates} == {date(2014, 2, 13)}


@pytest.mark.req("R-308")
def test_karamay_is_of_batch_3_and_quanzhou_of_batch_4_yet_the_table_swaps_them():
    assert REGISTRY.visitor_rates("city_union", "650200") == ()
    assert len(REGISTRY.visitor_rates("city_union", "350500")) == 1
    joined = {entry.place: entry.batch for entry in CITY_UNION}
    assert (joined["650200"], joined["350500"]) == (3, 4)


@pytest.mark.req("R-211", "R-212", "R-201")
def test_schemes_have_keys_marks_and_chip_applications():
    tunion, union = REGISTRY.schemes["t_union"], REGISTRY.schemes["city_union"]
    assert (tunion.key_system, union.key_system) == ("mot", "mohurd")
    assert tunion.marks == ("交通联合", "China T-Union")
    assert REGISTRY.scheme_of_application("A000000632010105") == ("t_union",)
    assert REGISTRY.scheme_of_application("a00000063201010510009156000014a1") == ("t_union",)
    assert REGISTRY.scheme_of_application("A0000006329999") == ("t_union",)
    shared = REGISTRY.scheme_of_application("A00000000386980701")
    assert shared == ("city_union", "local:500000")


@pytest.mark.req("R-214")
def test_t_union_covers_bus_rail_taxi_ferry_and_public_bicycles():
    assert REGISTRY.schemes["t_union"].modes == {"bus", "rail", "taxi", "ferry", "bicycle"}


@pytest.mark.req("R-212", "R-218")
def test_province_prefixes_and_city_numbers_tell_the_issuer():
    readings = [REGISTRY.identify(f"{iin}99{'0' * 11}") for iin in range(310473, 310518)]
    known = [matches[0] for matches in readings if matches[0].kind == "province"]
    assert len(known) == 33
    assert len({match.issuer for match in known}) == 33
    beijing = region_of("1000")
    assert beijing and beijing.division == "110000"
    assert region_of("") is None


@pytest.mark.req("R-216", "R-220")
def test_the_figures_of_october_2018_are_a_dated_fact():
    facts = {fact.on.text: fact for fact in REGISTRY.facts("t_union") if fact.kind == "scale"}
    assert facts["2018-10-31"].figures == {
        "cities": 225,
        "cities_all_bus_lines": 220,
        "cities_rail": 14,
        "cards": 21_000_000,
        "remote_trades": 110_000_000,
        "terminals": 950_000,
    }
    assert facts["2016-12"].figures["bicycle_docks"] == 47_100
    assert facts["2016-12"].figures["taxis"] == 26_980


@pytest.mark.req("R-200", "R-210", "R-217")
def test_rules_and_standards_are_dated_facts():
    rules = {fact.on.text for fact in REGISTRY.facts("t_union") if fact.kind == "rule"}
    assert {"2015-09-28", "2018-01"} <= rules
    standards = [fact.zh for fact in REGISTRY.facts("t_union") if fact.kind == "standard"]
    assert standards == ["JT/T 978-2015（IC卡）", "JT/T 1059-2016（移动支付）"]
    assert "中交金卡" in REGISTRY.schemes["t_union"].centre_zh


def test_every_row_names_a_source_that_exists_and_every_word_is_there():
    for scheme in REGISTRY.schemes:
        for entry in REGISTRY.rows_of(scheme):
            assert entry.source in REGISTRY.sources
    for coverage in COVERAGE_KINDS:
        for language in ("zh", "en"):
            assert REGISTRY.word(f"coverage.{coverage}", language)
    for kind in KINDS:
        assert REGISTRY.word(f"kind.{kind}", "zh")


def test_coordinates_are_whole_micro_degrees_in_china():
    points = REGISTRY.map_points(TODAY)
    assert len(points) >= 300
    for point in points:
        assert type(point.lon_e6) is int
        assert type(point.lat_e6) is int
        assert 73_000_000 < point.lon_e6 < 136_000_000
        assert 17_000_000 < point.lat_e6 < 54_000_000
    ningbo = next(point for point in points if point.place == "330200")
    assert ningbo.in_service == ("t_union", "city_union")


def test_the_data_files_are_plain_utf8_tables_without_stray_columns():
    folder = files("tongxing.network").joinpath("data/registry")
    for name in ("divisions.csv", "t_union.csv", "city_union.csv", "visitor_rates.csv"):
        rows = list(csv.reader(folder.joinpath(name).read_text(encoding="utf-8").splitlines()))
        assert {len(row) for row in rows} == {len(rows[0])}


def test_a_book_that_contradicts_itself_is_refused():
    book = load_book()
    row = book.entries["t_union"]["110000"][0]
    broken = replace(row, areas=("999999",))
    entries = {**book.entries, "t_union": {**book.entries["t_union"], "110000": (broken,)}}
    with pytest.raises(ValueError, match="999999"):
        check_book(replace(book, entries=entries))


@pytest.mark.parametrize("text", ["2013-4", "13-04", "2013/04/01", "2013-04-31", "soon"])
def test_a_known_date_is_a_day_a_month_or_a_year(text):
    with pytest.raises(ValueError):
        known_date(text)
