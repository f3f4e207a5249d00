"""The last 29 bytes of a 0x1A record as we use them when we are the operator of the record.

Another operator's bytes are not read with this: the sum of the record would not fit, and then the
answer is None, "not ours", never "broken".
"""

import zlib

import msgspec

from tongxing.media.card.files.coding import bcd_moment, moment_of
from tongxing.media.card.files.layout import Field, Fields, Layout
from tongxing.media.card.files.transit import TRANSIT, Transit

OWN = Layout(
    "transit_own",
    None,
    29,
    29,
    (
        Field("last_time", 0, 7, "moment"),
        Field("last_terminal", 7, 4),
        Field("day_fen", 11, 3, "fen"),
        Field("day_count", 14, 2, "whole"),
        Field("transfer", 16, 5),
        Field("reserved", 21, 4, "unknown"),
        Field("checksum", 25, 4),
    ),
)

_SUMMED = slice(6, 124)


class OwnPart(msgspec.Struct, frozen=True):
    """What we remember on a card: the last use, what the day has cost, what a transfer needs.

    `last_time` is YYYYMMDDhhmmss ("" for never), `last_terminal` 4 bytes, `transfer` 5 bytes.
    """

    last_time: str = ""
    last_terminal: bytes = bytes(4)
    day_fen: int = 0
    day_count: int = 0
    transfer: bytes = bytes(5)


def with_own_part(record: bytes, part: OwnPart) -> bytes:
    """The 128 bytes of `record` with our part and its sum put in."""
    part_raw = OWN.assemble(
        {
            "last_time": bcd_moment(part.last_time),
            "last_terminal": part.last_terminal,
            "day_fen": part.day_fen.to_bytes(3, "big"),
            "day_count": part.day_count.to_bytes(2, "big"),
            "transfer": part.transfer,
        }
    )
    whole = record[:99] + part_raw
    return whole[:124] + zlib.crc32(whole[_SUMMED]).to_bytes(4, "big")


def own_part(record: Transit) -> OwnPart | None:
    """Our part of a record, None when the sum does not fit: then the bytes are somebody else's."""
    raw = record.raw
    if len(raw) < TRANSIT.size:
        return None
    if zlib.crc32(raw[_SUMMED]) != int.from_bytes(raw[124:128], "big"):
        return None
    fields = Fields(OWN, record.operator_defined)
    return OwnPart(
        last_time=moment_of(fields.raw("last_time")) or "",
        last_terminal=fields.raw("last_terminal"),
        day_fen=fields.whole("day_fen"),
        day_count=fields.whole("day_count"),
        transfer=fields.raw("transfer"),
    )
