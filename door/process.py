"""Other programs: watched while they work, ended when we are, or become in their place."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import NoReturn

from door.words import text

_LOOK_S = 0.2
_PULSE_S = 10.0
_DOING_MAX = 48
_END_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code and all it said."""

    code: int
    output: str


def watch(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    keeps_lock: bool = False,
) -> Ended:
    """Run a program to its end and keep its output; tell every now and then what it is doing.

    A program that does not exist ends with 127. When we are interrupted, the program is ended
    before we leave; with `keeps_lock` it holds our lock too, so that even when we are killed
    nobody starts over before it is gone.
    """
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            close_fds=not keeps_lock,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        return Ended(127, str(error))
    lines: list[str] = []
    reader = Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        _wait(process, lines)
    except BaseException:
        _end(process)
        raise
    reader.join(_END_WAIT_S)  # a service it started may keep the pipe open
    return Ended(process.returncode, "".join(lines))


def become(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> int:
    """Turn into another program, so that its signals and its exit code are ours.

    Where the system cannot do that (Windows), run it and return its exit code.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        _replace(command, environment, folder)
    return subprocess.call(command, env=dict(environment), cwd=folder)


def _replace(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None
) -> NoReturn:
    if folder is not None:
        os.chdir(folder)
    os.execve(command[0], list(command), dict(environment))


def _read(process: "subprocess.Popen[str]", lines: list[str]) -> None:
    for line in process.stdout or ():
        lines.append(line)


def _wait(process: "subprocess.Popen[str]", lines: list[str]) -> None:
    live = sys.stderr.isatty()
    started = told = time.monotonic()
    while True:
        try:
            process.wait(timeout=_LOOK_S)
            break
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if live or now - told >= _PULSE_S:
            told = now
            _pulse(int(now - started), lines[-1] if lines else "", live)
    if live:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _pulse(elapsed_s: int, doing: str, live: bool) -> None:
    line = f"    {text('elapsed', seconds=elapsed_s)}  {' '.join(doing.split())[:_DOING_MAX]}"
    if live:
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_END_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
