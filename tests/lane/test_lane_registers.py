"""Gates of one station, each a process of its own, that tell one another what they have seen."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lane_world import (
    EIGHT,
    LANE,
    SITE,
    Clock,
    eventually,
    phone,
    plan_of,
    refused_plan,
    running,
    validator,
    write_gate,
)

from tongxing.cli import run
from tongxing.gate.running import Runner
from tongxing.gate.running.health import read_status
from tongxing.gate.sharing import RegisterServer
from tongxing.gate.site import Site
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.messages import KeyRing, SigningKey
from tongxing.messages.fleet import DeviceEvent

SIMULATED = '{ kind = "simulated", port = 0 }'
OTHER = f"{SITE}-b"
SECRETS = {SITE: bytes(32), OTHER: bytes([1]) * 32}
_COMMAND = "import sys; from tongxing.cli.app import main; main()"


def free_port() -> int:
    """A UDP port that nobody has at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def gate_of_station(folder: Path, name: str, port: int, readers: str = SIMULATED) -> Path:
    """A gate of a station whose register is held by SITE."""
    register = f'station = {{ address = "127.0.0.1:{port}", name = "{SITE}", wait_ms = 1000 }}'
    lane = validator(readers, name=f"{name}.lane")
    file = write_gate(folder, f"{lane}\n[replay]\n{register}\n")
    text = file.read_text("utf-8").replace(f'name = "{SITE}"\ncity', f'name = "{name}"\ncity')
    text = text.replace("[keys]\n", '[keys]\nregisters = "keys/registers.json"\n')
    file.write_text(text, "utf-8")
    (folder / "keys/site.key").write_text(SECRETS[name].hex())
    (folder / "keys/registers.json").write_text(
        json.dumps(
            {
                one: SigningKey.from_secret(one, secret).public_bytes().hex()
                for one, secret in SECRETS.items()
            }
        )
    )
    return file


def reason(runner: Runner, raw: bytes) -> str:
    decision = runner.present(runner.board.terminals[0], raw)
    assert decision is not None
    return decision.reason


def events(runner: Runner) -> list[DeviceEvent]:
    """What the city will hear, but for the beginning of the journal."""
    found = runner.ask(lambda site: site.events.waiting())
    return [one for one in found if one.kind != "new_epoch"]


def told(runner: Runner) -> str:
    status = read_status(runner.plan.written.file("status.json"))
    return "" if isinstance(status, Refusal) else status.replay


def test_a_code_shown_at_one_gate_is_refused_at_the_other(tmp_path: Path) -> None:
    port, clock = free_port(), Clock()
    with (
        running(gate_of_station(tmp_path / "a", SITE, port), clock) as first,
        running(gate_of_station(tmp_path / "b", OTHER, port), clock) as second,
    ):
        assert (first.replay_mode(), second.replay_mode()) == ("STATION", "STATION")
        raw = phone().show(EIGHT)
        assert [reason(first, raw), reason(second, raw)] == ["OPEN", "QR_REPLAYED"]
        raw = phone(22).show(EIGHT)
        assert [reason(second, raw), reason(first, raw)] == ["OPEN", "QR_REPLAYED"]
        assert events(first) == events(second) == []


def test_a_register_that_goes_and_comes_back_is_told_to_the_city(tmp_path: Path) -> None:
    port, clock = free_port(), Clock()
    held = gate_of_station(tmp_path / "a", SITE, port)
    with running(gate_of_station(tmp_path / "b", OTHER, port), clock) as gate:
        shown = [phone(number).show(EIGHT) for number in (14, 22, 30, 48)]
        assert [reason(gate, raw) for raw in shown] == ["OPEN"] * 4, "the first ones wait"
        assert gate.replay_mode() == "VALIDATOR"
        eventually(lambda: told(gate) == "VALIDATOR")
        eventually(lambda: len(events(gate)) == 1)
        with running(held, clock) as register:
            eventually(lambda: gate.replay_mode() == "STATION")
            eventually(lambda: len(events(gate)) == 2)
            eventually(lambda: told(gate) == "STATION")
            assert reason(register, shown[0]) == "QR_REPLAYED", "it was told what it had missed"
        found = [(one.kind, one.values["before"], one.values["after"]) for one in events(gate)]
    assert found == [
        ("replay_mode", "STATION", "VALIDATOR"),
        ("replay_mode", "VALIDATOR", "STATION"),
    ]


def test_what_passed_twice_while_a_gate_was_alone_is_told(tmp_path: Path) -> None:
    port, clock = free_port(), Clock()
    raw = phone().show(EIGHT)
    with running(gate_of_station(tmp_path / "b", OTHER, port), clock) as gate:
        assert reason(gate, raw) == "OPEN", "no register is there yet"
        code = parse_code(raw)
        assert isinstance(code, RideCode)
        key = SigningKey.from_secret(SITE, SECRETS[SITE])
        ring = KeyRing({OTHER: SigningKey.from_secret(OTHER, SECRETS[OTHER]).public_bytes()})

        def back(_site: Site) -> RegisterServer:
            """The register is there again, and a third gate was faster."""
            assert gate._registers is not None
            server = RegisterServer(("127.0.0.1", port), key, ring, lambda: EIGHT)
            for waiting in gate._registers.desk._waiting.values():
                server.register.first(waiting.display, "a-third-gate", EIGHT)
            return server

        server = gate.ask(back)
        eventually(lambda: bool(events(gate)))
        [event] = events(gate)
        server.close()
    assert (event.kind, event.values["elsewhere"]) == ("passed_twice", "a-third-gate")
    assert event.values["issued_s"] == str(code.generated_s)


@pytest.mark.slow
def test_between_processes_one_of_which_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGXING_LANG", "en")
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        scanner = taken.getsockname()[1]
    readers = f'{{ kind = "simulated", port = {scanner} }}'
    held = gate_of_station(tmp_path / "a", SITE, port, readers)
    process = started(held)
    raw = phone().show(int(time.time()))
    eventually(lambda: shown_at(scanner, raw) == "opened OPEN", "the gate is up")
    file = gate_of_station(tmp_path / "b", OTHER, port)
    with running(file, lambda: int(time.time())) as gate:
        assert reason(gate, raw) == "QR_REPLAYED"
        mine = phone(22).show(int(time.time()))
        assert reason(gate, mine) == "OPEN"
        assert shown_at(scanner, mine) == "refused QR_REPLAYED"
        process.send_signal(signal.SIGKILL)
        process.wait()
        for number in (30, 48, 55):
            assert reason(gate, phone(number).show(int(time.time()))) == "OPEN"
        eventually(lambda: told(gate) == "VALIDATOR")
        capsys.readouterr()
        run(["gate", "status", "--config", str(file)])
        assert "no register answers" in capsys.readouterr().out


def started(file: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "gate", "run", "--config", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


def shown_at(port: int, raw: bytes) -> str:
    """What a simulated scanner of another process answers, "" while it is not there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(b"code " + raw.hex().encode() + b"\n")
            return client.makefile("rb").readline().decode().strip()
    except OSError:
        return ""


def test_a_register_that_cannot_be_held_stops_the_start(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        file = gate_of_station(tmp_path, SITE, taken.getsockname()[1])
        plan = plan_of(file)
        assert not isinstance(plan, Refusal)
        refusal = Runner(plan, Clock(), 7).start()
        assert refusal is not None and refusal.code == "GATE_REGISTER_TAKEN"
    with running(file):
        pass  # nothing was held on to


@pytest.mark.parametrize(
    ("replay", "code"),
    [
        ("[replay]\n", "GATE_CONFIG_MISSING"),
        ('[replay]\nstation = { address = "gate-a:7071", name = "a" }\n', "GATE_REGISTER_ADDRESS"),
        ('[replay]\ncity = { address = "192.0.2.7", name = "a" }\n', "GATE_REGISTER_ADDRESS"),
        ('[replay]\nstation = { address = "192.0.2.7:1", name = "" }\n', "GATE_CONFIG_VALUE"),
        ('[replay]\nstation = { address = "192.0.2.7:1", name = "a" }\n', "GATE_CONFIG_MISSING"),
    ],
)
def test_a_wrong_register_is_refused_with_where_it_stands(
    tmp_path: Path, replay: str, code: str
) -> None:
    refusal = refused_plan(write_gate(tmp_path, validator(SIMULATED) + replay))
    assert refusal.code == code and "gate.toml:" in refusal.where


def test_without_the_table_nobody_is_asked(tmp_path: Path) -> None:
    with running(write_gate(tmp_path, validator(SIMULATED))) as runner:
        assert runner.replay_mode() == ""
        decision = runner.present(LANE, phone().show(EIGHT))
        assert decision is not None and decision.opened
        eventually(lambda: (tmp_path / "status.json").exists())
        assert told(runner) == ""
