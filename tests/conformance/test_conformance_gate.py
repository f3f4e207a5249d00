"""The kit for validators against two devices that conform: our own gate, both commands in processes
of their own, and a foreign validator, written from the documents alone. Both are tried at once, for
a run of the kit mostly waits."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bench_world import bench, side_by_side, tried
from stranger_port import stranger

from tongxing.cli import run
from tongxing.conformance.cards import card_number
from tongxing.conformance.cases import GROUPS, case_book
from tongxing.conformance.port import About
from tongxing.conformance.running import CaseResult
from tongxing.fares import load_city_fares
from tongxing.kernel.reasons import Refusal
from tongxing.network import load_registry

COMMAND = (sys.executable, "-m", "tongxing", "--lang", "en")


@contextmanager
def bench_command(folder: Path) -> Iterator[str]:
    """`tongxing gate bench`, until the block ends; the address that it says."""
    process = subprocess.Popen(
        [*COMMAND, "gate", "bench", str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip().removeprefix("Test port: ")
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@dataclass(frozen=True)
class Ended:
    """A run of `tongxing conformance gate`: its exit code, what it printed, what it wrote down."""

    code: int
    told: Any
    report: Any


@dataclass(frozen=True)
class Found:
    """What the kit finds at each of the two, by the group."""

    ours: Callable[[str], Ended]
    strange: Callable[[str], list[CaseResult]]


@pytest.fixture(scope="module")
def found_ahead(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Found]:
    """The runs of all groups, begun together."""
    folder = tmp_path_factory.mktemp("devices")

    def ours(group: str) -> Ended:
        report = folder / f"{group}.json"
        with bench_command(folder / group) as url:
            asked = ("--at", url, "--only", group, "--report", str(report), "--json")
            done = subprocess.run(
                [*COMMAND, "conformance", "gate", *asked], stdout=subprocess.PIPE, text=True
            )
        return Ended(
            done.returncode, json.loads(done.stdout), json.loads(report.read_text("utf-8"))
        )

    def strange(group: str) -> list[CaseResult]:
        with stranger(folder / f"stranger {group}") as url:
            return tried(url, group)

    here = side_by_side(request, "group", ours)
    with here as found, side_by_side(request, "group", strange) as found_strange:
        yield Found(found, found_strange)


@pytest.mark.slow
@pytest.mark.req("R-101", "R-110", "R-311")
@pytest.mark.parametrize("group", GROUPS)
def test_our_gate_conforms(found_ahead: Found, group: str) -> None:
    ended = found_ahead.ours(group)
    found = ended.told
    wrong = [one for one in found["cases"] if one["verdict"] != "pass"]
    assert (ended.code, wrong) == (0, [])
    assert len(found["cases"]) == sum(case.group == group for case in case_book().case)
    assert (found["conforms"], found["failed"], found["not_run"]) == (True, 0, 0)
    assert ended.report == found
    assert (found["device"], found["cases_since"]) == ("Tongxing", case_book().since.isoformat())
    assert found["kit"].startswith("tongxing ") and found["began"].endswith("+00:00")


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_a_stranger_conforms(found_ahead: Found, group: str) -> None:
    results = found_ahead.strange(group)
    wrong = [one for one in results if one.verdict == "fail"]
    assert wrong == []
    idle = {one.case for one in results if one.verdict == "not_run"}
    assert all({"card", "clock"} & set(one.lacks) for one in results if one.case in idle)
    assert not [one for one in results if one.mandatory and one.verdict != "pass"]


def test_what_a_device_does_not_offer_is_not_run_and_never_passed(tmp_path: Path) -> None:
    about = About(name="Plain", software="1", can=["code"])
    with bench(tmp_path / "gate") as url:
        results = tried(url, "good-code", "good-card", "restart", about=about)
    assert [(one.case, one.verdict, one.lacks, one.mandatory) for one in results] == [
        ("good-code", "pass", [], True),
        ("good-card", "not_run", ["card"], False),
        ("restart", "not_run", ["power"], True),
    ]


def test_the_place_of_the_cases_is_one_of_the_network() -> None:
    book = case_book()
    place = book.place
    line = load_city_fares(place.city).network.lines[place.line]
    assert (line.place, line.mode, line.operator) == (place.place, place.mode, place.operator)
    assert place.station in line.stations
    found = load_registry().identify(card_number(book.cards, 17))
    assert not isinstance(found, Refusal)
    assert book.scheme in {match.scheme for match in found}


def test_cases_have_names_of_their_own_and_say_what_they_are() -> None:
    cases = case_book().case
    assert len({case.name for case in cases}) == len(cases)
    assert {case.group for case in cases} == set(GROUPS)
    assert not [case.name for case in cases if not (case.zh and case.en and case.requirements)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_list_names_every_case(capsys: pytest.CaptureFixture[str], language: str) -> None:
    assert run(["--lang", language, "conformance", "gate", "--list"]) == 0
    text = capsys.readouterr().out
    assert not [case.name for case in case_book().case if case.title(language) not in text]
    assert run(["conformance", "gate", "--list", "--only", "lists", "--json"]) == 0
    assert {case["group"] for case in told(capsys)["cases"]} == {"lists"}
