"""`tongxing fares rerate`: the prices of a Parquet file of journeys, as a Parquet file."""

import os
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, emit_json, in_both, note, progress, say, settings
from tongxing.cli.fares.arguments import own_book, parse_city
from tongxing.cli.shell import command as make_command
from tongxing.fares import CityFares, book_codes, load_book
from tongxing.fares.rerating.files import BadJourneys, FileFigures, rerate_file
from tongxing.fares.rerating.machine import can_compile
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem
from tongxing.network.transport import network_or_none

WORDS = Words("fares")
_READABLE = click.Path(exists=True, readable=True, path_type=Path)


@make_command()
@click.argument("journeys", type=_READABLE)
@click.option("--city", metavar="CITY", required=True)
@click.option("--tariff", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--threads", type=Whole(1, 256))
def command(journeys: Path, city: str, tariff: Path | None, out: Path, threads: int | None) -> None:
    code = parse_city(city, book_codes())
    network = network_or_none(code)
    fares = CityFares(network, load_book(code) if tariff is None else own_book(tariff))
    if not can_compile():
        note(WORDS("rerate.plain"))
    figures = _rerate(fares, journeys, out, threads or os.cpu_count() or 1)
    if settings().json:
        emit_json({"out": str(out), **figures.__dict__})
        return
    say(
        WORDS(
            "rerate.done", journeys=f"{figures.journeys:,}", units=f"{figures.units:,}",
            charge=yuan(figures.charge_fen), fare=yuan(figures.fare_fen), out=out,
        )
    )  # fmt: skip
    say(WORDS("rerate.apart", refused=f"{figures.refused:,}", exact=f"{figures.exact_journeys:,}"))


def _rerate(fares: CityFares, journeys: Path, out: Path, threads: int) -> FileFigures:
    """The work itself, with its progress on standard error. Raises Problem."""
    shown = 0
    with progress(WORDS("rerate.label"), 100) as advance:

        def tell(done: int, rows: int) -> None:
            nonlocal shown
            now = done * 100 // max(1, rows)
            advance(now - shown)
            shown = now

        try:
            return rerate_file(fares, journeys, out.absolute(), threads=threads, tell=tell)
        except BadJourneys as error:
            detail = in_both("detail", "fares", f"rerate.bad_{error.kind}", text=error.text)
            raise Problem("FARES_JOURNEYS_FILE", str(journeys), **detail) from error
