"""`tongxing trips correct`: staff correct a half trip by the grid, at a counter or a gate."""

from typing import Literal

import click

from tongxing.city import Correction
from tongxing.cli.arguments import moment, request_of
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import one_desk, station_id, station_name
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import reason

WORDS = Words("trips")


@make_command()
@click.argument("medium", metavar="NUMBER")
@click.argument("area", type=click.Choice(["inside", "outside"]))
@click.argument("station")
@click.option("--staff", "staff", metavar="ID", required=True)
@click.option("--stated", "stated", metavar="STATION", default="")
@click.option("--half-trip", "half_trip", metavar="HALF_TRIP", default="")
@click.option("--city", "city", metavar="CITY")
@click.option("--request", "request", metavar="ID")
@click.option("--now", "now", metavar="TIME")
def command(
    medium: str,
    area: Literal["inside", "outside"],
    station: str,
    staff: str,
    stated: str,
    half_trip: str,
    city: str | None,
    request: str | None,
    now: str | None,
) -> None:
    now_s = moment(now, "--now")
    request_id = request_of(
        request, "correct", medium, area, station, staff, stated, half_trip, now_s
    )
    with one_desk(city) as desk:
        here = station_id(desk.code, station, "STATION")
        asked = Correction(request_id, staff, medium, area, here, stated, half_trip)
        done = granted(desk.correct(asked, now_s))
    if settings().json:
        emit_json({"city": desk.code, "corrected": done})
        return
    told, language = reason(done.reason), settings().language
    say(f"{done.code}  {told.text(language, {})}")
    if done.half_trip:
        name = station_name(desk.code, done.station)
        key = "correct.ride" if done.station else "correct.amount"
        say(WORDS(key, station=name, charge=yuan(done.charge_fen), trip=done.half_trip))
    say(told.next_step(language, {}))
