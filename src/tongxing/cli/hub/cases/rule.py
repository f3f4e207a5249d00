"""`tongxing hub cases rule`: the hub's arbiter divides what is in escrow."""

import click

from tongxing.cli.arguments import Whole, moment
from tongxing.cli.hub.cases.deciding import decided
from tongxing.cli.shell import command as make_command


@make_command()
@click.argument("case", metavar="CASE")
@click.option(
    "--to-issuer-fen", "to_issuer_fen", type=Whole(0, 10**9), metavar="FEN", required=True
)
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--why", "why", metavar="TEXT", required=True)
@click.option("--now", "now", metavar="TIME")
def command(case: str, to_issuer_fen: int, by: str, why: str, now: str | None) -> None:
    decided(case, "rule", by, why, moment(now, "--now"), to_issuer_fen)
