"""`tongxing trips resolve`: complete what open gates explain and what the clock has to decide.

Closing a business day does the same; this is for a day that nobody closes.
"""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.cities import city_name
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import desks

WORDS = Words("trips")


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    with desks(city) as found:
        counts = {desk.code: desk.resolve_due(now_s) for desk in found}
        left = {desk.code: len(desk.waiting()) for desk in found}
    if settings().json:
        emit_json({"resolved": counts, "waiting": left})
        return
    for code, count in counts.items():
        say(WORDS("resolve.done", city=city_name(code), count=count, left=left[code]))
