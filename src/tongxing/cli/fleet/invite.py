"""`tongxing fleet invite`: a one-time code for one device; it waits for a second person."""

from pathlib import Path

import click

from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, granted, note, say, settings
from tongxing.cli.fleet.offices import by_staff, fleet_desk, signed_in
from tongxing.cli.shell import command as make_command

WORDS = Words("fleet")


@make_command()
@click.argument("site", metavar="SITE")
@click.option("--operator", "operator", metavar="OPERATOR", required=True)
@click.option("--terminal", "terminals", metavar="ID", multiple=True, required=True)
@click.option("--minutes", "minutes", type=Whole(1, 1_440), default=60, show_default=True)
@by_staff
def command(
    site: str,
    operator: str,
    terminals: tuple[str, ...],
    minutes: int,
    by: str,
    secret_file: Path | None,
    city: str | None,
    now: str | None,
) -> None:
    now_s = moment(now, "--now")
    with fleet_desk(city) as (desk, office):
        staff = signed_in(office, by, secret_file, now_s)
        made = granted(desk.invite(staff, site, operator, terminals, now_s, minutes * 60))
    if settings().json:
        emit_json({"invitation": made.number, "site": made.site, "code": made.code})
        return
    say(WORDS("invite.done", number=made.number, site=made.site))
    say(WORDS("invite.code", code=made.code))
    note(WORDS("invite.next", number=made.number))
