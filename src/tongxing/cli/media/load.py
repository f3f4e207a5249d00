"""`tongxing media load`: begin to load an old card's money onto the new one's chip."""

import shlex

import click

from tongxing.cli.arguments import moment, request_of
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import one_desk
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.money import yuan

WORDS = Words("media")


@make_command()
@click.argument("medium", metavar="NUMBER")
@click.option("--staff", "staff", metavar="ID", required=True)
@click.option("--city", "city", metavar="CITY")
@click.option("--request", "request", metavar="ID")
@click.option("--now", "now", metavar="TIME")
def command(
    medium: str, staff: str, city: str | None, request: str | None, now: str | None
) -> None:
    now_s = moment(now, "--now")
    with one_desk(city) as desk:
        request_id = request_of(request, "load", desk.code, medium, staff, now_s)
        load = granted(desk.start_load(request_id, medium, staff, now_s))
    if settings().json:
        shown = {"request": load.request_id, "medium": masked(load.medium_no)}
        told = {"state": load.state, "already": load.already_s is not None}
        emit_json({"city": desk.code, **shown, "amount_fen": load.amount_fen, **told})
        return
    amount = {"amount": yuan(load.amount_fen), "medium": masked(load.medium_no)}
    if load.already_s is not None:
        say(WORDS("load.already", begun=stamp(load.already_s)))
    unsure = load.state == "pending" and load.already_s is not None
    say(WORDS("load.unsure" if unsure else f"load.{load.state}", **amount))
    if load.state == "pending":
        say(WORDS("load.next"))
        say(f"    {_next_command(load.request_id, staff, city)}")


def _next_command(request: str, staff: str, city: str | None) -> str:
    """The command that ends this load, whole and on a line of its own, so that it can be pasted."""
    words = ["tongxing", "media", "loaded", request, "yes", "--staff", staff]
    return shlex.join([*words, *(("--city", city) if city is not None else ())])
