"""A gate at work: doors after the journal, a tidy end in the middle of a crowd, and its health."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from lane_doors import DoorBox
from lane_world import (
    EIGHT,
    LANE,
    Clock,
    eventually,
    phone,
    plan_of,
    running,
    taps_in,
    taps_of,
    validator,
    write_gate,
)

from tongxing.cli import run
from tongxing.gate.running import Plan, Runner
from tongxing.gate.running.doors import FileRelay
from tongxing.gate.running.health import read_status
from tongxing.gate.running.turns import WAITING_MAX, Showing, Turns
from tongxing.kernel.reasons import Refusal

SIDES = ("entry", "exit")
SIMULATED = '{ kind = "simulated", port = 0 }'
_COMMAND = "import sys; from tongxing.cli.app import main; main()"


def test_the_door_opens_after_the_journal_has_the_tap(tmp_path: Path) -> None:
    door = DoorBox(tmp_path)
    code = phone().show(EIGHT)
    with running(write_gate(tmp_path, validator(SIMULATED, more=door.relay))) as runner:
        opened = runner.present(LANE, code)
        assert opened is not None and opened.opened
        eventually(lambda: len(door.orders) == 1)
        refused = runner.present(LANE, code)
        assert refused is not None and refused.reason == "QR_REPLAYED"
        assert len(taps_of(runner)) == 2
    assert door.orders == [(f"open {LANE} 300", 1)]
    door.close()


def test_a_door_that_stays_shut_is_told_and_the_tap_stays(tmp_path: Path) -> None:
    door = DoorBox(tmp_path, answer=b"no\n")
    with running(write_gate(tmp_path, validator(SIMULATED, more=door.relay))) as runner:
        runner.present(LANE, phone().show(EIGHT))
        eventually(lambda: runner.board.view(LANE).reason == "LANE_DOOR")
        view = runner.board.view(LANE)
        assert view.sign == "notice" and "人工通道" in view.said["zh"].next
        assert [tap.outcome for tap in taps_of(runner)] == ["opened"]
    door.close()


def test_what_was_ordered_is_opened_before_the_gate_ends(tmp_path: Path) -> None:
    door = DoorBox(tmp_path)
    with running(write_gate(tmp_path, validator(SIMULATED, more=door.relay))) as runner:
        for number in (14, 22, 30):
            runner.present(LANE, phone(number).show(EIGHT))
    assert len(door.orders) == 3
    door.close()


def test_a_code_held_before_a_lane_that_was_not_free_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = [True]
    with running(write_gate(tmp_path, validator(SIMULATED))) as runner:
        other_side = Refusal("LANE_OTHER_SIDE")
        monkeypatch.setattr(
            runner._lanes, "objection", lambda _terminal: other_side if busy[0] else None
        )
        code = phone().show(EIGHT)
        assert runner.saw(LANE, code)
        eventually(lambda: runner.board.view(LANE).reason == "LANE_OTHER_SIDE")
        busy[0] = False
        eventually(lambda: runner.saw(LANE, code) or bool(taps_of(runner)))
        eventually(lambda: [tap.outcome for tap in taps_of(runner)] == ["opened"])
        assert not runner.saw(LANE, code), "decided about, and still the same presentation"


def test_a_line_of_the_machine_is_held_and_let_go(tmp_path: Path) -> None:
    line, seen = tmp_path / "value", []
    line.write_bytes(b"0")

    def sleep(seconds: float) -> None:
        seen.append((line.read_bytes(), seconds))
        raise OSError("pulled out")

    with pytest.raises(OSError, match="pulled out"):
        FileRelay(line, sleep).pulse(LANE, 500)
    assert seen == [(b"1", 0.5)] and line.read_bytes() == b"0"


def test_a_lane_of_both_ways_lets_one_side_through_at_a_time(tmp_path: Path) -> None:
    door = DoorBox(tmp_path)
    sides = ", ".join(
        f'{{ kind = "simulated", port = 0, side = "{s}" }}' for s in ("entry", "exit")
    )
    lane = validator(sides, role="both", more=door.relay.replace("300", "3000"))
    with running(write_gate(tmp_path, lane)) as runner:
        assert runner.present(f"{LANE}-entry", phone().show(EIGHT)) is not None
        assert runner.present(f"{LANE}-exit", phone(22).show(EIGHT)) is None
        assert runner.board.view(f"{LANE}-exit").reason == "LANE_OTHER_SIDE"
        again = runner.present(f"{LANE}-entry", phone(30).show(EIGHT))
        assert again is not None and again.opened
        assert len(taps_of(runner)) == 2
    door.close()


def test_a_bus_follows_the_stop_that_its_computer_writes(tmp_path: Path) -> None:
    plan = plan_of(write_gate(tmp_path, validator(SIMULATED)))
    assert isinstance(plan, Plan)
    line = next(one for one in plan.fares.network.lines.values() if one.mode == "bus")
    role = "ride" if line.single_tap else "board"
    lane = validator(
        SIMULATED, device="bus", role=role, line=line.id, station="", more='vehicle = "B7"'
    )
    with running(write_gate(tmp_path, lane, top='stop = "stop.txt"')) as runner:
        assert runner.present(LANE, phone().show(EIGHT)) is None
        assert runner.board.view(LANE).reason == "LANE_STOP_UNKNOWN"
        for stop in line.stations[:2]:
            (tmp_path / "stop.txt").write_text(stop + "\n")
            eventually(lambda: runner.board.view(LANE).troubles == ())
            eventually(lambda at=stop: runner.station_of(LANE) == at)
        decision = runner.present(LANE, phone().show(EIGHT))
        assert decision is not None and decision.opened
        tap = taps_of(runner)[-1]
        assert (tap.station, tap.vehicle) == (line.stations[1], "B7")
        (tmp_path / "stop.txt").write_text("the moon")
        eventually(lambda: runner.board.view(LANE).troubles != ())


def test_two_processes_never_share_a_site(tmp_path: Path) -> None:
    file = write_gate(tmp_path, validator(SIMULATED))
    with running(file):
        second = started(file)
        output, _ = second.communicate(timeout=60)
        assert second.returncode == 5 and "GATE_RUNNING" in output
    with running(file):
        pass


def test_a_journal_that_is_none_stops_the_start(tmp_path: Path) -> None:
    file = write_gate(tmp_path, validator(SIMULATED))
    (tmp_path / "journal.sqlite").write_bytes(b"this is no database" * 100)
    plan = plan_of(file)
    assert isinstance(plan, Plan)
    refusal = Runner(plan, Clock(), 8).start()
    assert refusal is not None and refusal.code == "JOURNAL_CORRUPT"
    assert run(["gate", "run", "--config", str(file)]) == 6


def test_a_fault_of_the_program_shuts_one_presentation_and_not_the_lane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(write_gate(tmp_path, validator(SIMULATED))) as runner:
        site: Any = runner.ask(lambda site: site)
        right = site.present_code
        monkeypatch.setattr(site, "present_code", lambda *_: 1 / 0)
        assert runner.present(LANE, phone().show(EIGHT)) is None
        assert runner.board.view(LANE).reason == "LANE_FAULT"
        monkeypatch.setattr(site, "present_code", right)
        decision = runner.present(LANE, phone().show(EIGHT))
        assert decision is not None and decision.opened


def test_a_crowd_at_one_lane_keeps_no_other_waiting() -> None:
    turns, order = Turns(["a", "b"]), []
    assert all(turns.show(Showing("a", b"x")) for _ in range(WAITING_MAX))
    assert not turns.show(Showing("a", b"x"))
    assert turns.show(Showing("b", b"y"))
    assert turns.ask(lambda: order.append("job"))
    turns.close()
    assert not turns.show(Showing("b", b"z")) and not turns.ask(lambda: None)
    while (task := turns.next()) is not None:
        order.append(task.terminal) if isinstance(task, Showing) else task()
    assert order == ["a", "job", "b", "a", "a", "a"]


def test_the_upload_has_its_turn_and_its_silence_is_shown(tmp_path: Path) -> None:
    steps: list[int] = []

    def uplink(runner: Runner) -> bool:
        batches = runner.ask(lambda site: site.next_batches(4))
        assert not isinstance(batches, Refusal)
        steps.append(len(batches))
        return bool(batches)

    plan = plan_of(write_gate(tmp_path, validator(SIMULATED)))
    assert isinstance(plan, Plan)
    runner = Runner(plan, Clock(), 7, uplink, uplink_s=0.05)
    assert runner.start() is None
    eventually(lambda: len(steps) > 2 and steps[-1] == 0)
    assert runner.board.view(LANE).offline
    runner.present(LANE, phone().show(EIGHT))
    eventually(lambda: steps[-1] == 1)
    eventually(lambda: not runner.board.view(LANE).offline)
    runner.stop()


def started(file: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TONGXING_LANG": "en"}
    return subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "gate", "run", "--config", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_in_a_crowd_it_loses_nobody_it_let_through(
    tmp_path: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    file = write_gate(tmp_path, validator(f'{{ kind = "simulated", port = {port} }}'))
    process = started(file)
    answers: list[str] = []

    def crowd() -> None:
        with (
            socket.create_connection(("127.0.0.1", port)) as client,
            client.makefile("rwb", buffering=0) as lines,
        ):
            for account in range(1, 10_000):
                code = phone(account).show(int(time.time()))
                try:
                    lines.write(b"code " + code.hex().encode() + b"\n")
                    answer = lines.readline().strip().decode()
                except OSError:
                    return
                if not answer:
                    return
                answers.append(answer)

    eventually(lambda: _listens(port), "the gate is up")
    people = threading.Thread(target=crowd)
    people.start()
    eventually(lambda: len(answers) > 5)
    eventually(lambda: read_taps(tmp_path) > 0)
    capsys.readouterr()
    assert run(["gate", "status", "--config", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "running" and told["readers"][0]["ready"]
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    people.join()
    assert process.returncode == 0, output
    assert "Stopped" in output
    said = [answer for answer in answers if answer]
    assert len(said) > 5 and set(said) == {"opened OPEN"}
    taps = taps_in(tmp_path)
    assert len(taps) in (len(said), len(said) + 1)  # the last answer may not have been read
    assert [tap.ref.seq for tap in taps] == list(range(1, len(taps) + 1))
    status = read_status(tmp_path / "status.json")
    assert not isinstance(status, Refusal) and status.state == "stopped"
    assert status.taps == len(taps)
    assert run(["gate", "status", "--config", str(file)]) == 1


def read_taps(folder: Path) -> int:
    status = read_status(folder / "status.json")
    return 0 if isinstance(status, Refusal) else status.taps


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def test_a_status_tells_a_hanging_gate_from_one_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGXING_LANG", "en")
    file = write_gate(tmp_path, validator(SIMULATED))
    with running(file, lambda: int(time.time())) as runner:
        runner.present(LANE, phone().show(int(time.time())))
        runner.board.call(LANE)
        path = tmp_path / "status.json"
        eventually(lambda: bool(json.loads(path.read_bytes())["calls"]))
        eventually(lambda: json.loads(path.read_bytes())["unsent"] == 1)
        assert run(["gate", "status", "--config", str(file)]) == 0
        shown = capsys.readouterr().out
        assert "running" in shown and "Somebody calls" in shown and "Please pass" in shown
        found = json.loads(path.read_bytes())
        assert "Q5000" not in path.read_text()
    path.write_text(json.dumps(found | {"written_s": int(time.time()) - 100}))
    assert run(["gate", "status", "--config", str(file)]) == 1
    assert "silent" in capsys.readouterr().out
    path.write_text("{")
    assert run(["gate", "status", "--config", str(file)]) == 6
