"""`tongxing bench clear`: clearing invented rows, beside the engine's bare scan of all columns."""

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, emit_json, note, progress
from tongxing.cli.shell import command as make_command

if TYPE_CHECKING:
    from tongxing.clearing.measuring import Figures

WORDS = Words("bench")
_ROWS = 1_000_000
_MEMORY_MIB = 3_814
"""4 GB, as `hub clear` uses when nothing is said."""
_TARGETS = {"off": 0.10, "on": 0.08}


@make_command()
@click.option("--rows", type=Whole(1_000, 1_000_000_000), default=_ROWS, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--engine", type=click.Choice(("duckdb", "spark")), default="duckdb")
@click.option("--master", metavar="URL", default="local[2]")
@click.option("--threads", type=Whole(1, 1_024), default=2, show_default=True)
@click.option("--tac", type=click.Choice(("off", "on", "both")), default="both", show_default=True)
def command(
    rows: int, folder: Path | None, engine: str, master: str, threads: int, tac: str
) -> int:
    from tongxing.clearing.measuring import make_rows, measure

    with ExitStack() as stack:
        if folder is None:
            made = tempfile.TemporaryDirectory(prefix="tongxing-clear-")
            folder = Path(stack.enter_context(made))
        place = folder / str(rows)
        with progress(WORDS("clear.making"), rows) as advance:
            make_rows(place, rows, advance)
        for on in ("off", "on") if tac == "both" else (tac,):
            note(WORDS(f"clear.part.{on}"))
            load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
            scratch = folder / f"run-{os.getpid()}"
            stack.callback(shutil.rmtree, scratch, ignore_errors=True)
            found = measure(place, scratch, engine, master, _MEMORY_MIB, threads, on == "on")
            emit_json(_told(found, engine, on, load, threads), line=True)
    return 0


def _told(found: "Figures", engine: str, tac: str, load: float, threads: int) -> dict[str, object]:
    """The line of a run. What a cluster takes of processors and memory is not this process's."""
    from tongxing.media.tac.machine import can_compile

    figure, reference = found.rows / found.seconds, found.rows / found.scan_seconds
    told: dict[str, object] = {
        "bench": "clear",
        "engine": engine,
        "tac": tac,
        "fast": can_compile(),
        "figure": round(figure),
        "reference": round(reference),
        "ratio": round(figure / reference, 3),
        "target": _TARGETS[tac],
        "unit": "records/s",
        "rows": found.rows,
        "seconds": round(found.seconds, 1),
        "scan_seconds": round(found.scan_seconds, 2),
        "scan_cpu_seconds": round(found.scan_cpu_seconds, 2),
        "steps": found.steps,
        "tac_checked": found.checked,
        "tac_wrong": found.wrong,
        "manifest": found.sha256,
        "threads": threads,
        "load": round(load, 1),
        "cores": os.cpu_count() or 1,
    }
    if engine == "duckdb":
        told["cpu_seconds"] = round(found.cpu_seconds, 1)
        told["ratio_cpu"] = round(found.scan_cpu_seconds / found.cpu_seconds, 3)
        told["peak_mib"] = found.peak_mib
    return told
