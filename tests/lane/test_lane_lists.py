"""Which lists a gate goes by is seen on the page of all lanes and in its status."""

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from lane_world import CITY, SEED, eventually, running, validator, write_gate

from tongxing.cli.app import run
from tongxing.fares import load_city_fares
from tongxing.gate.running import Runner
from tongxing.gate.running.health import read_status
from tongxing.kernel.reasons import Refusal
from tongxing.lane.app import create_lane_app
from tongxing.messages import DataList, seal
from tongxing.messages.lists import DataName
from tongxing.published import bundled
from tongxing.simulation.keys import signing_key

HOUR = 3_600
READER = '{ kind = "simulated", port = 0 }'


def bring(runner: Runner, name: DataName, version: int, begins_s: int, ends_s: int = 0) -> None:
    """A list of the city comes, as the project has it."""
    content = bundled(name, CITY)
    assert content is not None
    listed = DataList(
        city=CITY,
        name=name,
        version=version,
        published_s=begins_s,
        not_before_s=begins_s,
        not_after_s=ends_s,
        content=content,
    )
    message = seal(listed, signing_key(SEED, CITY))
    now_s = runner.now_s()
    ready = runner.ask(lambda site: site.read_list(message, name, (), now_s))
    assert ready is not None and not isinstance(ready, Refusal), ready
    assert runner.ask(lambda site: site.lists.take(ready, now_s)) is None


def test_lists_are_seen_by_whoever_looks_after_a_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now_s, ahead_s = int(time.time()), [0]
    file = write_gate(
        tmp_path, validator(READER, "lane-1"), validator(READER, "lane-2", role="exit")
    )
    tariff = load_city_fares(CITY).tariff_at(now_s).name

    def shown(status: int, *words: str) -> None:
        assert run(["gate", "status", "--config", str(file), "--lang", "en"]) == status
        told = capsys.readouterr().out
        assert all(word in told for word in (tariff, *words)), told

    def clock() -> int:
        """A status is judged by this machine's own clock."""
        return int(time.time()) + ahead_s[0]

    with running(file, clock) as runner:
        client = TestClient(create_lane_app(runner), base_url="http://127.0.0.1")
        page = client.get("/?lang=en").text
        assert "Lists and fares" in page and tariff in page and "past its last day" not in page
        bring(runner, "legacy", 7, now_s, now_s + HOUR)
        bring(runner, "tariff", 3, now_s + 2 * HOUR)
        page = client.get("/?lang=zh").text
        assert all(word in page for word in ("旧卡条款", "票价规则", "（待生效）"))
        assert "已过有效期" not in page
        eventually(lambda: "legacy" in str(lists_in(tmp_path)["versions"]))
        shown(0, "legacy 7, tariff.next 3")
        ahead_s[0] = 3 * HOUR
        page = client.get("/?lang=zh").text
        assert "已过有效期" in page and "（待生效）" not in page
        eventually(lambda: lists_in(tmp_path)["expired"] == ["legacy"])
        shown(1, "legacy 7", "tariff 3", "Past its last day and still in use: legacy")


def lists_in(folder: Path) -> dict[str, object]:
    """What the status file says of the lists."""
    found = read_status(folder / "status.json")
    assert not isinstance(found, Refusal)
    return found.lists
