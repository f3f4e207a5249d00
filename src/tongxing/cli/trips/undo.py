"""`tongxing trips undo`: ask that the last decision about a tap be taken back."""

from pathlib import Path

import click

from tongxing.cli.fleet.offices import by_staff
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import ask_about


@make_command()
@click.argument("tap", metavar="TAP")
@click.option("--why", "why", metavar="TEXT", required=True)
@by_staff
def command(
    tap: str, why: str, by: str, secret_file: Path | None, city: str | None, now: str | None
) -> None:
    ask_about(tap, "undo", why, by, secret_file, city, now)
