"""A running gate on an enrolled device: its taps reach the city, and silence is shown."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet_world import CITY, Town

from tongxing.gate.running import Plan, Runner, load_plan, read_config
from tongxing.gate.running.uplinked import uplink_of
from tongxing.kernel.reasons import Refusal

CONFIG = """
[site]
name = "{name}"
city = "500000"

[keys]
device = "device"
code_roots = "roots.json"
code_issuers = "issuers.json"

[journal]
path = "journal.sqlite"

[[validator]]
id = "{terminal}"
device = "gate"
role = "entry"
line = "rail-1"
station = "xiaoshizi"
readers = [{{ kind = "simulated", port = 0 }}]
"""
PUBLIC = "0209F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"


def config(folder: Path, name: str, terminal: str) -> Plan | Refusal:
    (folder / "roots.json").write_text(f'{{"1": "{PUBLIC}"}}')
    (folder / "issuers.json").write_text(
        '{"01016900": {"scheme": "local:500000", "city": "500000"}}'
    )
    file = folder / "gate.toml"
    file.write_text(CONFIG.format(name=name, terminal=terminal), encoding="utf-8")
    written = read_config(file, file.read_bytes())
    return written if isinstance(written, Refusal) else load_plan(written)


def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


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
