"""`tongxing bench tac`: transaction codes by the million, beside the C library's own loop."""

import tempfile
import time
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, emit_json, note
from tongxing.cli.shell import command as make_command
from tongxing.media.crypto.suites import DES, SM4
from tongxing.media.tac.machine import can_compile
from tongxing.media.tac.measuring.c_library import build_loop
from tongxing.media.tac.measuring.timing import PYTHON_LOOP, TacFigures, measure

WORDS = Words("bench")
_RECORDS = 1_000_000
_RUNS = 5


@make_command()
@click.option("--records", type=Whole(1, 10_000_000), default=_RECORDS, show_default=True)
@click.option("--runs", type=Whole(1, 100), default=_RUNS, show_default=True)
def command(records: int, runs: int) -> int:
    identical = True
    if not can_compile():
        note(WORDS("tac.part.no_numba"))
    with tempfile.TemporaryDirectory() as folder:
        loop = build_loop(Path(folder))
        note(WORDS("tac.part.loop" if loop else "tac.part.no_loop"))
        for algorithm in (SM4, DES):
            for figures in measure(algorithm, records, runs, loop, time.process_time_ns):
                identical = identical and figures.identical
                emit_json(_line(figures, runs), line=True)
    return 0 if identical else 1


def _line(figures: TacFigures, runs: int) -> dict[str, object]:
    return {
        "bench": "tac",
        "algorithm": figures.algorithm,
        "engine": figures.engine,
        "figure": figures.per_s,
        "reference": figures.reference_per_s,
        "ratio": figures.ratio,
        "unit": "records/s/core",
        "cpu_ns": figures.cpu_ns,
        "reference_cpu_ns": figures.reference_cpu_ns,
        "reference_is": figures.reference,
        "c_loop": figures.reference != PYTHON_LOOP,
        "records": figures.records,
        "reference_records": figures.reference_records,
        "runs": runs,
        "compared": figures.compared,
        "identical": figures.identical,
        "first_call_ms": figures.first_ns // 1_000_000,
    }
