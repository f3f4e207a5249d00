"""File 0x17 of the T-Union purse: where the card is from, its kind, whether it travels.

Only the first 11 bytes are in use; the rest is kept. A gate of another city asks here whether the
card may be used away from home.
"""

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import bcd
from tongxing.media.card.files.layout import Field, Fields, Layout

COUNTRY = "00000156"

MANAGEMENT = Layout(
    "management",
    0x17,
    60,
    11,
    (
        Field("country", 0, 4, "digits"),
        Field("province", 4, 2, "digits", "region"),
        Field("city", 6, 2, "digits", "region"),
        Field("interoperable", 8, 2, "hex", "interoperable"),
        Field("kind", 10, 1, "hex", "kind"),
        Field("settlement_unit", 11, 4),
        Field("reserved", 15, 45, "unknown"),
    ),
)

_INTEROPERABLE = {b"\x00\x01": True, b"\x00\x00": False}


class Management(msgspec.Struct, frozen=True):
    """File 0x17. `province` and `city` are region codes of four digits (GB/T 13497).

    `interoperable` is None for anything but 0001 and 0000. `kind`: 1 ordinary, 2 student, 3 senior,
    4 test, 5 military.
    """

    country: str | None
    province: str | None
    city: str | None
    interoperable: bool | None
    kind: int
    raw: bytes


def parse_management(raw: bytes) -> Management | Refusal:
    """Read the file. Refuses CARD_FILE_LENGTH and nothing else."""
    if refusal := MANAGEMENT.refusal(raw):
        return refusal
    fields = Fields(MANAGEMENT, raw)
    return Management(
        country=fields.digits("country"),
        province=fields.digits("province"),
        city=fields.digits("city"),
        interoperable=_INTEROPERABLE.get(fields.raw("interoperable")),
        kind=fields.whole("kind"),
        raw=raw,
    )


def make_management(
    city: str, province: str, *, kind: int = 1, interoperable: bool = True
) -> bytes:
    """The 60 bytes of the file; `city` and `province` are region codes of four digits."""
    return MANAGEMENT.assemble(
        {
            "country": bcd(COUNTRY, 4),
            "province": bcd(province, 2),
            "city": bcd(city, 2),
            "interoperable": bytes((0, int(interoperable))),
            "kind": bytes((kind,)),
        }
    )
