"""`tongxing bench code`: a ride code judged offline, beside its two bare signatures."""

import time
from importlib.util import find_spec

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, emit_json, note, progress
from tongxing.cli.shell import command as make_command
from tongxing.media.code.measuring import Cost, invent_codes, measure_codes
from tongxing.media.crypto.providers import sm2
from tongxing.media.crypto.sm2 import Sm2
from tongxing.media.crypto.sm2_plain import PlainSm2

WORDS = Words("bench")
_CODES = 200
_ROUNDS = 7


@make_command()
@click.option("--codes", type=Whole(10, 100_000), default=_CODES, show_default=True)
@click.option("--rounds", type=Whole(1, 1_000), default=_ROUNDS, show_default=True)
def command(codes: int, rounds: int) -> None:
    sample = invent_codes(codes)
    note(WORDS("code.part.codes", count=codes))
    computers = _computers()
    note(WORDS("code.part.computers", names=", ".join(one.name for one in computers)))
    with progress(WORDS("code.part.rounds"), rounds) as advance:
        found = measure_codes(sample, computers, rounds, time.process_time, lambda: advance(1))
    chosen = next(cost for cost in found.costs if cost.name == sm2().name)
    reference = found.two_signatures_us
    emit_json(
        {
            "bench": "code",
            "figure": round(chosen.us, 1),
            "reference": None if reference is None else round(reference, 1),
            "ratio": _ratio(chosen.us, reference),
            "unit": "us/code",
            "computer": chosen.name,
            "codes": codes,
            "rounds": rounds,
            "computers": {cost.name: _told(cost, reference) for cost in found.costs},
        },
        line=True,
    )


def _computers() -> list[Sm2]:
    """Every computer that this machine has, each once: the chosen, the compiled, the plain."""
    found = [sm2(), *([sm2(prefer="bulk")] if find_spec("numba") else []), PlainSm2()]
    return list({one.name: one for one in reversed(found)}.values())[::-1]


def _told(cost: Cost, reference: float | None) -> dict[str, float | None]:
    return {
        "us": round(cost.us, 1),
        "ratio": _ratio(cost.us, reference),
        "known_us": round(cost.known_us, 1),
        "known_ratio": _ratio(cost.known_us, reference),
    }


def _ratio(us: float, reference: float | None) -> float | None:
    return None if reference is None else round(us / reference, 3)
