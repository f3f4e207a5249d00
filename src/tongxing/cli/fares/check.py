"""`tongxing fares check`: worked cases against the tariffs, a line for each."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.fares.casefile import read_case_file
from tongxing.fares.check import check as check_case
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("fares")


@make_command()
@click.argument("file", type=READABLE_FILE)
def command(file: Path) -> int:
    found = read_case_file(file.read_bytes())
    if isinstance(found, Refusal):
        raise Problem(found.code, str(file), **found.values)
    results = [check_case(case) for case in found.cases]
    held = sum(result.holds for result in results)
    if settings().json:
        emit_json({"cases": results, "held": held, "total": len(results)})
    else:
        for result in results:
            mark = WORDS("check.holds") if result.holds else WORDS("check.differs")
            say(f"{result.id:<8} {mark}  {result.title}")
            for one in result.differences:
                key = "check.unclear" if one.what == "unclear" else "check.difference"
                words = WORDS(key, what=one.what, found=one.found, expected=one.expected)
                say(f"         {words}")
        say(WORDS("check.sum", held=held, total=len(results)))
    return 0 if held == len(results) else 1
