"""`tongxing bench journal`: a decision that is on the disk, beside what the disk itself takes."""

import tempfile
import time
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.bench.ranking import millis, nanos
from tongxing.cli.common import Words, emit_json, note
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.shell import command as make_command

WORDS = Words("bench")
_TAPS, _PEOPLE = 2_000, 200
_SEED = 20_260_301
_LIMIT = 1.2


@make_command()
@click.option("--city", default="500000", show_default=True, metavar="CITY")
@click.option("--taps", type=Whole(10, 1_000_000), default=_TAPS, show_default=True)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    default=None,
)
def command(city: str, taps: int, folder: Path | None) -> None:
    from tongxing.simulation.measuring_gate import make_bench, time_disk

    bench = make_bench(parse_city(city), _SEED, _PEOPLE)
    note(WORDS("journal.part.taps", taps=taps))
    with tempfile.TemporaryDirectory(dir=folder) as place:
        found = time_disk(bench, Path(place), taps, time.perf_counter_ns)
    figure, reference = nanos(found.decided_ns, 50), nanos(found.synced_ns, 50)
    emit_json(
        {
            "bench": "journal",
            "figure": millis(found.decided_ns, 50),
            "reference": millis(found.synced_ns, 50),
            "ratio": round(figure / reference, 3),
            "unit": "ms/decision on the disk",
            "reference_is": "one appended row and fsync",
            "limit": _LIMIT,
            "ratio_to_insert": round(figure / nanos(found.inserted_ns, 50), 3),
            "insert_ms": millis(found.inserted_ns, 50),
            "decided_p99_ms": millis(found.decided_ns, 99),
            "synced_p99_ms": millis(found.synced_ns, 99),
            "insert_p99_ms": millis(found.inserted_ns, 99),
            "taps": taps,
        },
        line=True,
    )
