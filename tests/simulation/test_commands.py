"""`tongxing simulate` and `tongxing demo` as a person meets them: results, mistakes, bad luck."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tongxing.cli import run
from tongxing.simulation.runbook import MARKER
from tongxing.storage import Database

FEW = ("--passengers", "12", "--seed", "4", "--faults", "none")


def test_simulate_ends_with_its_checks_and_exit_code_0(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--dsn", database.dsn, "--home", str(tmp_path))
    assert run(["simulate", *FEW, *where, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["sound"] is True
    assert summary["checks"]["payers_compared"] > 0
    assert run(["demo", *FEW, *where, "--no-serve"]) == 0
    shown = capsys.readouterr()
    assert "Everything agrees, to the fen." in shown.out
    assert "finished here before" in shown.err


def test_in_chinese_nothing_is_left_in_english(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--dsn", database.dsn, "--home", str(tmp_path), "--lang", "zh")
    assert run(["simulate", *FEW, *where]) == 0
    shown = capsys.readouterr()
    assert "全部一致，分毫不差。" in shown.out
    assert "出行与收入" in shown.out
    assert "开户" in shown.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["simulate", "--faults", "fire"], 2, "FAULT_UNKNOWN"),
        (["simulate", "--date", "2026-02-30"], 2, "ARG_INVALID"),
        (["simulate", "--days", "0"], 2, "ARG_INVALID"),
        (["demo", "--passengers", "１２"], 2, "ARG_INVALID"),
        (["demo", "--sed", "3"], 2, "--seed"),
        (["demo", "--dsn", "postgresql://127.0.0.1:1/none", "--no-serve"], 6, "DB_UNAVAILABLE"),
    ],
)
def test_a_mistake_is_one_clear_line(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert said in told


def test_an_occupied_port_is_told_before_the_day_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["demo", "--port", port, "--home", str(tmp_path / "home")]) == 6
    assert "PORT_IN_USE" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_a_home_that_cannot_be_a_folder_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run(["simulate", *FEW, "--home", str(tmp_path / "file")]) == 3
    assert "HOME_NOT_WRITABLE" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_in_the_middle_it_leaves_nothing_running_and_the_next_run_works(
    database: Database, tmp_path: Path
) -> None:
    arguments = ["simulate", "--passengers", "400", "--dsn", database.dsn, "--home", str(tmp_path)]
    first = subprocess.Popen(
        [sys.executable, "-m", "tongxing", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    until = time.monotonic() + 60
    while not list((tmp_path / "gates").rglob("*.sqlite")):
        assert first.poll() is None and time.monotonic() < until, "the run never got to its gates"
        time.sleep(0.1)
    family = psutil.Process(first.pid).children(recursive=True)
    assert len(family) >= 4
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    _, alive = psutil.wait_procs(family, timeout=15)
    assert alive == []
    assert (tmp_path / MARKER).exists()
    assert run([*arguments[:1], *FEW, *arguments[3:], "--json"]) == 0


def test_a_day_before_the_first_tariff_is_refused_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert run(["demo", "--date", "2012-05-01", "--home", str(home)]) == 4
    assert "FARES_NO_TARIFF" in capsys.readouterr().err
