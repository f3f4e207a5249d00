"""`tongxing fleet key`: a city's key for messages: make its sealed file, or show its public one."""

import secrets
from pathlib import Path

import click

from tongxing.cli.common import Words, emit_json, granted, note, say, settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.fleet.offices import message_key
from tongxing.cli.keys.vaults import new_passphrase, secret_option
from tongxing.cli.shell import command as make_command
from tongxing.front.message_key import seal_message_key
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Problem
from tongxing.messages import SigningKey

WORDS = Words("fleet")
_SECRET_BYTES = 32


@make_command()
@click.argument("city", metavar="CITY")
@click.option("--make", "file", type=click.Path(path_type=Path), metavar="FILE")
@secret_option
def command(city: str, file: Path | None, secret_file: Path | None) -> None:
    code = parse_city(city)
    key = message_key(code) if file is None else made_message_key(code, file, secret_file)
    public = key.public_bytes().hex()
    if settings().json:
        emit_json({"city": code, "public_key": public})
        return
    say(WORDS("key.public", key=public))


def made_message_key(sender: str, file: Path, secret_file: Path | None) -> SigningKey:
    """A new key of a city or of the hub, in a file that is useless without its passphrase.

    Raises Problem(MESSAGE_KEY_EXISTS).
    """
    if file.exists():
        raise Problem("MESSAGE_KEY_EXISTS", str(file))
    drawn = secrets.token_bytes(_SECRET_BYTES)
    sealed = granted(seal_message_key(drawn, new_passphrase(secret_file), secrets.token_bytes))
    write_whole(file, sealed, private=True)
    note(WORDS("key.made", file=file))
    return SigningKey.from_secret(sender, drawn)
