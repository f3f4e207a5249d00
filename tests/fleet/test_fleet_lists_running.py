"""Lists at a gate that runs: read beside the lane, and in force between two passengers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fleet_world import CARD, CITY, CITY_KEY, Town
from lists_town import fares, publish
from msgspec.structs import replace
from running_world import config, eventually

from tongxing.city import City
from tongxing.cli.app import run
from tongxing.fares import load_city_fares
from tongxing.gate import denylist
from tongxing.gate.running import Plan, Runner
from tongxing.gate.running.uplinked import uplink_of
from tongxing.messages import KeyRing
from tongxing.published import contents

HOUR = 3_600
SITE_THREAD = "gate site"
Cli = Callable[..., Any]


@contextmanager
def running(town: Town, folder: Path, name: str) -> Iterator[Runner]:
    """The gate of a device, which hears its city every moment."""
    plan = config(folder, name, "IN")
    assert isinstance(plan, Plan), plan
    uplink = uplink_of(plan, lambda: 0.5, lambda: 99, "test 1")
    assert uplink is not None
    runner = Runner(plan, town.clock, 7, uplink, uplink_s=0.02)
    assert runner.start() is None
    try:
        yield runner
    finally:
        runner.stop()
        uplink.close()


def needed(runner: Runner, number: int) -> tuple[int, str]:
    """What an empty card would need to be let in here, and the tariff that says so."""
    poor = replace(CARD, medium_no=f"50000001{number:08}", balance_fen=0)
    decision, _ = runner.ask(lambda site: site.present(poor, "IN", runner.now_s()))
    return decision.needed_fen, decision.tariff


def versions(runner: Runner) -> object:
    return runner.lists()["versions"]


def test_a_tariff_comes_over_http_and_is_read_beside_the_lane(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    honest, whole = contents.lint, denylist._read_whole

    def lint(*given: Any) -> Any:
        threads.append(threading.current_thread().name)
        return honest(*given)

    def read_whole(*given: Any) -> Any:
        threads.append(threading.current_thread().name)
        return whole(*given)

    name = town.enrolled(tmp_path / "device", "XSZ", "IN").facts.device
    publish(town, 100)
    city = City(CITY, town.database, CITY_KEY, KeyRing({}), load_city_fares(CITY))
    city.publish_deny_list(town.clock.now_s)
    city.close()
    monkeypatch.setattr(contents, "lint", lint)
    monkeypatch.setattr(denylist, "_read_whole", read_whole)
    with running(town, tmp_path, name) as runner:
        eventually(lambda: versions(runner) == {"deny": 1, "tariff": 1})
        assert len(threads) == 2
        assert SITE_THREAD not in threads
        assert needed(runner, 1)[1] == fares(100).tariff_at(town.clock.now_s).name
        status = json.loads((tmp_path / "status.json").read_bytes())
        assert status["lists"]["versions"] in ({"deny": 0}, {"deny": 1}, versions(runner))


def test_a_tariff_changes_at_its_time_between_two_passengers(town: Town, tmp_path: Path) -> None:
    name = town.enrolled(tmp_path / "device", "XSZ", "IN").facts.device
    now_s = town.clock.now_s
    publish(town, 100, (now_s + HOUR, 0))
    with running(town, tmp_path, name) as runner:
        eventually(lambda: versions(runner) == {"deny": 0, "tariff.next": 1})
        old = needed(runner, 1)
        assert old[1] == load_city_fares(CITY).tariff_at(now_s).name
        poor = replace(CARD, medium_no="5000000100000002", balance_fen=0)
        at_the_end, _ = runner.ask(lambda site: site.present(poor, "IN", now_s + HOUR - 1))
        begun, _ = runner.ask(lambda site: site.present(poor, "IN", now_s + HOUR))
        assert at_the_end.tariff == old[1]
        assert begun.tariff == fares(100).tariff_at(now_s).name
    town.clock.now_s += 2 * HOUR
    with running(town, tmp_path, name) as runner:
        assert versions(runner) == {"deny": 0, "tariff": 1}
        assert needed(runner, 3)[1] == begun.tariff


@pytest.fixture
def cli(town: Town, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """Runs `tongxing fleet`: what it printed, or the code of its refusal."""
    secret = tmp_path / "secret"
    secret.write_text("0123456789\n")

    def call(*arguments: str, by: str = "", as_json: bool = True) -> Any:
        signed = ["--by", by, "--secret-file", str(secret)] if by else []
        asked = ["fleet", *arguments, *signed, "--city", CITY, "--dsn", town.database.dsn]
        status = run([*asked, "--json"] if as_json else asked)
        told = capsys.readouterr()
        if not as_json:
            return told.out
        return json.loads(told.out) if status == 0 else json.loads(told.err)["code"]

    return call


def test_lists_are_published_by_the_command_line(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongxing.cli.fleet.release.message_key", lambda _city: CITY_KEY)
    now, later = ("--now", "2026-03-17T12:00"), "2026-03-18T00:00"
    assert "tongxing fleet publish" in cli("lists", *now, as_json=False)
    asked = ("publish", "tariff", "--from", later, "--why", "from April", *now)
    draft = cli(*asked, by="M-1")
    assert (draft["list"], draft["follows"]) == ("tariff", 0)
    waiting = cli("lists", *now)
    assert [one["number"] for one in waiting["waiting"]] == [draft["draft"]]
    assert waiting["released"] == []
    number = str(draft["draft"])
    assert cli("release", number, *now, by="M-1") == "STAFF_NOT_ALLOWED"
    released = cli("release", number, *now, by="C-1")
    assert (released["list"], released["version"]) == ("tariff", 1)
    other = tmp_path / "tariff.toml"
    other.write_text("city = 1")
    assert cli("publish", "tariff", str(other), "--why", "x", *now, by="M-1") == "LIST_UNFIT"
    two = ("publish", "tariff", str(other), str(other), "--why", "x", *now)
    assert cli(*two, by="M-1") == "LIST_ONE_FILE"
    assert cli("publish", "code_roots", "--why", "x", *now, by="M-1") == "LIST_FILE_NEEDED"
    assert cli("publish", "entry", "--why", "x", *now, by="M-1")["list"] == "entry"
    for language, words in (("zh", ("待发布", "待生效", "票价")), ("en", ("Waiting", "Tariffs"))):
        shown = cli("lists", *now, "--lang", language, as_json=False)
        assert all(word in shown for word in words)
    state = cli("lists", "tariff", "--now", later)["released"][0]["state"]
    assert state == "in_force"
