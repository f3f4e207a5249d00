"""`tongxing code issue`: a ride code made with TEST keys, to try gates and scanners with."""

import base64
import time
from datetime import date
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.code.arguments import MOMENT
from tongxing.cli.code.keyring import ROOT_INDEX, ROOTS, Keyring, open_keyring
from tongxing.cli.code.written import holds_ride_code, put, refuse_existing
from tongxing.cli.common import Words, emit_json, in_both, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.code.issue import (
    AUTHORISED_S,
    CUSTOM_BYTES_MAX,
    LIMIT_FEN,
    VALIDITY_S,
    Authorisation,
    authorise,
    card_account_of,
    make_certificate,
    refresh,
)
from tongxing.media.code.picture import png, svg

WORDS = Words("code")
_ISSUER_ID = "99016900"
_PLATFORM_ID = "99010001"
_SERIAL = "000001"
_YEARS = 3
_CARD_ACCOUNT_DIGITS = 20
_ACCOUNT_DIGITS = 16
_CARD_DIGITS = 19


@make_command()
@click.option("--account", metavar="ACCOUNT", required=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", required=True)
@click.option("--replace", "may_replace", is_flag=True)
@click.option("--keys", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--card", metavar="CARD_NUMBER", default="")
@click.option("--at", "at_s", type=MOMENT, metavar="TIME")
@click.option("--limit", "limit_fen", type=Whole(0, 0xFFFFFF), metavar="FEN", default=LIMIT_FEN)
@click.option("--validity", "validity_s", type=Whole(1, 0xFFFF), metavar="S", default=VALIDITY_S)
@click.option("--authorised", "authorised_s", type=Whole(1, 10**9), metavar="S",
              default=AUTHORISED_S)  # fmt: skip
@click.option("--custom", metavar="HEX", default="")
def command(
    account: str,
    out: Path,
    may_replace: bool,
    keys: Path | None,
    card: str,
    at_s: int | None,
    limit_fen: int,
    validity_s: int,
    authorised_s: int,
    custom: str,
) -> None:
    now_s = int(time.time()) if at_s is None else at_s
    folder = keys or settings().home / "code-keys"
    _digits(account, 1, _ACCOUNT_DIGITS, "account")
    keyring = open_keyring(folder)
    granted = Authorisation(
        payment_account=account,
        card_account=_card_account(account, card),
        platform_id=_PLATFORM_ID,
        user_key=keyring.user.public,
        ends_s=now_s + authorised_s,
        limit_fen=limit_fen,
        validity_s=validity_s,
        custom=_custom(custom),
    )
    code = _made(keyring, granted, now_s)
    refuse_existing(out, may_replace or holds_ride_code(out))
    put(out, _as_asked(code, out.suffix.lower()))
    _tell(code, out, folder, keyring.made, now_s)


def _made(keyring: Keyring, granted: Authorisation, now_s: int) -> bytes:
    today = calendar_date(now_s)
    certificate = _signed(
        make_certificate(
            keyring.root.sign,
            issuer_id=_ISSUER_ID,
            public_key=keyring.issuer.public,
            expires=date(today.year + _YEARS, today.month, 1),
            serial=_SERIAL,
            root_index=ROOT_INDEX,
        )
    )
    authorisation = _signed(authorise(keyring.issuer.sign, certificate, granted))
    return _signed(refresh(authorisation, keyring.user.sign, now_s))


def _signed(made: bytes | Refusal) -> bytes:
    if isinstance(made, Refusal):
        raise Problem(made.code, made.where, **made.values)
    return made


def _as_asked(code: bytes, suffix: str) -> bytes:
    """The form that the file's name asks for; the bytes themselves unless it is another."""
    match suffix:
        case ".png":
            return png(code)
        case ".svg":
            return svg(code).encode()
        case ".hex":
            return code.hex().encode() + b"\n"
        case ".txt" | ".b64":
            return base64.b64encode(code) + b"\n"
        case _:
            return code


def _card_account(account: str, card: str) -> str:
    if not card:
        return account.rjust(_CARD_ACCOUNT_DIGITS, "0")
    return card_account_of(_digits(card, _CARD_DIGITS, _CARD_DIGITS, "card"))


def _custom(text: str) -> bytes:
    try:
        custom = bytes.fromhex(text)
    except ValueError:
        raise _misfit("custom") from None
    if len(custom) > CUSTOM_BYTES_MAX:
        raise _misfit("custom")
    return custom


def _digits(text: str, least: int, most: int, name: str) -> str:
    if not (text.isascii() and text.isdecimal() and least <= len(text) <= most):
        raise _misfit(name)
    return text


def _misfit(name: str) -> Problem:
    expected = in_both("expected", "code", f"expected.{name}")
    return Problem("CODE_FIELD", name=f"--{name}", **expected)


def _tell(code: bytes, out: Path, folder: Path, made: tuple[str, ...], now_s: int) -> None:
    if settings().json:
        emit_json({"out": str(out), "bytes": len(code), "generated_s": now_s, "keys": str(folder),
                   "keys_made": made, "roots": str(folder / ROOTS)})  # fmt: skip
        return
    say(WORDS("issue.written", out=out, count=len(code), made=stamp(now_s)))
    if made:
        names = WORDS("issue.comma").join(WORDS(f"key.{name}") for name in made)
        say(WORDS("issue.keys_made", names=names, folder=folder))
    say(WORDS("issue.roots", roots=folder / ROOTS))
    say(WORDS("issue.test_only"))
