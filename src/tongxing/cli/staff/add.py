"""`tongxing staff add`: take somebody on, or set a machine up. The secret is prompted for or read
from a file, and never stands on the command line."""

import sys
from pathlib import Path

import click

from tongxing.city.staffing import ROLES
from tongxing.cli.arguments import moment
from tongxing.cli.cities import staff_desk
from tongxing.cli.common import Words, emit_json, granted, listed, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.staff.telling import BY, told

WORDS = Words("staff")
_BYTES_MOST = 400


@make_command()
@click.argument("staff_id", metavar="ID")
@click.option("--name", "name", metavar="NAME", required=True)
@click.option("--role", "roles", type=click.Choice(ROLES), multiple=True, required=True)
@click.option("--place", "place", metavar="PLACE", default="")
@click.option("--secret-file", "secret_file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(
    staff_id: str,
    name: str,
    roles: tuple[str, ...],
    place: str,
    secret_file: Path | None,
    city: str | None,
    now: str | None,
) -> None:
    secret = _prompted() if secret_file is None else _read(secret_file)
    with staff_desk(city) as desk:
        found = granted(desk.enrol(staff_id, name, roles, secret, BY, moment(now, "--now"), place))
    if settings().json:
        emit_json(told(found))
        return
    say(WORDS("add.done", staff=found.staff_id, roles=listed(found.roles)))


def _prompted() -> str:
    """The secret as it is typed, twice and unseen; "" where nobody can type."""
    if not sys.stdin.isatty():
        return ""
    found: str = click.prompt(
        WORDS("add.prompt"), hide_input=True, confirmation_prompt=WORDS("add.again"), err=True
    )
    return found


def _read(file: Path) -> str:
    """The first line of a file. Raises OSError, which the command line tells as one line."""
    lines = file.read_bytes()[:_BYTES_MOST].decode("utf-8", "replace").splitlines()
    return lines[0] if lines else ""
