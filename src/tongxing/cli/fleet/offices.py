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
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.cli.cities import city_office
from tongxing.cli.common import Words, granted, note, settings
from tongxing.cli.keys.vaults import secret
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.verify import Trust
from tongxing.media.keys.software import SoftwareVault
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


def signature_keys(city: str) -> SignatureKeys:
    """With what a city checks what its media signed: of a simulated run its own, else out of the
    sealed files. Where these are not at hand that is said, and signed taps wait. Raises Problem
    for files that cannot be used."""
    from tongxing.front.keys import keys_of
    from tongxing.simulation.doors import simulated_keys
    from tongxing.simulation.runbook import MARKER, seed_at
    from tongxing.simulation.scenario import load_scenario

    home = settings().home
    if settings().dsn is None and (home / MARKER).exists():
        return simulated_keys(seed_at(home) or 0, load_scenario(), city).signatures
    keys = keys_of(city, os.environ)
    if isinstance(keys, Refusal) and keys.code == "FRONT_KEYS_MISSING":
        note(WORDS("signatures_wait", why=keys.message(settings().language)))
        return SignatureKeys(SoftwareVault({}), Trust(roots={}))
    return granted(keys).signatures


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
