"""Whose storage a running gate has: cut off, copied, swapped, put back, signed off."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from lane_world import (
    EIGHT,
    LANE,
    Clock,
    phone,
    plan_of,
    taps_in,
    validator,
    write_gate,
)

from tongxing.cli import run
from tongxing.gate.running import Plan, Runner
from tongxing.gate.running.machine import machine_name

SIMULATED = '{ kind = "simulated", port = 0 }'
_COMMAND = "import sys; from tongxing.cli.app import main; main()"
_EPOCHS = count(1001)
_ACCOUNTS = count(14)


@contextmanager
def at_work(file: Path) -> Iterator[Runner]:
    """A gate that draws another epoch at each start."""
    plan = plan_of(file)
    assert isinstance(plan, Plan), plan
    runner = Runner(plan, Clock(), next(_EPOCHS))
    assert runner.start() is None
    try:
        yield runner
    finally:
        runner.stop()


def rides(runner: Runner) -> int:
    """Somebody is let through; the epoch of the tap."""
    decision = runner.present(LANE, phone(next(_ACCOUNTS)).show(EIGHT))
    assert decision is not None and decision.opened
    taps = runner.ask(lambda _site: runner.unsent(1_000))
    assert isinstance(taps, list)
    return int(taps[-1].ref.epoch)


def cause(runner: Runner) -> str:
    """Why the epoch in which a gate counts began, as the gate itself says."""
    return runner.storage()[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_gate(tmp_path / "gate", validator(SIMULATED))


def test_a_gate_that_stopped_in_order_goes_on_counting(file: Path) -> None:
    slip = file.parent / "journal.slip"
    with at_work(file) as runner:
        first = rides(runner)
        assert cause(runner) == "created" and not slip.exists()
    assert slip.exists()
    with at_work(file) as runner:
        assert rides(runner) == first
        assert not slip.exists(), "a slip is good for one start"
    assert [tap.ref.seq for tap in taps_in(file.parent)] == [1, 2]


def test_a_copy_made_while_it_ran_counts_anew(file: Path, tmp_path: Path) -> None:
    """A power cut, and a cloned card: what lies on the disk of a gate that was not stopped."""
    with at_work(file) as runner:
        first = rides(runner)
        shutil.copytree(file.parent, tmp_path / "copy")
    with at_work(tmp_path / "copy/gate.toml") as copy:
        assert rides(copy) != first
        assert cause(copy) == "no_slip"


def test_a_card_that_was_put_into_another_machine_counts_anew(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = "tongxing.gate.running.opening.machine_name"
    monkeypatch.setattr(machine, lambda: "here")
    with at_work(file) as runner:
        first = rides(runner)
    shutil.copytree(file.parent, tmp_path / "copy")
    monkeypatch.setattr(machine, lambda: "there")
    with at_work(tmp_path / "copy/gate.toml") as copy:
        assert rides(copy) != first
        assert cause(copy) == "other_device"
    monkeypatch.setattr(machine, lambda: "here")
    with at_work(file) as runner:
        assert rides(runner) == first, "the first machine still has it"


def test_an_older_image_that_was_put_back_counts_anew(file: Path, tmp_path: Path) -> None:
    with at_work(file) as runner:
        first = rides(runner)
    old = shutil.copy(file.parent / "journal.sqlite", tmp_path)
    with at_work(file) as runner:
        rides(runner)
    shutil.copy(old, file.parent / "journal.sqlite")
    with at_work(file) as runner:
        assert rides(runner) != first
        assert cause(runner) == "old_image"


def test_each_beginning_is_told_to_the_city_once(file: Path) -> None:
    found = []
    for ends_in_order in (False, True, True):
        with at_work(file) as runner:
            events = runner.ask(lambda site: site.events.waiting())
            found.append([one.values["cause"] for one in events])
        if not ends_in_order:
            (file.parent / "journal.slip").unlink()
    assert found == [["created"], ["created", "no_slip"], ["created", "no_slip"]]


def test_signing_off_a_gate_that_was_cut_off(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGXING_LANG", "en")
    command = ["gate", "sign-off", "--config", str(file)]
    assert run(command) == 5, "it never ran"
    assert "GATE_NO_JOURNAL" in capsys.readouterr().err
    with at_work(file) as runner:
        rides(runner)
        other = subprocess.run(
            [sys.executable, "-c", _COMMAND, *command],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
        )
        assert other.returncode == 5 and b"GATE_RUNNING" in other.stderr
    (file.parent / "journal.slip").unlink()  # as if the power had been cut
    assert run([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["cause"], told["waiting"]) == ("no_slip", 1)
    assert (file.parent / "journal.slip").exists()
    assert run(command) == 0
    words = capsys.readouterr().out
    assert "closed in order" in words and "Still without a receipt: 1" in words
    with at_work(file) as runner:
        assert f"{rides(runner):x}" == told["epoch"]


def test_the_slip_lies_where_the_file_says(tmp_path: Path) -> None:
    file = write_gate(tmp_path / "gate", validator(SIMULATED))
    (tmp_path / "own").mkdir()
    text = file.read_text("utf-8").replace("[journal]\n", '[journal]\nslip = "../own/slip"\n')
    file.write_text(text, "utf-8")
    with at_work(file) as runner:
        rides(runner)
    assert (tmp_path / "own/slip").exists()


def test_where_no_slip_can_be_left_the_gate_still_ends_and_counts_anew(file: Path) -> None:
    text = file.read_text("utf-8").replace("[journal]\n", '[journal]\nslip = "gone/slip"\n')
    file.write_text(text, "utf-8")
    with at_work(file) as runner:
        first = rides(runner)
    with at_work(file) as runner:
        assert rides(runner) != first
    assert len(taps_in(file.parent)) == 2


def machine(root: Path, **files: str) -> Path:
    """A machine whose hardware says so much of itself."""
    for name, text in files.items():
        path = root / {"board": "sys/firmware/devicetree/base/serial-number"}.get(name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def network_card(root: Path, name: str, address: str, real: bool = True) -> None:
    card = root / "sys/class/net" / name
    (card / "device" if real else card).mkdir(parents=True)
    (card / "address").write_text(address + "\n")


def test_a_machine_is_named_by_its_hardware(tmp_path: Path) -> None:
    assert machine_name(tmp_path / "bare") == ""
    board = machine(tmp_path / "board", board="100000003d1d1c36\0")
    assert machine_name(board) != "" and "3d1d" not in machine_name(board)
    assert machine_name(machine(tmp_path / "second", board="100000003d1d1c37\0")) not in (
        "",
        machine_name(board),
    )
    network_card(board, "eth0", "dc:a6:32:00:00:01")
    assert machine_name(board) == machine_name(tmp_path / "board"), "the serial number alone"
    blank = machine(tmp_path / "blank", board="0000000000000000\0")
    assert machine_name(blank) == ""
    network_card(blank, "wlan0", "dc:a6:32:00:00:02")
    named = machine_name(blank)
    network_card(blank, "docker0", "02:42:00:00:00:01", real=False)
    assert machine_name(blank) == named != ""
