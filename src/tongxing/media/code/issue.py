"""Making ride codes: root → issuer's certificate → authorisation → one display after the other.

Each signature is asked of a `Signer`, which may be a library, a hardware module or the phone's own
chip: no private key is ever handed to this module. Values that do not fit are bugs and raise
ValueError, whose text names the field and never the value.
"""

from collections.abc import Callable
from datetime import date

import msgspec

from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import (
    CERTIFICATE_BYTES,
    KEY_BYTES,
    LONGEST_BYTES,
    PLAIN_BYTES,
    SIGNATURE_BYTES,
    SIGNATURE_TAG,
    VERSION,
)
from tongxing.media.crypto.sm2 import Sm2

Signer = Callable[[bytes], bytes | Refusal]
"""Signs a message: 64 bytes, r then s, or a refusal where nothing here may hold a real key."""

CUSTOM_BYTES_MAX = LONGEST_BYTES - PLAIN_BYTES
LIMIT_FEN = 2_000
VALIDITY_S = 60
AUTHORISED_S = 7 * 86_400

_CERTIFICATE_HEAD = bytes.fromhex("2401010000")
_CERTIFICATE_KIND = 0x12
_SM2_KEY = bytes.fromhex("04040021")
_TAG = bytes((SIGNATURE_TAG,))
_ACCOUNT_DIGITS = 16
_CARD_ACCOUNT_DIGITS = 20
_CARD_NUMBER_DIGITS = 19
_EIGHT = 8
_SERIAL_DIGITS = 6


class Authorisation(msgspec.Struct, frozen=True, kw_only=True):
    """What an issuer grants to one phone until `ends_s` (Unix seconds).

    `payment_account` has up to 16 ASCII characters and is padded with zeros on the left;
    `card_account` 20 digits (`card_account_of`); `platform_id` 8 digits; `user_key` is the phone's
    public key (33 bytes); `limit_fen` is the most one ride may cost; a display is good for
    `validity_s`; `custom` is the issuer's own field.
    """

    payment_account: str
    card_account: str
    platform_id: str
    user_key: bytes
    ends_s: int
    account_type: int = 0
    limit_fen: int = LIMIT_FEN
    validity_s: int = VALIDITY_S
    custom: bytes = b""

    def __repr__(self) -> str:
        return f"Authorisation(account {masked(self.payment_account)}, until {self.ends_s})"


def signer(sm2: Sm2, private: bytes) -> Signer:
    """A signer with a private key (32 bytes) that is held in memory."""

    def sign(message: bytes) -> bytes | Refusal:
        return sm2.sign(private, message)

    return sign


def card_account_of(card_number: str) -> str:
    """The card account of a card of 19 digits. Raises ValueError for any other number."""
    return "0" + _digits(card_number, _CARD_NUMBER_DIGITS, "card number")


def make_certificate(
    root: Signer,
    *,
    issuer_id: str,
    public_key: bytes,
    expires: date,
    serial: str,
    root_index: int = 1,
) -> bytes | Refusal:
    """An issuer's certificate (117 bytes), good to the end of the month of `expires` in China.

    `issuer_id` has 8 digits, `serial` 6.
    """
    signed = b"".join((
        bytes((_CERTIFICATE_KIND,)),
        bytes.fromhex(_digits(issuer_id, _EIGHT, "issuer id")),
        bytes.fromhex(f"{expires:%m%y}"),
        bytes.fromhex(_digits(serial, _SERIAL_DIGITS, "serial")),
        _SM2_KEY,
        _sized(public_key, KEY_BYTES, "public key"),
    ))  # fmt: skip
    signature = _signed(root, signed)
    if isinstance(signature, Refusal):
        return signature
    return _CERTIFICATE_HEAD + _whole(root_index, 1, "root index") + signed + signature


def authorise(issuer: Signer, certificate: bytes, granted: Authorisation) -> bytes | Refusal:
    """What the phone keeps and shows again and again: certificate to issuer's signature.

    The issuer named in it is the certificate's.
    """
    _sized(certificate, CERTIFICATE_BYTES, "certificate")
    if len(granted.custom) > CUSTOM_BYTES_MAX:
        raise ValueError("the custom field is too long for a code")
    account = granted.payment_account.encode("ascii").rjust(_ACCOUNT_DIGITS, b"0")
    signed = b"".join((
        certificate,
        _sized(account, _ACCOUNT_DIGITS, "payment account"),
        bytes.fromhex(_digits(granted.card_account, _CARD_ACCOUNT_DIGITS, "card account")),
        certificate[7:11],
        bytes.fromhex(_digits(granted.platform_id, _EIGHT, "platform id")),
        _whole(granted.account_type, 1, "account type"),
        _whole(granted.limit_fen, 3, "limit"),
        _sized(granted.user_key, KEY_BYTES, "user key"),
        _whole(granted.ends_s, 4, "end of the authorisation"),
        _whole(granted.validity_s, 2, "validity"),
        _whole(len(granted.custom), 1, "custom field"),
        granted.custom,
    ))  # fmt: skip
    signature = _signed(issuer, signed)
    return signature if isinstance(signature, Refusal) else signed + _TAG + signature


def refresh(authorisation: bytes, user: Signer, now_s: int) -> bytes | Refusal:
    """One display of a code: a new time and the phone's signature, without any network."""
    time = _whole(now_s, 4, "time")
    follows = len(authorisation) + len(time) + 1 + SIGNATURE_BYTES
    head = bytes((VERSION,)) + _whole(follows, 2, "authorisation")
    signed = head + authorisation + time
    signature = _signed(user, signed)
    return signature if isinstance(signature, Refusal) else signed + _TAG + signature


def _signed(signer: Signer, message: bytes) -> bytes | Refusal:
    signature = signer(message)
    if isinstance(signature, Refusal):
        return signature
    return _sized(signature, SIGNATURE_BYTES, "signature")


def _whole(value: int, length: int, name: str) -> bytes:
    try:
        return value.to_bytes(length, "big")
    except OverflowError as error:
        raise ValueError(f"the {name} does not fit") from error


def _sized(value: bytes, length: int, name: str) -> bytes:
    if len(value) != length:
        raise ValueError(f"the {name} has {length} bytes")
    return value


def _digits(value: str, length: int, name: str) -> str:
    if len(value) != length or not (value.isascii() and value.isdecimal()):
        raise ValueError(f"the {name} has {length} digits")
    return value
