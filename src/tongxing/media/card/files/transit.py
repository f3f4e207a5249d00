"""File 0x1A: the trip a card is on, one record per kind of transport (2701 rail, 2702 bus, …).

A gate reads its record, decides, and writes it back within a composite purchase. The rail body is
known byte for byte; we use it for all kinds we write. Bytes of another operator are unknown, not
wrong: they are kept and never judged here.
"""

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import bcd, bcd_moment
from tongxing.media.card.files.layout import Field, Fields, Layout

RAIL, BUS = 0x2701, 0x2702
ENTERED, EXITED = (1, 3), (2, 4)
"""What `status` says; the second number of each is one city's own."""

TRANSIT = Layout(
    "transit",
    0x1A,
    128,
    99,
    (
        Field("record_id", 0, 2, "hex", "record"),
        Field("declared_length", 2, 1, "whole"),
        Field("valid", 3, 1),
        Field("interoperable", 4, 1),
        Field("lock", 5, 1, "hex", "lock"),
        Field("serial", 6, 8, "digits"),
        Field("status", 14, 1, "hex", "status"),
        Field("entry_city", 15, 2, "digits", "region"),
        Field("exit_city", 17, 2, "digits", "region"),
        Field("entry_institution", 19, 8, "hex", "institution"),
        Field("exit_institution", 27, 8, "hex", "institution"),
        Field("entry_station", 35, 8),
        Field("exit_station", 43, 8),
        Field("entry_terminal", 51, 8),
        Field("exit_terminal", 59, 8),
        Field("entry_time", 67, 7, "moment"),
        Field("exit_time", 74, 7, "moment"),
        Field("max_fare_fen", 81, 4, "fen"),
        Field("entry_line", 85, 1),
        Field("exit_line", 86, 1),
        Field("charged_at_entry_fen", 87, 4, "fen"),
        Field("balance_at_entry_fen", 91, 4, "fen"),
        Field("actual_fen", 95, 4, "fen"),
        Field("operator_defined", 99, 29, "unknown"),
    ),
)

TRANSIT_HEAD = Layout(
    "transit_other",
    0x1A,
    128,
    6,
    (*TRANSIT.fields[:6], Field("body", 6, 122, "unknown")),
)
"""A record of a kind whose body nobody has described."""


class Transit(msgspec.Struct, frozen=True):
    """A record of file 0x1A with the rail body. Codes of operators are bytes, times YYYYMMDDhhmmss.

    `lock` other than 0: the card may not be used. `serial` is 16 digits of the terminal's counter.
    """

    record_id: int
    valid: int
    interoperable: int
    lock: int
    serial: str | None
    status: int
    entry_city: str | None
    exit_city: str | None
    entry_institution: bytes
    exit_institution: bytes
    entry_station: bytes
    exit_station: bytes
    entry_terminal: bytes
    exit_terminal: bytes
    entry_time: str | None
    exit_time: str | None
    max_fare_fen: int
    entry_line: int
    exit_line: int
    charged_at_entry_fen: int
    balance_at_entry_fen: int
    actual_fen: int
    operator_defined: bytes
    raw: bytes

    @property
    def entered(self) -> bool:
        """Whether the last thing that happened is an entry."""
        return self.status in ENTERED

    @property
    def exited(self) -> bool:
        """Whether the last thing that happened is an exit."""
        return self.status in EXITED


def parse_transit(raw: bytes) -> Transit | Refusal:
    """Read a record with the rail body. Refuses CARD_FILE_LENGTH below 99 bytes.

    An empty record (all zero or all FF) is read like any other: status 0 or 255, nothing entered.
    """
    if refusal := TRANSIT.refusal(raw):
        return refusal
    fields = Fields(TRANSIT, raw)
    return Transit(
        record_id=fields.whole("record_id"),
        valid=fields.whole("valid"),
        interoperable=fields.whole("interoperable"),
        lock=fields.whole("lock"),
        serial=fields.digits("serial"),
        status=fields.whole("status"),
        entry_city=fields.digits("entry_city"),
        exit_city=fields.digits("exit_city"),
        entry_institution=fields.raw("entry_institution"),
        exit_institution=fields.raw("exit_institution"),
        entry_station=fields.raw("entry_station"),
        exit_station=fields.raw("exit_station"),
        entry_terminal=fields.raw("entry_terminal"),
        exit_terminal=fields.raw("exit_terminal"),
        entry_time=fields.moment("entry_time"),
        exit_time=fields.moment("exit_time"),
        max_fare_fen=fields.whole("max_fare_fen"),
        entry_line=fields.whole("entry_line"),
        exit_line=fields.whole("exit_line"),
        charged_at_entry_fen=fields.whole("charged_at_entry_fen"),
        balance_at_entry_fen=fields.whole("balance_at_entry_fen"),
        actual_fen=fields.whole("actual_fen"),
        operator_defined=fields.raw("operator_defined"),
        raw=raw,
    )


def make_transit(
    *,
    status: int,
    record_id: int = RAIL,
    serial: int = 0,
    entry_city: str = "0000",
    exit_city: str = "0000",
    entry_institution: bytes = bytes(8),
    exit_institution: bytes = bytes(8),
    entry_station: bytes = bytes(8),
    exit_station: bytes = bytes(8),
    entry_terminal: bytes = bytes(8),
    exit_terminal: bytes = bytes(8),
    entry_time: str = "",
    exit_time: str = "",
    max_fare_fen: int = 0,
    entry_line: int = 0,
    exit_line: int = 0,
    charged_at_entry_fen: int = 0,
    balance_at_entry_fen: int = 0,
    actual_fen: int = 0,
    operator_defined: bytes = bytes(29),
    lock: int = 0,
) -> bytes:
    """The 128 bytes of a record. Raises OverflowError or ValueError for what does not fit."""
    return TRANSIT.assemble(
        {
            "record_id": record_id.to_bytes(2, "big"),
            "declared_length": bytes((TRANSIT.size - 3,)),
            "valid": b"\x01",
            "interoperable": b"\x01",
            "lock": bytes((lock,)),
            "serial": bcd(f"{serial:016d}", 8),
            "status": bytes((status,)),
            "entry_city": bcd(entry_city, 2),
            "exit_city": bcd(exit_city, 2),
            "entry_institution": entry_institution,
            "exit_institution": exit_institution,
            "entry_station": entry_station,
            "exit_station": exit_station,
            "entry_terminal": entry_terminal,
            "exit_terminal": exit_terminal,
            "entry_time": bcd_moment(entry_time),
            "exit_time": bcd_moment(exit_time),
            "max_fare_fen": max_fare_fen.to_bytes(4, "big"),
            "entry_line": bytes((entry_line,)),
            "exit_line": bytes((exit_line,)),
            "charged_at_entry_fen": charged_at_entry_fen.to_bytes(4, "big"),
            "balance_at_entry_fen": balance_at_entry_fen.to_bytes(4, "big"),
            "actual_fen": actual_fen.to_bytes(4, "big"),
            "operator_defined": operator_defined,
        }
    )
