"""`tongxing hub reserve terms`: a member's cycle and line, from a day on."""

from datetime import date

import click

from tongxing.cli.arguments import DAY, Whole, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.reserve_calls import Cycle
from tongxing.hub.reserves import ReserveDesk
from tongxing.kernel.money import yuan

WORDS = Words("hub")
FEN_MAX = 10**13


@make_command()
@click.argument("member")
@click.option("--from", "begins", type=DAY, metavar="DATE", required=True)
@click.option("--cycle", type=click.Choice(("weekly", "monthly")), required=True)
@click.option("--line", "line_fen", type=Whole(0, FEN_MAX), metavar="FEN", default=0)
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--now", "now", metavar="TIME")
def command(
    member: str, begins: date, cycle: Cycle, line_fen: int, by: str, now: str | None
) -> None:
    with hub_store() as store:
        desk = ReserveDesk(store)
        granted(desk.set_terms(member, begins, cycle, line_fen, by, moment(now, "--now")))
    if settings().json:
        emit_json({"member": member, "from": begins, "cycle": cycle, "line_fen": line_fen})
        return
    values = {"cycle": WORDS(f"reserve.cycle.{cycle}"), "line": yuan(line_fen), "day": begins}
    say(WORDS("reserve.terms.done", member=member, **values))
