"""Arguments are read strictly: what a kind reader would let through is refused."""

from datetime import date
from pathlib import Path

import pytest

from tongxing.cli.arguments import parse_date, parse_time, parse_whole, readable_file
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Problem


def refused(found: "pytest.ExceptionInfo[Problem]") -> str:
    assert found.value.refusal.where == "--x"
    return found.value.refusal.code


def test_a_date_is_that_day() -> None:
    assert parse_date("2026-03-17", "--x") == date(2026, 3, 17)
    assert parse_date("2024-02-29", "--x") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-01",
        "2026-02-29",
        "2026-00-10",
        "2026-3-7",
        "20260317",
        "2026/03/17",
        "17.03.2026",
        "２０２６-03-17",
        "2026-03-17 ",
        "2026-03-17\n",
        "1899-12-31",
        "2101-01-01",
        "tomorrow",
        "",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Problem) as found:
        parse_date(text, "--x")
    assert refused(found) == "ARG_INVALID"
    assert found.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "time_s"),
    [
        ("2026-03-17T08:21:10+08:00", at(date(2026, 3, 17), 8, 21, 10)),
        ("2026-03-17 08:21+08:00", at(date(2026, 3, 17), 8, 21)),
        ("2026-03-17T00:21:10Z", at(date(2026, 3, 17), 8, 21, 10)),
    ],
)
def test_a_time_is_that_instant(text: str, time_s: int) -> None:
    assert parse_time(text, "--x") == time_s


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-17T08:21:10", "the offset is missing"),
        ("2026-03-17T24:00:00+08:00", "there is no such time"),
        ("2026-03-17T23:59:60+08:00", "there is no such time"),
        ("2026-02-30T10:00:00+08:00", "there is no such time"),
        ("1773706870", "expected a time such as"),
        ("08:21", "expected a time such as"),
        ("2026-03-17T08:21:10+8", "expected a time such as"),
        ("2026-03-17T08：21:10+08:00", "expected a time such as"),
        ("1999-03-17T08:21:10+08:00", "the year must lie between"),
    ],
)
def test_what_is_no_instant_is_refused(text: str, said: str) -> None:
    with pytest.raises(Problem) as found:
        parse_time(text, "--x")
    assert refused(found) == "ARG_INVALID"
    assert said in found.value.refusal.message("en")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("100", 100), ("-3", -3)])
def test_a_whole_number_is_read(text: str, number: int) -> None:
    assert parse_whole(text, "--x", -5, 100) == number


@pytest.mark.parametrize(
    "text", ["２００", "1_000", "007", " 7", "7.0", "1e3", "x", "", "101", "-6", "-0x1", "9" * 5000]
)
def test_what_is_no_whole_number_in_range_is_refused(text: str) -> None:
    with pytest.raises(Problem) as found:
        parse_whole(text, "--x", -5, 100)
    assert refused(found) == "ARG_INVALID"
    assert len(found.value.refusal.message("en")) < 200


def test_a_file_must_lie_there_and_be_readable(tmp_path: Path) -> None:
    present = tmp_path / "cases.json"
    present.write_text("{}")
    assert readable_file(str(present)) == present
    for text, code in (
        (str(tmp_path / "none"), "FILE_NOT_FOUND"),
        (str(tmp_path), "FILE_NOT_READABLE"),
    ):
        with pytest.raises(Problem) as found:
            readable_file(text)
        assert (found.value.refusal.code, found.value.exit_code) == (code, 4)
        assert found.value.refusal.where == text
