"""`tongxing tides check`: whether a TIDES package is sound, and whether taps can be made of it."""

from pathlib import Path

import click

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.feeds.tides_reading import check_package
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("tides")


@make_command()
@click.argument("package", type=click.Path(path_type=Path))
def command(package: Path) -> None:
    found = check_package(package)
    if isinstance(found, Refusal):
        raise Problem(found.code, f"{package} {found.where}".strip(), **found.values)
    taps = None if found.taps is None else len(found.taps)
    if settings().json:
        emit_json({"rows": found.rows, "actions": found.actions, "first_s": found.first_s,
                   "last_s": found.last_s, "taps": taps})  # fmt: skip
        return
    print_table(
        "",
        [WORDS("column.action"), WORDS("column.rows")],
        [(action, f"{count:,}") for action, count in sorted(found.actions.items())],
        right=(1,),
    )
    if found.rows:
        say(WORDS("check.span", first=stamp(found.first_s), last=stamp(found.last_s)))
    say(WORDS("check.sound", count=found.rows))
    say(WORDS("check.foreign") if taps is None else WORDS("check.taps", count=taps))
