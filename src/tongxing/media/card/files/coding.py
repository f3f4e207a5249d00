"""How single fields are written on a card: packed decimal digits, days and moments.

Reading answers None for bytes that do not say what the field should (a nibble above 9, the 31st of
February, all zero); writing raises ValueError, because what we write ourselves must be right.
"""

from datetime import date, datetime

MOMENT_DIGITS = 14


def digits_of(raw: bytes) -> str | None:
    """The packed decimal digits in `raw`, None when a nibble is none."""
    digits = raw.hex()
    return digits if digits.isdecimal() else None


def bcd(digits: str, size: int) -> bytes:
    """`digits` packed into `size` bytes. Raises ValueError unless they fill them exactly."""
    if not (digits.isascii() and digits.isdecimal()) or len(digits) != 2 * size:
        raise ValueError(f"{2 * size} decimal digits are needed")
    return bytes.fromhex(digits)


def day_of(raw: bytes) -> date | None:
    """The day in four bytes YYYYMMDD, None when there is no such day."""
    digits = digits_of(raw)
    if digits is None or len(digits) != 8:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def bcd_day(day: date) -> bytes:
    """Four bytes YYYYMMDD."""
    return bcd(f"{day:%Y%m%d}".zfill(8), 4)


def moment_of(raw: bytes) -> str | None:
    """The moment in seven bytes as YYYYMMDDhhmmss of the card's clock, None when there is none."""
    digits = digits_of(raw)
    return digits if digits is not None and is_moment(digits) else None


def is_moment(text: str) -> bool:
    """Whether `text` is a real moment YYYYMMDDhhmmss."""
    if len(text) != MOMENT_DIGITS or not (text.isascii() and text.isdecimal()):
        return False
    year, month, day, hour, minute, second = (
        int(text[start:end]) for start, end in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
    )
    try:
        datetime(year, month, day, hour, minute, second)
    except ValueError:
        return False
    return True


def bcd_moment(text: str) -> bytes:
    """Seven bytes of YYYYMMDDhhmmss; "" writes zeros. Raises ValueError for no real moment."""
    if not text:
        return bytes(7)
    if not is_moment(text):
        raise ValueError("a moment is written YYYYMMDDhhmmss")
    return bcd(text, 7)
