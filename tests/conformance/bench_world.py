"""Our gate on the bench, whole or broken on purpose, and a run of the kit against it."""

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tongxing.cli.gate.benching.device import CHILD, BenchGate
from tongxing.cli.gate.benching.port import BenchServer
from tongxing.conformance.cases import case_book
from tongxing.conformance.port import About, DevicePort
from tongxing.conformance.running import GateResult, opened_world, run_cases

BROKEN = Path(__file__).parent / "broken_gates.py"
PATIENT_S, HASTY_S = 60.0, 8.0
ANSWER_S = 60.0


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


def broken(name: str) -> tuple[str, ...]:
    """The program of a gate with this fault planted in it."""
    return sys.executable, str(BROKEN), name


def tried(
    url: str, *only: str, patience_s: float = PATIENT_S, about: About | None = None
) -> list[GateResult]:
    """What the kit finds."""
    port = DevicePort(url, ANSWER_S)
    told = about or port.about()
    cases = [case for case in case_book().case if case.name in only or case.group in only]
    assert cases
    try:
        opened = opened_world(port, told, case_book(), "127.0.0.1", patience_s, now_s, os.urandom)
        with opened as world:
            return list(run_cases(world, told, cases))
    finally:
        port.close()


def now_s() -> int:
    """The true time: a city's is."""
    return int(time.time())
