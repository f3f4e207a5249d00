"""docs/fare-rules.md: every rule that was found stands in the data under the names it gives."""

import re
from pathlib import Path

import pytest

from tongxing.fares import book_codes, load_book

PAGE = Path(__file__).parents[2] / "docs" / "fare-rules.md"
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| city")
]
IN_DATA = {name: rule for city in book_codes() for name, rule in load_book(city).rules.items()}
VISITOR_TABLE = {"CU-VISITOR"}


def names(row: list[str]) -> list[str]:
    return re.findall(r"`([A-Z0-9-]+)`", row[2])


def test_the_page_has_the_forty_three_rules() -> None:
    assert len(ROWS) == 43


@pytest.mark.req("R-400")
@pytest.mark.parametrize("row", ROWS, ids=[row[1][:40] for row in ROWS])
def test_a_rule_stands_in_the_data_with_dates_source_and_certainty(row: list[str]) -> None:
    found = [name for name in names(row) if name not in VISITOR_TABLE]
    assert names(row)
    for name in found:
        rule = IN_DATA[name]
        assert rule.sources and rule.from_day and rule.confidence
        if "inferred" in row[1]:
            assert rule.confidence == "inferred"
        if "placeholder" in row[1]:
            assert rule.confidence in ("placeholder", "weak")


def test_a_rule_of_the_data_that_was_seen_somewhere_is_on_the_page() -> None:
    told = {name for row in ROWS for name in names(row)}
    seen = {name for name, rule in IN_DATA.items() if rule.confidence == "seen"}
    assert seen - told <= {"BJ-XIJIAO"}, "a tram of its own fare, told in pricing.md"
