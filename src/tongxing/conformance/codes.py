"""The passenger: ride codes made on the spot, good or wrong in one way, under keys of its own.

Roots, issuers and phones are those of the kit for codes (`media.conformance.code.recipe`): test
keys made from labels, which no real gate believes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from tongxing.conformance.port import IssuerSetup
from tongxing.kernel.clock import calendar_date
from tongxing.media.conformance.code.recipe import (
    BANK,
    DAY_S,
    ISSUER,
    PHONE,
    ROOT,
    ROOT_INDEX,
    STRANGER,
    Recipe,
    public_of,
)

VALIDITY_S = 60
_CERTIFIED_ISSUER_AT = 7
_ELSEWHERE, _NOBODY = "99020000", "99039999"
_UNKNOWN_ROOT = 9


def roots() -> dict[str, str]:
    """Whom a device is to believe: root keys (33 bytes in hex) by index."""
    return {str(ROOT_INDEX): public_of(ROOT).hex()}


def issuers(scheme: str, city: str, elsewhere: IssuerSetup) -> dict[str, IssuerSetup]:
    """The issuers that are known: the city's own, and one whose medium is not accepted here."""
    return {ISSUER: IssuerSetup(scheme=scheme, city=city), _ELSEWHERE: elsewhere}


def made_code(kind: str, account: str, now_s: int) -> bytes:
    """What a phone shows. `kind` is one of `KINDS`, `account` has 16 digits."""
    good = Recipe(
        account=account,
        card_account="0000" + account,
        expires=_later(now_s, 2),
        ends_s=now_s + 7 * DAY_S,
        validity_s=VALIDITY_S,
        limit_fen=9_999_99,
        made_s=now_s - 1,
    )
    return KINDS[kind](good, now_s)


def _of_issuer(good: Recipe, issuer: str) -> bytes:
    patch = (_CERTIFIED_ISSUER_AT, bytes.fromhex(issuer))
    return replace(good, certificate=(patch,)).code()


def _later(now_s: int, years: int) -> date:
    """A month so many years on, in China."""
    today = calendar_date(now_s)
    return date(today.year + years, today.month, 1)


KINDS: Mapping[str, Callable[[Recipe, int], bytes]] = {
    "good": lambda good, _: good.code(),
    "long": lambda good, now_s: replace(good, validity_s=600, made_s=now_s - 500).code(),
    "expired": lambda good, now_s: replace(good, made_s=now_s - VALIDITY_S - 60).code(),
    "yesterday": lambda good, now_s: replace(good, made_s=now_s - DAY_S).code(),
    "early": lambda good, now_s: replace(good, made_s=now_s + 300).code(),
    "wrong_user": lambda good, _: replace(good, phone=STRANGER, phone_key=public_of(PHONE)).code(),
    "wrong_issuer": lambda good, _: replace(good, bank=STRANGER, bank_key=public_of(BANK)).code(),
    "wrong_root": lambda good, _: replace(good, root=STRANGER).code(),
    "unknown_root": lambda good, _: replace(good, root_index=_UNKNOWN_ROOT).code(),
    "certificate_over": lambda good, now_s: replace(
        good, expires=calendar_date(now_s - 62 * DAY_S)
    ).code(),
    "authorisation_over": lambda good, now_s: replace(good, ends_s=now_s - 60).code(),
    "unknown_issuer": lambda good, _: _of_issuer(good, _NOBODY),
    "elsewhere": lambda good, _: _of_issuer(good, _ELSEWHERE),
    "small_limit": lambda good, _: replace(good, limit_fen=1).code(),
    "truncated": lambda good, _: replace(good, drop=20).code(),
    "longer": lambda good, _: replace(good, more=b"\x00").code(),
    "one_byte": lambda _good, _: b"\x81",
    "seven_kilobytes": lambda _good, _: b"\x81" + bytes(7_000),
    "address": lambda _good, _: b"https://pay.example/q/1234567890",
}
"""The kinds of code, each from a recipe that is good and the time."""
