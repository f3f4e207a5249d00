"""`tongxing fares check`: what a case may say, and that a wrong expectation never passes."""

import json
import re

import pytest
from case_desk import COMMUTE, HERE, case, check
from msgspec import Struct

from tongxing.fares.checking.casefile import Event, Expected, FileCase

HOLDING = {
    "two stations, priced over the network": case(
        "Beijing", [{"from": "土桥", "to": "国贸站"}], [{"charge_fen": 500}]),
    "a name of two stations means the cheaper": case(
        "Beijing", [{"from": "军事博物馆", "to": "木樨地"}], [{"charge_fen": 300}]),
    "a stay over the limit": case(
        "Chongqing", [COMMUTE | {"t_out": "2026-03-10T12:10:01"}],
        [{"charge_fen": 1550, "overtime_fen": 1100}]),
    "a stay of exactly the limit": case(
        "Chongqing", [COMMUTE | {"t_out": "2026-03-10T12:10"}], [{"charge_fen": 450}]),
    "in and out of one station": case(
        "Beijing", [{"from": "国贸", "to": "国贸", "t": "2026-03-10T08:00",
                     "t_out": "2026-03-10T08:20"}], [{"charge_fen": 0}]),
    "a half trip": case(
        "Beijing", [{"mode": "rail", "from": "土桥", "missing": "exit"}], [{"charge_fen": 900}]),
    "a taxi by its meter": case(
        "Chongqing", [{"mode": "taxi", "t": "2026-03-10T09:00", "dist_m": 10000}],
        [{"charge_fen": 2400}]),
    "two cards of one rider": case(
        "Chongqing",
        [{"mode": "bus", "t": "2026-03-10T08:00", "base": 200, "card": "one"},
         {"mode": "bus", "t": "2026-03-10T08:30", "base": 200, "card": "two"}],
        [{"charge_fen": 180}, {"charge_fen": 180, "transfer_relief": False}]),
    "a class of holders": case(
        "Guangzhou", [{"mode": "metro", "t": "2026-03-10T08:00", "base": 400}],
        [{"charge_fen": 200}], rider="善行卡 low-income"),
    "what a relief took": case(
        "Chongqing", [COMMUTE], [{"base_fare_fen": 500, "relief_fen": 50, "rides_after": 1}]),
    "too little to be let in": case(
        "Beijing", [{"mode": "bus", "balance_fen": 99}], [{"result": "refused"}],
        kind="acceptance"),
    "nothing in the purse": case(
        "Beijing", [{"mode": "bus", "balance_fen": 0}], [{"result": "refused"}],
        kind="acceptance"),
    "nothing in the purse of who rides free": case(
        "Beijing", [{"mode": "bus", "balance_fen": 0, "rider": "65+"}], [{"result": "accepted"}],
        kind="acceptance"),
    "a fare system that the network has no line of": case(
        "Beijing", [{"mode": "bus_outside", "dist_m": 12000}], [{"charge_fen": 240}]),
    "one fare wherever it goes": case(
        "Chongqing", [{"mode": "escalator"}, {"mode": "bus_medium"}],
        [{"charge_fen": 180}, {"charge_fen": 180}]),
    "a bus on the water": case(
        "Guangzhou", [{"mode": "water_bus"}], [{"charge_fen": 200}]),
    "two months before": case(
        "Chongqing", [COMMUTE], [{"charge_fen": 250}],
        state_before={"card 2026-03 rail spend fen": 20000, "card 2026-02 rail spend fen": 1}),
    "a ferry of one tap at the turn of a month": case(
        "Guangzhou", [{"mode": "ferry", "t": "2026-03-31T23:45", "base": 200}],
        [{"charge_fen": 100}], state_before={"card 2026-03 spend fen": 20000}),
    "half of a bus, not of a ferry": case(
        "Guangzhou", [{"mode": "bus", "t": "2026-03-10T08:00"},
                      {"mode": "water_bus", "t": "2026-03-10T09:00"}],
        [{"charge_fen": 100}, {"charge_fen": 200}], rider="善行卡"),
    "the 6折 after fifteen rides, not on a ferry": case(
        "Guangzhou", [{"mode": "bus", "t": "2015-03-10T08:00"},
                      {"mode": "water_bus", "t": "2015-03-10T09:00"}],
        [{"charge_fen": 120}, {"charge_fen": 200}], state_before={"rides this month": 15}),
    "just enough to be let in": case(
        "Beijing", [{"mode": "rail", "balance_fen": 300}], [{"result": "accepted"}],
        kind="acceptance"),
}  # fmt: skip


def opposite(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return {"refused": "accepted", "accepted": "refused"}[str(value)]


@pytest.mark.parametrize("name", HOLDING)
def test_a_case_holds_and_its_opposite_does_not(tmp_path, capsys, name):
    good = HOLDING[name]
    code, out = check(tmp_path, capsys, [good])
    assert code == 0, out
    bad = json.loads(json.dumps(good))
    for expected in bad["expect"]:
        expected.update({key: opposite(value) for key, value in expected.items()})
    code, out = check(tmp_path, capsys, [bad])
    assert code == 1 and "DIFFERS" in out


def test_a_difference_shows_both_charges_and_why(tmp_path, capsys):
    _, out = check(tmp_path, capsys, [case("Chongqing", [COMMUTE], [{"charge_fen": 400}])])
    assert "4.00 ≠ 4.50" in out
    assert "1. charge_fen: 450, expected 400" in out
    assert "rule CQ-CARD-9" in out and "Base fare 5.00 yuan" in out


def test_a_total_is_shown_against_its_expectation(tmp_path, capsys):
    code, out = check(
        tmp_path, capsys, [case("Chongqing", [COMMUTE | {"repeat": 3}], {"total_fen": 1350})]
    )
    assert code == 0 and "13.50 = 13.50" in out


@pytest.mark.parametrize(
    ("words", "charge_fen"),
    [("month 2026-03 metro+bus spend fen", 250), ("2026-03 card spend fen", 250),
     ("card 2026-02 rail spend fen", 450), ("code month spend fen", 450)],
)  # fmt: skip
def test_what_was_paid_before_may_be_said_in_many_ways(tmp_path, capsys, words, charge_fen):
    found = case("Chongqing", [COMMUTE], [{"charge_fen": charge_fen}], state_before={words: 20000})
    assert check(tmp_path, capsys, [found])[0] == 0


def test_what_was_paid_before_fills_the_counters_of_a_tariff_of_ones_own(tmp_path, capsys):
    own = (HERE.parents[1] / "src/tongxing/fares/data/500000/tariff.toml").read_text("utf-8")
    for counter in ('counter = "metro"', 'counter = "metro"\nper = "account"'):
        path = tmp_path / "own.toml"
        path.write_text(own.replace('counter = "rail"', counter), encoding="utf-8")
        spent = {"card 2026-03 spend fen": 19000, "code 2026-03 spend fen": 1000}
        found = case("Chongqing", [COMMUTE], [{"charge_fen": 250}], state_before=spent)
        code, out = check(tmp_path, capsys, [found], "--tariff", str(path))
        assert (code == 0) is ("account" in counter), out
        found["expect"] = [{"charge_fen": 250 if "account" in counter else 350}]
        assert check(tmp_path, capsys, [found], "--tariff", str(path))[0] == 0


def test_cases_run_against_a_tariff_of_ones_own(tmp_path, capsys):
    own = str(HERE / "rides" / "990001.toml")
    ride = {"mode": "rail", "t": "2026-03-09T08:00", "base": 400, "rider": "weekly"}
    found = [case("Anytown", [ride | {"repeat": 9}], {"total_fen": 3600})]
    code, out = check(tmp_path, capsys, found, "--tariff", own)
    assert code == 0, out
    bicycle = {"mode": "bicycle", "t": "2026-03-09T08:00", "t_out": "2026-03-09T09:00:01"}
    code, out = check(
        tmp_path, capsys, [case("Anytown", [bicycle], [{"charge_fen": 250}])], "--tariff", own
    )
    assert code == 0, out


def test_a_time_with_an_offset_is_that_instant(tmp_path, capsys):
    early = COMMUTE | {"t": "2026-03-09T22:59:59Z", "t_out": "2026-03-09T23:30:00+00:00"}
    assert check(tmp_path, capsys, [case("Chongqing", [early], [{"charge_fen": 350}])])[0] == 0


def test_a_tariff_checks_only_cases_of_its_own_city(tmp_path, capsys):
    found = case("Beijing", [COMMUTE], [{"charge_fen": 450}])
    code, out = check(tmp_path, capsys, [found], "--tariff", str(HERE / "rides" / "990001.toml"))
    assert code == 1 and "the tariff is of 990001" in out


OWN = [
    case("990001", [{"mode": "rail", "from": "甲", "to": "甲", "t": "2026-03-10T08:00",
                     "t_out": "2026-03-10T08:10", "base": 400}], [{"charge_fen": 400}]),
    case("990001", [{"mode": "bus", "t": "2026-03-10T08:00", "line": "7"}], [{"charge_fen": 200}]),
    case("990001", [{"mode": "bicycle", "t": "2026-03-10T08:00", "missing": "exit"}],
         [{"charge_fen": 1000}]),
    case("990001", [COMMUTE | {"scheme": "city_union", "visitor": True}],
         [{"result": "refused", "reason": "visitor_refused"}]),
    case("990001", [{"mode": "bus", "t": "2026-03-10T08:00", "rider": "tourist"}],
         [{"charge_fen": 160}]),
]  # fmt: skip


@pytest.mark.parametrize("found", OWN)
def test_a_city_without_a_network_is_priced_by_what_the_case_says(tmp_path, capsys, found):
    own = str(HERE / "rides" / "990001.toml")
    code, out = check(tmp_path, capsys, [found], "--tariff", own)
    assert code == 0, out


FREE_RIDERS = (
    "65+", "child under 1.3 m", "blind", "disability grade 1-2", "serving military",
    "disabled veterans", "injured police", "三属", "retired cadres/NCOs of the army",
    "firefighters",
)  # fmt: skip


@pytest.mark.parametrize("rider", FREE_RIDERS)
def test_whoever_a_notice_lets_ride_free_is_understood(tmp_path, capsys, rider):
    found = case("Chongqing", [COMMUTE], [{"charge_fen": 0}], rider=rider)
    assert check(tmp_path, capsys, [found])[0] == 0


def test_the_disabled_ride_beijings_buses_free(tmp_path, capsys):
    for rider in ("disabled", "残疾人", "conscripts"):
        found = case("Beijing", [{"mode": "bus", "dist_m": 9000}], [{"charge_fen": 0}], rider=rider)
        assert check(tmp_path, capsys, [found])[0] == 0


def test_a_pack_is_bought_and_ridden(tmp_path, capsys):
    bus = {"mode": "bus", "t": "2026-03-10T09:00", "base": 200, "rider": "student"}
    buys = {"action": "buy_pack", "pack": "CQ-PASS-STUDENT", "t": "2026-03-10T08:00"}
    found = case(
        "Chongqing", [buys | {"rider": "student"}, bus], [{"charge_fen": 2000}, {"charge_fen": 0}]
    )
    assert check(tmp_path, capsys, [found])[0] == 0


def test_the_page_on_cases_names_every_key_and_its_example_holds(tmp_path, capsys):
    page = (HERE.parents[1] / "docs" / "fare-cases.md").read_text(encoding="utf-8")
    named = {
        heading.partition("\n")[0]: re.findall(r"^\| `(\w+)` \|", heading, re.MULTILINE)
        for heading in page.split("\n## ")[1:]
    }
    assert set(named["A case"]) == fields(FileCase)
    assert set(named["An event"]) == fields(Event)
    assert set(named["What can be expected"]) == fields(Expected)
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    code, out = check(tmp_path, capsys, json.loads(example)["cases"])
    assert code == 0, out


def fields(kind: type[Struct]) -> set[str]:
    return set(kind.__struct_encode_fields__)


STATED = """
city = "990003"
name_zh = "某镇"
name_en = "Pairtown"

[[rule]]
id = "PAIRS"
kind = "pairs"
from = 2026-01-01
systems = ["metro"]
rows = [["甲", "乙", 300]]
confidence = "illustrative"
sources = ["general"]

[[rule]]
id = "LONG"
kind = "overtime"
from = 2026-01-01
systems = ["metro", "tram"]
limit_s = 3600
amount = "highest"
confidence = "illustrative"
sources = ["general"]

[[rule]]
id = "TRAM"
kind = "bands"
from = 2026-01-01
systems = ["tram"]
edges_m = [4000]
fares_fen = [200, 700]
confidence = "illustrative"
sources = ["general"]
"""


@pytest.mark.parametrize(
    ("event", "expected", "code"),
    [
        ({"from": "甲", "to": "乙", "t_out": "2026-03-10T08:30"}, {"charge_fen": 300}, 0),
        ({"from": "乙", "to": "甲", "t_out": "2026-03-10T08:30"}, {"charge_fen": 300}, 0),
        ({"from": "甲", "to": "丙"}, {"charge_fen": 300}, 1),
        ({"from": "甲", "missing": "exit"}, {"charge_fen": 300}, 1),
        ({"line": "tram", "dist_m": 900, "t_out": "2026-03-10T10:00"}, {"charge_fen": 900}, 0),
    ],
)
def test_stated_fares_and_overtime_without_a_network(tmp_path, capsys, event, expected, code):
    own = tmp_path / "own.toml"
    own.write_text(STATED, encoding="utf-8")
    found = case("Pairtown", [{"mode": "rail", "t": "2026-03-10T08:00"} | event], [expected])
    got, out = check(tmp_path, capsys, [found], "--tariff", str(own))
    assert got == code, out
    assert "Traceback" not in out and "INTERNAL" not in out
