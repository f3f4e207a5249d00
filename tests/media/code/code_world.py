"""Ride codes for tests: keys that anybody can make again from a label, and every field free.

Keys are SHA-256 of a label, so that a vector made elsewhere with the same labels verifies here.
Signatures are simulated: the same code every time.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from msgspec.structs import replace as change

from tongxing.kernel.reasons import Refusal
from tongxing.media.code.issue import Authorisation, Signer, authorise, make_certificate, refresh
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.media.code.verify import Accepted, Refused, Trust
from tongxing.media.crypto.curve import N
from tongxing.media.crypto.providers import simulated_signer

MADE_S = 1_767_831_600  # 2026-01-08 08:20:00 in China
DAY_S = 86_400
ISSUER = "99016900"
PLATFORM = "99010001"
ACCOUNT = "9901000000000001"
CARD = "3199010000000000013"
SIGNING = simulated_signer()


@dataclass(frozen=True)
class Owner:
    """Somebody with a key made from a label."""

    label: str

    @property
    def private(self) -> bytes:
        number = int.from_bytes(hashlib.sha256(self.label.encode()).digest(), "big")
        return (number % (N - 1) + 1).to_bytes(32, "big")

    @property
    def public(self) -> bytes:
        return SIGNING.public_of(self.private)

    def sign(self, message: bytes) -> bytes:
        return SIGNING.sign(self.private, message)


ROOT = Owner("opentransit test root")
BANK = Owner("opentransit test issuer 99016900")
PHONE = Owner("opentransit test user 1")
STRANGER = Owner("somebody else")
TRUST = Trust(roots={1: ROOT.public})


GRANTED = Authorisation(
    payment_account=ACCOUNT,
    card_account="0" + CARD,
    platform_id=PLATFORM,
    user_key=PHONE.public,
    ends_s=MADE_S + 7 * DAY_S,
)


@dataclass(frozen=True)
class Making:
    """How a code is made; `replace` one part to make another."""

    root: Signer = ROOT.sign
    root_index: int = 1
    issuer: Signer = BANK.sign
    issuer_key: bytes = BANK.public
    phone: Signer = PHONE.sign
    expires: date = date(2030, 12, 1)
    serial: str = "000001"
    made_s: int = MADE_S
    edit_certificate: Callable[[bytes], bytes] = field(default=lambda certificate: certificate)
    granted: Authorisation = GRANTED
    named_issuer: str = ISSUER

    def certificate(self) -> bytes:
        return self.edit_certificate(
            whole(
                make_certificate(
                    self.root,
                    issuer_id=ISSUER,
                    public_key=self.issuer_key,
                    expires=self.expires,
                    serial=self.serial,
                    root_index=self.root_index,
                )
            )
        )

    def authorisation(self) -> bytes:
        made = whole(authorise(self.issuer, self.certificate(), self.granted))
        if self.named_issuer == ISSUER:
            return made
        signed = made[:143] + bytes.fromhex(self.named_issuer) + made[147:-65]
        return signed + made[-65:-64] + whole(self.issuer(signed))

    def code(self) -> bytes:
        return whole(refresh(self.authorisation(), self.phone, self.made_s))


def made(**changes: Any) -> bytes:
    """A code, by default a good one; names of `Making` or of `Authorisation` change it."""
    own = {name: value for name, value in changes.items() if name in Making.__dataclass_fields__}
    rest = {name: value for name, value in changes.items() if name not in own}
    making = with_changes(Making(), own)
    return with_changes(making, {"granted": change(making.granted, **rest)}).code()


def with_changes(making: Making, changes: dict[str, Any]) -> Making:
    return replace(making, **changes)


def whole(found: bytes | Refusal) -> bytes:
    assert isinstance(found, bytes), found
    return found


def read(raw: bytes) -> RideCode:
    found = parse_code(raw)
    assert isinstance(found, RideCode), found
    return found


def name_of(verdict: Accepted | Refused) -> str:
    """The reason of a verdict, ACCEPTED when there is none."""
    return verdict.reason if isinstance(verdict, Refused) else "ACCEPTED"


def told(verdict: Accepted | Refused) -> tuple[str, str]:
    """The reason of a verdict and what people are told."""
    return (verdict.reason, verdict.refusal.code) if isinstance(verdict, Refused) else ("", "OPEN")


def flipped(raw: bytes, bit: int) -> bytes:
    """The same bytes with one bit turned over, counted from the highest bit of the first byte."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)
