"""`tongxing network`: what people read, what programs read, and one clear line for bad input.

The tables are compared with the files in `golden/`, in both languages. After a wanted change of
words, run this file as a program (``python tests/network/test_cli_network.py``), read the
difference, and commit the new files.
"""

import json
import sys
from pathlib import Path

import pytest

from tongxing.cli import run

GOLDEN = Path(__file__).parent / "golden"
SHOWN = {
    "where-shenzhen-card": ["where", "3104870412345678901", "--at", "上海", "--on", "2026-03-17"],
    "where-shanghai-union-card": ["where", "2000 1234 1234 1234", "--on", "2016-06-01"],
    "where-chongqing-card": ["where", "4000123412341234", "--at", "500103", "--on", "2026-03-17"],
    "where-outside-card": ["where", "9000123412341234", "--on", "2026-03-17"],
    "city-ningbo": ["city", "宁波", "--on", "2026-03-17"],
    "city-longyan": ["city", "龙岩", "--on", "2016-06-01"],
    "city-qiannan": ["city", "522700", "--on", "2026-03-17"],
    "city-wenzhou": ["city", "wenzhou", "--on", "2026-03-17"],
    "city-bozhou": ["city", "毫州市", "--on", "2026-03-17"],
    "city-yuzhong": ["city", "渝中", "--on", "2026-03-17"],
    "city-hangzhou": ["city", "Hangzhou", "--on", "2026-03-17"],
    "city-fujian": ["city", "福建省", "--on", "2018-10-31"],
    "coverage-2018-10-31": ["coverage", "--on", "2018-10-31"],
    "coverage-chongqing": ["coverage", "--on", "2018-10-31", "--province", "重庆"],
    "coverage-city-union-2013": ["coverage", "--on", "2013-05-01", "--scheme", "city_union"],
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", SHOWN)
def test_people_read_the_same_tables_in_both_languages(capsys, name, language):
    assert run(["network", *SHOWN[name], "--lang", language]) == 0
    wanted = (GOLDEN / f"{name}.{language}.txt").read_text(encoding="utf-8")
    assert trimmed(capsys.readouterr().out) == wanted


def trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def answer(capsys, *arguments):
    assert run(["network", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_where_as_json_masks_the_number(capsys):
    found = answer(capsys, "where", "3104870412345678901", "--on", "2026-03-17", "--at", "深圳")
    assert found["number"] == "310487*********8901"
    assert found["matches"][0]["issuer"] == "440300"
    assert {row["mode"]: row["accepted"] for row in found["at"]}["rail"] is True
    assert "3104870412345678901" not in json.dumps(found)


@pytest.mark.req("R-306")
def test_city_as_json_has_both_schemes_and_the_rate_in_thousandths(capsys):
    found = answer(capsys, "city", "宁波", "--on", "2026-03-17")
    assert found["place"]["code"] == "330200"
    assert found["place"]["lon_e6"] == 121_622_485
    assert [row["scheme"] for row in found["rows"]] == ["t_union", "city_union"]
    assert found["rates"][0]["per_mille"] == 600


@pytest.mark.req("R-213", "R-220")
def test_coverage_as_json_has_counts_rows_and_facts(capsys):
    found = answer(capsys, "coverage", "--on", "2018-10-31")
    assert [count["rows"] for count in found["counts"]] == [306, 80]
    assert len(found["rows"]) == 386
    assert {"on": "2018-10-31"}.items() <= found.items()
    assert any(fact["figures"].get("cities_rail") == 14 for fact in found["facts"])


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["where"], "USAGE", 2),
        (["where", "abc"], "NUMBER_NOT_DIGITS", 2),
        (["where", ""], "NUMBER_EMPTY", 2),
        (["where", "３１０４８７０４１２３４５６７８９０１"], "NUMBER_FULL_WIDTH", 2),
        (["where", "310487041234567890"], "NUMBER_LENGTH", 2),
        (["where", "6222021234567890123"], "NUMBER_NOT_T_UNION", 2),
        (["where", "3104870412345678901", "--at", "Taizhou"], "CITY_AMBIGUOUS", 4),
        (["where", "3104870412345678901", "--on", "2026-02-30"], "ARG_INVALID", 2),
        (["city"], "USAGE", 2),
        (["city", ""], "CITY_NAME_EMPTY", 2),
        (["city", "Atlantis"], "CITY_UNKNOWN", 4),
        (["city", "宁坡"], "CITY_UNKNOWN_NEAR", 4),
        (["city", "吉林"], "CITY_AMBIGUOUS", 4),
        (["city", "宁波", "--on", "２０１８-10-31"], "ARG_INVALID", 2),
        (["coverage", "--on", "yesterday"], "ARG_INVALID", 2),
        (["coverage", "--on", "20181031"], "ARG_INVALID", 2),
        (["coverage", "--scheme", "octopus"], "SCHEME_UNKNOWN", 4),
        (["coverage", "--province", "Narnia"], "CITY_UNKNOWN", 4),
        (["coverage", "--scheme", "city_union", "--province", "重庆"], "COVERAGE_EMPTY", 4),
        (["coverage", "--frobnicate"], "USAGE", 2),
        (["frobnicate"], "USAGE", 2),
    ],
)
def test_bad_input_is_one_clear_line_with_its_exit_code(capsys, arguments, code, exit_code):
    for language in ("zh", "en"):
        assert run(["network", *arguments, "--lang", language]) == exit_code
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert code in told.err
        assert "{" not in told.err
    assert run(["network", *arguments, "--json"]) == exit_code
    refused = json.loads(capsys.readouterr().err)
    assert refused["code"] == code
    assert refused["message_zh"]
    assert refused["next_step_en"]


def test_a_full_card_number_never_shows_in_an_error(capsys):
    run(["network", "where", "6222021234567890123"])
    assert "6222021234567890123" not in capsys.readouterr().err


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("command", [[], ["where"], ["city"], ["coverage"]])
def test_help_speaks_both_languages(capsys, command, language):
    assert run(["network", *command, "--help", "--lang", language]) == 0
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in capsys.readouterr().out)
    assert chinese == (language == "zh")


def write_golden() -> None:
    """Write the golden files anew from what the commands print now."""
    from contextlib import redirect_stdout
    from io import StringIO

    GOLDEN.mkdir(exist_ok=True)
    for name, arguments in SHOWN.items():
        for language in ("zh", "en"):
            printed = StringIO()
            with redirect_stdout(printed):
                run(["network", *arguments, "--lang", language])
            path = GOLDEN / f"{name}.{language}.txt"
            path.write_text(trimmed(printed.getvalue()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(write_golden())
