"""Is this medium accepted here, for this mode, on this day, and why (not)?

Each case is one line: scheme, issuer, place, mode, day, the marks of the line ("-" for none), and
the reason expected. The place is what the validator says it is: often a county.
"""

from datetime import date

import pytest

from tongxing.network import ACCEPTED, load_registry

REGISTRY = load_registry()


def ask(line: str) -> tuple[str, str]:
    """The reason that comes, and the one that was expected."""
    scheme, issuer, place, mode, on, marks, expected = line.split()
    accepts = () if marks == "-" else tuple(marks.split(","))
    day = date.fromisoformat(on)
    answer = REGISTRY.acceptance(scheme, issuer, place, mode, day, "L1", accepts)
    assert answer.accepted == (answer.reason == ACCEPTED)
    return answer.reason, expected


def cases(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


@pytest.mark.req("R-202", "R-213")
@pytest.mark.parametrize(
    "line",
    cases("""
    t_union 110000 310000 bus   2026-03-17 - ACCEPTED
    t_union 310000 110000 rail  2026-03-17 - ACCEPTED
    t_union 310000 110000 taxi  2026-03-17 - ACCEPTED
    t_union 310000 110000 ferry 2026-03-17 - ACCEPTED
    t_union 310000 110000 bicycle 2026-03-17 - ACCEPTED
    t_union 110000 440300 bus   2026-03-17 - METRO_ONLY
    t_union 110000 440300 rail  2026-03-17 - ACCEPTED
    t_union 110000 441900 taxi  2026-03-17 - METRO_ONLY
    t_union 110000 310000 rail  2026-03-17 - METRO_UNAVAILABLE
    t_union 110000 350100 rail  2026-03-17 - METRO_UNAVAILABLE
    t_union 110000 510100 rail  2026-03-17 - METRO_UNAVAILABLE
    t_union 110000 420100 bus   2026-03-17 - PLACE_UNDER_CONVERSION
    t_union 110000 512000 bus   2026-03-17 - PLACE_UNDER_CONVERSION
    t_union 110000 820000 bus   2026-03-17 - PLACE_PLANNED
    t_union 110000 810000 rail  2026-03-17 - PLACE_UNDER_STUDY
    t_union 110000 522600 bus   2026-03-17 - ACCEPTED
    t_union 110000 522601 bus   2026-03-17 - ACCEPTED
    t_union 110000 522625 bus   2026-03-17 - PLACE_EXCLUDED
    t_union 110000 522701 bus   2026-03-17 - ACCEPTED
    t_union 110000 522702 bus   2026-03-17 - ACCEPTED
    t_union 110000 522722 bus   2026-03-17 - PLACE_OUTSIDE_AREA
    t_union 110000 522700 bus   2026-03-17 - PLACE_OUTSIDE_AREA
    t_union 110000 340800 bus   2026-03-17 - LINE_NOT_CONVERTED
    t_union 110000 340800 bus   2026-03-17 t_union ACCEPTED
    t_union 110000 340800 bus   2026-03-17 city_union LINE_NOT_CONVERTED
    t_union 110000 340800 ferry 2026-03-17 t_union MODE_NOT_COVERED
    t_union 110000 532901 bus   2026-03-17 t_union ACCEPTED
    t_union 110000 532901 bus   2026-03-17 - LINE_NOT_CONVERTED
    t_union 110000 532922 bus   2026-03-17 t_union PLACE_OUTSIDE_AREA
    t_union 110000 110000 cableway 2026-03-17 - MODE_NOT_IN_SCHEME
    t_union 110000 330100 bus   2026-03-17 - PLACE_NOT_IN_SCHEME
"""),
)
def test_coverage_marks_decide(line):
    found, expected = ask(line)
    assert found == expected


@pytest.mark.req("R-213")
def test_vi_07_a_visitors_t_union_card_on_shanghais_metro():
    day = date(2026, 3, 17)
    answer = REGISTRY.acceptance("t_union", "500000", "310000", "rail", day)
    assert (answer.accepted, answer.reason) == (False, "METRO_UNAVAILABLE")
    assert REGISTRY.explain(answer, "zh").startswith("上海市的地铁不受理交通联合")


@pytest.mark.req("R-213")
def test_vi_08_a_t_union_card_on_a_bus_and_on_the_metro_of_shenzhen():
    day = date(2026, 3, 17)
    bus = REGISTRY.acceptance("t_union", "110000", "440300", "bus", day)
    rail = REGISTRY.acceptance("t_union", "110000", "440300", "rail", day)
    assert (bus.reason, rail.reason) == ("METRO_ONLY", ACCEPTED)


@pytest.mark.req("R-201", "R-213")
def test_a_terminal_without_the_mark_refuses_where_only_some_lines_are_converted():
    day = date(2026, 3, 17)
    without = REGISTRY.acceptance("t_union", "110000", "500117", "bus", day, "bus-hechuan-101")
    marked = REGISTRY.acceptance(
        "t_union", "110000", "500117", "bus", day, "bus-hechuan-101", ("t_union",)
    )
    assert (without.reason, marked.reason) == ("LINE_NOT_CONVERTED", ACCEPTED)


@pytest.mark.req("R-215")
@pytest.mark.parametrize(
    "line",
    cases("""
    t_union 110000 330281 bus  2026-03-17 - ACCEPTED
    t_union 110000 110105 rail 2026-03-17 - ACCEPTED
    t_union 110000 310115 rail 2026-03-17 - METRO_UNAVAILABLE
    t_union 110000 130124 bus  2026-03-17 - ACCEPTED
    t_union 110000 320281 bus  2026-03-17 - ACCEPTED
    t_union 110000 350128 rail 2026-03-17 - ACCEPTED
    t_union 110000 350121 rail 2026-03-17 - METRO_UNAVAILABLE
    t_union 110000 429005 bus  2026-03-17 - ACCEPTED
    t_union 110000 659001 bus  2026-03-17 - ACCEPTED
    t_union 110000 659003 bus  2026-03-17 - PLACE_NOT_IN_SCHEME
    t_union 110000 220000-changbaishan bus 2026-03-17 - ACCEPTED
    t_union 110000 650000-xpcc12 bus 2026-03-17 - ACCEPTED
    t_union 110000 640500 bus  2026-03-17 - PLACE_NOT_IN_SCHEME
    t_union 110000 230600 bus  2026-03-17 - PLACE_NOT_IN_SCHEME
"""),
)
def test_a_county_follows_its_prefecture_unless_it_has_a_row_of_its_own(line):
    found, expected = ask(line)
    assert found == expected


def test_a_county_code_no_longer_in_use_still_lies_in_its_prefecture():
    """330283 was Fenghua before it became a district of Ningbo."""
    assert REGISTRY.place("330283") is None
    answer = REGISTRY.acceptance("t_union", "110000", "330283", "bus", date(2026, 3, 17))
    assert (answer.reason, answer.evidence.listed) == (ACCEPTED, "330200")


@pytest.mark.req("R-008", "R-009")
@pytest.mark.parametrize(
    "line",
    cases("""
    local:500000 500000 500103 bus       2026-03-17 - ACCEPTED
    local:500000 500000 500109 bus       2026-03-17 - ACCEPTED
    local:500000 500000 500000 bus       2026-03-17 - ACCEPTED
    local:500000 500000 500116 bus       2026-03-17 - ACCEPTED
    local:500000 500000 500231 bus       2026-03-17 - ACCEPTED
    local:500000 500000 500153 bus       2026-03-17 - ACCEPTED
    local:500000 500000 500110-wansheng bus 2026-03-17 - ACCEPTED
    local:500000 500000 500110 bus       2026-03-17 local:500000 ACCEPTED
    local:500000 500000 500110 bus       2026-03-17 - LINE_NOT_CONVERTED
    local:500000 500000 500117 bus       2026-03-17 t_union MODE_NOT_COVERED
    local:500000 500000 500111 bus       2026-03-17 - MODE_NOT_COVERED
    local:500000 500000 500000 rail      2026-03-17 - ACCEPTED
    local:500000 500000 500120 rail      2026-03-17 - ACCEPTED
    local:500000 500000 500103 escalator 2026-03-17 - ACCEPTED
    local:500000 500000 500103 lift      2026-03-17 - ACCEPTED
    local:500000 500000 500108 cableway  2026-03-17 - ACCEPTED
    local:500000 500000 500116 cableway  2026-03-17 - MODE_NOT_COVERED
    local:500000 500000 500103 taxi      2026-03-17 - MODE_NOT_IN_SCHEME
    local:500000 500000 110101 bus       2026-03-17 - LOCAL_SCHEME_ELSEWHERE
    local:500000 110000 500103 bus       2026-03-17 - ISSUER_NOT_IN_SCHEME
    local:110000 110000 110105 rail      2026-03-17 - ACCEPTED
    local:110000 110000 500103 rail      2026-03-17 - LOCAL_SCHEME_ELSEWHERE
    t_union      110000 500103 bus       2026-03-17 - PLACE_OF_OTHER_SCHEME
    t_union      500000 500103 rail      2026-03-17 t_union PLACE_OF_OTHER_SCHEME
    t_union      500000 500117 bus       2026-03-17 t_union ACCEPTED
"""),
)
def test_chongqings_card_is_a_local_scheme_with_its_own_scope(line):
    found, expected = ask(line)
    assert found == expected


@pytest.mark.req("R-009")
@pytest.mark.parametrize("line", ["璧山云巴", "rail-yunba"])
def test_the_bishan_skyrail_is_excluded(line):
    day = date(2026, 3, 17)
    answer = REGISTRY.acceptance("local:500000", "500000", "500120", "rail", day, line)
    assert answer.reason == "LINE_EXCLUDED"
    other = REGISTRY.acceptance("local:500000", "500000", "500120", "rail", day, "rail-1")
    assert other.accepted
    unsaid = REGISTRY.acceptance("local:500000", "500000", "500120", "rail", day)
    assert "line_not_given" in unsaid.evidence.notes


@pytest.mark.req("R-301", "R-302", "R-306")
@pytest.mark.parametrize(
    "line",
    cases("""
    city_union 330200 310000 rail  2016-06-01 - ACCEPTED
    city_union 330200 310000 ferry 2016-06-01 - ACCEPTED
    city_union 330200 310000 taxi  2016-06-01 - VISITOR_MODE_NOT_OFFERED
    city_union 310000 310000 taxi  2016-06-01 - ACCEPTED
    city_union 310000 330200 rail  2016-06-01 - VISITOR_MODE_NOT_OFFERED
    city_union 310000 211400 taxi  2016-06-01 - ACCEPTED
    city_union 310000 210100 taxi  2016-06-01 - VISITOR_MODE_NOT_OFFERED
    city_union 310000 530100 rail  2016-06-01 - ACCEPTED
    city_union 310000 330200 bicycle 2016-06-01 - MODE_NOT_IN_SCHEME
    city_union 110000 310000 bus   2016-06-01 - ISSUER_NOT_IN_SCHEME
    city_union 500000 310000 bus   2016-06-01 - ISSUER_NOT_IN_SCHEME
"""),
)
def test_the_visited_city_decides_what_it_offers_visitors(line):
    found, expected = ask(line)
    assert found == expected


@pytest.mark.req("R-300", "R-219")
@pytest.mark.parametrize(
    "line",
    cases("""
    city_union 310000 330200 bus 2012-07-26 - SCHEME_NOT_STARTED
    city_union 310000 330200 bus 2012-07-27 - ACCEPTED
    city_union 310000 360100 bus 2013-03-31 - PLACE_NOT_YET
    city_union 310000 360100 bus 2013-04-01 - ACCEPTED
    city_union 310000 120000 bus 2013-10-18 - PLACE_NOT_YET
    city_union 310000 120000 bus 2013-10-19 - ACCEPTED
    city_union 120000 310000 bus 2013-10-18 - ISSUER_NOT_IN_SCHEME
    city_union 120000 310000 bus 2013-10-19 - ACCEPTED
    city_union 310000 330522 bus 2013-05-01 - PLACE_NOT_YET
    city_union 310000 330521 bus 2013-05-01 - ACCEPTED
    city_union 310000 350500 bus 2014-03-01 - PLACE_NOT_YET
    city_union 310000 350500 bus 2014-10-31 - ACCEPTED
    t_union    110000 130100 bus 2015-09-27 - SCHEME_NOT_STARTED
    t_union    110000 130100 bus 2015-09-28 - ACCEPTED
"""),
)
def test_a_trade_is_judged_by_the_list_in_force_that_day(line):
    found, expected = ask(line)
    assert found == expected


@pytest.mark.req("R-311")
@pytest.mark.parametrize(
    "line",
    cases("""
    t_union    110000 330700 bus 2026-03-17 - PLACE_OF_OTHER_SCHEME
    city_union 310000 330700 bus 2026-03-17 - ACCEPTED
    city_union 310000 110000 bus 2026-03-17 - PLACE_OF_OTHER_SCHEME
    t_union    310000 110000 bus 2026-03-17 - ACCEPTED
    city_union 310000 320500 bus 2026-03-17 - PLACE_OF_OTHER_SCHEME
    city_union 310000 320583 bus 2026-03-17 - ACCEPTED
"""),
)
def test_the_two_schemes_are_distinct(line):
    found, expected = ask(line)
    assert found == expected


@pytest.mark.req("R-311")
def test_a_card_of_the_other_scheme_hears_what_is_taken_here():
    answer = REGISTRY.acceptance("t_union", "110000", "330700", "bus", date(2026, 3, 17))
    assert "城市一卡通互联互通" in REGISTRY.explain(answer, "zh")
    assert "City Union" in REGISTRY.explain(answer, "en")


def test_a_scheme_that_does_not_work_there_is_not_named_as_an_alternative():
    """Macao is only planned for T-Union, so a foreign local card is not pointed to it."""
    answer = REGISTRY.acceptance("local:820000", "820000", "820000", "rail", date(2026, 3, 17))
    assert answer.reason == "MODE_NOT_IN_SCHEME"
    answer = REGISTRY.acceptance("city_union", "310000", "420100", "bus", date(2026, 3, 17))
    assert answer.reason == "PLACE_NOT_IN_SCHEME"


@pytest.mark.req("R-306")
@pytest.mark.parametrize(
    ("place", "mode", "per_mille"),
    [
        ("330200", "bus", 600),
        ("330281", "bus", 600),
        ("320583", "bus", 600),
        ("350800", "bus", 1000),
        ("350802", "bus", 1000),
        ("350803", "bus", 1000),
        ("350821", "bus", 900),
        ("350881", "bus", 900),
        ("211400", "taxi", 1000),
        ("620100", "bus", 850),
        ("310000", "rail", 1000),
        ("350500", "bus", 1000),
    ],
)
def test_visitor_rates_by_city_mode_and_part_of_town(place, mode, per_mille):
    answer = REGISTRY.acceptance("city_union", "310115", place, mode, date(2016, 6, 1))
    assert answer.reason == "ISSUER_NOT_IN_SCHEME"
    answer = REGISTRY.acceptance("city_union", "320800", place, mode, date(2016, 6, 1))
    assert answer.evidence.visitor
    assert answer.evidence.rate_per_mille == per_mille
    assert "visitor_table_date" in answer.evidence.notes


@pytest.mark.req("R-308")
def test_a_member_without_a_row_promises_no_relief():
    answer = REGISTRY.acceptance("city_union", "310000", "650200", "bus", date(2016, 6, 1))
    assert answer.accepted
    assert answer.evidence.rate_per_mille == 1000
    assert "no_visitor_row" in answer.evidence.notes


@pytest.mark.req("R-307")
@pytest.mark.parametrize("visited", ["620100", "620400"])
@pytest.mark.parametrize("issuer", ["620100", "620400"])
def test_the_lanzhou_baiyin_card_is_at_home_in_both_cities(issuer, visited):
    answer = REGISTRY.acceptance("city_union", issuer, visited, "taxi", date(2016, 6, 1))
    assert answer.accepted
    assert not answer.evidence.visitor
    assert answer.evidence.rate_per_mille is None
    assert REGISTRY.is_home("city_union", issuer, visited)


@pytest.mark.req("R-307")
def test_other_cities_cards_are_visitors_in_lanzhou():
    answer = REGISTRY.acceptance("city_union", "310000", "620100", "bus", date(2016, 6, 1))
    assert answer.evidence.visitor
    assert not REGISTRY.is_home("city_union", "310000", "620100")


@pytest.mark.req("R-218")
def test_a_county_with_its_own_row_is_abroad_for_its_prefectures_card():
    answer = REGISTRY.acceptance("t_union", "320200", "320281", "bus", date(2026, 3, 17))
    assert answer.evidence.visitor
    assert REGISTRY.acceptance("t_union", "320281", "320281", "bus", date(2026, 3, 17)).accepted
    home = REGISTRY.acceptance("t_union", "320200", "320206", "bus", date(2026, 3, 17))
    assert not home.evidence.visitor


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (("octopus", "110000", "110000", "bus"), "SCHEME_UNKNOWN"),
        (("", "110000", "110000", "bus"), "SCHEME_UNKNOWN"),
        (("t_union", "110000", "110000", "metro"), "MODE_UNKNOWN"),
        (("t_union", "110000", "110000", ""), "MODE_UNKNOWN"),
        (("t_union", "110000", "999999", "bus"), "PLACE_UNKNOWN"),
        (("t_union", "110000", "", "bus"), "PLACE_UNKNOWN"),
        (("t_union", "110000", "１１００００", "bus"), "PLACE_UNKNOWN"),
        (("t_union", "110000", "110000-nowhere", "bus"), "PLACE_UNKNOWN"),
        (("t_union", "", "110000", "bus"), "ISSUER_UNKNOWN"),
        (("t_union", "710000", "110000", "bus"), "ISSUER_NOT_IN_SCHEME"),
        (("t_union", "999999", "110000", "bus"), "ISSUER_NOT_IN_SCHEME"),
    ],
)
def test_what_is_unknown_is_refused_with_its_own_reason(question, expected):
    answer = REGISTRY.acceptance(*question, date(2026, 3, 17))
    assert answer.reason == expected
    refusal = answer.refusal("gate 7")
    assert refusal
    assert refusal.where == "gate 7"
    for language in ("zh", "en"):
        assert "{" not in refusal.message(language)
        assert refusal.next_step(language)


@pytest.mark.req("R-209")
def test_acceptance_asks_for_no_kind_of_medium_so_virtual_cards_ride_as_plastic_ones():
    row = REGISTRY.permission("t_union", "virtual_card", date(2026, 3, 17))
    assert row.answer == "yes"


@pytest.mark.req("R-211")
def test_the_terminal_picks_the_application_that_is_accepted():
    day = date(2026, 3, 17)
    both = [("t_union", "310000"), ("city_union", "310000")]
    assert REGISTRY.pick_application(both, "110000", "bus", day)[0] == 0
    chosen, answer = REGISTRY.pick_application(both, "330700", "bus", day)
    assert (chosen, answer.reason) == (1, ACCEPTED)
    chosen, answer = REGISTRY.pick_application(both, "330100", "bus", day)
    assert (chosen, answer.accepted) == (0, False)
    with pytest.raises(ValueError):
        REGISTRY.pick_application([], "110000", "bus", day)


@pytest.mark.req("R-219")
def test_an_unknown_start_is_admitted():
    answer = REGISTRY.acceptance("t_union", "110000", "130100", "bus", date(2016, 1, 1))
    assert answer.accepted
    assert answer.evidence.since.day is None
    assert "start_unknown" in answer.evidence.notes
    assert "名单未注明开通日期" in REGISTRY.explain(answer, "zh")
    assert "does not say since when" in REGISTRY.explain(answer, "en")


@pytest.mark.req("R-219")
def test_a_month_only_date_counts_from_its_first_day_and_says_so():
    answer = REGISTRY.acceptance("city_union", "310000", "360100", "bus", date(2013, 4, 2))
    assert answer.evidence.since.day == date(2013, 4, 1)
    assert "start_inexact" in answer.evidence.notes


@pytest.mark.req("R-220")
def test_rail_on_a_plain_listed_place_is_accepted_but_flagged():
    answer = REGISTRY.acceptance("t_union", "110000", "330200", "rail", date(2018, 10, 31))
    assert answer.accepted
    assert "rail_not_stated" in answer.evidence.notes
    assert "14" in REGISTRY.explain(answer, "en")
    bus = REGISTRY.acceptance("t_union", "110000", "330200", "bus", date(2018, 10, 31))
    assert "rail_not_stated" not in bus.evidence.notes
