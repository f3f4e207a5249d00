"""Every kind of price line: words in both languages, with the values it carries in them."""

import ast
from datetime import date
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

import tongxing
from tongxing.fares import PriceLine, explain, load_city_fares, receipt
from tongxing.fares.city import CityFares
from tongxing.fares.explain import WRITERS
from tongxing.fares.rules import Period
from tongxing.fares.tariff import load_book, read_book
from tongxing.kernel.clock import at
from tongxing.kernel.texts import LANGUAGES

CHONGQING = load_city_fares("500000")
SHENZHEN = CityFares(CHONGQING.network, load_book("440300"))
SIX = at(date(2026, 3, 10), 6, 30, 15)
EVENING = CityFares(
    CHONGQING.network,
    read_book(
        (Path(tongxing.__file__).parent / "fares" / "data" / "500000" / "tariff.toml")
        .read_bytes()
        .replace(b"entry_from = 00:00:00", b"entry_from = 20:00:00")
        .replace(b"entry_until = 07:00:00", b"entry_until = 22:00:00")
    ),
)
ROOMS = [Path(tongxing.__file__).parent / room for room in ("fares", "city")]

# kind, rule, fen, values, and what a reader must find: in Chinese | in English
LINES = [
    ("base", "CQ-RAIL-2025", 500,
     {"system": "urban", "metres": 16308, "distances": "estimated", "line": "",
      "origin": "chaotianmen", "destination": "shapingba"},
     "5.00 朝天门 沙坪坝 16.308 估算 城市轨道 CQ-RAIL-2025 2025-07-30 推断",
     "5.00 Chaotianmen Shapingba 16.308 estimated urban CQ-RAIL-2025 2025-07-30 inferred"),
    ("base", "CQ-BUS-MEDIUM", 200, {"system": "bus-medium", "metres": -1, "line": "bus-149"},
     "2.00 149路 一票制", "2.00 149 one"),
    ("base", "T", 2350, {"system": "taxi", "meter": 1, "metres": 12345},
     "23.50 12.345 计价器", "23.50 12.345 meter"),
    ("base", "B", 150, {"system": "bicycle", "stay_s": 2700}, "1.50 45", "1.50 45"),
    ("base", "given", 300, {}, "3.00", "3.00"),
    ("highest", "CQ-RAIL-2025", 900,
     {"missing": "exit", "station": "chaotianmen", "system": "urban", "line": ""},
     "9.00 朝天门 缺少出站 城市轨道", "9.00 Chaotianmen exit urban"),
    ("percent", "CQ-CARD-9", -50, {"rate_bp": 9000}, "9折 0.50", "90% 0.50"),
    ("percent", "X", -50, {"rate_bp": 8550}, "8.55折", "85.5%"),
    ("holder", "CQ-LOVE", -250, {"rate_bp": 5000}, "5折 2.50", "50% 2.50"),
    ("holder", "CQ-FREE", -500, {"rate_bp": 0}, "免费 5.00", "free 5.00"),
    ("holder_hours", "X", -100, {"rate_bp": 5000, "entered_s": SIX}, "06:30:15 5折 1.00",
     "06:30:15 50% 1.00"),
    ("early", "CQ-EARLY", -150, {"rate_bp": 7000, "entered_s": SIX}, "06:30:15 7折 1.50",
     "06:30:15 70% 1.50"),
    ("month_paid", "CQ-MONTH", -150, {"rate_bp": 7000, "reached": 10_200}, "本月 102.00 7折 1.50",
     "this month 102.00 70% 1.50"),
    ("month_rides", "X", -40, {"rate_bp": 8000, "reached": 15}, "本月 15 8折 0.40",
     "this month 15 80% 0.40"),
    ("week_paid", "X", -40, {"rate_bp": 8000, "reached": 1_500}, "本周 15.00", "this week 15.00"),
    ("week_rides", "X", -400, {"rate_bp": 0, "reached": 8}, "本周 8 免费", "this week 8 nothing"),
    ("day_paid", "X", -40, {"rate_bp": 8000, "reached": 1_500}, "当日 15.00", "this day 15.00"),
    ("day_rides", "X", -40, {"rate_bp": 8000, "reached": 3}, "当日 3", "this day 3"),
    ("steps", "CQ-MONTH", -40, {"rate_bp": 9000, "reached": 9_900}, "本月 99.00 9折 0.40",
     "this month 99.00 90% 0.40"),
    ("nth_free", "CQ-FREQ", -500, {"ride": 40}, "40 5.00", "40 5.00"),
    ("pack", "X", -500, {"pack": "some-pack", "left": 31}, "some-pack 31 5.00",
     "some-pack 31 5.00"),
    ("pack", "CQ-32", -500, {"pack": "rail-32", "left": 0}, "轨道 32 次票 0 5.00 CQ-32",
     "32-ride 0 5.00 CQ-32"),
    ("slices", "X", -80, {}, "分段 0.80", "part 0.80"),
    ("visitor", "CU-VISITOR", -80, {"rate_bp": 6000, "issuer": "310000", "as_of": "2014-02-13"},
     "上海 6折 0.80 2014-02-13", "Shanghai 60% 0.80 2014-02-13"),
    ("transfer", "CQ-XFER", -200,
     {"gap_s": 1200, "first_mode": "bus", "first_line": "bus-149", "first_fen": 200},
     "20 149路 2.00", "20 149 2.00"),
    ("transfer", "CQ-XFER", -100,
     {"gap_s": 3600, "first_mode": "rail", "first_line": "", "first_fen": 500},
     "60 轨道 5.00 1.00", "60 rail 5.00 1.00"),
    ("transfer_spent", "CQ-XFER", 0,
     {"gap_s": 1200, "first_mode": "bus", "first_line": "bus-149", "first_fen": 200},
     "换乘机会已用", "used up"),
    ("calendar", "CQ-EARLY", 0, {"year": 2031}, "2031", "2031"),
    ("half_trip", "", 0,
     {"how": "declared", "missing": "exit", "station": "shapingba", "by": "x", "code": ""},
     "出站 乘客 沙坪坝",
     "exit passenger Shapingba"),
    ("half_trip", "", 0,
     {"how": "habitual", "missing": "entry", "station": "shapingba", "by": "x", "code": ""},
     "进站 惯常 沙坪坝",
     "entry habit Shapingba"),
    ("half_trip", "", 0,
     {"how": "disruption", "missing": "exit", "station": "shapingba", "by": "x", "code": ""},
     "出站 开闸 沙坪坝",
     "exit open Shapingba"),
    ("half_trip", "", 0,
     {"how": "open_gates", "missing": "exit", "station": "shapingba", "by": "x", "code": ""},
     "出站 开闸 不收费",
     "exit open nothing"),
    ("half_trip", "", 0,
     {"how": "staff", "missing": "entry", "station": "shapingba", "by": "x", "code": ""},
     "进站 工作人员 沙坪坝",
     "entry staff Shapingba"),
    ("half_trip", "", 0,
     {"how": "cleared", "missing": "entry", "station": "shapingba", "by": "x", "code": ""},
     "进站 清除 不收费",
     "entry cleared nothing"),
    ("half_trip", "", 400,
     {"how": "median", "missing": "exit", "station": "shapingba", "by": "x", "code": ""},
     "出站 中位数 沙坪坝 4.00",
     "exit median Shapingba 4.00"),
    ("turn_back", "CQ-TURN", -200, {"stay_s": 600, "limit_s": 1200, "station": "chaotianmen"},
     "朝天门 10 20 2.00", "Chaotianmen 10 20 2.00"),
    ("gate_difference", "purse", 50, {}, "多扣 0.50", "0.50 more"),
    ("gate_difference", "purse", -50, {}, "少扣 0.50", "0.50 less"),
    ("overtime", "CQ-RAIL-TIME", 900, {"stay_s": 10801, "limit_s": 10800},
     "3:00:01 3:00:00 9.00", "3:00:01 3:00:00 9.00"),
    ("cap", "X", -160, {"reached": 1960, "cap": 2000, "period": "day"},
     "当日 19.60 20.00 1.60", "this day 19.60 20.00 1.60"),
    ("highest", "X", 900, {"missing": "exit", "station": "", "system": "urban"},
     "城市轨道 9.00 结束", "urban rail 9.00 end"),
    ("steps", "X", -5, {"rate_bp": 10000, "reached": 9900}, "99.00 原价 0.05", "99.00 whole fare"),
    ("count", "500000.rail", 0,
     {"month": 202603, "before_fen": 9900, "after_fen": 10170, "rides": 12, "rides_before": 11},
     "2026-03 轨道 99.00 101.70 第 12 次", "2026-03 Rail 99.00 101.70 ride 12"),
    ("count", "500000.rail", 0,
     {"month": 202603, "before_fen": 0, "after_fen": 900, "rides": 4, "rides_before": 4},
     "次数不变（4 次）", "no ride counted (4"),
    ("count", "500000.rail", 0, {"month": 202603, "before_fen": 0, "after_fen": 450, "rides": 1},
     "第 1 次", "ride 1"),
    ("count", "500000.rail:week", 0,
     {"month": 20260316, "before_fen": 0, "after_fen": 450, "rides": 1, "rides_before": 0},
     "2026-03-16 一周", "week 2026-03-16"),
    ("count", "500000.transit:day@account", 0,
     {"month": 20261123, "before_fen": 0, "after_fen": 450, "rides": 1, "rides_before": 0},
     "2026-11-23 公交与轨道 账户", "2026-11-23 Bus account"),
    ("free_ride", "", -450, {}, "免费乘车时段", "free nothing"),
]  # fmt: skip


@pytest.mark.req("R-401")
@pytest.mark.parametrize("case", LINES, ids=[f"{case[0]}-{case[2]}" for case in LINES])
def test_a_line_says_what_it_carries(case) -> None:
    kind, rule, amount_fen, values, chinese, english = case
    line = PriceLine(kind, rule, amount_fen, values)
    for language, wanted in (("zh", chinese), ("en", english)):
        said = explain(line, language, CHONGQING)
        assert [word for word in wanted.split() if word not in said] == [], said
        assert "{" not in said and "None" not in said, said


def test_every_kind_that_the_engine_makes_has_words_and_stands_above() -> None:
    made = {kind for room in ROOMS for path in room.rglob("*.py") for kind in kinds_made(path)}
    made |= {f"{period}_{counts}" for period, counts in product(get_args(Period), COUNTS)}
    assert {"base", "count", "pack", "holder_hours", "steps", "gate_difference"} <= made
    assert made <= set(WRITERS)
    assert set(WRITERS) == {case[0] for case in LINES}


COUNTS = ("paid", "rides")


def kinds_made(path: Path) -> set[str]:
    """The kinds of price line that a module writes: first arguments, and what `kind` is set to."""
    found: set[str] = set()
    text = path.read_text(encoding="utf-8")
    if "PriceLine(" not in text:
        return found
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "PriceLine":
            given = [word.value for word in node.keywords if word.arg == "kind"]
            found |= constants((node.args or given)[0])
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                if len(names) == len(values):
                    pairs = zip(names, values, strict=True)
                    for value in [value for name, value in pairs if ast.unparse(name) == "kind"]:
                        found |= constants(value)
    return found


def constants(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return constants(node.body) | constants(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_slices_are_told_with_their_rates_where_the_rule_is_known() -> None:
    [rule] = [rule for rule in SHENZHEN.book.rules.values() if hasattr(rule, "upto_fen")]
    said = [explain(PriceLine("slices", rule.id, -85, {}), one, SHENZHEN) for one in LANGUAGES]
    assert "3.00 元以内部分8折，6.00 元以内部分7.5折，其余6.5折" in said[0]
    assert "80% up to 3.00 yuan, 75% up to 6.00 yuan, 65% of the rest" in said[1]


def test_a_rule_that_is_not_held_here_leaves_its_tail_away() -> None:
    for language in LANGUAGES:
        said = explain(PriceLine("percent", "GONE", -50, {"rate_bp": 9000}), language, CHONGQING)
        assert "GONE" not in said


def test_a_receipt_has_sums_counters_and_how_sure_each_rule_is() -> None:
    lines = (
        PriceLine("base", "CQ-RAIL-2025", 500, {"metres": 1, "system": "urban"}),
        PriceLine("percent", "CQ-CARD-9", -50, {"rate_bp": 9000}),
        PriceLine("count", "500000.rail", 0, {
            "month": 202603, "before_fen": 100, "after_fen": 550, "rides": 2, "rides_before": 1,
        }),
        PriceLine("gate_difference", "purse", 7, {}),
    )  # fmt: skip
    base, percent, count, gate = receipt(lines, CHONGQING)
    assert [one.sum_fen for one in (base, percent, count, gate)] == [500, 450, 450, 457]
    assert (base.confidence, percent.confidence, gate.confidence) == ("inferred", "seen", "")
    assert base.since == date(2025, 7, 30) and base.until is None
    assert [source.en for source in base.sources] != [] and gate.sources == ()
    assert count.counter is not None and base.counter is None
    moved = count.counter
    assert (moved.before_fen, moved.after_fen, moved.rides_before, moved.rides) == (100, 550, 1, 2)


def test_a_receipt_of_nothing_is_empty() -> None:
    assert receipt((), CHONGQING) == ()


def test_late_travel_is_not_called_early() -> None:
    line = PriceLine("early", "CQ-EARLY", -150, {"rate_bp": 7000, "entered_s": SIX + 14 * 3600})
    assert "early" in explain(line, "en", CHONGQING) and "早间" in explain(line, "zh", CHONGQING)
    zh, en = explain(line, "zh", EVENING), explain(line, "en", EVENING)
    assert "分时优惠7折，减 1.50 元" in zh and "早间" not in zh
    assert "at 20:30:15, when rides cost 70%: 1.50 yuan off" in en and "early" not in en
