"""The bytes of a ride code and of the issuer's certificate inside it (JT/T 1179-2018 family).

Reading finds fields and keeps the bytes they came from: nothing is corrected, nothing is believed,
no signature is looked at. Whatever a scanner hands over is read or refused, never an exception.
"""

import struct
from typing import NamedTuple

import msgspec

from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.carrying import unwrapped
from tongxing.media.code.neighbours import neighbour_of

VERSION = 0x81
VERSION_FIRST = 0x80
SIGNATURE_TAG = 0x15
SIGNATURE_BYTES = 64
KEY_BYTES = 33
CERTIFICATE_BYTES = 117
CUSTOM_AT = 198
PLAIN_BYTES = 332
"""A whole code whose issuer added nothing of its own."""
LONGEST_BYTES = 512
LONGEST_VALIDITY_S = 600
"""How long one display can be good at most, whatever its issuer allows."""
PICTURE_BYTES_MAX = 2953
"""What the largest QR picture can hold; more than this was not scanned from one."""

_HEAD = struct.Struct(">BH117s16s10s4s4sB3s33sIHB")
_TAIL_BYTES = 1 + SIGNATURE_BYTES + 4 + 1 + SIGNATURE_BYTES
_TIME = struct.Struct(">I")
_LENGTH_COUNTS_FROM = 3
_CERTIFICATE = struct.Struct(">B4sBB4s2s3sBBBB33s64s")
_CERTIFICATE_SIGNED = slice(6, 53)


class Certificate(NamedTuple):
    """The issuer's certificate, 117 bytes, every field as it stands.

    `issuer_id` and `serial` are hex digits; `expires` is MMYY, good to the end of that month in
    China. `signed` are the bytes that the root key signs.
    """

    header: int
    service: bytes
    root_index: int
    kind: int
    issuer_id: str
    expires: str
    serial: str
    signature_algorithm: int
    encryption_algorithm: int
    key_parameter: int
    key_length: int
    public_key: bytes
    signature: bytes
    signed: bytes


class RideCode(msgspec.Struct, frozen=True, gc=False):
    """One display of a ride code, every field as it stands in `raw`.

    Accounts, issuer and platform are the digits (hex where an issuer wrote no digits), money is
    fen, times are Unix seconds. `certificate` are its 117 bytes (`read_certificate`), the two
    signatures 64 bytes each, r then s, without their tag.
    """

    raw: bytes
    certificate: bytes
    payment_account: str
    card_account: str
    issuer_id: str
    platform_id: str
    account_type: int
    limit_fen: int
    user_key: bytes
    authorisation_ends_s: int
    validity_s: int
    custom: bytes
    issuer_signature: bytes
    generated_s: int
    user_signature: bytes

    def __repr__(self) -> str:
        account = masked(self.payment_account)
        return f"RideCode(issuer {self.issuer_id}, account {account}, made {self.generated_s})"

    @property
    def authorisation_signed(self) -> bytes:
        """What the issuer signed: certificate to custom field."""
        return self.raw[_LENGTH_COUNTS_FROM : CUSTOM_AT + len(self.custom)]

    @property
    def authorisation(self) -> bytes:
        """What stays the same from one display to the next, with the issuer's signature."""
        return self.raw[_LENGTH_COUNTS_FROM : CUSTOM_AT + len(self.custom) + 1 + SIGNATURE_BYTES]

    @property
    def user_signed(self) -> bytes:
        """What the phone signed: everything before its own signature."""
        return self.raw[: -1 - SIGNATURE_BYTES]

    @property
    def last_good_s(self) -> int:
        """The last second at which this display is good."""
        return self.generated_s + min(self.validity_s, LONGEST_VALIDITY_S)

    @property
    def card_number(self) -> str | None:
        """The 19 digits of the card on the same account; None when the code names no card."""
        digits = self.card_account
        named = digits.isdecimal() and digits[0] == "0" and digits[1] != "0"
        return digits[1:] if named else None


def parse_code(scanned: bytes) -> RideCode | Refusal:
    """The fields of a scanned code.

    Read are the bytes themselves, Base64 text of them, and the bytes turned into UTF-8 by a scanner
    in text mode. Refuses with QR_NOT_TRANSIT (another app's code, named), QR_LENGTH, QR_VERSION or
    QR_MALFORMED.
    """
    if scanned[:1] == b"\x81":
        return _parse(scanned)
    if len(scanned) > PICTURE_BYTES_MAX:
        return Refusal("QR_LENGTH", values={"length": len(scanned)})
    plain = unwrapped(scanned)
    if plain is not None:
        return _parse(plain)
    neighbour = neighbour_of(scanned)
    if neighbour is not None:
        return Refusal(
            "QR_NOT_TRANSIT", neighbour.key, {"name_zh": neighbour.zh, "name_en": neighbour.en}
        )
    return _parse(scanned)


def _parse(raw: bytes) -> RideCode | Refusal:
    length = len(raw)
    if not PLAIN_BYTES <= length <= LONGEST_BYTES:
        return Refusal("QR_LENGTH", values={"length": length})
    (version, follows, certificate, payment, card, issuer, platform, account_type, limit, key,
     ends_s, validity_s, extra) = _HEAD.unpack_from(raw)  # fmt: skip
    if version != VERSION:
        return Refusal("QR_VERSION", values={"version": f"{version:02X}"})
    tail = CUSTOM_AT + extra
    if follows != length - _LENGTH_COUNTS_FROM or tail + _TAIL_BYTES != length:
        return Refusal("QR_MALFORMED", "length")
    time_at = tail + 1 + SIGNATURE_BYTES
    if raw[tail] != SIGNATURE_TAG or raw[time_at + 4] != SIGNATURE_TAG:
        return Refusal("QR_MALFORMED", "signature tag")
    return RideCode(
        raw,
        certificate,
        payment.decode("latin-1"),
        card.hex(),
        issuer.hex(),
        platform.hex(),
        account_type,
        int.from_bytes(limit, "big"),
        key,
        ends_s,
        validity_s,
        raw[CUSTOM_AT:tail],
        raw[tail + 1 : time_at],
        _TIME.unpack_from(raw, time_at)[0],
        raw[time_at + 5 :],
    )


def read_certificate(raw: bytes) -> Certificate:
    """The fields of 117 bytes. Raises ValueError for any other number of bytes: that is a bug."""
    if len(raw) != CERTIFICATE_BYTES:
        raise ValueError("a certificate has 117 bytes")
    (header, service, root_index, kind, issuer, expires, serial, signing, enciphering, parameter,
     key_length, key, signature) = _CERTIFICATE.unpack(raw)  # fmt: skip
    return Certificate(
        header,
        service,
        root_index,
        kind,
        issuer.hex(),
        expires.hex(),
        serial.hex(),
        signing,
        enciphering,
        parameter,
        key_length,
        key,
        signature,
        raw[_CERTIFICATE_SIGNED],
    )
