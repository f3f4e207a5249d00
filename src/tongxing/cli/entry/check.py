"""`tongxing entry check`: a file of gate cases against the real rules, a line for each."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.entry.cases import CaseResult, check_case, read_cases
from tongxing.cli.entry.wording import shown
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("entry")
_NAMED_MAX = 5


@make_command()
@click.argument("file", type=READABLE_FILE)
def command(file: Path) -> int:
    cases = read_cases(file.read_bytes())
    if isinstance(cases, Refusal):
        raise Problem(cases.code, str(file), **cases.values)
    results = [check_case(case) for case in cases]
    held = sum(result.holds for result in results)
    if settings().json:
        emit_json({"cases": results, "held": held, "total": len(results)})
    else:
        for result in results:
            _print_result(result)
        say(WORDS("check.sum", held=held, total=len(results)))
    unclear = [result.id for result in results if result.unclear]
    if unclear:
        named = ", ".join(unclear[:_NAMED_MAX]) + (", …" if len(unclear) > _NAMED_MAX else "")
        raise Problem("ENTRY_CASES_UNKNOWN", str(file), count=len(unclear), cases=named)
    return 0 if held == len(results) else 1


def _print_result(result: CaseResult) -> None:
    mark = "check.unclear" if result.unclear else "check.holds"
    if result.differences:
        mark = "check.differs"
    say(f"{result.id:<8} {WORDS(mark)}  {result.title}".rstrip())
    if result.unclear:
        say(f"         {result.unclear[f'detail_{settings().language}']}")
    for one in result.differences:
        found, expected = shown(one.found), shown(one.expected)
        words = WORDS("check.difference", what=one.what, found=found, expected=expected)
        say(f"         {words}")
