"""`tongxing serve`: the address is told when pages are there, and every mistake is one line."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tongxing.cli import run
from tongxing.storage import Database

_ADDRESS = re.compile(r"http://127\.0\.0\.1:([0-9]+)/")


def start(*arguments: str) -> "subprocess.Popen[str]":
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tongxing", "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "src"},
    )


@pytest.fixture
def server(told: Database, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = start("--dsn", told.dsn, "--home", str(tmp_path))
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def address_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = _ADDRESS.search(line)
    assert found, line + (process.stderr.read() if process.stderr else "")
    return found.group()


def test_the_address_is_told_when_the_pages_are_there(server: "subprocess.Popen[str]") -> None:
    with urllib.request.urlopen(address_of(server)) as answer:
        assert answer.status == 200
        assert b"A day of travel" in answer.read()
        assert answer.headers["Server"] is None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_it_stops_when_it_is_told_to(
    server: "subprocess.Popen[str]", number: signal.Signals, code: int
) -> None:
    address_of(server)
    server.send_signal(number)
    _, errors = server.communicate(timeout=20)
    assert server.returncode == code
    assert "Traceback" not in errors


def test_a_home_that_a_simulation_filled_is_called_simulated(
    told: Database, tmp_path: Path
) -> None:
    (tmp_path / "simulation.json").write_text("{}\n")
    process = start("--dsn", told.dsn, "--home", str(tmp_path))
    with urllib.request.urlopen(address_of(process)) as answer:
        assert b"Simulated" in answer.read()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(["serve", *arguments])
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1, errors
    return code, errors


Capture = pytest.CaptureFixture[str]


def test_an_occupied_port_is_told(told: Database, tmp_path: Path, capsys: Capture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        given = ("--dsn", told.dsn, "--home", str(tmp_path), "--port", port)
        code, line = refusal(capsys, *given)
    assert code == 6
    assert f"error PORT_IN_USE: Port {port} is used by another program" in line


def test_a_home_without_books_is_told(tmp_path: Path, capsys: Capture) -> None:
    code, line = refusal(capsys, "--home", str(tmp_path), "--lang", "zh")
    assert code == 5
    assert line.startswith("错误 CONSOLE_HOME_EMPTY: 这里还没有账目")
    assert not list(tmp_path.iterdir())


def test_a_database_without_books_is_told(
    database: Database, tmp_path: Path, capsys: Capture
) -> None:
    code, line = refusal(capsys, "--dsn", database.dsn, "--home", str(tmp_path))
    assert code == 5
    assert "CONSOLE_HOME_EMPTY" in line


def test_a_database_that_is_away_is_told(tmp_path: Path, capsys: Capture) -> None:
    away = "postgresql://me:secret@127.0.0.1:1/none"
    code, line = refusal(capsys, "--dsn", away, "--home", str(tmp_path))
    assert code == 6
    assert "DB_UNAVAILABLE" in line and "secret" not in line


@pytest.mark.parametrize("port", ["99999", "-1", "eight", "８０８０"])
def test_a_port_that_is_no_port_is_told(port: str, tmp_path: Path, capsys: Capture) -> None:
    code, line = refusal(capsys, "--home", str(tmp_path), f"--port={port}")
    assert code == 2
    assert "--port" in line
