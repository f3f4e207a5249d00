"""`tongxing entry policy`: what holds, where and when, in both languages, with its doubts."""

import json

import pytest

from tongxing.cli import run


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["entry", "policy", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.req("R-100", "R-116", "R-163")
def test_in_force_it_lists_places_and_doubts(capsys: pytest.CaptureFixture[str]) -> None:
    chinese = told(capsys, "北京", "--on", "2022-05-30", "--lang", "zh")
    for words in (
        "重点车站",
        "345慢车",
        "未查到健康码信息，请您尽快授权升级",
        "养老助残卡",
        "人工通道",
    ):
        assert words in chinese
    english = told(capsys, "110000", "--on", "2022-05-30", "--lang", "en")
    for words in ("key station", "the other 63", "2022-12-04", "our reading", "staff decide"):
        assert words in english
    assert "2、6、10" not in chinese


def test_while_testing_it_lists_other_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert "2, 6, 10, 14, 15" in told(capsys, "Beijing", "--on", "2022-05-23", "--lang", "en")


@pytest.mark.parametrize("day", ["2022-05-16", "2022-12-05", "2026-01-01"])
def test_outside_its_days_nothing_is_asked(capsys: pytest.CaptureFixture[str], day: str) -> None:
    assert f"Nothing is asked on {day}" in told(capsys, "--on", day, "--lang", "en")
    assert f"{day} 不查验" in told(capsys, "--on", day, "--lang", "zh")


def test_without_a_day_it_is_today(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Nothing is asked on" in told(capsys, "--lang", "en")


def test_as_json_it_says_what_holds(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = json.loads(told(capsys, "--on", "2022-05-30", "--json"))
    assert [one["effect"] for one in found["holds"]] == [
        *["informative", "enforced", "informative"]
    ]
    assert found["policy"]["until"] == "2022-12-04"


def test_cities_without_a_policy_and_days_that_are_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["entry", "policy", "重庆", "--lang", "en"]) == 4
    assert "ENTRY_NO_POLICY" in capsys.readouterr().err
    assert run(["entry", "policy", "Atlantis", "--lang", "en"]) != 0
    assert run(["entry", "policy", "--on", "2022-02-30", "--lang", "en"]) == 2
