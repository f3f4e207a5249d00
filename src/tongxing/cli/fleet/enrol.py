"""`tongxing fleet enrol`: on a device: make its key, bring the code to the city, keep the name."""

import secrets
import time
from pathlib import Path

import click

import tongxing
from tongxing.broker import NOBODY, read_login
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.gate.identity import enrol
from tongxing.kernel.reasons import Problem

WORDS = Words("fleet")
_KEY_BYTES = 32


@make_command()
@click.argument("code", metavar="CODE")
@click.option("--at", "address", metavar="URL", required=True)
@click.option("--city-key", "city_key", metavar="HEX", required=True)
@click.option("--keep", "folder", type=click.Path(path_type=Path), metavar="DIR", required=True)
@click.option("--ca", "ca", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--login", "login_file", type=click.Path(path_type=Path), metavar="FILE")
def command(
    code: str,
    address: str,
    city_key: str,
    folder: Path,
    ca: Path | None,
    login_file: Path | None,
) -> None:
    login = NOBODY if login_file is None else granted(read_login(login_file))
    found = granted(
        enrol(
            folder,
            address,
            code,
            _key(city_key),
            f"tongxing {tongxing.__version__}",
            int(time.time()),
            secrets.token_bytes,
            ca,
            login,
        )
    )
    if settings().json:
        emit_json(found.facts)
        return
    say(WORDS("enrol.done", device=found.facts.device, folder=folder))


def _key(text: str) -> bytes:
    """A public key in hex. Raises Problem(DEVICE_KEY)."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != _KEY_BYTES:
        raise Problem("DEVICE_KEY", "--city-key")
    return found
