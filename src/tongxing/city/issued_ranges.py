"""The ranges of card numbers that an issuer keeps as a table: CSV in, ranges out, or what is wrong.

Columns, in this order: ``first_no,last_no,issued_on,expires_on,schemes``; days as 2026-03-17, an
empty `expires_on` for no last day, several schemes with a space between them, none for unsaid.
"""

import csv
from io import StringIO

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.messages.registers import CardRange, unfit_range

COLUMNS = ("first_no", "last_no", "issued_on", "expires_on", "schemes")


def read_ranges(content: bytes) -> list[CardRange] | Refusal:
    """The ranges of a file. Refuses CARD_RANGES with the line and what is wrong in it."""
    try:
        rows = list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return _refused(1, str(error))
    if not rows or tuple(rows[0]) != COLUMNS:
        return _refused(1, ",".join(COLUMNS))
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS):
            return _refused(line, f"{len(row)} / {len(COLUMNS)}")
        *plain, expires_on, schemes = row
        try:
            one = msgspec.convert([*plain, expires_on or None, schemes.split()], CardRange)
        except msgspec.ValidationError as error:
            return _refused(line, str(error))
        if wrong := unfit_range([one]):
            return _refused(line, wrong)
        found.append(one)
    wrong = unfit_range(found)
    return _refused(len(rows), wrong) if wrong else found


def _refused(line: int, detail: str) -> Refusal:
    return Refusal("CARD_RANGES", values={"line": line, "detail": detail[:200]})
