"""docs/exchange-faults.md: its table is what the tests try, and each test it names is there."""

import re
from pathlib import Path

from doors import (
    at_hub,
    doubt_in_text,
    in_lines,
    in_text,
    line_in_text,
    parquet,
    row_in_lines,
    share_table,
)
from file_faults import FAULTS
from test_row_faults import ROWS

from tongxing.kernel.reasons import all_reasons

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/exchange-faults.md").read_text(encoding="utf-8")
DOORS = {
    at_hub: "record file",
    in_lines: "line file",
    row_in_lines: "row of a line file",
    in_text: "text file",
    doubt_in_text: "text file",
    line_in_text: "line of a text file",
    parquet: "Parquet",
    share_table: "split table",
}
HERE, ROWS_HERE = "faults/test_file_faults.py", "faults/test_row_faults.py"
Entry = tuple[str, str, str, str, str]


def tried() -> set[Entry]:
    """Row, fault, door, reasons and test of everything that the tables of this folder try."""
    files = {(one.row, one.what, DOORS[one.door], one.code, HERE) for one in FAULTS}
    rows = {
        (row, what, "row of a record file", f"1006 {reason.partition(':')[0]}".strip(), ROWS_HERE)
        for row, what, _, reason in ROWS
    }
    return files | rows


def entries() -> list[Entry]:
    """The rows of the page's table."""
    found = []
    for line in PAGE.splitlines():
        if re.match(r"\| B\d\d \|", line):
            row, what, doors, codes, test = (cell.strip() for cell in line.strip("|").split("|"))
            for door in doors.split(", "):
                found.append((row, what, door, codes.replace("`", ""), test.strip("`")))
    return found


def test_the_page_lists_what_is_tried_and_nothing_else_under_these_tests() -> None:
    told = {entry for entry in entries() if entry[4] in (HERE, ROWS_HERE)}
    assert sorted(told - tried()) == []
    assert sorted(tried() - told) == []


def test_every_other_test_that_the_page_names_is_there_and_names_the_reason() -> None:
    others = [entry for entry in entries() if entry[4] not in (HERE, ROWS_HERE)]
    assert others
    for _, what, _, codes, test in others:
        path, _, name = test.partition("::")
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert f"def {name}(" in text, test
        beside = "".join(
            one.read_text(encoding="utf-8") for one in (ROOT / "tests" / path).parent.glob("*.py")
        )
        assert all(code in beside for code in codes.split()), (what, codes)


def test_every_row_of_the_list_and_every_reason_on_the_page_is_known() -> None:
    rows = {entry[0] for entry in entries()}
    assert rows == {f"B{number}" for number in range(73, 93)}
    codes = {code for entry in entries() for code in entry[3].split()}
    assert {code for code in codes if not code.isdecimal()} <= set(all_reasons())
