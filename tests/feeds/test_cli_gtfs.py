"""`tongxing gtfs`: what people see, in both languages, and where it says no."""

import json
from pathlib import Path

import pytest
from feed_world import FARES_V1, FARES_V2, write_feed, zipped

from tongxing.cli import run


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return zipped(write_feed(tmp_path / "feed", FARES_V1, FARES_V2))


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["gtfs", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_feed_is_shown_in_both_languages(feed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, english, _ = told(capsys, "show", str(feed), "--stops", "--lang", "en")
    assert code == 0
    assert "Town Buses (Europe/Vienna)" in english
    assert "Runs from 2026-01-01 to 2026-12-31" in english
    assert "Hill → Lake" in english and "Fares v2: 2 leg rules" in english
    _, chinese, _ = told(capsys, "show", str(feed), "--lang", "zh")
    assert "票价 v1：2 个票种" in chinese and "公交" in chinese
    _, plain, _ = told(capsys, "show", str(feed), "--json")
    found = json.loads(plain)
    assert found["fares"] == {"v1": 2, "v2": 2}
    assert [line["id"] for line in found["network"]["lines"]] == ["b1", "b2", "u1", "u2"]


def test_a_journey_is_priced_line_by_line(feed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["price", str(feed), "--from", "Hill", "--via", "mill", "--to", "wood",
             "--at", "2026-03-17 07:00", "--media", "card"]  # fmt: skip
    code, english, _ = told(capsys, *asked, "--lang", "en")
    assert code == 0
    assert "2026-03-17 08:00 – 08:10  1  Hill → Mill" in english
    assert "2.50 EUR" in english and "fare_products.txt:3" in english
    assert "transfer: 0.50 EUR instead of this leg's Bus ride 2.50 EUR" in english
    assert "fare_transfer_rules.txt:2" in english and "Total 3.00 EUR (fares v2)" in english
    _, chinese, _ = told(capsys, *asked, "--lang", "zh")
    assert "合计 3.00 EUR（票价 v2）" in chinese
    _, plain, _ = told(capsys, *asked, "--json")
    found = json.loads(plain)
    assert (found["total_minor"], found["lines"][-1]["row"]) == (300, 2)


def test_version_1_can_be_asked_for(feed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "price", str(feed), "--from", "hill", "--to", "mill", "--at",
                        "2026-03-17T07:00+01:00", "--fares", "v1", "--lang", "en")  # fmt: skip
    assert code == 0
    assert "fare_rules.txt:2" in out and "Total 1.20 EUR (fares v1)" in out


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (["--to", "moon"], "GTFS_NO_STOP"),
        (["--to", "wood"], "GTFS_NO_ROUTE"),
        (["--at", "2029-01-01 00:00"], "GTFS_NO_SERVICE"),
        (["--rider", "dog"], "GTFS_NO_RIDER"),
        (["--at", "tomorrow"], "ARG_INVALID"),
    ],
)
def test_what_cannot_be_priced(
    change: list[str], code: str, feed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--from", "hill", "--to", "mill", "--at", "2026-03-17 07:00"]
    status, out, err = told(capsys, "price", str(feed), *asked, *change)
    assert status in (2, 4) and not out
    assert code in err


def test_a_broken_feed_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_feed(tmp_path / "feed", {"stops.txt": "stop_id\nx\n"})
    status, _, err = told(capsys, "show", str(folder), "--lang", "en")
    assert status == 4
    assert "FEED_VALUE" in err and "stops.txt:2:stop_name" in err
    assert told(capsys, "show", str(tmp_path / "none.zip"))[0] == 4


def test_a_city_is_exported_and_can_be_shown_and_priced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "city.zip"
    asked = ["export", "重庆", "--out", str(out), "--on", "2026-03-17"]
    code, english, _ = told(capsys, *asked, "--lang", "en")
    assert code == 0
    assert "19 of 33 rules are said whole" in english and "CQ-HALF" in english
    _, plain, _ = told(capsys, *asked, "--json")
    found = json.loads(plain)
    rules = {rule["rule"]: rule for rule in found["rules"]}
    assert rules["CQ-FREQ"]["said"] == "none"
    assert "GTFS 不知道卡内余额" in rules["CQ-MIN-RAIL"]["why_zh"]
    ride = ["price", str(out), "--from", "朝天门", "--to", "沙坪坝", "--at"]
    _, early, _ = told(capsys, *ride, "2026-03-17 06:40", "--media", "card", "--json")
    _, later, _ = told(capsys, *ride, "2026-03-17 07:01", "--media", "card", "--json")
    assert (json.loads(early)["total_minor"], json.loads(later)["total_minor"]) == (350, 450)


def test_a_city_without_fares_and_a_folder_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = told(capsys, "export", "拉萨", "--out", str(tmp_path / "x.zip"))
    assert status == 4 and "FARES_NO_CITY" in err
    status, _, err = told(
        capsys, "export", "重庆", "--out", str(tmp_path / "no" / "x.zip"), "--on", "2026-03-17"
    )
    assert status == 4 and "FILE_NOT_FOUND" in err
