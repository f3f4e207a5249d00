"""`tongxing hub reserve call`: make the calls for more reserve that are due on a day's morning."""

from datetime import date

import click

from tongxing.cli.arguments import DAY, moment
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.reserves import ReserveDesk
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan

WORDS = Words("hub")
COLUMNS = ("member", "why", "full", "amount", "due")


@make_command()
@click.option("--on", "on", type=DAY, metavar="DATE", required=True)
@click.option("--now", "now", metavar="TIME")
def command(on: date, now: str | None) -> None:
    with hub_store() as store:
        calls = granted(ReserveDesk(store).calls_of(on, moment(now, "--now")))
    if settings().json:
        emit_json(calls)
        return
    if not calls:
        say(WORDS("reserve.call.none", day=on))
        return
    print_table(
        WORDS("reserve.call.title", day=on),
        [WORDS(f"reserve.column.{name}") for name in COLUMNS],
        [
            (
                one.member,
                WORDS(f"reserve.call.why.{one.why}"),
                yuan(one.full_fen),
                yuan(one.amount_fen),
                stamp(one.due_s),
            )
            for one in calls
        ],
        right=(2, 3),
    )
