"""`tongxing staff end`: somebody leaves; every session of theirs is over at once."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.cities import staff_desk
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.staff.telling import BY, told

WORDS = Words("staff")


@make_command()
@click.argument("staff_id", metavar="ID")
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(staff_id: str, city: str | None, now: str | None) -> None:
    with staff_desk(city) as desk:
        found = granted(desk.leave(staff_id, BY, moment(now, "--now")))
    if settings().json:
        emit_json(told(found))
        return
    say(WORDS("end.done", staff=found.staff_id))
