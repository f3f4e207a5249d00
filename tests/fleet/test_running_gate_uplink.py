"""A running gate on an enrolled device: its taps reach the city, and silence is shown."""

import shutil
from pathlib import Path

import pytest
from fleet_world import CITY, Town
from running_world import config, eventually

from tongxing.gate.running import Plan, Runner
from tongxing.gate.running.uplinked import uplink_of
from tongxing.kernel.reasons import Refusal


def test_what_is_shown_at_a_lane_reaches_the_city(town: Town, tmp_path: Path) -> None:
    identity = town.enrolled(tmp_path / "device", "XSZ", "IN")
    name = identity.facts.device
    plan = config(tmp_path, name, "IN")
    assert isinstance(plan, Plan), plan
    assert plan.config.site.city == CITY
    uplink = uplink_of(plan, lambda: 0.5, lambda: 99, "test 1")
    assert uplink is not None
    runner = Runner(plan, town.clock, 7, uplink, uplink_s=0.05)
    assert runner.start() is None
    eventually(lambda: not runner.board.view("IN").offline)
    decision = runner.present("IN", b"no ride code")
    assert decision is not None and not decision.opened
    eventually(lambda: town.taps() == [("IN", 1)])
    eventually(lambda: runner.ask(lambda _site: runner.unsent(10)) == [])
    runner.stop()
    uplink.close()


@pytest.mark.parametrize(("name", "terminal"), [("", "OUT"), ("somebody", "IN")])
def test_a_device_runs_what_it_enrolled_for(
    town: Town, tmp_path: Path, name: str, terminal: str
) -> None:
    identity = town.enrolled(tmp_path / "device", "XSZ", "IN")
    refusal = config(tmp_path, name or identity.facts.device, terminal)
    assert isinstance(refusal, Refusal) and refusal.code == "GATE_DEVICE_OTHER"
    shutil.rmtree(tmp_path / "device")
    refusal = config(tmp_path, identity.facts.device, "IN")
    assert isinstance(refusal, Refusal) and refusal.code == "DEVICE_FOLDER"
