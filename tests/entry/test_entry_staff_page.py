"""Staff at a manual lane say on the page of all lanes what they found; the next one is let in."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attester_server import Attester
from attester_server import attesting as attester_at
from entry_gate import MANUAL, NOON_S, SPRING, at_work, gate_file
from lane_site import PHONE, SMALL, WIDE, Screen, serving
from lane_world import LANE, Clock, eventually, phone, refused_plan, running
from starlette.testclient import TestClient

from tongxing.cli import run
from tongxing.gate.running import Runner
from tongxing.lane.app import create_lane_app

SHOTS = os.environ.get("LANE_SHOTS", "")


PASSED, JSON = f"/lane/{MANUAL}/checked/passed", {"Accept": "application/json"}


def asking_from(gate: Runner, host: str) -> TestClient:
    return TestClient(create_lane_app(gate), "http://127.0.0.1", client=(host, 5000))


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON_S)


@pytest.fixture
def attester(clock: Clock, tmp_path: Path) -> Iterator[Attester]:
    with attester_at(SPRING, clock, tmp_path / "tls") as found:
        yield found


@pytest.fixture
def gate(attester: Attester, clock: Clock, tmp_path: Path) -> Iterator[Runner]:
    with at_work(tmp_path / "gate", attester, clock) as runner:
        yield runner


@pytest.mark.req("R-110", "R-111")
def test_only_a_manual_lane_takes_what_staff_found(gate: Runner, clock: Clock) -> None:
    client = asking_from(gate, "127.0.0.1")
    refused = client.post(f"/lane/{LANE}/checked/passed", headers={"Accept": "application/json"})
    assert refused.status_code >= 400 and refused.json()["code"] == "LANE_NOT_MANUAL"
    assert client.post(f"/lane/{MANUAL}/checked/perhaps").status_code == 422
    assert client.post("/lane/nowhere/checked/passed").status_code == 404
    assert client.post(f"/lane/{MANUAL}/checked/passed").status_code == 204
    found = gate.present(MANUAL, phone().show(clock.now_s))
    assert found is not None and found.opened


@pytest.mark.parametrize("host", ["192.0.2.50", "192.0.2.200"])
def test_nobody_elsewhere_in_the_network_overrules_the_condition(
    gate: Runner, clock: Clock, host: str
) -> None:
    stranger = asking_from(gate, host)
    for found in ("passed", "failed"):
        refused = stranger.post(f"/lane/{MANUAL}/checked/{found}", headers=JSON)
        assert (refused.status_code, refused.json()["code"]) == (403, "LANE_STAFF_ELSEWHERE")
    assert "data-checked" not in stranger.get("/lanes").text
    assert "data-checked" in asking_from(gate, "::1").get("/lanes").text
    shown = gate.present(MANUAL, phone().show(clock.now_s))
    assert shown is not None and shown.reason == "ENTRY_STAFF_CHECK"


def test_a_screen_that_the_configuration_names_is_staffs(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    file = gate_file(tmp_path / "gate", attester)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[screen]\n", '[screen]\nstaff = ["192.0.2.20"]\n'), "utf-8")
    with running(file, clock) as gate:
        assert asking_from(gate, "192.0.2.2").post(PASSED).status_code == 403
        assert asking_from(gate, "192.0.2.20").post(PASSED).status_code == 204


@pytest.mark.parametrize("wrong", ["tablet.lan", "192.0.2.0/24", "192.0.2.020"])
def test_staffs_screens_are_named_by_their_address(
    attester: Attester, tmp_path: Path, wrong: str
) -> None:
    file = gate_file(tmp_path / "gate", attester)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[screen]\n", f'[screen]\nstaff = ["{wrong}"]\n'), "utf-8")
    assert refused_plan(file).code == "GATE_STAFF_ADDRESS"


@pytest.mark.browser
@pytest.mark.parametrize(("language", "size"), [("zh", SMALL), ("en", PHONE)])
def test_staff_let_one_in_from_the_page_of_all_lanes(
    browser: Any, gate: Runner, clock: Clock, language: str, size: dict[str, int]
) -> None:
    words = {"zh": ("通过", "30 秒内有效"), "en": ("In order", "within 30 s")}[language]
    with serving(gate) as address:
        staff = Screen(browser, address, language, size).goes(f"/?lang={language}").looks()
        gate.present(MANUAL, phone().show(clock.now_s))
        staff.page.locator(f"[data-terminal='{MANUAL}'][data-sign=refused]").wait_for()
        staff.page.get_by_role("button", name=words[0], exact=True).click()
        staff.says(words[1]).looks()
        if SHOTS:
            staff.page.screenshot(path=Path(SHOTS) / f"entry_staff_{language}.png")
        clock.now_s += 60
        found = gate.present(MANUAL, phone().show(clock.now_s))
        assert found is not None and found.opened
        eventually(lambda: staff.page.locator(".found").inner_text() == "")
        assert staff.page.locator(f"[data-terminal='{LANE}'] [data-checked]").count() == 0
        staff.close()


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, SMALL, WIDE], ids=["phone", "small", "wide"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_is_not_upgraded_reads_what_to_do_and_nothing_of_anybody(
    browser: Any, gate: Runner, clock: Clock, language: str, size: dict[str, int]
) -> None:
    says = {"zh": "未查到健康码信息，请您尽快授权升级", "en": "No linked health code was found"}
    with serving(gate) as address:
        screen = Screen(browser, address, language, size).goes(f"/lane/{LANE}").signs("idle")
        gate.present(LANE, phone().show(clock.now_s))
        screen.signs("refused").says(says[language]).looks()
        for part in ("#text", "#next", "#other-text", "#call", "#full"):
            box = screen.page.locator(part).bounding_box()
            assert box is not None and box["y"] + box["height"] <= size["height"], part
        if SHOTS:
            name = f"entry_{language}_{size['width']}.png"
            screen.page.screenshot(path=Path(SHOTS) / name)
        screen.close()


@pytest.mark.parametrize(("language", "words"), [("zh", "核验中"), ("en", "is asked until")])
def test_the_status_says_how_the_condition_is(
    attester: Attester,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
    words: str,
) -> None:
    folder = tmp_path / "gate"
    file = gate_file(folder, attester)
    with at_work(folder, attester, Clock(NOON_S)) as runner:
        eventually(lambda: runner.entering.health() is not None)
        eventually(lambda: b'"state":"asking"' in (folder / "status.json").read_bytes())
        run(["gate", "status", "--config", str(file), "--lang", language])
    told = capsys.readouterr().out
    assert words in told and "2026-03-20" in told
