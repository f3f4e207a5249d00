"""`tongxing hub cases unfreeze`: the hub lets a frozen case go on."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.hub.cases.deciding import decided
from tongxing.cli.shell import command as make_command


@make_command()
@click.argument("case", metavar="CASE")
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--why", "why", metavar="TEXT", required=True)
@click.option("--now", "now", metavar="TIME")
def command(case: str, by: str, why: str, now: str | None) -> None:
    decided(case, "unfreeze", by, why, moment(now, "--now"))
