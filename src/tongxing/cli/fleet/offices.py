"""What the commands of `tongxing fleet` share: the desk of a city, who acts, the city's key."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from tongxing.city.fleet import FleetDesk
from tongxing.city.office import Office
from tongxing.city.staffing import Staff, StaffDesk
from tongxing.cli.cities import city_office
from tongxing.cli.common import Words, granted, settings
from tongxing.cli.keys.vaults import secret
from tongxing.messages import SigningKey

STAFF_SECRET = "TONGXING_STAFF_SECRET"
WORDS = Words("fleet")
Function = TypeVar("Function", bound=Callable[..., object])


def by_staff(function: Function) -> Function:
    """The options of a command that somebody of the staff must answer for."""
    for option in (
        click.option("--now", "now", metavar="TIME"),
        click.option("--city", "city", metavar="CITY"),
        click.option(
            "--secret-file", "secret_file", type=click.Path(path_type=Path), metavar="FILE"
        ),
        click.option("--by", "by", metavar="STAFF", required=True),
    ):
        function = option(function)
    return function


@contextmanager
def fleet_desk(city: str | None) -> Iterator[tuple[FleetDesk, Office]]:
    """The fleet's desk of the one city that is meant. Raises what `city_with_books` raises."""
    with city_office(city) as office:
        yield FleetDesk(office, secrets.token_bytes), office


def signed_in(office: Office, staff_id: str, secret_file: Path | None, now_s: int) -> Staff:
    """Who acts, by number and secret: from a file, the environment or a prompt. Raises Problem."""
    given = secret("ask.staff", STAFF_SECRET, secret_file)
    desk = StaffDesk(office, secrets.token_bytes)
    session = granted(desk.sign_in(staff_id, given, now_s, "cli"))
    desk.sign_out(session.token, now_s)
    return session.staff


def message_key(city: str) -> SigningKey:
    """The key with which a city signs: of a simulated run its own, else the sealed file's.

    Raises Problem.
    """
    from tongxing.front.message_key import message_key_of
    from tongxing.simulation.keys import signing_key
    from tongxing.simulation.runbook import MARKER, seed_at

    home = settings().home
    if settings().dsn is None and (home / MARKER).exists():
        return signing_key(seed_at(home) or 0, city)
    return granted(message_key_of(city, os.environ))
