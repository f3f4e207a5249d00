"""`tongxing trips declare`: the passenger states where a half trip began or ended."""

import click

from tongxing.city import Resolved
from tongxing.cli.arguments import china_time, moment, request_of
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import desks, station_name
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal

WORDS = Words("trips")


@make_command()
@click.argument("half_trip", metavar="HALF_TRIP")
@click.argument("station")
@click.option("--at", "at", metavar="TIME")
@click.option("--request", "request", metavar="ID")
@click.option("--now", "now", metavar="TIME")
def command(
    half_trip: str, station: str, at: str | None, request: str | None, now: str | None
) -> None:
    time_s = None if at is None else china_time(at, "--at")
    request_id = request_of(request, "declare", half_trip, station, time_s)
    now_s = moment(now, "--now")
    found: Resolved | Refusal = Refusal("HALF_TRIP_UNKNOWN", half_trip)
    city = ""
    with desks(None) as known:
        for desk in known:
            found, city = desk.declare(request_id, half_trip, station, time_s, now_s), desk.code
            if not (isinstance(found, Refusal) and found.code == "HALF_TRIP_UNKNOWN"):
                break
    done = granted(found)
    if settings().json:
        emit_json({"city": city, "resolved": done})
        return
    name, charge = station_name(city, done.station), yuan(done.charge_fen)
    say(WORDS("declare.done", station=name, time=stamp(done.time_s), charge=charge))
