"""`tongxing gate check-config`: whether a gate can be run from a file, before it is."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.gate.configured import plan_at
from tongxing.cli.shell import command as command_of

WORDS = Words("gate")


@command_of("check-config")
@click.option("--config", "config", type=READABLE_FILE, required=True, metavar="FILE")
def command(config: Path) -> None:
    plan = plan_at(config)
    names = ("terminal", "role", "line", "station", "vehicle")
    rows = [
        (facts.terminal_id, facts.role, facts.line, facts.station or "-", facts.vehicle or "-")
        for facts in plan.validators.values()
    ]
    if settings().json:
        told = [dict(zip(names, row, strict=True)) for row in rows]
        emit_json({"site": plan.config.site.name, "terminals": told})
        return
    columns = [WORDS(f"column.{name}") for name in names]
    print_table(WORDS("title.terminals", site=plan.config.site.name), columns, rows)
    say(WORDS("good", file=config))
