"""`tongxing fares`: prices explained in both languages, tariffs with their doubts, bad input.

The tables are compared with the files in `golden/`. After a wanted change of words, run this file
as a program (``python tests/fares/test_cli_fares.py``), read the difference, commit the new files.
"""

import json
import re
import sys
from pathlib import Path

import pytest

import tongxing.fares
from tongxing.cli import run

GOLDEN = Path(__file__).parent / "golden"
MORNING = ["--at", "2026-03-17 06:50", "--exit", "2026-03-17 07:30"]
SHOWN = {
    "price-chongqing-early": ["price", "重庆", "朝天门", "沙坪坝", *MORNING],
    "price-chongqing-month": ["price", "500000", "Chaotianmen", "shapingba", "--at",
                              "2026-03-17T18:00+08:00", "--spent", "230", "--medium", "code"],
    "price-chongqing-cableway": ["price", "重庆", "新华路", "上新街", "--at", "2026-03-17 10:00",
                                 "--line", "长江索道"],
    "price-chongqing-suburban": ["price", "重庆", "圣泉寺", "石桥铺", "--at", "2026-03-17 10:00"],
    "price-chongqing-missing-exit": ["price", "重庆", "朝天门", "--at", "2026-03-17 10:00"],
    "price-beijing-airport": ["price", "Beijing", "3号航站楼", "天安门东", "--at",
                              "2026-03-17 10:00"],
    "price-beijing-bus": ["price", "北京", "公主坟", "西单", "--line", "1路", "--at",
                          "2026-03-17 10:00", "--product", "student"],
    "price-beijing-unannounced": ["price", "北京", "土桥", "国贸", "--at", "2027-03-17 06:30"],
    "price-beijing-visitor": ["price", "北京", "土桥", "国贸", "--at", "2026-03-17 10:00",
                              "--scheme", "t_union", "--issuer", "宁波"],
    "price-beijing-overtime": ["price", "北京", "土桥", "国贸", "--at", "2026-03-17 10:00",
                               "--exit", "2026-03-17 15:00"],
    "tariffs-chongqing": ["tariffs", "重庆", "--on", "2026-03-17"],
    "tariffs-chongqing-2014": ["tariffs", "重庆", "--on", "2014-03-17"],
    "tariffs-beijing": ["tariffs", "Beijing", "--on", "2026-03-17"],
    "tariffs-shanghai": ["tariffs", "310000", "--on", "2026-03-17"],
}  # fmt: skip


def trimmed(text: str) -> str:
    """Without blanks at the ends of lines, and without the digests of tariff versions, which
    change with every rule and say nothing to a reader of the table."""
    plain = re.sub(r"([0-9]{6}-[0-9]{8})/[0-9a-f]{8}", r"\1/--------", text)
    return "\n".join(line.rstrip() for line in plain.splitlines()) + "\n"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", SHOWN)
def test_people_read_the_same_in_both_languages(capsys, name, language):
    assert run(["fares", *SHOWN[name], "--lang", language]) == 0
    wanted = (GOLDEN / f"{name}.{language}.txt").read_text(encoding="utf-8")
    assert trimmed(capsys.readouterr().out) == wanted


def test_json_holds_the_quote_its_words_and_its_path(capsys):
    assert run(["fares", *SHOWN["price-beijing-airport"], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    quote = found["quote"]
    assert (quote["fare_fen"], quote["charge_fen"]) == (2800, 2800)
    assert sum(line["amount_fen"] for line in quote["lines"]) == 2800
    assert len(found["words"]["zh"]) == len(found["words"]["en"]) == len(quote["lines"])
    assert found["path"]["portions"][0]["operator"] == "OP-BJ-CITYMETRO"


def test_tariffs_as_json_name_dates_and_confidence(capsys):
    assert run(["fares", "tariffs", "重庆", "--on", "2026-03-17", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["versions"][-1]["from_day"] == "2025-07-30"
    sure = {row["rule"]: row["confidence"] for row in found["base_fares"]}
    assert sure["CQ-RAIL-2025"] == "inferred" and sure["CQ-ROPE"] == "placeholder"


def test_one_name_for_two_stations_takes_the_cheaper_ride(capsys):
    arguments = ["price", "北京", "木樨地", "公主坟", "--at", "2026-03-17 10:00", "--json"]
    assert run(["fares", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["origin"]["id"] == "muxidi-1"


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["price", "不存在", "a", "b"], 4, "CITY_UNKNOWN"),
        (["price", "上海", "a", "b"], 4, "FARES_NO_CITY"),
        (["tariffs", "拉萨"], 4, "FARES_NO_CITY"),
        (["price", "北京", "无此站", "国贸"], 4, "FARES_NO_STATION"),
        (["price", "北京", "国贸", "无此站"], 4, "FARES_NO_STATION"),
        (["price", "北京", "西单", "公主坟", "--line", "9999路"], 4, "FARES_NO_LINE"),
        (["price", "北京", "草桥", "三河", "--line", "817路"], 4, "FARES_NO_PATH"),
        (["price", "重庆", "璧山", "1号地铁站"], 4, "FARES_NO_PATH"),
        (["price", "北京", "草桥", "三河"], 4, "FARES_NO_PATH"),
        (["price", "北京", "复兴门内", "东单路口"], 4, "FARES_LINE_NEEDED"),
        (["price", "北京", "土桥", "国贸", "--at", "2001-01-01 10:00"], 4, "FARES_NO_TARIFF"),
        (["price", "北京", "土桥", "国贸", "--at", "yesterday"], 2, "ARG_INVALID"),
        (["price", "北京", "土桥", "国贸", "--at", "2026-02-30 10:00"], 2, "ARG_INVALID"),
        (["price", "北京", "土桥", "国贸", "--spent", "-1"], 2, "ARG_INVALID"),
        (["price", "北京", "土桥", "国贸", "--spent", "1.234"], 2, "ARG_INVALID"),
        (["price", "北京", "土桥", "国贸", "--product", "frog"], 2, "ARG_INVALID"),
        (["price", "北京", "土桥", "国贸", "--medium", "coin"], 2, "USAGE"),
        (["price", "北京"], 2, "USAGE"),
        (["price", "北京", "土桥", "国贸", *MORNING[:2], "--exit", "2026-03-17 06:49"], 2,
         "ARG_INVALID"),
        (["price", "北京", "土桥", "国贸", "--at", "2026-03-17 10:00", "--scheme", "city_union",
          "--issuer", "宁波"], 4, "PLACE_OF_OTHER_SCHEME"),
        (["check", "/no/such/file.json"], 4, "FILE_NOT_FOUND"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(capsys, arguments, code, reason):
    found = run(["fares", *arguments, "--lang", "en"])
    said = capsys.readouterr()
    assert said.err.startswith(f"error {reason}: "), said.err
    assert len(said.err.splitlines()) == 1 and "{" not in said.err and "Traceback" not in said.err
    assert found == code


CASE = {
    "id": "X-1", "city": "Chongqing", "title": "plain card ride",
    "events": [{"mode": "rail", "t": "2026-03-10T09:10", "t_out": "2026-03-10T09:45", "base": 500}],
    "expect": [{"charge_fen": 450, "transfer_relief": False, "month_rail_spend_after_fen": 450}],
}  # fmt: skip


def case_file(tmp_path: Path, *cases: dict[str, object]) -> str:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    return str(path)


def test_a_price_by_a_tariff_of_ones_own(capsys, tmp_path):
    source = Path(tongxing.fares.__file__).parent / "data" / "110000" / "tariff.toml"
    dearer = source.read_text(encoding="utf-8").replace("300, 400, 500, 600", "350, 450, 550, 650")
    own = tmp_path / "own.toml"
    own.write_text(dearer, encoding="utf-8")
    asked = ["fares", "price", "北京", "土桥", "国贸", "--at",
             "2026-03-17 10:00", "--tariff", str(own), "--json"]  # fmt: skip
    assert run(asked) == 0
    assert json.loads(capsys.readouterr().out)["quote"]["charge_fen"] == 550


def test_check_says_a_line_per_case_and_ends_well_when_all_hold(capsys, tmp_path):
    assert run(["fares", "check", case_file(tmp_path, CASE), "--lang", "en"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"X-1      holds    {'4.50 = 4.50':<28} plain card ride", "1 of 1 cases hold",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"expect": [{"charge_fen": 451}]},
        {"expect": [{"transfer_relief": True}]},
        {"expect": [{"month_rail_spend_after_fen": 0}]},
        {"expect": {"total_fen": 449}},
        {"expect": {"total_fen": 450, "base_fare_fen": [501]}},
        {"expect": {"total_fen": 450, "full_rate_rides": 2}},
        {"city": "Atlantis"},
        {"state_before": {"weather": 1}},
        {"events": [{"mode": "rail", "t": "soon", "base": 500}]},
        {"events": [{"mode": "rail_maglev", "base": 500}]},
        {"events": [{"mode": "rail", "entry_station": "无此站", "base": 500}]},
        {"events": [{"mode": "rail"}]},
        {"events": [{"action": "jump"}]},
        {"events": [{"mode": "bus", "scheme": "city_union", "visitor": True, "base": 450}],
         "city": "Shanghai", "expect": [{"result": "refused"}]},
    ],
)  # fmt: skip
def test_check_finds_a_wrong_or_unclear_case(capsys, tmp_path, wrong):
    assert run(["fares", "check", case_file(tmp_path, CASE, CASE | wrong), "--lang", "en"]) == 1
    said = capsys.readouterr().out
    assert said.count("DIFFERS") == 1 and "1 of 2 cases hold" in said


def test_check_compares_totals_and_counts_at_each_rate(capsys, tmp_path):
    month = {
        "id": "X-2", "city": "Chongqing", "events": [{"repeat": 44, "mode": "rail", "base": 500}],
        "expect": {"total_fen": 17_700, "first": 23, "then": 21, "last": 0},
    }  # fmt: skip
    assert run(["fares", "check", case_file(tmp_path, month)]) == 0
    month["expect"] = {"total_fen": 17_700, "first": 22, "then": 22}
    assert run(["fares", "check", case_file(tmp_path, month)]) == 1
    capsys.readouterr()


def test_check_refuses_a_mode_that_is_closed_to_visitors(capsys, tmp_path):
    case = {
        "id": "X-3", "city": "Ningbo",
        "events": [{"mode": "metro", "base": 400, "scheme": "city_union", "visitor": True}],
        "expect": [{"result": "refused", "reason": "visitor_mode_not_offered"}],
    }  # fmt: skip
    assert run(["fares", "check", case_file(tmp_path, case), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held"] == 1


@pytest.mark.parametrize(
    "content",
    [
        "not json", "[]", '{"case": []}', '{"cases": [], "colour": 1}', '{"cases": {}}',
    ],
)  # fmt: skip
def test_check_refuses_a_file_it_cannot_read_whole(capsys, tmp_path, content):
    path = tmp_path / "cases.json"
    path.write_text(content, encoding="utf-8")
    assert run(["fares", "check", str(path), "--lang", "zh"]) == 4
    said = capsys.readouterr().err
    assert said.startswith("错误 FARES_FILE：") or "FARES_FILE" in said
    assert len(said.splitlines()) == 1


if __name__ == "__main__":
    import contextlib
    import io

    for shown, shown_arguments in SHOWN.items():
        for spoken in ("zh", "en"):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                run(["fares", *shown_arguments, "--lang", spoken])
            (GOLDEN / f"{shown}.{spoken}.txt").write_text(trimmed(out.getvalue()), encoding="utf-8")
    sys.exit(0)
