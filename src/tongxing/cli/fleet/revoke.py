"""`tongxing fleet revoke`: trust a device no more; its terminals are free for another one."""

from pathlib import Path

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.fleet.offices import by_staff, fleet_desk, signed_in
from tongxing.cli.shell import command as make_command

WORDS = Words("fleet")


@make_command()
@click.argument("device", metavar="DEVICE")
@click.option("--why", "why", metavar="TEXT", required=True)
@by_staff
def command(
    device: str, why: str, by: str, secret_file: Path | None, city: str | None, now: str | None
) -> None:
    now_s = moment(now, "--now")
    with fleet_desk(city) as (desk, office):
        staff = signed_in(office, by, secret_file, now_s)
        found = granted(desk.revoke(staff, device, why, now_s))
    if settings().json:
        emit_json({"device": found.device, "revoked_s": found.revoked_s})
        return
    say(WORDS("revoke.done", device=found.device))
