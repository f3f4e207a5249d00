"""`tongxing fares check`: worked cases against the tariffs, a line for each."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.fares.arguments import own_book
from tongxing.cli.shell import command as make_command
from tongxing.fares.checking import CaseResult, Charge, check_case, read_case_file
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("fares")
_CHARGES_SHOWN = 4


@make_command()
@click.argument("file", type=READABLE_FILE)
@click.option("--tariff", "tariff", type=READABLE_FILE, metavar="FILE")
def command(file: Path, tariff: Path | None) -> int:
    book = None if tariff is None else own_book(tariff)
    found = read_case_file(file.read_bytes())
    if isinstance(found, Refusal):
        raise Problem(found.code, str(file), **found.values)
    results = [check_case(case, book) for case in found.cases]
    held = sum(result.holds for result in results)
    if settings().json:
        emit_json({"cases": results, "held": held, "total": len(results)})
    else:
        for result in results:
            _print_result(result)
        say(WORDS("check.sum", held=held, total=len(results)))
    return 0 if held == len(results) else 1


def _print_result(result: CaseResult) -> None:
    mark = WORDS("check.holds") if result.holds else WORDS("check.differs")
    say(f"{result.id:<8} {mark}  {_charges(result):<28} {result.title}")
    for one in result.differences:
        key = "check.unclear" if one.what == "unclear" else "check.difference"
        words = WORDS(key, what=one.what, found=one.found, expected=one.expected)
        say(f"         {words}")
    for number, charge in enumerate(result.charges, start=1):
        for line in charge.words.get(settings().language, ()):
            say(f"         {number}. {line}")


def _charges(result: CaseResult) -> str:
    """Expected and computed charge of each event: ``4.50 = 4.50, 2.10 = 2.70``."""
    shown = [_pair(charge) for charge in result.charges if charge.found_fen is not None]
    more = ", …" if len(shown) > _CHARGES_SHOWN else ""
    return ", ".join(shown[:_CHARGES_SHOWN]) + more


def _pair(charge: Charge) -> str:
    found = yuan(charge.found_fen or 0)
    if charge.expected_fen is None:
        return found
    sign = "=" if charge.expected_fen == charge.found_fen else "≠"
    return f"{yuan(charge.expected_fen)} {sign} {found}"
