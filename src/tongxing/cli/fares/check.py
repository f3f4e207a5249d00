"""`tongxing fares check`: worked cases against the tariffs, a line for each."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.fares.arguments import REGISTER, chosen_book, newest_published
from tongxing.cli.shell import command as make_command
from tongxing.fares import TariffBook
from tongxing.fares.checking import CaseResult, Charge, check_case, read_case_file
from tongxing.fares.checking.casefile import FileCase, UnreadCase
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network import load_registry

WORDS = Words("fares")
_CHARGES_SHOWN = 4


@make_command()
@click.argument("file", type=READABLE_FILE)
@click.option("--tariff", "tariff", type=READABLE_FILE, metavar="FILE")
@REGISTER
def command(file: Path, tariff: Path | None, register: Path | None) -> int:
    book = None if tariff is None else chosen_book("", tariff, register)
    found = read_case_file(file.read_bytes())
    if isinstance(found, Refusal):
        raise Problem(found.code, str(file), **found.values)
    results = [check_case(case, book or _published(case, register)) for case in found.cases]
    held = sum(result.holds for result in results)
    if settings().json:
        emit_json({"cases": results, "held": held, "total": len(results)})
    else:
        for result in results:
            _print_result(result)
        say(WORDS("check.sum", held=held, total=len(results)))
    return 0 if results and held == len(results) else 1


def _published(case: FileCase | UnreadCase, register: Path | None) -> TariffBook | None:
    """The published tariff of a case's city; None where the register has none of it."""
    if register is None or isinstance(case, UnreadCase):
        return None
    place = load_registry().find_city(case.city)
    if isinstance(place, Refusal):
        return None
    found = newest_published(register, place.code)
    if not isinstance(found, Refusal):
        return found
    if found.code == "REGISTER_EMPTY":
        return None
    raise Problem(found.code, found.where, **found.values)


def _print_result(result: CaseResult) -> None:
    mark = WORDS("check.holds") if result.holds else WORDS("check.differs")
    say(f"{result.id:<8} {mark}  {_charges(result):<28} {result.title}")
    for one in result.differences:
        key = "check.unclear" if one.what == "unclear" else "check.difference"
        told = one.words.get(settings().language, "")
        what, found = (one.what, told) if key == "check.unclear" else (told or one.what, one.found)
        words = WORDS(key, what=what, found=found, expected=one.expected)
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
