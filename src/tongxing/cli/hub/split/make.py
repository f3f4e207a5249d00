"""`tongxing hub split make`: the split table of a city from a day on."""

from datetime import date
from pathlib import Path

import click

from tongxing.cli.arguments import DAY
from tongxing.cli.common import Words, emit_json, progress, say, settings
from tongxing.cli.fares.arguments import expect_folder
from tongxing.cli.hub.split.arguments import Inputs, input_options, plan_from, split_city
from tongxing.cli.hub.split.showing import header_told
from tongxing.cli.shell import command as make_command
from tongxing.hub.acc import make_table, write_table
from tongxing.hub.acc.making import header_of, pairs_of
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Problem

WORDS = Words("hub")


@make_command()
@click.argument("city")
@click.option("--on", "on", type=DAY, metavar="DATE", required=True)
@click.option("--until", "until", type=DAY, metavar="DATE")
@input_options
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def command(
    city: str,
    on: date,
    until: date | None,
    parameters: Path | None,
    service: Path | None,
    patch: Path | None,
    replaces: Path | None,
    out: Path,
) -> None:
    expect_folder(out)
    inputs = Inputs(parameters, service, patch, replaces)
    plan = plan_from(split_city(city), on, until, inputs)
    asked = pairs_of(header_of(plan))
    with progress(WORDS("split.make.label"), asked) as advance:
        table = make_table(plan, advance)
    content = write_table(table)
    if out.exists() and out.read_bytes() != content:
        raise Problem("SPLIT_OUT_EXISTS", str(out))
    write_whole(out, content)
    header = table.header
    if settings().json:
        emit_json({"out": str(out), "bytes": len(content), "pairs": asked, **header_told(table)})
        return
    until_text = header.valid_until or WORDS("split.open_end")
    say(WORDS("split.make.done", version=header.version, rows=f"{header.rows:,}", out=out))
    say(WORDS("split.make.dates", first=header.valid_from, until=until_text))
    if header.rows < asked:
        say(WORDS("split.make.apart", pairs=f"{asked - header.rows:,}"))
    if header.replaces:
        say(WORDS("split.replaced", version=header.replaces, why=header.why or "–"))
