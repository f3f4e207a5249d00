"""`tongxing hub reserve cover`: pay what a debtor did not, out of reserve, line and pool."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.reserves import ReserveDesk
from tongxing.kernel.money import yuan

WORDS = Words("hub")


@make_command()
@click.argument("payment")
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--now", "now", metavar="TIME")
def command(payment: str, by: str, now: str | None) -> None:
    with hub_store() as store:
        cover = granted(ReserveDesk(store).cover(payment, by, moment(now, "--now")))
    if settings().json:
        emit_json({"payment": payment, **cover._asdict()})
        return
    parts = {
        "reserve": yuan(cover.reserve_fen),
        "line": yuan(cover.line_fen),
        "pool": yuan(cover.pool_fen),
    }
    say(WORDS("reserve.cover.done", payment=payment, **parts))
    if cover.pool_fen:
        say(WORDS("reserve.cover.suspended"))
