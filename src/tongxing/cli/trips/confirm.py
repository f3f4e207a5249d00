"""`tongxing trips confirm`: a second person confirms what was asked about a tap; it is done."""

from pathlib import Path

import click

from tongxing.city.aside_desk import AsideDesk
from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.fleet.offices import by_staff, signed_in
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import office_with_fares, station_name
from tongxing.kernel.clock import stamp

WORDS = Words("trips")


@make_command()
@click.argument("number", type=Whole(1, 10**12), metavar="NUMBER")
@by_staff
def command(
    number: int, by: str, secret_file: Path | None, city: str | None, now: str | None
) -> None:
    now_s = moment(now, "--now")
    with office_with_fares(city) as office:
        staff = signed_in(office, by, secret_file, now_s)
        done = granted(AsideDesk(office).confirm(staff, number, now_s))
        code = office.code
    tap = done.counting
    if settings().json:
        emit_json({"tap": str(tap.ref), "why": done.why, "counts": not done.why})
        return
    values = {"tap": str(tap.ref), "time": stamp(tap.time_s), "why": done.why}
    key = "confirm.aside" if done.why else "confirm.counts"
    say(WORDS(key, station=station_name(code, tap.station), **values))
