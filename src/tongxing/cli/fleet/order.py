"""`tongxing fleet order`: tell a device or a whole site how to treat passengers for a while."""

from pathlib import Path

import click

from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.fleet.offices import by_staff, fleet_desk, signed_in
from tongxing.cli.shell import command as make_command
from tongxing.messages.fleet import ORDER_KINDS

WORDS = Words("fleet")


@make_command()
@click.argument("target", metavar="TARGET")
@click.argument("kind", type=click.Choice(ORDER_KINDS), metavar="ORDER")
@click.option("--minutes", "minutes", type=Whole(1, 1_440), required=True)
@click.option("--why", "why", metavar="TEXT", required=True)
@by_staff
def command(
    target: str,
    kind: str,
    minutes: int,
    why: str,
    by: str,
    secret_file: Path | None,
    city: str | None,
    now: str | None,
) -> None:
    now_s = moment(now, "--now")
    with fleet_desk(city) as (desk, office):
        staff = signed_in(office, by, secret_file, now_s)
        given = granted(desk.order(staff, target, kind, minutes * 60, why, now_s))
    if settings().json:
        emit_json(given)
        return
    words = WORDS(f"kind.{kind}")
    say(WORDS("order.done", number=given.order_no, target=target, kind=words, minutes=minutes))
