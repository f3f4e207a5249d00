"""Tables to take along: CSV that a spreadsheet cannot be tricked with.

A cell that a spreadsheet would take for a formula gets an apostrophe before it; numbers are written
as plain digits. Rows are made one by one, so a whole day of trips never stands in memory.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Tells spreadsheets that the file is UTF-8."""

BLOCK_CHARS = 65_536

_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_blocks(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A CSV file in blocks of whole lines: CRLF at their ends, a byte order mark first."""
    sheet = StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    sheet.write(BYTE_ORDER_MARK)
    for row in chain([head], rows):
        writer.writerow([cell(value) for value in row])
        if sheet.tell() >= BLOCK_CHARS:
            yield sheet.getvalue()
            sheet.seek(0)
            sheet.truncate()
    yield sheet.getvalue()


def cell(value: object) -> object:
    """A value as it may stand in a cell."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_TRIGGERS):
        return f"'{value}"
    return value
