"""What the schemes covered on a day: counts, states, facts, and the answers built on them."""

from datetime import date

import pytest

from tongxing.kernel.reasons import Refusal
from tongxing.network import answers, coverage, load_registry

REGISTRY = load_registry()
OCTOBER = date(2018, 10, 31)


def counts(on, scheme=""):
    return {count.scheme: count for count in coverage(REGISTRY, on, scheme).counts}


@pytest.mark.req("R-213", "R-220")
def test_on_2018_10_31_the_list_and_the_dated_fact_stand_side_by_side():
    report = coverage(REGISTRY, OCTOBER)
    tunion = counts(OCTOBER)["t_union"]
    assert (tunion.rows, tunion.in_service, tunion.start_unknown) == (306, 293, 293)
    assert tunion.by_state == {"in_service": 293, "not_in_service": 13}
    assert tunion.by_coverage["under_conversion"] == 11
    assert tunion.uncertain == {"under_conversion": 1}
    scale = next(f for f in report.facts if f.scheme == "t_union" and f.kind == "scale")
    assert scale.figures["cities_all_bus_lines"] == 220
    assert scale.figures["cities_rail"] == 14


@pytest.mark.req("R-220")
def test_a_day_before_knows_only_older_facts():
    report = coverage(REGISTRY, date(2018, 10, 30))
    scale = next(f for f in report.facts if f.scheme == "t_union" and f.kind == "scale")
    assert scale.on.text == "2016-12"


@pytest.mark.req("R-300", "R-219")
@pytest.mark.parametrize(
    ("on", "members"),
    [
        ("2012-07-26", 0),
        ("2012-07-27", 8),
        ("2013-03-31", 8),
        ("2013-04-01", 17),
        ("2013-10-19", 35),
        ("2014-10-31", 50),
        ("2015-11-01", 72),
        ("2016-12-01", 77),
        ("2017-11-30", 77),
        ("2017-12-31", 80),
        ("2026-11-20", 80),
    ],
)
def test_city_union_grows_batch_by_batch(on, members):
    assert counts(date.fromisoformat(on))["city_union"].in_service == members


def test_before_a_scheme_started_nothing_is_in_service():
    assert counts(date(2015, 9, 27))["t_union"].by_state == {"not_yet": 306}
    assert coverage(REGISTRY, date(2010, 1, 1)).facts == ()


@pytest.mark.req("R-219")
def test_batches_appear_as_changes_with_their_day():
    joined = REGISTRY.changes("city_union", date(2013, 10, 18), date(2013, 10, 19))
    assert len(joined) == 18
    assert {(change.kind, change.terminals_by) for change in joined} == {("added", None)}


def test_filters_keep_to_a_scheme_and_a_province():
    rows = coverage(REGISTRY, OCTOBER, "t_union", "500000").rows
    assert len(rows) == 12
    assert {row.coverage for row in rows} == {"partial_bus_lines"}
    assert coverage(REGISTRY, OCTOBER, "city_union", "500000").rows == ()
    local = coverage(REGISTRY, OCTOBER, "local:500000").rows
    assert {row.scheme for row in local} == {"local:500000"}


@pytest.mark.req("R-205", "R-206", "R-207", "R-203", "R-202")
def test_where_tells_reach_and_prohibitions_and_hides_the_number():
    answer = answers.where(REGISTRY, "3104870412345678901", OCTOBER)
    assert answer.number == "310487*********8901"
    (reach,) = answer.reach
    assert (reach.scheme, reach.issuer, reach.in_service) == ("t_union", "440300", 293)
    modes = {each.mode: (each.places, each.marked_lines_only) for each in reach.modes}
    assert modes["bus"] == (266, 25)
    assert modes["rail"] == (265, 0)
    assert sum(each.open + each.limited for each in reach.provinces) == 293
    assert {each.action for each in reach.prohibitions} == {
        "remote_top_up",
        "remote_refund",
        "overdraft",
        "loss_report",
    }


def test_where_counts_agree_with_the_marks_of_the_list():
    """293 places serve; 2 of them no bus, 3 no metro, and 25 only on marked bus lines."""
    rows = coverage(REGISTRY, OCTOBER, "t_union").rows
    serving = [row.coverage for row in rows if row.state == "in_service"]
    lines = sum(kind in ("partial_bus_lines", "sub_area_partial_lines") for kind in serving)
    assert len(serving) - serving.count("metro_only") - lines == 266
    assert len(serving) - serving.count("metro_unavailable") - lines == 265


@pytest.mark.req("R-309")
def test_where_tells_what_is_only_announced():
    (reach,) = answers.where(REGISTRY, "2000123412341234", OCTOBER).reach
    assert [(each.action, each.certain) for each in reach.permitted] == [("remote_top_up", False)]
    assert {each.action for each in reach.prohibitions} == {"m1_card", "m1_upgrade_in_place"}


def test_where_goes_on_with_the_readings_the_number_speaks_for():
    answer = answers.where(REGISTRY, "4000123412341234", OCTOBER)
    assert [match.scheme for match in answer.matches] == ["local:500000", "city_union"]
    assert [reach.scheme for reach in answer.reach] == ["local:500000"]
    assert "长江索道" in answer.reach[0].scopes_zh


def test_where_of_a_number_that_names_a_city_outside_the_list_goes_on_with_that():
    (reach,) = answers.where(REGISTRY, "9000123412341234", OCTOBER).reach
    assert (reach.scheme, reach.issuer, reach.issuer_ok) == ("city_union", "370100", False)


def test_where_answers_mode_by_mode_at_a_place():
    place = REGISTRY.place("440300")
    answer = answers.where(REGISTRY, "3105170012345678901", OCTOBER, place)
    told = {each.mode: each.accepted for each in answer.at}
    assert told == {"bus": False, "rail": True, "taxi": False, "ferry": False, "bicycle": False}
    assert all(each.text_zh and each.text_en for each in answer.at)


def test_where_passes_a_refusal_on():
    assert isinstance(answers.where(REGISTRY, "abc", OCTOBER), Refusal)


@pytest.mark.req("R-306")
def test_city_tells_both_schemes_and_the_visitors_share():
    answer = answers.city(REGISTRY, REGISTRY.place("330200"), OCTOBER)
    rows = {row.scheme: row for row in answer.rows}
    assert set(rows) == {"t_union", "city_union"}
    assert (rows["t_union"].since, rows["city_union"].since) == ("", "2012-07-27")
    assert (rows["city_union"].brand, rows["city_union"].batch) == ("甬城通", 1)
    assert [(rate.mode, rate.per_mille) for rate in answer.rates] == [("bus", 600)]


def test_city_of_a_county_shows_the_row_that_decides_for_it():
    answer = answers.city(REGISTRY, REGISTRY.place("330281"), OCTOBER)
    assert {(row.place, row.of_itself) for row in answer.rows} == {("330200", False)}


def test_city_of_a_place_on_no_list_is_empty():
    answer = answers.city(REGISTRY, REGISTRY.place("330100"), OCTOBER)
    assert (answer.rows, answer.rates, answer.inside) == ((), (), ())


@pytest.mark.req("R-215")
def test_city_of_a_province_lists_what_lies_within():
    answer = answers.city(REGISTRY, REGISTRY.place("350000"), OCTOBER)
    assert (answer.mark, answer.province_brand) == ("全省", "福路通")
    assert len([row for row in answer.inside if row.scheme == "t_union"]) == 10


def test_city_of_chongqing_shows_the_local_scopes():
    answer = answers.city(REGISTRY, REGISTRY.place("500103"), OCTOBER)
    assert {row.scheme for row in answer.rows} == {"local:500000"}
    assert {row.listed_as for row in answer.rows} >= {"皇冠大扶梯", "凯旋路电梯", "长江索道"}
