"""`tongxing trips take-in`: ask that a tap which was set aside counts, put right where need be."""

from pathlib import Path

import click

from tongxing.city.asides import PutRight
from tongxing.cli.arguments import china_time
from tongxing.cli.fleet.offices import by_staff
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import ask_about, station_id


@make_command()
@click.argument("tap", metavar="TAP")
@click.option("--station", "station", metavar="STATION")
@click.option("--line", "line", metavar="LINE")
@click.option("--at", "at", metavar="TIME")
@click.option("--why", "why", metavar="TEXT", required=True)
@by_staff
def command(
    tap: str,
    station: str | None,
    line: str | None,
    at: str | None,
    why: str,
    by: str,
    secret_file: Path | None,
    city: str | None,
    now: str | None,
) -> None:
    time_s = None if at is None else china_time(at, "--at")

    def said(code: str) -> PutRight:
        here = None if station is None else station_id(code, station, "--station")
        return PutRight(here, line, time_s)

    ask_about(tap, "take_in", why, by, secret_file, city, now, said)
