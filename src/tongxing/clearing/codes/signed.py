"""What a card signs of a ride, byte for byte, for many rows at once.

Dates, times and card numbers are decimal digits, two to a byte.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S
from tongxing.media.tac.fields import FACTOR_BYTES, TAC_BYTES, TAC_INPUT_BYTES

PURCHASE = 0x06
"""The type byte of the rides in a clearing file."""

Numbers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
_QUADS = 4


def card_factors(cards: Numbers) -> Bytes:
    """The last sixteen digits of card numbers, two to a byte."""
    factors = np.empty((len(cards), _QUADS), np.uint16)
    rest = cards
    for place in reversed(range(_QUADS)):
        higher = rest // 10_000
        factors[:, place] = QUADS_OF[rest - higher * 10_000]
        rest = higher
    return factors.view(np.uint8).reshape(len(cards), FACTOR_BYTES)


def signed_bytes(columns: Mapping[str, Numbers]) -> Bytes:
    """The 22 bytes that a purchase signs (`media.tac.fields.tac_input`), row by row."""
    rows = np.empty(len(columns["card"]), _SIGNED)
    rows["amount"] = columns["charge_fen"]
    rows["kind"] = PURCHASE
    rows["terminal_high"] = columns["terminal"] >> 32
    rows["terminal_low"] = columns["terminal"] & 0xFFFFFFFF
    rows["serial"] = columns["terminal_seq"]
    local_s = columns["exited_s"] + CHINA_OFFSET_S
    days = local_s // DAY_S
    rows["date"] = _dates(days)
    clock = _CLOCK[local_s - days * DAY_S]
    rows["hour"], rows["rest"] = clock >> 16, clock & 0xFFFF
    return rows.view(np.uint8).reshape(len(rows), TAC_INPUT_BYTES)


def code_bytes(codes: Numbers) -> Bytes:
    """The four bytes of codes, the highest first."""
    return codes.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 8 - TAC_BYTES :]


def dates_from(first: int, last: int) -> Numbers:
    """YYYYMMDD of the days since 1970 from `first` to `last`, each as the number that its digits
    are in hexadecimal."""
    days = np.arange(first, last + 1).astype("datetime64[D]").astype(str)
    return np.array([int(text.replace("-", ""), 16) for text in days.tolist()], np.int64)


def _dates(days: Numbers) -> Numbers:
    """The same of each day; few days are asked of many rows."""
    if not len(days):
        return days
    first = int(days.min())
    found: Numbers = dates_from(first, int(days.max()))[days - first]
    return found


QUADS_OF = np.frombuffer(
    bytes.fromhex("".join(f"{number:04d}" for number in range(10_000))), np.uint16
)
_CLOCK = np.array(
    [
        int(f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}", 16)
        for second in range(DAY_S)
    ],
    np.int64,
)
_SIGNED = np.dtype(
    [
        ("amount", ">u4"), ("kind", "u1"), ("terminal_high", ">u2"), ("terminal_low", ">u4"),
        ("serial", ">u4"), ("date", ">u4"), ("hour", "u1"), ("rest", ">u2"),
    ]
)  # fmt: skip
"""What is signed."""
