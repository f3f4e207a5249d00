"""The codes a verifier is shown and what it must say of each: one table, in the order of the rules.

`reason` is "" where the code must be accepted. A reason is that of the first rule that fails, so a
code with two faults has the reason of the earlier rule.
"""

import base64
from dataclasses import replace
from datetime import date
from typing import Literal

import msgspec

from tongxing.media.code.travel import INSIDE, OUTSIDE, Travel, make_travel
from tongxing.media.code.verify import Name, Role
from tongxing.media.conformance.code.recipe import (
    BANK,
    DAY_S,
    ISSUER,
    NOW_S,
    PHONE,
    SERIAL,
    STRANGER,
    Recipe,
    public_of,
)

_OFF_THE_CURVE = b"\x02" + bytes(31) + b"\x05"
_LAST_MONTH, _OTHER = date(2025, 12, 1), "99010002"
_INSIDE = make_travel(Travel(1, INSIDE, "00010002", NOW_S - 600, 7))
_OUTSIDE = make_travel(Travel(1, OUTSIDE, sequence=8))
_LIMIT_AT, _VALIDITY_AT = 155, 195
_ISSUER_TAG_AT, _USER_TAG_AT = 198, 267

PLAIN = Recipe()


class CodeCase(msgspec.Struct, frozen=True):
    """One code and what is asked about it. `wrapped`: shown as Base64 text. `twice`: shown again,
    and the second answer counts."""

    name: str
    rule: str
    reason: Name | Literal[""] = ""
    recipe: Recipe = PLAIN
    now_s: int = NOW_S
    fare_fen: int = 0
    role: Role = "single"
    issuers: tuple[str, ...] | None = (ISSUER,)
    revoked: tuple[tuple[str, str], ...] = ()
    denies: Literal["", "account", "card account", "card"] = ""
    wrapped: bool = False
    twice: bool = False
    raw: bytes | None = None

    def scanned(self, account: str, card_account: str) -> bytes:
        """What the scanner reads of a code of these accounts."""
        recipe = replace(self.recipe, account=account, card_account=card_account)
        code = recipe.code() if self.raw is None else self.raw
        return base64.b64encode(code) if self.wrapped else code

    def denied(self, account: str, card_account: str) -> tuple[str, ...]:
        """What is on the deny list."""
        named = {"account": account, "card account": card_account, "card": card_account[1:]}
        return (named[self.denies],) if self.denies else ()


_ACCEPTED = (
    CodeCase("a-good-code", "C0"),
    CodeCase("a-code-as-base64", "C0", wrapped=True),
    CodeCase("a-code-with-its-own-field", "C0", recipe=Recipe(custom=bytes(range(32)))),
    CodeCase("a-fare-up-to-the-limit", "C0", recipe=Recipe(limit_fen=2_000), fare_fen=2_000),
    CodeCase("in-its-last-second", "C0", recipe=Recipe(validity_s=60), now_s=NOW_S + 60),
    CodeCase("a-phone-30-s-ahead", "C0", recipe=Recipe(made_s=NOW_S + 30)),
    CodeCase("an-authorisation-to-the-second", "C0", recipe=Recipe(ends_s=NOW_S + 1)),
    CodeCase("a-certificate-to-its-month", "C0", recipe=Recipe(expires=date(2026, 1, 1))),
    CodeCase("an-entry-from-outside", "C0", recipe=Recipe(custom=_OUTSIDE), role="entry"),
    CodeCase("an-exit-from-inside", "C0", recipe=Recipe(custom=_INSIDE), role="exit"),
    CodeCase("without-a-white-list", "C0", issuers=None),
)
_FORM = (
    CodeCase("nothing", "C1", "FORMAT", raw=b""),
    CodeCase("a-byte-missing", "C1", "FORMAT", Recipe(drop=1)),
    CodeCase("a-byte-too-many", "C1", "FORMAT", Recipe(more=b"\x00")),
    CodeCase("another-version", "C1", "FORMAT", Recipe(broken=((0, b"\x82"),))),
    CodeCase("a-length-that-lies", "C1", "FORMAT", Recipe(broken=((1, b"\x01\x4a"),))),
    CodeCase("an-own-field-that-lies", "C1", "FORMAT", Recipe(broken=((197, b"\x01"),))),
    CodeCase("another-issuer-tag", "C1", "FORMAT", Recipe(broken=((_ISSUER_TAG_AT, b"\x16"),))),
    CodeCase("another-phone-tag", "C1", "FORMAT", Recipe(broken=((_USER_TAG_AT, b"\x16"),))),
)
_CERTIFICATE = (
    CodeCase("another-record-header", "C2", "CERT_INVALID", Recipe(certificate=((0, b"\x25"),))),
    CodeCase("another-service", "C2", "CERT_INVALID", Recipe(certificate=((1, b"\x02"),))),
    CodeCase("another-certificate-form", "C2", "CERT_INVALID", Recipe(certificate=((6, b"\x13"),))),
    CodeCase("another-algorithm", "C2", "CERT_INVALID", Recipe(certificate=((16, b"\x05"),))),
    CodeCase("another-key-length", "C2", "CERT_INVALID", Recipe(certificate=((19, b"\x20"),))),
    CodeCase("a-month-that-is-none", "C2", "CERT_INVALID", Recipe(certificate=((11, b"\x13"),))),
    CodeCase("a-root-nobody-knows", "C3", "CA_UNKNOWN", Recipe(root_index=9)),
    CodeCase("certified-by-a-stranger", "C4", "CERT_INVALID", Recipe(root=STRANGER)),
    CodeCase("certified-by-itself", "C4", "CERT_INVALID", Recipe(root=BANK)),
    CodeCase("a-certificate-changed", "C4", "CERT_INVALID", Recipe(broken=((16, b"\x09"),))),
    CodeCase("an-issuer-key-off-the-curve", "C4", "CERT_INVALID", Recipe(bank_key=_OFF_THE_CURVE)),
    CodeCase(
        "a-certificate-of-last-month", "C5", "CERT_EXPIRED", Recipe(expires=date(2025, 12, 1))
    ),
    CodeCase("a-certificate-withdrawn", "C5", "CERT_INVALID", revoked=((ISSUER, SERIAL),)),
    CodeCase(
        "another-issuer-than-certified", "C5", "CERT_INVALID", Recipe(named_issuer="99010002")
    ),
    CodeCase("an-issuer-not-on-the-list", "C6", "ISSUER_UNKNOWN", issuers=(_OTHER,)),
)
_AUTHORISATION = (
    CodeCase(
        "authorised-by-a-stranger",
        "C7",
        "AUTH_SIGN",
        Recipe(bank=STRANGER, bank_key=public_of(BANK)),
    ),
    CodeCase(
        "a-limit-raised-afterwards", "C7", "AUTH_SIGN", Recipe(broken=((_LIMIT_AT, b"\x0f"),))
    ),
    CodeCase(
        "a-validity-raised-afterwards", "C7", "AUTH_SIGN", Recipe(broken=((_VALIDITY_AT, b"\x02"),))
    ),
    CodeCase("an-authorisation-that-ends-now", "C8", "AUTH_EXPIRED", Recipe(ends_s=NOW_S)),
    CodeCase("an-authorisation-of-yesterday", "C8", "AUTH_EXPIRED", Recipe(ends_s=NOW_S - DAY_S)),
)
_DISPLAY = (
    CodeCase(
        "shown-by-another-phone",
        "C9",
        "USER_SIGN",
        Recipe(phone=STRANGER, phone_key=public_of(PHONE)),
    ),
    CodeCase(
        "a-time-changed-afterwards",
        "C9",
        "USER_SIGN",
        Recipe(made_s=NOW_S - 300, broken=((263, (NOW_S).to_bytes(4, "big")),)),
    ),
    CodeCase("a-phone-key-off-the-curve", "C9", "USER_SIGN", Recipe(phone_key=_OFF_THE_CURVE)),
    CodeCase(
        "an-issuer-signature-swapped",
        "C7",
        "AUTH_SIGN",
        Recipe(broken=((_ISSUER_TAG_AT + 1, bytes(64)),)),
    ),
    CodeCase(
        "a-phone-signature-of-nothing",
        "C9",
        "USER_SIGN",
        Recipe(broken=((_USER_TAG_AT + 1, bytes(64)),)),
    ),
    CodeCase("a-second-too-old", "C10", "CODE_EXPIRED", Recipe(made_s=NOW_S - 61)),
    CodeCase("a-day-old", "C10", "CODE_EXPIRED", Recipe(made_s=NOW_S - DAY_S)),
    CodeCase("a-phone-31-s-ahead", "C10", "CODE_EXPIRED", Recipe(made_s=NOW_S + 31)),
    CodeCase(
        "good-for-longer-than-allowed",
        "C10",
        "CODE_EXPIRED",
        Recipe(validity_s=0xFFFF, made_s=NOW_S - 601),
    ),
)
_USE = (
    CodeCase("a-fare-above-the-limit", "C11", "OVER_LIMIT", fare_fen=2_001),
    CodeCase("a-denied-account", "C12", "BLACKLIST", denies="account"),
    CodeCase("a-denied-card-account", "C12", "BLACKLIST", denies="card account"),
    CodeCase("a-denied-card", "C12", "BLACKLIST", denies="card"),
    CodeCase("a-blocked-account-type", "C12", "BLACKLIST", Recipe(account_type=0xDD)),
    CodeCase("the-same-code-again", "C13", "REPLAY", Recipe(made_s=NOW_S - 1), twice=True),
    CodeCase(
        "an-entry-from-inside",
        "C14",
        "SEQUENCE",
        Recipe(custom=_INSIDE, made_s=NOW_S - 2),
        role="entry",
    ),
    CodeCase(
        "an-exit-from-outside",
        "C14",
        "SEQUENCE",
        Recipe(custom=_OUTSIDE, made_s=NOW_S - 3),
        role="exit",
    ),
)
_TWO_FAULTS = (
    CodeCase("forged-and-too-old", "C15", "AUTH_SIGN", Recipe(
        made_s=NOW_S - DAY_S, broken=((_LIMIT_AT, b"\x0f"),))),
    CodeCase("another-phone-and-too-old", "C15", "USER_SIGN", Recipe(
        phone=STRANGER, phone_key=public_of(PHONE), made_s=NOW_S - DAY_S)),
    CodeCase("too-old-and-too-dear", "C15", "CODE_EXPIRED", Recipe(made_s=NOW_S - 61),
             fare_fen=9_999),
    CodeCase("too-dear-and-denied", "C15", "OVER_LIMIT", denies="account", fare_fen=9_999),
)  # fmt: skip

CASES: tuple[CodeCase, ...] = (
    *_ACCEPTED, *_FORM, *_CERTIFICATE, *_AUTHORISATION, *_DISPLAY, *_USE, *_TWO_FAULTS,
)  # fmt: skip
