"""`tongxing bench fares`: a month re-rated against the plain engine, and one tap's price."""

import os
import sys
import time
from datetime import date

import click

from tongxing.cli.arguments import DAY, Whole
from tongxing.cli.common import Words, emit_json, note
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.shell import command as make_command
from tongxing.fares import load_city_fares
from tongxing.fares.ask import fare_cities
from tongxing.fares.bench import time_pricing
from tongxing.fares.rerating.invented import Month
from tongxing.fares.rerating.machine import can_compile
from tongxing.fares.rerating.measuring import measure_rating
from tongxing.fares.rules import MonthRelief, TransferRelief
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Problem

WORDS = Words("bench")
_MEDIA = 200_000
_SAMPLE = 2_000
_SEED = 20_260_301


@make_command()
@click.option("--city", metavar="CITY")
@click.option("--from", "first_day", type=DAY, metavar="DAY")
@click.option("--days", type=Whole(1, 366), default=31, show_default=True)
@click.option("--media", type=Whole(100, 10_000_000), default=_MEDIA, show_default=True)
@click.option("--sample", type=Whole(1, 10_000_000), default=_SAMPLE, show_default=True)
@click.option("--full", is_flag=True)
@click.option("--threads", type=Whole(1, 256))
def command(
    city: str | None,
    first_day: date | None,
    days: int,
    media: int,
    sample: int,
    full: bool,
    threads: int | None,
) -> int:
    if not can_compile():
        raise Problem("FARES_NOT_COMPILED", "bench fares")
    fares = load_city_fares(parse_city(city) if city else _liveliest())
    first_s = at(first_day or fares.book.versions[-1].from_day.replace(day=1))
    tap = time_pricing(fares, first_s, time.perf_counter_ns)
    note(WORDS("fares.part.tap"))
    figures = measure_rating(
        fares,
        Month(first_s, days, media, _SEED),
        0 if full else sample,
        threads or os.cpu_count() or 1,
        (time.perf_counter, time.process_time),
        lambda part: note(WORDS(f"fares.part.{part}")),
    )
    emit_json(
        {
            "bench": "fares",
            "figure": figures.compiled_per_s,
            "reference": figures.plain_per_s,
            "ratio": figures.ratio,
            "unit": "journeys/s",
            "cpu_ns": figures.compiled_cpu_ns,
            "reference_cpu_ns": figures.plain_cpu_ns,
            "journeys": figures.journeys,
            "media": figures.media,
            "compared": figures.sample,
            "identical": figures.identical,
            "exact_journeys": figures.exact_journeys,
            "threads": figures.threads,
            "seconds": figures.seconds,
            "memory_peak_mib": _memory_peak_mib(),
            "tap_us": round(tap.price_ns / 1000, 1),
            "tap_json_us": round(tap.json_ns / 1000, 1),
        },
        line=True,
    )
    return 0 if figures.identical else 1


def _liveliest() -> str:
    """A city whose tariff knows both transfers and steps of a period: its rides hang together."""
    for city in fare_cities():
        kinds = {type(rule) for rule in load_city_fares(city).book.versions[-1].rules}
        if {TransferRelief, MonthRelief} <= kinds:
            return city
    return fare_cities()[0]


def _memory_peak_mib() -> int:
    """The most memory that this process ever held (Linux counts in KiB, macOS in bytes); 0 on
    Windows, which does not say."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20) if sys.platform == "darwin" else peak // 1024
