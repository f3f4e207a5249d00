"""Whether a ride code opens a gate, decided without a network: fifteen questions in a fixed order.

The first question that fails gives the one reason. The order is never changed to save time, because
a forged code must be told as forged whatever its clock says; what saves time is remembering good
signatures (`caching`). Dates, revocation and lists are asked anew every time. Nothing here opens a
gate, takes money or remembers a display: the caller notes it (`ReplayWindow.note`) when it opens.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from hashlib import sha256
from typing import Literal

import msgspec

from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.caching import CodeCaches, KnownIssuer, ReplayWindow
from tongxing.media.code.layout import RideCode, parse_code, read_certificate
from tongxing.media.code.travel import INSIDE, OUTSIDE, parse_travel
from tongxing.media.crypto.providers import sm2 as chosen_sm2
from tongxing.media.crypto.sm2 import PublicKey, Sm2

Name = Literal[
    "FORMAT", "CERT_INVALID", "CA_UNKNOWN", "CERT_EXPIRED", "ISSUER_UNKNOWN", "AUTH_SIGN",
    "AUTH_EXPIRED", "USER_SIGN", "CODE_EXPIRED", "OVER_LIMIT", "BLACKLIST", "REPLAY", "SEQUENCE",
]  # fmt: skip
Role = Literal["entry", "exit", "single"]
Denied = Callable[[str], str]
"""Of an account, the reason code for which it is denied, or "" (a gate's `DenyIndex.reason`)."""

SKEW_S = 30
BLOCKED_TYPES = frozenset({0xDD})
NUMBERS: Mapping[Name, int] = {
    "FORMAT": -1,
    "CA_UNKNOWN": -101,
    "CERT_INVALID": -102,
    "AUTH_SIGN": -103,
    "USER_SIGN": -104,
    "CODE_EXPIRED": -105,
    "OVER_LIMIT": -106,
}
"""The numbers that existing terminals report; the other reasons have none."""
FORGED: frozenset[Name] = frozenset({"CERT_INVALID", "AUTH_SIGN", "USER_SIGN"})
"""The reasons that are logged as an attempt to forge."""

_CERTIFICATE_FORM = (0x24, bytes.fromhex("01010000"), 0x12, 4, 4, 33)


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a gate believes.

    `roots` are the national keys by index (33 bytes each). `issuers`, where given, is the white
    list of issuer ids (8 digits); without it every certified issuer is welcome. `revoked` holds
    (issuer id, serial) of certificates that are withdrawn. `blocked_types` are the types of card
    account that open no gate.
    """

    roots: Mapping[int, bytes]
    issuers: Collection[str] | None = None
    revoked: Collection[tuple[str, str]] = frozenset()
    blocked_types: Collection[int] = BLOCKED_TYPES


class Accepted(msgspec.Struct, frozen=True):
    """A code that may open the gate. Its whole `raw` goes into the record: it is the evidence."""

    code: RideCode


class Refused(msgspec.Struct, frozen=True):
    """A code that may not. `reason` is the question that failed, `refusal` what people are told;
    `code` is there as soon as the bytes could be read."""

    reason: Name
    refusal: Refusal
    code: RideCode | None = None

    @property
    def number(self) -> int | None:
        """The number that existing terminals report for this reason."""
        return NUMBERS.get(self.reason)

    @property
    def is_forged(self) -> bool:
        """Whether a signature was wrong: what a gate logs as an attempt to forge."""
        return self.reason in FORGED


def nobody(_account: str) -> str:
    """A deny list with no entry."""
    return ""


def verify(
    scanned: bytes,
    trust: Trust,
    now_s: int,
    *,
    caches: CodeCaches | None = None,
    sm2: Sm2 | None = None,
    skew_s: int = SKEW_S,
    fare_fen: int = 0,
    denied: Denied = nobody,
    seen: ReplayWindow | None = None,
    role: Role = "single",
) -> Accepted | Refused:
    """The verdict on what a scanner read, at the gate's own time (Unix seconds).

    `fare_fen` is the fare, or at an entry the highest there can be; `role` what the gate is for.
    Without `caches` every signature is computed; without `sm2` by the quickest computer there is.
    """
    sm2, caches = sm2 or chosen_sm2(), caches or CodeCaches()
    code = parse_code(scanned)
    if isinstance(code, Refusal):
        return Refused("FORMAT", code)
    issuer = _issuer(code, trust, sm2, caches)
    if isinstance(issuer, Refused):
        return issuer
    wrong = _certified(code, issuer, trust, now_s) or _signed(code, issuer, now_s, sm2, caches)
    if wrong is not None:
        return wrong
    return (
        _in_time(code, now_s, skew_s)
        or _allowed(code, trust, fare_fen, denied)
        or _first_time(code, seen, role)
        or Accepted(code)
    )


def _issuer(code: RideCode, trust: Trust, sm2: Sm2, caches: CodeCaches) -> KnownIssuer | Refused:
    """Questions 3 to 5: the certificate's form, its root, the root's signature."""
    name = sha256(code.certificate).digest()
    known = caches.issuers.get(name)
    if known is not None and trust.roots.get(known.certificate.root_index) == known.root:
        return known
    found = read_certificate(code.certificate)
    form = (found.header, found.service, found.kind, found.signature_algorithm,
            found.encryption_algorithm, found.key_length)  # fmt: skip
    if form != _CERTIFICATE_FORM:
        return _refused("CERT_INVALID", "QR_MALFORMED", code)
    root = trust.roots.get(found.root_index)
    if root is None:
        return _refused("CA_UNKNOWN", "QR_KEY_UNKNOWN", code, index=found.root_index)
    root_key = sm2.key(root, tabled=True)
    if root_key is None:
        return _refused("CA_UNKNOWN", "QR_KEY_UNKNOWN", code, index=found.root_index)
    if not sm2.verify(root_key, found.signed, found.signature):
        return _refused("CERT_INVALID", "QR_SIGNATURE", code)
    key = sm2.key(found.public_key, tabled=True)
    if key is None:
        return _refused("CERT_INVALID", "QR_SIGNATURE", code)
    known = KnownIssuer(found, root, key, _month_end(found.expires))
    caches.issuers.put(name, known)
    return known


def _certified(code: RideCode, issuer: KnownIssuer, trust: Trust, now_s: int) -> Refused | None:
    """Questions 6 and 7: the certificate's month, its revocation, whose it is, the white list."""
    found = issuer.certificate
    if issuer.ends_s is None:
        return _refused("CERT_INVALID", "QR_MALFORMED", code)
    if now_s >= issuer.ends_s:
        month = f"20{found.expires[2:]}-{found.expires[:2]}"
        return _refused("CERT_EXPIRED", "QR_CERTIFICATE_EXPIRED", code, month=month)
    if (found.issuer_id, found.serial) in trust.revoked:
        return _refused("CERT_INVALID", "QR_CERTIFICATE_REVOKED", code, issuer=found.issuer_id)
    if found.issuer_id != code.issuer_id:
        return _refused("CERT_INVALID", "QR_SIGNATURE", code)
    if trust.issuers is not None and code.issuer_id not in trust.issuers:
        return _refused("ISSUER_UNKNOWN", "QR_ISSUER_UNKNOWN", code, issuer=code.issuer_id)
    return None


def _signed(
    code: RideCode, issuer: KnownIssuer, now_s: int, sm2: Sm2, caches: CodeCaches
) -> Refused | None:
    """Questions 8 to 10: the issuer's signature, the authorisation's end, the phone's signature."""
    name = sha256(code.authorisation).digest()
    user: PublicKey | None = caches.users.get(name)
    if user is None:
        if not sm2.verify(issuer.key, code.authorisation_signed, code.issuer_signature):
            return _refused("AUTH_SIGN", "QR_SIGNATURE", code)
        user = sm2.key(code.user_key)
        if user is not None:
            caches.users.put(name, user)
    if code.authorisation_ends_s <= now_s:
        return _refused("AUTH_EXPIRED", "QR_TICKET_EXPIRED", code)
    if user is None or not sm2.verify(user, code.user_signed, code.user_signature):
        return _refused("USER_SIGN", "QR_SIGNATURE", code)
    return None


def _in_time(code: RideCode, now_s: int, skew_s: int) -> Refused | None:
    """Question 11: made neither in the future nor too long ago."""
    age_s = now_s - code.generated_s
    if age_s < -skew_s:
        return _refused("CODE_EXPIRED", "QR_CLOCK_SKEW", code, ahead_s=-age_s)
    if now_s > code.last_good_s:
        return _refused("CODE_EXPIRED", "QR_EXPIRED", code, age_s=age_s)
    return None


def _allowed(code: RideCode, trust: Trust, fare_fen: int, denied: Denied) -> Refused | None:
    """Questions 12 and 13: the limit of one ride, the deny list, the type of account."""
    if fare_fen > code.limit_fen:
        return _refused("OVER_LIMIT", "QR_OVER_LIMIT", code)
    for account in (code.payment_account, code.card_account, code.card_number):
        if account is not None and (why := denied(account)):
            return _refused("BLACKLIST", why, code)
    if code.account_type in trust.blocked_types:
        return _refused("BLACKLIST", "ACCOUNT_DENIED", code)
    return None


def _first_time(code: RideCode, seen: ReplayWindow | None, role: Role) -> Refused | None:
    """Questions 14 and 15: not shown here before, and in order with the ride's state."""
    if seen is not None and seen.has(code):
        return _refused("REPLAY", "QR_REPLAYED", code)
    travel = parse_travel(code.custom) if role != "single" else None
    if travel is not None and travel.state != (OUTSIDE if role == "entry" else INSIDE):
        return _refused("SEQUENCE", "QR_SEQUENCE", code)
    return None


def _month_end(expires: str) -> int | None:
    """The first instant in China after a month written MMYY; None when that is no month."""
    if not expires.isdecimal() or not 1 <= int(expires[:2]) <= 12:
        return None
    years, month = divmod(int(expires[:2]), 12)
    return at(date(2000 + int(expires[2:]) + years, month + 1, 1))


def _refused(reason: Name, told: str, code: RideCode, **values: object) -> Refused:
    return Refused(reason, Refusal(told, reason, values), code)
