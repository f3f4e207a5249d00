"""Tariff data: complete, dated, sourced, honest; refused when it contradicts itself."""

from datetime import date, timedelta
from importlib.resources import files

import msgspec
import pytest

from tongxing.fares import book_codes, load_book, load_city_fares
from tongxing.fares.ask import fare_cities
from tongxing.fares.lists import base_rows, version_rows
from tongxing.fares.rules import (
    BandFare,
    FlatFare,
    MonthRelief,
    SliceRelief,
    TimeRelief,
    TransferRelief,
)
from tongxing.fares.sources import fare_sources
from tongxing.fares.tariff import TariffBook, read_book
from tongxing.kernel.clock import at
from tongxing.network.transport import MODES, load_network

BOOKS = [load_book(city) for city in book_codes()]
RULES = [rule for book in BOOKS for rule in book.rules.values()]


@pytest.mark.req("R-400")
@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_every_rule_has_dates_scope_media_and_sources(rule):
    assert rule.from_day >= date(2000, 1, 1)
    assert rule.last_day is None or rule.last_day > rule.from_day
    assert rule.media
    assert rule.sources and all(fare_sources()[key].zh for key in rule.sources)
    assert bool(rule.note_zh) == bool(rule.note_en)


@pytest.mark.req("R-400")
def test_what_was_not_found_is_never_shown_as_a_fact():
    for rule in RULES:
        if rule.sources == ("none",):
            assert rule.confidence in ("placeholder", "inferred"), rule.id
            assert rule.confidence == "inferred" or rule.note_zh, rule.id
        if rule.sources == ("general",):
            assert rule.confidence == "general", rule.id
    chongqing = load_book("500000").rules
    assert chongqing["CQ-RAIL-2025"].confidence == "inferred"
    assert chongqing["CQ-ROPE"].confidence == "placeholder"
    assert chongqing["CQ-RAIL-2011"].confidence == "seen"


@pytest.mark.parametrize("book", BOOKS, ids=[book.name_en for book in BOOKS])
def test_versions_follow_one_another_without_gap(book: TariffBook):
    for earlier, later in zip(book.versions, book.versions[1:], strict=False):
        assert earlier.last_day is not None
        assert earlier.last_day + timedelta(days=1) == later.from_day
        assert earlier.version != later.version
    assert book.versions[-1].last_day is None
    assert len({tariff.id for tariff in book.versions}) == len(book.versions)


@pytest.mark.parametrize("city", fare_cities())
def test_every_line_that_runs_has_a_fare_today(city):
    tariff = load_book(city).versions[-1]
    for system in load_network(city).fare_systems:
        assert tariff.base(system) is not None, system


@pytest.mark.parametrize("city", fare_cities())
def test_rules_name_only_what_exists(city):
    fares = load_city_fares(city)
    for rule in fares.book.rules.values():
        off_network = {mode for mode in MODES if fares.runs_off_network(mode)}
        assert set(rule.systems) <= {*fares.network.fare_systems, *off_network}, rule.id
        if isinstance(rule, TimeRelief):
            assert set(rule.stations) <= fares.network.stations.keys(), rule.id


def test_beijing_has_its_twenty_five_low_peak_stations():
    early = load_book("110000").rules["BJ-EARLY"]
    assert isinstance(early, TimeRelief) and len(set(early.stations)) == 25


def test_the_turn_of_a_version_is_midnight_in_china():
    book = load_book("500000")
    turn = at(date(2025, 7, 30))
    before, after = book.at(turn - 1), book.at(turn)
    assert before is not None and after is not None
    assert (before.id, after.id) == ("500000-20240101", "500000-20250730")
    assert book.at(at(date(1999, 12, 31))) is None


@pytest.mark.parametrize("book", BOOKS, ids=[book.name_en for book in BOOKS])
def test_lists_for_people_name_every_version_and_price_list_in_both_languages(book: TariffBook):
    rows = version_rows(book)
    assert len(rows) == len(book.versions)
    assert {name for row in rows for name in row.begins} == book.rules.keys()
    for tariff in book.versions:
        for row in base_rows(tariff):
            assert row.price_list_zh and row.price_list_en and row.source_zh and row.source_en
            assert "{" not in row.price_list_zh + row.price_list_en


# --- files that contradict themselves ------------------------------------------------------------

HEAD = 'city = "999999"\nname_zh = "甲"\nname_en = "A"\n'
RULE = """
[[rule]]
id = "{id}"
kind = "{kind}"
from = {start}
confidence = "illustrative"
sources = ["none"]
{more}
"""


def book(*rules: str) -> TariffBook:
    return read_book((HEAD + "".join(rules)).encode())


def rule(kind: str, more: str, name: str = "A", start: str = "2020-01-01") -> str:
    return RULE.format(id=name, kind=kind, start=start, more=more)


@pytest.mark.parametrize(
    ("kind", "more", "complaint"),
    [
        ("flat", "fare_fen = -1", "not negative"),
        ("flat", "fare_fen = 2.5", "Expected `int`"),
        ("flat", "fare_fen = 200\nfare_yuan = 2", "unknown field"),
        ("flat", "fare_fen = 200\nuntil = 20200101", "Expected `date"),
        ("weather", "fare_fen = 200", "Invalid value"),
        ("bands", "edges_m = []\nfares_fen = [200]", "at least one band"),
        ("bands", "edges_m = [8000, 4000]\nfares_fen = [200, 300, 400]", "bands must rise"),
        ("bands", "edges_m = [4000, 8000]\nfares_fen = [300, 200, 400]", "must not fall"),
        ("bands", "edges_m = [4000, 8000]\nfares_fen = [200, 300]", "3 fares belong"),
        ("bands", "edges_m = [4]\nfares_fen = [200, 300]\nthen_every_m = 5000", "1 fares belong"),
        ("percent", "rate_bp = 10001", "between 0 and 10000"),
        ("slices", "upto_fen = [300]\nrates_bp = [8000]", "one rate more"),
        ("month", 'counter = "c"\ncounts = "paid"\nreach = [2, 1]\nrates_bp = [1, 2, 3]', "rise"),
        (
            "time",
            "rate_bp = 7000\nentry_from = 07:00:00\nentry_until = 03:00:00\n"
            'until_included = false\ndays = "every"',
            "must not be empty",
        ),
        ("overtime", 'limit_s = 0\namount = "highest"', "more than nothing"),
        ("rounding", "quantum_fen = 0", "at least one fen"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(kind, more, complaint):
    with pytest.raises((ValueError, msgspec.ValidationError), match=complaint):
        book(rule(kind, more))


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(ValueError, match="used twice"):
        book(rule("flat", "fare_fen = 200"), rule("rounding", "quantum_fen = 10"))


def test_two_base_fares_for_one_system_on_one_day_are_refused():
    with pytest.raises(ValueError, match="two base fares"):
        book(
            rule("flat", 'fare_fen = 200\nsystems = ["s"]'),
            rule("flat", 'fare_fen = 300\nsystems = ["s"]', "B", "2021-01-01"),
        )


def test_a_source_that_is_not_on_the_list_is_refused():
    with pytest.raises(ValueError, match="names its sources"):
        book(rule("flat", "fare_fen = 200").replace('"none"', '"hearsay"'))


def test_a_successor_takes_over_on_its_first_day():
    tariffs = book(
        rule("flat", "fare_fen = 200\nuntil = 2020-12-31"),
        rule("flat", "fare_fen = 300", "B", "2021-01-01"),
    )
    fares = [
        tariffs.at(at(day)).base("any").fare_fen for day in (date(2020, 12, 31), date(2021, 1, 1))
    ]
    assert fares == [200, 300]


def test_a_version_changes_with_its_prices_and_not_with_its_notes():
    plain = book(rule("flat", "fare_fen = 200"))
    noted = book(rule("flat", 'fare_fen = 200\nnote_zh = "注"\nnote_en = "note"'))
    dearer = book(rule("flat", "fare_fen = 201"))
    versions = [one.versions[0].version for one in (plain, noted, dearer)]
    assert versions[0] == versions[1] != versions[2]


# --- price lists ---------------------------------------------------------------------------------


def test_every_kind_of_rule_is_in_use():
    kinds = {type(rule) for rule in RULES}
    assert {FlatFare, BandFare, MonthRelief, SliceRelief, TimeRelief, TransferRelief} <= kinds


def test_stated_pairs_go_before_the_price_list():
    tariffs = book(
        rule("bands", 'edges_m = [4000]\nfares_fen = [200, 300]\nsystems = ["s"]'),
        rule("pairs", 'systems = ["s"]\nrows = [["a", "b", 150]]', "P"),
    )
    assert tariffs.versions[0].pairs == {("s", "a", "b"): (150, "P"), ("s", "b", "a"): (150, "P")}


def test_an_end_published_for_the_future_leaves_todays_version_its_name():
    source = files("tongxing.fares").joinpath("data", "110000", "tariff.toml").read_text("utf-8")
    head, tail = source.split('id = "BJ-RAIL"\n')
    ended = head + 'id = "BJ-RAIL"\nuntil = 2030-12-31\n' + tail
    today = at(date(2026, 3, 17))
    before, after = read_book(source.encode()).at(today), read_book(ended.encode()).at(today)
    assert before is not None and after is not None
    assert before.name == after.name and before.last_day != after.last_day
