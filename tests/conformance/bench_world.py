"""Our gate on the bench, whole or broken on purpose, and a run of the kit against it."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tongxing.cli.gate.benching.device import CHILD, BenchGate
from tongxing.cli.gate.benching.port import BenchServer
from tongxing.conformance.cases import case_book
from tongxing.conformance.playing import PROCEDURES
from tongxing.conformance.port import About, DevicePort
from tongxing.conformance.running import CaseResult, opened_world, run_cases
from tongxing.kernel.learning import learn_structs

BROKEN = Path(__file__).parent / "broken_gates.py"
SOURCES = Path(__file__).resolve().parents[2] / "src"
PATIENT_S, HASTY_S = 60.0, 8.0
ANSWER_S = 60.0
AT_ONCE = 12

Found = TypeVar("Found")


@contextmanager
def bench(folder: Path, child: Sequence[str] = CHILD) -> Iterator[str]:
    """The test port of our gate until the block ends; the address."""
    gate = BenchGate(folder, child)
    refused = gate.claim()
    assert refused is None, refused
    taken = socket.create_server(("127.0.0.1", 0))
    server = BenchServer(gate, taken)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        gate.close()


@contextmanager
def side_by_side(
    request: pytest.FixtureRequest, name: str, work: Callable[[str], Found]
) -> Iterator[Callable[[str], Found]]:
    """What `work` finds for a value of the parameter `name`; the values of all tests of this file
    that are to run are worked at together, for a run of the kit mostly waits."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    here = [item.path == request.path for item in request.session.items]
    wanted = {
        str(call.params[name])
        for call, is_here in zip(calls, here, strict=True)
        if is_here and call is not None and name in call.params
    }
    learn_structs()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        patch.setenv("PYTHONPATH", str(SOURCES))  # also between two tests
        begun = {value: pool.submit(work, value) for value in sorted(wanted)}
        yield lambda value: begun[value].result()


def broken(name: str) -> tuple[str, ...]:
    """The program of a gate with this fault planted in it."""
    return sys.executable, str(BROKEN), name


def tried(
    url: str, *only: str, patience_s: float = PATIENT_S, about: About | None = None
) -> list[CaseResult]:
    """What the kit finds."""
    port = DevicePort(url, ANSWER_S)
    told = about or port.about()
    cases = [case for case in case_book().case if case.name in only or case.group in only]
    assert cases
    try:
        opened = opened_world(port, told, case_book(), "127.0.0.1", patience_s, now_s, os.urandom)
        with opened as world:
            return list(run_cases(world, told.can, cases, PROCEDURES))
    finally:
        port.close()


def now_s() -> int:
    """The true time: a city's is."""
    return int(time.time())
