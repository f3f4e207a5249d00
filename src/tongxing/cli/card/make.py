"""`tongxing card make`: a software card in a file, for trying things.

Its keys are the published test keys and lie in the file in the clear, so the file is the user's own
(mode 0600) and the command says what it is worth: nothing. No key of the real world is taken.
"""

import secrets
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.card.chip import (
    CardProfile,
    FileStore,
    Switches,
    city_union_trial,
    personalise,
    trial_profile,
)
from tongxing.media.card.chip.names import T_UNION, T_UNION_SM
from tongxing.media.card.chip.trial import trial_issuer
from tongxing.media.card.files.public import ACCOUNT_MARK
from tongxing.network.numbers import clean_number, luhn_digit

WORDS = Words("card")
_TEST_PREFIX, _SERIAL_DIGITS = "319901", 12
_T_UNION_DIGITS, _CITY_UNION_DIGITS = 19, 16
_BEGINS = "31"
_BALANCE_MAX_FEN = Switches().balance_max_fen
_CITIES, _USUAL_CITY = Whole(1_000, 9_999), 6900
_KINDS = (1, 5)
"""Ordinary, student, senior, test, military."""


@make_command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--number", "number", default="", metavar="DIGITS")
@click.option("--balance", "balance_fen", type=Whole(0, _BALANCE_MAX_FEN), default=0, metavar="FEN")
@click.option("--city", "city", type=_CITIES, default=_USUAL_CITY, metavar="CODE")
@click.option("--kind", "kind", type=Whole(*_KINDS), default=1, metavar="CODE")
@click.option("--account", "account", is_flag=True)
@click.option("--national", "national", is_flag=True)
@click.option("--city-union", "city_union", default="", metavar="DIGITS")
@click.option("--shared", "shared", is_flag=True)
@click.option("--replace", "may_replace", is_flag=True)
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    number: str,
    balance_fen: int,
    city: int,
    kind: int,
    account: bool,
    national: bool,
    city_union: str,
    shared: bool,
    may_replace: bool,
) -> None:
    if shared and not city_union:
        raise usage_problem(context, "other", text="--shared (--city-union)")
    if account and balance_fen:
        raise usage_problem(context, "account_balance")
    if file.exists() and not may_replace:
        raise Problem("CARD_IMAGE_EXISTS", str(file))
    digits = _t_union_number(number) if number else _drawn_number()
    profile = trial_profile(
        digits,
        issuer_id=trial_issuer(str(city)),
        aid=T_UNION_SM if national else T_UNION,
        balance_fen=balance_fen,
    )
    made = replace(
        profile,
        city=str(city),
        province=str(city),
        kind=kind,
        fci_data=ACCOUNT_MARK if account else profile.fci_data,
        second=_second(city_union) if city_union else None,
        shared_purse=shared,
    )
    _write(file, made)
    _tell(file, made)


def _write(file: Path, profile: CardProfile) -> None:
    """Put the card in its file, unless another program is using the card that is there."""
    store = FileStore(file)
    with store.claimed() if file.exists() else nullcontext() as refused:
        if refused is not None:
            raise Problem(refused.code, str(file))
        store.commit(personalise(profile))


def _tell(file: Path, profile: CardProfile) -> None:
    """What was made; the number whole, because whoever made it needs it."""
    if settings().json:
        emit_json({"file": str(file), "number": profile.number, "keys": "test",
                   "balance_fen": profile.balance_fen})  # fmt: skip
        return
    say(WORDS("make.made", file=file, number=profile.number, balance=yuan(profile.balance_fen)))
    say(WORDS("make.test_keys"))


def _drawn_number() -> str:
    """A number that no issuer has: the prefix of test cards, chance, a check digit."""
    serial = secrets.randbelow(10**_SERIAL_DIGITS)
    body = f"{_TEST_PREFIX}{serial:0{_SERIAL_DIGITS}}"
    return body + luhn_digit(body)


def _t_union_number(text: str) -> str:
    """Raises Problem for what is no number of this scheme; the check digit may be any."""
    digits = _digits(text, _T_UNION_DIGITS, "--number")
    if not digits.startswith(_BEGINS):
        raise Problem("NUMBER_NOT_T_UNION", "--number", begins=digits[:2])
    return digits


def _second(text: str) -> CardProfile:
    """The City Union application of the card."""
    return city_union_trial(_digits(text, _CITY_UNION_DIGITS, "--city-union"))


def _digits(text: str, length: int, where: str) -> str:
    digits = clean_number(text)
    if isinstance(digits, Refusal):
        raise Problem(digits.code, where, **digits.values)
    if len(digits) != length:
        raise Problem("NUMBER_LENGTH", where, length=len(digits), lengths=length)
    return digits
