"""`tongxing bench rider`: the passenger's pages at a fixed rate of requests, beside a running day.

The figure is the slowest of the kinds of request, in time of the server; the reference is one bare
route of the framework in the same processes. A request that fails fails the run.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, emit_json, note, settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.shell import command as make_command

if TYPE_CHECKING:
    from tongxing.simulation.crowd.measuring import Figures

WORDS = Words("bench")
_SEED = 20_260_301
_TARGET_MS = 20
_DAY, _HOUR = 20, 8
_SHOWN = 5


@make_command()
@click.option("--city", metavar="CITY")
@click.option("--accounts", type=Whole(1, 100_000), default=400, show_default=True)
@click.option("--months", type=Whole(1, 24), default=3, show_default=True)
@click.option("--rate", type=Whole(4, 10_000), default=200, show_default=True)
@click.option("--seconds", type=Whole(1, 3_600), default=20, show_default=True)
@click.option("--warm", type=Whole(2, 600), default=4, show_default=True)
@click.option("--workers", type=Whole(1, 64), default=2, show_default=True)
@click.option("--taps", type=Whole(1, 10_000), default=20, show_default=True)
def command(
    city: str | None,
    accounts: int,
    months: int,
    rate: int,
    seconds: int,
    warm: int,
    workers: int,
    taps: int,
) -> int:
    from tongxing.fares.ask import fare_cities
    from tongxing.kernel.clock import at
    from tongxing.simulation.crowd.measuring import Sizes, measure_pages, others_for
    from tongxing.simulation.crowd.town import Plan
    from tongxing.simulation.scenario import load_scenario

    sizes = Sizes(rate, seconds, warm, taps, workers)
    chosen = parse_city(city) if city else fare_cities()[0]
    now_s = at(load_scenario().first_day.replace(day=_DAY), _HOUR)
    load_before = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    with _database() as dsn:
        plan = Plan(dsn, chosen, _SEED, now_s, accounts, others_for(sizes), months)
        found = measure_pages(plan, sizes, lambda part: note(WORDS(f"rider.part.{part}")))
    for failure in found.failures[:_SHOWN]:
        note(failure)
    sizes_told = {"accounts": accounts, "months": months, "workers": workers}
    emit_json({**_figures(found), **sizes_told, "load": round(load_before, 1)}, line=True)
    return 1 if found.failures else 0


def _figures(found: "Figures") -> dict[str, object]:
    kinds = {name: _told(found, name) for name in sorted(found.server_ns)}
    echo = kinds.pop("echo")
    slowest = max(kinds, key=lambda name: kinds[name]["p99_ms"])
    figure = kinds[slowest]["p99_ms"]
    return {
        "bench": "rider",
        "figure": figure,
        "reference": echo["p99_ms"],
        "ratio": round(figure / echo["p99_ms"], 2),
        "unit": "ms/request",
        "slowest": slowest,
        "target_ms": _TARGET_MS,
        "fast_enough": figure < _TARGET_MS,
        "kinds": {
            name: {
                **told,
                "p50_ratio": round(told["p50_ms"] / echo["p50_ms"], 2),
                "fast_enough": told["p99_ms"] < _TARGET_MS,
            }
            for name, told in kinds.items()
        },
        "echo": echo,
        "rate": round(found.rate, 1),
        "errors": len(found.failures),
        "cpu_ms": round(found.cpu_ms, 2),
        "echo_cpu_ms": round(found.echo_cpu_ms, 2),
        "taps_s": round(found.fed.taps / found.fed.seconds, 1),
        "intake_ms_a_tap": round(1_000 * found.fed.intake_s / max(found.fed.taps, 1), 2),
        "cores": os.cpu_count() or 1,
    }


def _told(found: "Figures", name: str) -> dict[str, float]:
    server, client = found.server_ns[name], found.client_ns.get(name, [])
    return {
        "requests": len(client),
        "p50_ms": _ms(server, 50),
        "p99_ms": _ms(server, 99),
        "client_p50_ms": _ms(client, 50),
        "client_p99_ms": _ms(client, 99),
    }


def _ms(times_ns: Sequence[int], percent: int) -> float:
    ranked = sorted(times_ns)
    if not ranked:
        return 0.0
    return round(ranked[min(len(ranked) * percent // 100, len(ranked) - 1)] / 1_000_000, 3)


@contextmanager
def _database() -> Iterator[str]:
    """An empty database: of the server that is named, else of one in a folder that goes away."""
    from tongxing.storage.database import database_at

    name = f"tongxing_bench_{os.getpid()}"
    with (
        tempfile.TemporaryDirectory(prefix="tongxing-", ignore_cleanup_errors=True) as folder,
        database_at(settings().dsn, Path(folder)) as server,
    ):
        _administer(server.dsn, f"CREATE DATABASE {name}")
        parts = urlsplit(server.dsn)
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            _administer(server.dsn, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(dsn: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())
