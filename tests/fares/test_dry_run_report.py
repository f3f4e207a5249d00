"""The report of a dry run and its command: whole, in both languages, readable, self-contained."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from trial_rides import CITY, TARIFF, dearer_far, file_of, half, rail, some_rides

from barriers import barriers_on
from tongxing.cli import run

LANGUAGES = ("zh", "en")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A new tariff, rides, and where the report goes."""
    tariff, rides = tmp_path / "new.toml", tmp_path / "rides.jsonl"
    tariff.write_bytes(dearer_far())
    rides.write_bytes(file_of(some_rides()))
    return tariff, rides, tmp_path / "report.html"


def tell(files: tuple[Path, Path, Path], *more: str) -> int:
    tariff, rides, _ = files
    return run(["fares", "dry-run", str(tariff), "--city", CITY, "--journeys", str(rides), *more])


class Reader(HTMLParser):
    """Checks that tags close in order, and collects tables, pictures and addresses."""

    void = {"meta", "input", "br", "line", "rect"}

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in self.void:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("src", "href") and value:
                self.addresses.append(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_one_sound_file_that_asks_for_nothing(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(files, "--out", str(files[2])) == 0
    text = files[2].read_text(encoding="utf-8")
    read = Reader(text)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids))
    assert read.addresses == []
    assert not re.search(r"(?:https?:)?//[a-z]", text)
    assert "<script" not in text
    assert "url(" not in text
    assert read.counts["table"] >= 2 * 9, "a table for the spread, the deciles and each group"
    assert "6230010000000003" not in text, "numbers are masked"


def test_the_command_tells_the_totals_in_both_languages(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for language, words in (("en", "revenue before"), ("zh", "原收入")):
        assert tell(files, "--lang", language) == 0
        out = capsys.readouterr().out
        assert words in out
        assert "1 (20.0 %)" in out or "2 (40.0 %)" in out


def test_json_holds_the_figures_of_the_report(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(files, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["rides"] == len(some_rides())
    assert found["spread"]["passengers"] == 5
    assert found["total"]["after_fen"] - found["total"]["before_fen"] == (
        found["spread"]["more_fen"] + found["spread"]["less_fen"]
    )


def test_days_narrow_the_period(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(files, "--from", "2026-03-05", "--to", "2026-03-05", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {found["first"][:10], found["last"][:10]} == {"2026-03-05"}
    assert found["warm_rides"] > 0


def test_a_tariff_can_be_compared_with_a_file(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(files, "--against", str(files[0]), "--json") == 0
    same = json.loads(capsys.readouterr().out)
    assert same["total"]["before_fen"] == same["total"]["after_fen"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--from", "2027-01-01"], "RIDES_NONE"),
        (["--from", "2026-03-05", "--to", "2026-03-04"], "ARG_INVALID"),
        (["--from-books"], "USAGE"),
        (["--on", "2001-01-01", "--against", str(TARIFF)], ""),
        (["--city", "110000"], "TARIFF_OTHER_CITY"),
        (["--city", "上海"], "TARIFF_OTHER_CITY"),
        (["--city", "Atlantis"], "CITY_UNKNOWN"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_a_reason(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str], more: list[str], code: str
) -> None:
    ended = tell(files, *more, "--json")
    err = capsys.readouterr().err
    assert (json.loads(err)["code"] if err else "") == code
    assert (ended == 0) == (code == "")


def test_a_report_that_could_not_be_written_is_refused_before_the_work(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files[1].write_text("no ride at all", encoding="utf-8")
    assert tell(files, "--out", str(files[2].parent / "missing" / "report.html")) != 0
    assert "FILE_NOT_FOUND" in capsys.readouterr().err


def test_a_wrong_ride_is_told_with_its_line(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files[1].write_bytes(file_of([half("6230010000000001", 2)]) + b'{"medium": 1}\n')
    assert tell(files, "--lang", "en") == 4
    error = capsys.readouterr().err
    assert "RIDES_FILE" in error
    assert f"{files[1]}:2" in error


def test_a_tariff_of_nobody_changes_nothing_and_still_reports(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Rides that neither tariff can price leave an empty report, which says so."""
    files[1].write_bytes(file_of([rail("6230010000000001", 2, "no-such-station")]))
    assert tell(files, "--out", str(files[2]), "--lang", "en") == 0
    assert "FARES_NO_STATION" in capsys.readouterr().out
    text = files[2].read_text(encoding="utf-8")
    assert "没有可比较的乘车" in text
    assert "There are no rides to compare" in text


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_people_read_it_on_paper_and_phone_in_both_languages(
    files: tuple[Path, Path, Path], browser: Any, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(files, "--out", str(files[2])) == 0
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(files[2].as_uri())
    for language in LANGUAGES:
        page.check(f"#read-{language}")
        other = LANGUAGES[1 - LANGUAGES.index(language)]
        assert page.locator(f"div.{language} h1").is_visible()
        assert not page.locator(f"div.{other} h1").is_visible()
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0
        assert barriers_on(page) == []
        shown = page.locator(f"div.{language} figure svg[role=img]:visible").count()
        assert shown == page.locator(f"div.{language} figure").count()
        labels = page.locator(f"div.{language} svg[role=img]:visible text").all()
        sizes = [label.bounding_box()["height"] for label in labels]
        assert min(sizes) > 9, "labels can be read"
    assert asked == [files[2].as_uri()]
    page.close()


def test_a_city_without_a_network_is_tried_by_metres(tmp_path, capsys):
    own = Path(__file__).parent / "rides" / "990001.toml"
    dearer = tmp_path / "dearer.toml"
    dearer.write_text(own.read_text("utf-8").replace("fare_fen = 300", "fare_fen = 350"), "utf-8")
    rides = tmp_path / "rides.jsonl"
    line = {"medium": "1", "rider": {"product": "ordinary"},
            "ride": {"mode": "ferry", "entered_s": 1773705600}}  # fmt: skip
    rides.write_text(json.dumps(line), "utf-8")
    asked = ["fares", "dry-run", str(dearer), "--city", "990001", "--against", str(own),
             "--journeys", str(rides), "--json"]  # fmt: skip
    assert run(asked) == 0
    total = json.loads(capsys.readouterr().out)["total"]
    assert (total["before_fen"], total["after_fen"]) == (300, 350)


@pytest.mark.parametrize(
    ("rider", "mode", "said"),
    [({"product": "ordinar"}, "rail", "ordinar"), ({"medium_kind": "cards"}, "rail", "cards"),
     ({}, "metro", "metro")],
)  # fmt: skip
def test_a_slip_in_a_ride_refuses_the_file(tmp_path, capsys, rider, mode, said):
    own = str(Path(__file__).parent / "rides" / "990001.toml")
    rides = tmp_path / "rides.jsonl"
    line = {"medium": "1", "rider": rider, "ride": {"mode": mode, "entered_s": 1773705600}}
    rides.write_text(json.dumps(line), "utf-8")
    asked = ["fares", "dry-run", own, "--city", "990001", "--against", own, "--journeys",
             str(rides)]  # fmt: skip
    assert run(asked) != 0
    error = capsys.readouterr().err
    assert "RIDES_FILE" in error and said in error
