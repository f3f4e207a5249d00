"""`tongxing fleet release`: a second person releases a list; the gates fetch it from now on."""

from pathlib import Path

import click

from tongxing.city.fleet import ListDesk
from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.fleet.offices import by_staff, fleet_desk, message_key, signed_in
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp

WORDS = Words("fleet")


@make_command()
@click.argument("number", type=Whole(1, 10**12), metavar="NUMBER")
@by_staff
def command(
    number: int, by: str, secret_file: Path | None, city: str | None, now: str | None
) -> None:
    now_s = moment(now, "--now")
    with fleet_desk(city) as (_, office):
        staff = signed_in(office, by, secret_file, now_s)
        key = message_key(office.code)
        found = granted(ListDesk(office).release(staff, number, key, now_s))
    if settings().json:
        emit_json({"list": found.draft.name, "version": found.version, "released_s": now_s})
        return
    name = WORDS(f"list_name.{found.draft.name}")
    from_s = found.draft.not_before_s
    key_word = "release.later" if from_s > now_s else "release.done"
    say(WORDS(key_word, name=name, version=found.version, time=stamp(from_s)))
