"""File 0x1E: the journeys a card has made, written by every operator in one form, newest first.

This is what a passenger is shown. Line, station and operator are the operator's own codes; only a
table of its city can name them.
"""

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import bcd, bcd_moment
from tongxing.media.card.files.layout import Field, Fields, Layout

ENTRY, EXIT, SINGLE, UPDATED = 0x03, 0x04, 0x06, 0x08

JOURNEY = Layout(
    "journey",
    0x1E,
    48,
    42,
    (
        Field("kind", 0, 1, "hex", "journey"),
        Field("terminal", 1, 8),
        Field("industry", 9, 1, "hex", "industry"),
        Field("line", 10, 2),
        Field("station", 12, 2),
        Field("operator", 14, 2),
        Field("rfu_16", 16, 1, "unknown"),
        Field("amount_fen", 17, 4, "fen"),
        Field("balance_fen", 21, 4, "fen"),
        Field("time", 25, 7, "moment"),
        Field("city", 32, 2, "digits", "region"),
        Field("institution", 34, 8, "hex", "institution"),
        Field("reserved", 42, 6, "unknown"),
    ),
    cyclic=True,
)


class Journey(msgspec.Struct, frozen=True):
    """A record of file 0x1E. `time` is YYYYMMDDhhmmss, `city` a region code, codes are bytes.

    `kind`: 3 entry, 4 exit, 6 single purchase, 8 updated at a booth; others exist.
    """

    kind: int
    terminal: bytes
    industry: int
    line: bytes
    station: bytes
    operator: bytes
    amount_fen: int
    balance_fen: int
    time: str | None
    city: str | None
    institution: bytes
    raw: bytes

    @property
    def place_code(self) -> str:
        """The hex signs of line, station, operator and the byte behind: what tables of cities
        match by their longest beginning."""
        return self.raw[10:17].hex().upper()


def parse_journey(raw: bytes) -> Journey | Refusal:
    """Read one record. Refuses CARD_FILE_LENGTH below 42 bytes."""
    if refusal := JOURNEY.refusal(raw):
        return refusal
    fields = Fields(JOURNEY, raw)
    return Journey(
        kind=fields.whole("kind"),
        terminal=fields.raw("terminal"),
        industry=fields.whole("industry"),
        line=fields.raw("line"),
        station=fields.raw("station"),
        operator=fields.raw("operator"),
        amount_fen=fields.whole("amount_fen"),
        balance_fen=fields.whole("balance_fen"),
        time=fields.moment("time"),
        city=fields.digits("city"),
        institution=fields.raw("institution"),
        raw=raw,
    )


def make_journey(
    *,
    kind: int,
    terminal: bytes,
    industry: int,
    time: str,
    city: str,
    institution: bytes,
    amount_fen: int,
    balance_fen: int,
    line: bytes = bytes(2),
    station: bytes = bytes(2),
    operator: bytes = bytes(2),
) -> bytes:
    """The 48 bytes of a record; `terminal` of 6 bytes is padded with zeros on the left.

    Raises OverflowError or ValueError for what does not fit.
    """
    return JOURNEY.assemble(
        {
            "kind": bytes((kind,)),
            "terminal": terminal.rjust(8, b"\x00"),
            "industry": bytes((industry,)),
            "line": line,
            "station": station,
            "operator": operator,
            "amount_fen": amount_fen.to_bytes(4, "big"),
            "balance_fen": balance_fen.to_bytes(4, "big"),
            "time": bcd_moment(time),
            "city": bcd(city, 2),
            "institution": institution,
        }
    )
