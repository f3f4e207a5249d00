"""Ride codes made on purpose, good or wrong in one place, under keys made from labels.

A fault is put in before or after the signature above it, so that each case is wrong in one way and
right in all others. Signatures are simulated: the same code every time.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache

from tongxing.kernel.reasons import Refusal
from tongxing.media.code.issue import Authorisation, authorise, make_certificate, refresh
from tongxing.media.code.layout import SIGNATURE_BYTES
from tongxing.media.crypto.curve import N
from tongxing.media.crypto.providers import simulated_signer
from tongxing.network.numbers import luhn_digit

NOW_S = 1_767_831_600
"""2026-01-08 08:20:00 in China, when every code is made unless its case says otherwise."""
DAY_S = 86_400
ISSUER = "99016900"
PLATFORM = "99010001"
ACCOUNT = "9901000000000001"
CARD_ACCOUNT = "03199010000000000013"
ROOT_INDEX = 1
SERIAL = "000001"
_CERTIFICATE_SIGNED = slice(6, 53)
_ISSUER_AT = 146


@cache
def private_of(label: str) -> bytes:
    """The private key that a label means: SHA-256 of it, brought into 1 … n-1."""
    number = int.from_bytes(hashlib.sha256(label.encode()).digest(), "big")
    return (number % (N - 1) + 1).to_bytes(32, "big")


@cache
def public_of(label: str) -> bytes:
    """Its public key, 33 bytes."""
    return simulated_signer().public_of(private_of(label))


@cache
def signed(label: str, message: bytes) -> bytes:
    """A signature under a label's key."""
    return simulated_signer().sign(private_of(label), message)


ROOT, BANK, PHONE = "conformance root", "conformance issuer", "conformance phone"
STRANGER = "conformance stranger"

Patch = tuple[int, bytes]
"""Bytes to put in at an offset."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one code is made.

    `root`, `bank` and `phone` sign; `bank_key` and `phone_key` are the keys written into the code
    (b"" for those of `bank` and `phone`). Patches of `certificate` and `authorisation` go in before
    the signature over them, those named `broken` after everything, offsets from the code's start.
    `drop` cuts bytes off the end, `more` adds some.
    """

    root: str = ROOT
    bank: str = BANK
    phone: str = PHONE
    bank_key: bytes = b""
    phone_key: bytes = b""
    root_index: int = ROOT_INDEX
    expires: date = date(2030, 12, 1)
    certificate: tuple[Patch, ...] = ()
    named_issuer: str = ISSUER
    account: str = ACCOUNT
    card_account: str = CARD_ACCOUNT
    account_type: int = 0
    limit_fen: int = 2_000
    validity_s: int = 60
    ends_s: int = NOW_S + 7 * DAY_S
    custom: bytes = b""
    made_s: int = NOW_S
    broken: tuple[Patch, ...] = ()
    drop: int = 0
    more: bytes = b""

    def code(self) -> bytes:
        """The code."""
        phone = self.phone
        made = _whole(refresh(self._authorised(), lambda m: signed(phone, m), self.made_s))
        made = _patched(made, self.broken)
        return made[: len(made) - self.drop] + self.more

    def _certified(self) -> bytes:
        root = self.root
        made = make_certificate(
            lambda m: signed(root, m),
            issuer_id=ISSUER,
            public_key=self.bank_key or public_of(self.bank),
            expires=self.expires,
            serial=SERIAL,
            root_index=self.root_index,
        )
        patched = _patched(_whole(made), self.certificate)
        head = patched[:-SIGNATURE_BYTES]
        return head + signed(root, patched[_CERTIFICATE_SIGNED])

    def _authorised(self) -> bytes:
        bank = self.bank
        granted = Authorisation(
            payment_account=self.account,
            card_account=self.card_account,
            platform_id=PLATFORM,
            user_key=self.phone_key or public_of(self.phone),
            ends_s=self.ends_s,
            account_type=self.account_type,
            limit_fen=self.limit_fen,
            validity_s=self.validity_s,
            custom=self.custom,
        )
        made = _whole(authorise(lambda m: signed(bank, m), self._certified(), granted))
        if self.named_issuer == ISSUER:
            return made
        body = _patched(
            made[: -1 - SIGNATURE_BYTES], ((_ISSUER_AT, bytes.fromhex(self.named_issuer)),)
        )
        return body + made[-1 - SIGNATURE_BYTES : -SIGNATURE_BYTES] + signed(bank, body)


def _patched(raw: bytes, patches: tuple[Patch, ...]) -> bytes:
    for at, value in patches:
        start = at if at >= 0 else len(raw) + at
        raw = raw[:start] + value + raw[start + len(value) :]
    return raw


def _whole(found: bytes | Refusal) -> bytes:
    if isinstance(found, Refusal):
        raise ValueError("a simulated signer refuses nothing")
    return found


def accounts(place: int) -> tuple[str, str]:
    """Payment account and card account of the case at this place: no two share a display."""
    digits = f"319901{place:012d}"
    return f"9901{place:012d}", f"0{digits}{luhn_digit(digits)}"


def month_of(text: str) -> date:
    """The first day of a month written YYYY-MM."""
    year, month = text.split("-")
    return date(int(year), int(month), 1)
