"""`tongxing hub reserve pay-in`: book what the bank says was paid to a reserve, or to the pool."""

import click

from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.reserves import POOL, ReserveDesk
from tongxing.kernel.money import yuan

WORDS = Words("hub")


@make_command(context_settings={"ignore_unknown_options": True})
@click.argument("member")
@click.argument("fen", type=Whole(-(10**12), 10**12))
@click.option("--line", "line", metavar="REFERENCE", required=True)
@click.option("--now", "now", metavar="TIME")
def command(member: str, fen: int, line: str, now: str | None) -> None:
    now_s = moment(now, "--now")
    with hub_store() as store:
        desk = ReserveDesk(store)
        if member == POOL:
            granted(desk.fund_pool(fen, line, now_s))
        else:
            granted(desk.paid_in(member, fen, line, now_s))
    if settings().json:
        emit_json({"member": member, "fen": fen, "line": line})
        return
    say(WORDS("reserve.pay_in.done", member=member, amount=yuan(fen), line=line))
