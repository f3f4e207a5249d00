"""What the commands of `tongxing fleet` share: the desk of a city, who acts, the city's key."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from tongxing.city import schema_of
from tongxing.city.fleet import FleetDesk
from tongxing.city.office import Office
from tongxing.city.staffing import Staff, StaffDesk
from tongxing.cli.common import Words, settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.keys.vaults import secret
from tongxing.cli.trips.desks import city_name, granted
from tongxing.fares.ask import fare_cities
from tongxing.kernel.reasons import Problem
from tongxing.messages import SigningKey
from tongxing.storage import Database
from tongxing.storage.database import database_at

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
def city_database(city: str | None) -> Iterator[tuple[str, Database]]:
    """The database, and the one city of it that is meant.

    Raises Problem: NOTHING_TO_PROVE without any books, NO_BOOKS_OF_CITY without those of the city,
    CITY_NEEDED where there are several.
    """
    wanted = fare_cities() if city is None else (parse_city(city),)
    dsn, home = settings().dsn, settings().home
    where = "TONGXING_DSN" if dsn else str(home)
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", where)
    with database_at(dsn, home) as database:
        schemas = database.schemas()
        codes = [code for code in wanted if schema_of(code) in schemas]
        if not codes:
            if city is None or not schemas:
                raise Problem("NOTHING_TO_PROVE", where)
            raise Problem("NO_BOOKS_OF_CITY", where, city=city_name(wanted[0]))
        if len(codes) > 1:
            known = ", ".join(city_name(code) for code in codes)
            raise Problem("CITY_NEEDED", "--city", known=known)
        yield codes[0], database


@contextmanager
def fleet_desk(city: str | None) -> Iterator[tuple[FleetDesk, Office]]:
    """The fleet's desk of one city."""
    with city_database(city) as (code, database):
        office = Office(code, database, None)
        try:
            yield FleetDesk(office, secrets.token_bytes), office
        finally:
            office.close()


def signed_in(office: Office, staff_id: str, secret_file: Path | None, now_s: int) -> Staff:
    """Who acts, by number and secret: from a file, the environment or a prompt. Raises Problem."""
    given = secret("ask.passphrase", STAFF_SECRET, secret_file)
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
