"""`tongxing fleet confirm`: a second person says that a device is wanted; its code is good now."""

from pathlib import Path

import click

from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.fleet.offices import by_staff, fleet_desk, signed_in
from tongxing.cli.shell import command as make_command

WORDS = Words("fleet")


@make_command()
@click.argument("number", type=Whole(1, 10**12), metavar="NUMBER")
@by_staff
def command(
    number: int, by: str, secret_file: Path | None, city: str | None, now: str | None
) -> None:
    now_s = moment(now, "--now")
    with fleet_desk(city) as (desk, office):
        found = granted(desk.confirm(signed_in(office, by, secret_file, now_s), number, now_s))
    if settings().json:
        emit_json({"invitation": found.number, "site": found.site, "expires_s": found.expires_s})
        return
    minutes = found.valid_s // 60
    say(WORDS("confirm.done", number=found.number, site=found.site, minutes=minutes))
