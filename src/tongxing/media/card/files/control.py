"""File 0x05: what an issuer keeps for itself, in the form that two programs agree on.

Other issuers use these bytes differently; nothing here decides whether a card is good.
"""

from datetime import date

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import bcd_day
from tongxing.media.card.files.layout import Field, Fields, Layout

CONTROL = Layout(
    "control",
    0x05,
    39,
    29,
    (
        Field("rfu_0", 0, 2, "unknown"),
        Field("rfu_2", 2, 2, "unknown"),
        Field("industry", 4, 2),
        Field("card_version", 6, 2),
        Field("enabled", 8, 1, "hex", "enabled"),
        Field("card_flag", 9, 1),
        Field("interoperable", 10, 2, "hex", "interoperable"),
        Field("reserved", 12, 8, "unknown"),
        Field("starts", 20, 4, "date"),
        Field("expires", 24, 4, "date"),
        Field("main_type", 28, 1, "hex", "main_type"),
        Field("sub_type", 29, 1, "hex"),
        Field("deposit_yuan", 30, 1, "whole"),
        Field("annual_check", 31, 4, "date"),
        Field("business_bitmap", 35, 4),
    ),
)


class ControlInfo(msgspec.Struct, frozen=True):
    """File 0x05. `main_type` and `sub_type` are the bytes as they are (0x12 is "senior, free").

    `deposit_yuan` is whole yuan, None when the file ends before it.
    """

    industry: bytes
    card_version: bytes
    enabled: int
    card_flag: int
    interoperable: bytes
    starts: date | None
    expires: date | None
    main_type: int
    sub_type: int | None
    deposit_yuan: int | None
    annual_check: date | None
    business_bitmap: bytes
    raw: bytes


def parse_control(raw: bytes) -> ControlInfo | Refusal:
    """Read the file. Refuses CARD_FILE_LENGTH and nothing else."""
    if refusal := CONTROL.refusal(raw):
        return refusal
    fields = Fields(CONTROL, raw)
    return ControlInfo(
        industry=fields.raw("industry"),
        card_version=fields.raw("card_version"),
        enabled=fields.whole("enabled"),
        card_flag=fields.whole("card_flag"),
        interoperable=fields.raw("interoperable"),
        starts=fields.day("starts"),
        expires=fields.day("expires"),
        main_type=fields.whole("main_type"),
        sub_type=fields.whole("sub_type") if fields.raw("sub_type") else None,
        deposit_yuan=fields.whole("deposit_yuan") if fields.raw("deposit_yuan") else None,
        annual_check=fields.day("annual_check"),
        business_bitmap=fields.raw("business_bitmap"),
        raw=raw,
    )


def make_control(
    starts: date, expires: date, *, main_type: int = 1, sub_type: int = 0, deposit_yuan: int = 0
) -> bytes:
    """The 39 bytes of the file, enabled and usable away from home."""
    return CONTROL.assemble(
        {
            "enabled": b"\x01",
            "interoperable": b"\x00\x01",
            "starts": bcd_day(starts),
            "expires": bcd_day(expires),
            "main_type": bytes((main_type,)),
            "sub_type": bytes((sub_type,)),
            "deposit_yuan": bytes((deposit_yuan,)),
        }
    )
