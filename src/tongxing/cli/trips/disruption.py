"""`tongxing trips disruption`: staff tell that the gates of a station stood open for a while."""

import click

from tongxing.city import OpenGates
from tongxing.cli.arguments import china_time, moment, request_of
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import one_desk, station_id, station_name
from tongxing.kernel.clock import stamp

WORDS = Words("trips")


@make_command()
@click.argument("station")
@click.argument("begins", metavar="FROM")
@click.argument("ends", metavar="UNTIL")
@click.option("--staff", "staff", metavar="ID", required=True)
@click.option("--free", "free", is_flag=True)
@click.option("--city", "city", metavar="CITY")
@click.option("--request", "request", metavar="ID")
@click.option("--now", "now", metavar="TIME")
def command(
    station: str,
    begins: str,
    ends: str,
    staff: str,
    free: bool,
    city: str | None,
    request: str | None,
    now: str | None,
) -> None:
    from_s, until_s = china_time(begins, "FROM"), china_time(ends, "UNTIL")
    now_s = moment(now, "--now")
    with one_desk(city) as desk:
        here = station_id(desk.code, station, "STATION")
        request_id = request_of(request, "gates", desk.code, here, from_s, until_s, free)
        gates = OpenGates(request_id, here, from_s, until_s, free, now_s, staff)
        count = granted(desk.open_gates(gates))
    if settings().json:
        emit_json({"city": desk.code, "notice": gates, "completed": count})
        return
    name = station_name(desk.code, here)
    span = {"begins": stamp(from_s), "ends": stamp(until_s)}
    say(WORDS("disruption.done", station=name, count=count, **span))
