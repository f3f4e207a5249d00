"""What docs/exchange.md says of kinds, lengths and limits is what the data say."""

import re
from pathlib import Path

import pytest
from exchange_world import DAY, book

from tongxing.exchange.layouts import CODES
from tongxing.exchange.limits import load_limits
from tongxing.exchange.lines.wrapping import GZIP

TEXT = (Path(__file__).parents[2] / "docs/exchange.md").read_text(encoding="utf-8")


def rows(first: str) -> list[list[str]]:
    """The table rows whose first cell is this."""
    lines = [line for line in TEXT.splitlines() if line.startswith(f"| {first} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("code", CODES)
def test_the_table_of_kinds_is_true(code: str) -> None:
    (row,) = [cells for cells in rows(code) if len(cells) == 6]
    shapes = book().shapes(code, DAY)
    assert [int(found) for found in re.findall(r"\d+", row[3])] == [
        one.record_length for one in shapes
    ]
    layout = shapes[0].layout
    worst = max((field.placed for field in layout.field), key="HML".index)
    assert (row[4], row[5]) == (layout.certainty, worst)


def test_the_table_of_the_header_is_true() -> None:
    for field in book().header.field:
        (row,) = rows(field.name)
        assert (int(row[1]), int(row[2])) == (field.offset, field.length)


def numbers(first: str) -> list[int]:
    (row,) = rows(first)
    return [int(found.replace(",", "")) for found in re.findall(r"[\d,]*\d", row[1])]


def test_the_table_of_limits_is_true() -> None:
    limits = load_limits()
    lines, child = limits.lines, limits.child
    assert numbers("file") == [lines.file_bytes_max]
    assert numbers("unpacked") == [lines.expanded_bytes_max, lines.expansion_ratio_max]
    assert numbers("rows, bytes of a line") == [lines.rows_max, lines.line_bytes_max]
    assert numbers("nesting, digits of a number") == [lines.depth_max, lines.digits_max]
    assert numbers("child: memory") == [child.memory_bytes_max]
    times = [child.cpu_seconds_max, child.wall_seconds_max]
    assert numbers("child: processor time, time") == times


def test_the_bytes_of_the_gzip_header_are_true() -> None:
    assert GZIP.hex(" ") in TEXT
