"""`tongxing keys city`: the folder of keys with which a city opens its doors."""

import os
import re
import secrets
import time
from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, granted, in_both, note, print_table, say, settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.keys.vaults import new_passphrase, secret_option
from tongxing.cli.shell import command as make_command
from tongxing.front.keys import FOLDER, PASSPHRASE_FILE
from tongxing.front.making import Issuing, Made, make_keys
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Problem
from tongxing.media.code.layout import CERTIFICATE_BYTES
from tongxing.media.keys import Environment

WORDS = Words("keys")
_EIGHT = re.compile(r"[0-9]{8}")
_SECRET = re.compile(r"[0-9A-Fa-f]{64}")
_CERTIFICATE_HEX = CERTIFICATE_BYTES * 2


@make_command()
@click.argument("city", metavar="CITY")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--env", "environment", type=click.Choice(["test", "prod"]), required=True)
@click.option("--issuer-id", "issuer_id", metavar="DIGITS", required=True)
@click.option("--platform-id", "platform_id", metavar="DIGITS", required=True)
@click.option("--certificate", "certificate", type=READABLE_FILE, metavar="FILE")
@click.option("--private", "private", type=READABLE_FILE, metavar="FILE")
@secret_option
def command(
    city: str,
    folder: Path | None,
    environment: Environment,
    issuer_id: str,
    platform_id: str,
    certificate: Path | None,
    private: Path | None,
    secret_file: Path | None,
) -> None:
    code = parse_city(city)
    at = _folder(folder) / code
    issuing = Issuing(
        _digits(issuer_id, "--issuer-id"),
        _digits(platform_id, "--platform-id"),
        *_given(certificate, private),
    )
    passphrase, today = new_passphrase(secret_file), calendar_date(int(time.time()))
    made = granted(make_keys(at, environment, issuing, passphrase, today, secrets.token_bytes))
    if settings().json:
        emit_json([{"file": str(one.file), "new": one.is_new} for one in made])
        return
    _tell(made, at)


def _tell(made: list[Made], at: Path) -> None:
    print_table(
        WORDS("city.title", folder=at),
        [WORDS(f"column.{name}") for name in ("file", "for", "state")],
        [
            [
                one.file.name,
                WORDS(f"city.for.{one.file.name.replace('.', '_')}"),
                WORDS("city.new" if one.is_new else "city.there"),
            ]
            for one in made
        ],
    )
    say(WORDS("city.next", folder=f"{FOLDER}={at.parent}", secret=PASSPHRASE_FILE))
    note(WORDS("make.keep"))


def _folder(given: Path | None) -> Path:
    if given is not None:
        return given
    found = os.environ.get(FOLDER, "")
    if not found:
        raise Problem("FRONT_KEYS_MISSING", "--folder", what=f"--folder / {FOLDER}")
    return Path(found)


def _digits(text: str, where: str) -> str:
    if not _EIGHT.fullmatch(text):
        raise Problem("CODE_FIELD", name=where, **in_both("expected", "keys", "expected.eight"))
    return text


def _given(certificate: Path | None, private: Path | None) -> tuple[bytes, bytes]:
    """What a scheme gave, as hex in two files; nothing of both for an own root. Raises Problem."""
    if certificate is None and private is None:
        return b"", b""
    if certificate is None or private is None:
        both = in_both("expected", "keys", "expected.both")
        raise Problem("CODE_FIELD", name="--certificate, --private", **both)
    return (
        _hex(certificate, rf"[0-9A-Fa-f]{{{_CERTIFICATE_HEX}}}", "expected.certificate"),
        _hex(private, _SECRET.pattern, "expected.private"),
    )


def _hex(file: Path, form: str, expected: str) -> bytes:
    text = file.read_bytes()[: _CERTIFICATE_HEX * 2].decode("ascii", "replace").strip()
    if not re.fullmatch(form, text):
        raise Problem("CODE_FIELD", name=str(file), **in_both("expected", "keys", expected))
    return bytes.fromhex(text)
