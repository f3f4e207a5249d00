"""`tongxing hub check`: a worked clearing day through our own engine, against what it expects."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.hub.day import Comparison, compare, outcome_of_day, read_day

WORDS = Words("hub")
_SHOWN_MAX = 160


@make_command()
@click.argument("file", type=READABLE_FILE)
def command(file: Path) -> int:
    day = granted(read_day(file.read_bytes(), str(file)))
    found = granted(outcome_of_day(day))
    comparison = compare(day.expected, found)
    if settings().json:
        emit_json(
            {
                "file": str(file),
                "title": day.title,
                "agrees": comparison.agrees,
                "compared": comparison.compared,
                "differences": comparison.differences,
            }
        )
    else:
        _show(day.title, comparison, found)
    return 0 if comparison.agrees else 1


def _show(title: str, comparison: Comparison, found: Mapping[str, Any]) -> None:
    rows = [
        (
            WORDS.find(f"check.section.{section}") or section,
            count,
            sum(1 for item in comparison.differences if _is_of(item.what, section)),
        )
        for section, count in comparison.compared.items()
    ]
    columns = [WORDS(f"check.column.{key}") for key in ("section", "compared", "differ")]
    print_table(title, columns, rows, right=(1, 2))
    if comparison.differences:
        columns = [WORDS(f"check.column.{key}") for key in ("what", "expected", "found")]
        print_table(
            WORDS("check.differences"),
            columns,
            [
                (item.what, _plain(item.expected), _plain(item.found))
                for item in comparison.differences
            ],
        )
    journals = found["journals"]
    counts = {"journals": len(journals), "lines": sum(len(item["lines"]) for item in journals)}
    say(WORDS("check.sum", verdicts=len(found["results"]), **counts))
    key = "check.agrees" if comparison.agrees else "check.differs"
    say(WORDS(key, count=len(comparison.differences)))


def _is_of(what: str, section: str) -> bool:
    return what == section or what.startswith(f"{section}.")


def _plain(value: object) -> str:
    """A value as it stands in a file, cut where it would fill the page."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
