"""Files of the City Union purse: 0x15 (whose card it is) and 0x17 (composite records).

Its city code is the beginning of a postal code and has nothing to do with the region codes of
T-Union: 4000 is Chongqing here, 6900 is Chongqing there. The two are never mixed.
"""

from datetime import date

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import bcd, bcd_day
from tongxing.media.card.files.layout import Field, Fields, Layout

ACCOUNT_SUB_TYPE = 0xA1
"""The sub type by which we mark a card that is only the key to an account."""

CITY_UNION = Layout(
    "city_union",
    0x15,
    30,
    30,
    (
        Field("issuer", 0, 2),
        Field("city", 2, 2, "hex", "city_union_city"),
        Field("industry", 4, 2),
        Field("rfu_6", 6, 2, "unknown"),
        Field("enabled", 8, 1, "hex", "enabled"),
        Field("version", 9, 1, "whole"),
        Field("interoperable", 10, 2),
        Field("number", 12, 8, "digits"),
        Field("starts", 20, 4, "date"),
        Field("expires", 24, 4, "date"),
        Field("main_type", 28, 1, "hex", "main_type"),
        Field("sub_type", 29, 1, "hex"),
    ),
)

COMPOSITE = Layout(
    "city_union_composite",
    0x17,
    48,
    1,
    (Field("record_id", 0, 1, "hex", "city_union_record"), Field("body", 1, 47, "unknown")),
)


class CityUnionInfo(msgspec.Struct, frozen=True):
    """File 0x15 of a City Union card. `city` is four hex signs (a few codes hold a letter).

    `number` has 16 digits, None when the bytes are none; the same 8 bytes are the card's factor.
    """

    issuer: bytes
    city: str
    industry: bytes
    enabled: bool
    version: int
    interoperable: bytes
    number: str | None
    starts: date | None
    expires: date | None
    main_type: int
    sub_type: int
    raw: bytes

    def __repr__(self) -> str:
        return f"CityUnionInfo(issuer={self.issuer.hex()}, city={self.city})"

    @property
    def card_factor(self) -> bytes:
        """The 8 bytes that make a city's key this card's key."""
        return self.raw[12:20]

    @property
    def issuer_factor(self) -> bytes:
        """The 8 bytes that make a master key this city's key: its code, FF and zeros."""
        return self.raw[2:4] + b"\xff" + bytes(5)


class Composite(msgspec.Struct, frozen=True):
    """A record of file 0x17: 01 upwards, 02 is metro. What follows is the city's own."""

    record_id: int
    raw: bytes


def parse_city_union_info(raw: bytes) -> CityUnionInfo | Refusal:
    """Read file 0x15. Refuses CARD_FILE_LENGTH and nothing else."""
    if refusal := CITY_UNION.refusal(raw):
        return refusal
    fields = Fields(CITY_UNION, raw)
    return CityUnionInfo(
        issuer=fields.raw("issuer"),
        city=fields.raw("city").hex().upper(),
        industry=fields.raw("industry"),
        enabled=fields.whole("enabled") == 1,
        version=fields.whole("version"),
        interoperable=fields.raw("interoperable"),
        number=fields.digits("number"),
        starts=fields.day("starts"),
        expires=fields.day("expires"),
        main_type=fields.whole("main_type"),
        sub_type=fields.whole("sub_type"),
        raw=raw,
    )


def make_city_union_info(
    issuer: bytes,
    city: str,
    number: str,
    starts: date,
    expires: date,
    *,
    enabled: bool = True,
    version: int = 1,
    main_type: int = 1,
    sub_type: int = 0,
) -> bytes:
    """The 30 bytes of file 0x15; `city` is a postal city code, `number` has 16 digits."""
    return CITY_UNION.assemble(
        {
            "issuer": issuer,
            "city": bcd(city, 2),
            "enabled": bytes((int(enabled),)),
            "version": bytes((version,)),
            "interoperable": b"\x00\x01",
            "number": bcd(number, 8),
            "starts": bcd_day(starts),
            "expires": bcd_day(expires),
            "main_type": bytes((main_type,)),
            "sub_type": bytes((sub_type,)),
        }
    )


def parse_composite(raw: bytes) -> Composite | Refusal:
    """Read one record of file 0x17. Refuses CARD_FILE_LENGTH for no bytes or far too many."""
    if refusal := COMPOSITE.refusal(raw):
        return refusal
    return Composite(raw[0], raw)
