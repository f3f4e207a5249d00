"""The gate on the bench: its folder, its process, and its power switch.

The folder is the bench's own and is emptied by each setup, so one that anything else lives in is
refused: a mark in it says whose it is, and a lock that nobody else works in it.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from fasteners import InterProcessLock

import tongxing
from tongxing.cli.gate.benching.layout import CONFIG, set_up
from tongxing.conformance.port import About, Setup
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Refusal

MARK, LOCK, LOG = "bench-folder", "bench.lock", "bench.log"
_MARKED = b"This folder belongs to `tongxing gate bench` and is emptied by each setup.\n"
_OURS = (MARK, LOCK, LOG)
_END_S = 20.0
CHILD = (sys.executable, "-m", "tongxing.cli.gate.benching.child")

Told = Mapping[str, object]


class BenchGate:
    """The one gate of a folder. For one caller at a time. `child` is the program that runs it."""

    def __init__(self, folder: Path, child: Sequence[str] = CHILD) -> None:
        self._folder, self._program = folder, tuple(child)
        self._lock = InterProcessLock(str(folder / LOCK))
        self._child: subprocess.Popen[str] | None = None
        self._ahead_s = 0

    def claim(self) -> Refusal | None:
        """Take the folder. Refuses BENCH_FOLDER for one in which something lies that is not the
        bench's, BENCH_RUNNING when another one has it. Raises OSError when it cannot be made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        taken = any(self._folder.iterdir())
        if taken and not (self._folder / MARK).is_file():
            return Refusal("BENCH_FOLDER", str(self._folder), {"folder": self._folder})
        write_whole(self._folder / MARK, _MARKED)
        if not self._lock.acquire(blocking=False):
            return Refusal("BENCH_RUNNING", str(self._folder), {"folder": self._folder})
        return None

    def close(self) -> None:
        """End the gate tidily and let go of the folder."""
        self._end(tidily=True)
        self._lock.release()

    def about(self) -> About:
        """What this is."""
        software = f"tongxing {tongxing.__version__}"
        return About(name="Tongxing", software=software, can=["code", "card", "clock", "power"])

    def setup(self, setup: Setup) -> Told:
        """Begin anew: an empty folder, an enrolment, a gate at work."""
        self._end(tidily=False)
        for path in self._folder.iterdir():
            if path.name in _OURS:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        software = f"tongxing {tongxing.__version__}"
        refusal = set_up(self._folder, setup, software, self._now_s())
        return self._start() if refusal is None else refusal.as_json()

    def show(self, terminal: str, code: bytes) -> Told:
        """Hold a code to a lane's scanner."""
        return self._ask({"do": "show", "terminal": terminal, "code": code.hex()})

    def card(self, terminal: str, address: str) -> Told:
        """Hold a lent card to a lane's reader."""
        return self._ask({"do": "card", "terminal": terminal, "address": address})

    def clock(self, time_s: int | None) -> Told:
        """Set the machine's clock, also while there is no power."""
        self._ahead_s = 0 if time_s is None else time_s - int(time.time())
        if self._child is None:
            return {"ok": True}
        return self._ask({"do": "clock", "ahead_s": self._ahead_s})

    def power(self, what: Literal["cut", "restart"]) -> Told:
        """End the gate so, and start it again on the same storage."""
        if self._child is None:
            return Refusal("BENCH_NOT_SET_UP").as_json()
        self._end(tidily=what == "restart")
        return self._start()

    def state(self) -> Told:
        """How the gate is."""
        return self._ask({"do": "state"})

    def _now_s(self) -> int:
        return int(time.time()) + self._ahead_s

    def _start(self) -> Told:
        with (self._folder / LOG).open("ab") as log:
            self._child = subprocess.Popen(
                [*self._program, str(self._folder), str(self._ahead_s)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C is for the bench, which ends the gate tidily
            )
        return self._answer()

    def _ask(self, order: Told) -> Told:
        if self._child is None:
            return Refusal("BENCH_NOT_SET_UP").as_json()
        stdin = self._child.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
        except OSError:
            return self._ended()
        return self._answer()

    def _answer(self) -> Told:
        assert self._child is not None and self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            return self._ended()
        found: Told = json.loads(line)
        return found

    def _ended(self) -> Told:
        """The gate has ended by itself: its log says why."""
        self._end(tidily=False)
        return Refusal("BENCH_ENDED", CONFIG, {"file": self._folder / LOG}).as_json()

    def _end(self, tidily: bool) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if not tidily:
            child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()
        try:
            child.wait(_END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
