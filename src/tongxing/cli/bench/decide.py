"""`tongxing bench decide`: one decision of a gate with a deny list of ten million in its memory."""

import time

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.bench.ranking import micros
from tongxing.cli.common import Words, emit_json, note, progress
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.shell import command as make_command

WORDS = Words("bench")
_ENTRIES, _RIDES, _PEOPLE, _ROUNDS = 10_000_000, 20_000, 200, 7
_SEED = 20_260_301
_CARD_LIMIT_US, _CODE_LIMIT = 1_000, 1.25


@make_command()
@click.option("--city", default="500000", show_default=True, metavar="CITY")
@click.option("--entries", type=Whole(0, 20_000_000), default=_ENTRIES, show_default=True)
@click.option("--rides", type=Whole(10, 10_000_000), default=_RIDES, show_default=True)
@click.option("--people", type=Whole(1, 1_000), default=_PEOPLE, show_default=True)
@click.option("--rounds", type=Whole(1, 1_000), default=_ROUNDS, show_default=True)
def command(city: str, entries: int, rides: int, people: int, rounds: int) -> None:
    from tongxing.gate.denylist import DenyIndex
    from tongxing.simulation.measuring_gate import make_bench, time_cards, time_codes
    from tongxing.simulation.measuring_list import invented_list

    code = parse_city(city)
    deny = DenyIndex(code, 1, invented_list(entries))
    note(WORDS("decide.part.list", entries=entries))
    bench = make_bench(code, _SEED, people)
    time_cards(bench, deny, min(rides, people), time.perf_counter_ns)
    cards_ns = time_cards(bench, deny, rides, time.thread_time_ns)
    wall_ns = time_cards(bench, deny, rides, time.perf_counter_ns)
    note(WORDS("decide.part.cards", count=len(cards_ns)))
    with progress(WORDS("decide.part.codes"), rounds) as advance:
        codes = time_codes(bench, deny, rounds, time.process_time_ns, lambda: advance(1))
    bare_us = None if codes.bare_ns is None else round(codes.bare_ns / 1_000, 1)
    figure = round(codes.whole_ns / 1_000, 1)
    emit_json(
        {
            "bench": "decide",
            "figure": figure,
            "reference": bare_us,
            "ratio": None if bare_us is None else round(figure / bare_us, 3),
            "unit": "us/code",
            "reference_is": "its two signatures, by OpenSSL",
            "code_limit": _CODE_LIMIT,
            "code_known_us": round(codes.known_ns / 1_000, 1),
            "card_p50_us": micros(cards_ns, 50),
            "card_p99_us": micros(cards_ns, 99),
            "card_wall_p50_us": micros(wall_ns, 50),
            "card_wall_p99_us": micros(wall_ns, 99),
            "card_limit_us": _CARD_LIMIT_US,
            "decisions": len(cards_ns),
            "codes": len(bench.accounts),
            "rounds": rounds,
            "entries": len(deny),
        },
        line=True,
    )
