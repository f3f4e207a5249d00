"""`tongxing bench card`: an exit with a card in this process, and the part of it that is our own.

Measured directly and over a TCP relay; everything but the card's own answers counts as ours.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, emit_json, note
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.shell import command as make_command

WORDS = Words("bench")
_ROUNDS = 300
_SEED = 20_260_301
_BUDGET_MS = 300
"""What a metro gate may take for one card, from its field to the open lane (DB11/T 1164.6)."""


@make_command()
@click.option("--city", default="110000", show_default=True, metavar="CITY")
@click.option("--rounds", type=Whole(10, 100_000), default=_ROUNDS, show_default=True)
def command(city: str, rounds: int) -> None:
    from tongxing.kernel.clock import at
    from tongxing.simulation.measuring import measure_exits
    from tongxing.simulation.scenario import load_scenario

    note(WORDS("card.part.rides", rounds=rounds))
    since_s = at(load_scenario().first_day, 8)
    ways = []
    for over_relay in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            ways.append(
                measure_exits(
                    Path(folder),
                    parse_city(city),
                    _SEED,
                    rounds,
                    since_s,
                    time.perf_counter_ns,
                    over_relay,
                )
            )
    relayed, exits = ways
    own = [one.own_ns for one in exits]
    figure_ms = _ms(own, 50)
    emit_json(
        {
            "bench": "card",
            "figure": figure_ms,
            "reference": _BUDGET_MS,
            "ratio": round(figure_ms / _BUDGET_MS, 5),
            "unit": "ms/exit",
            "own_p99_ms": _ms(own, 99),
            "with_relay_ms": _ms([one.own_ns for one in relayed], 50),
            "with_relay_p99_ms": _ms([one.own_ns for one in relayed], 99),
            "card_ms": _ms([one.card_ns for one in exits], 50),
            "whole_ms": _ms([one.whole_ns for one in exits], 50),
            "commands": exits[-1].commands,
            "exits": len(exits),
        },
        line=True,
    )


def _ms(times_ns: Sequence[int], percent: int) -> float:
    ranked = sorted(times_ns)
    return round(ranked[min(len(ranked) * percent // 100, len(ranked) - 1)] / 1_000_000, 3)
