"""`tongxing media loaded`: say what the chip showed after a load, which moves the money or not."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import one_desk
from tongxing.kernel.ids import masked
from tongxing.kernel.money import yuan

WORDS = Words("media")


@make_command()
@click.argument("request", metavar="REQUEST")
@click.argument("outcome", type=click.Choice(["yes", "no"]))
@click.option("--staff", "staff", metavar="ID", required=True)
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(request: str, outcome: str, staff: str, city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    with one_desk(city) as desk:
        load = granted(desk.end_load(request, outcome == "yes", staff, now_s))
    if settings().json:
        shown = {"request": load.request_id, "medium": masked(load.medium_no)}
        emit_json({"city": desk.code, **shown, "amount_fen": load.amount_fen, "state": load.state})
        return
    amount = {"amount": yuan(load.amount_fen), "medium": masked(load.medium_no)}
    say(WORDS(f"load.{load.state}", **amount))
