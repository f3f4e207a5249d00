"""File 0x15 of the T-Union purse: who issued the card, its number and how long it is valid.

The same 30 bytes stand in the answer to SELECT (tag 9F0C). Two stretches of them are the factors
from which the card's keys are made, so they are used as they are, never as read.
"""

from datetime import date

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import bcd, bcd_day, digits_of
from tongxing.media.card.files.layout import Field, Fields, Layout

NUMBER_DIGITS = 19
ACCOUNT_MARK = b"\xa0\x01"
"""The issuer data by which we mark a card that is only the key to an account."""

PUBLIC = Layout(
    "public",
    0x15,
    30,
    30,
    (
        Field("issuer_id", 0, 8, "hex", "institution"),
        Field("application_type", 8, 1, "hex", "application_type"),
        Field("version", 9, 1, "whole"),
        Field("number", 10, 10, "digits"),
        Field("starts", 20, 4, "date"),
        Field("expires", 24, 4, "date"),
        Field("fci_data", 28, 2),
    ),
)


class PublicInfo(msgspec.Struct, frozen=True):
    """File 0x15. `number` is None unless it is a zero and 19 digits; days are None when unreadable.

    `application_type`: 1 passbook only, 2 purse only, 3 both. `version` 0: not enabled.
    """

    issuer_id: bytes
    application_type: int
    version: int
    number: str | None
    starts: date | None
    expires: date | None
    fci_data: bytes
    raw: bytes

    def __repr__(self) -> str:
        return f"PublicInfo(issuer_id={self.issuer_id.hex()}, version={self.version})"

    @property
    def card_factor(self) -> bytes:
        """The 8 bytes that make an issuer's key this card's key."""
        return self.raw[12:20]

    @property
    def issuer_factor(self) -> bytes:
        """The 8 bytes that make a master key this issuer's key."""
        return self.raw[0:8]

    @property
    def enabled(self) -> bool:
        """Whether the issuer has put the application into use."""
        return self.version != 0

    @property
    def account_based(self) -> bool:
        """Whether the card is the key to an account and no purse (a mark of ours)."""
        return self.fci_data == ACCOUNT_MARK

    @property
    def organisation(self) -> str | None:
        """The four digits of the issuing organisation."""
        return digits_of(self.issuer_id[0:2])

    @property
    def city(self) -> str | None:
        """The four digits of the issuer's region code (GB/T 13497)."""
        return digits_of(self.issuer_id[2:4])


def parse_public_info(raw: bytes) -> PublicInfo | Refusal:
    """Read the file. Refuses CARD_FILE_LENGTH and nothing else."""
    if refusal := PUBLIC.refusal(raw):
        return refusal
    fields = Fields(PUBLIC, raw)
    digits = fields.digits("number")
    return PublicInfo(
        issuer_id=fields.raw("issuer_id"),
        application_type=fields.whole("application_type"),
        version=fields.whole("version"),
        number=digits[1:] if digits and digits[0] == "0" else None,
        starts=fields.day("starts"),
        expires=fields.day("expires"),
        fci_data=fields.raw("fci_data"),
        raw=raw,
    )


def make_public_info(
    issuer_id: bytes,
    number: str,
    starts: date,
    expires: date,
    *,
    version: int = 1,
    application_type: int = 2,
    fci_data: bytes = b"\x00\x00",
) -> bytes:
    """The 30 bytes of the file. Raises ValueError for a number that has not 19 digits."""
    return PUBLIC.assemble(
        {
            "issuer_id": issuer_id,
            "application_type": bytes((application_type,)),
            "version": bytes((version,)),
            "number": bcd("0" + number, 10),
            "starts": bcd_day(starts),
            "expires": bcd_day(expires),
            "fci_data": fci_data,
        }
    )
