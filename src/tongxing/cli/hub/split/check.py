"""`tongxing hub split check`: whether a table is as it was made, and was made right."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, in_both, progress, say, settings
from tongxing.cli.hub.split.arguments import Inputs, input_options, plan_from, split_city, table_in
from tongxing.cli.hub.split.showing import header_told
from tongxing.cli.shell import command as make_command
from tongxing.hub.acc import SplitTable, make_table, write_table
from tongxing.hub.acc.checking import check_rows
from tongxing.hub.acc.making import header_of, pairs_of
from tongxing.kernel.reasons import Problem

WORDS = Words("hub")


@make_command()
@click.argument("file", type=READABLE_FILE)
@click.option("--again", is_flag=True)
@input_options
def command(
    file: Path,
    again: bool,
    parameters: Path | None,
    service: Path | None,
    patch: Path | None,
    replaces: Path | None,
) -> None:
    table = table_in(file)
    with progress(WORDS("split.check.label"), table.header.rows) as advance:
        wrong = check_rows(table, advance)
    if wrong is not None:
        what = in_both("what", "hub", f"split.fault.{wrong[1]}")
        raise Problem("SPLIT_ROW_WRONG", f"{file}:{wrong[0]}", **what)
    if again:
        _make_again(table, Inputs(parameters, service, patch, replaces), file)
    if settings().json:
        emit_json({"again": again, **header_told(table)})
        return
    header = table.header
    until = header.valid_until or WORDS("split.open_end")
    say(WORDS("split.check.holds", version=header.version, rows=f"{header.rows:,}"))
    say(WORDS("split.make.dates", first=header.valid_from, until=until))
    if header.replaces:
        say(WORDS("split.replaced", version=header.replaces, why=header.why or "–"))
    if again:
        say(WORDS("split.check.again_same"))


def _make_again(table: SplitTable, inputs: Inputs, file: Path) -> None:
    header = table.header
    city = split_city(header.city)
    plan = plan_from(city, header.valid_from, header.valid_until, inputs)
    with progress(WORDS("split.make.label"), pairs_of(header_of(plan))) as advance:
        made = make_table(plan, advance)
    if write_table(made) != write_table(table):
        raise Problem("SPLIT_REMADE_DIFFERS", str(file), version=made.header.version)
