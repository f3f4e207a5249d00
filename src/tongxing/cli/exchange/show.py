"""`tongxing exchange show`: a file field by field, as JSON that writes it again, or as ours."""

from itertools import islice
from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.exchange.arguments import (
    KEYS,
    KIND,
    LAYOUTS,
    NUMBERS,
    PROFILE,
    VARIANT,
    book_of,
    is_line_file,
    opened,
)  # fmt: skip
from tongxing.cli.exchange.given import lines_of, numbers_of, profile_of
from tongxing.cli.exchange.telling import doubts, name_of, refusals, unverified
from tongxing.cli.shell import command as make_command
from tongxing.exchange.cells import shown
from tongxing.exchange.evidence import read_evidence
from tongxing.exchange.layouts import LayoutBook
from tongxing.exchange.ours.coming import Incoming, read_ours
from tongxing.exchange.text_file import Line, TextFile
from tongxing.exchange.text_writing import head_as_json, line_as_json
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal

WORDS = Words("exchange")
_SHOWN = 3


@make_command()
@click.argument("file", type=READABLE_FILE)
@KIND
@VARIANT
@LAYOUTS
@KEYS
@click.option("--for", "receiver", metavar="MEMBER", default="")
@click.option("--line", "line", metavar="N", type=Whole(3, 1_000_001))
@click.option("--count", "count", metavar="N", type=Whole(0, 999_999), default=_SHOWN)
@click.option("--ours", "ours", is_flag=True)
@PROFILE
@NUMBERS
def command(
    file: Path,
    kind: str | None,
    variant: str,
    layouts: Path | None,
    keys: Path | None,
    receiver: str,
    line: int | None,
    count: int,
    ours: bool,
    profile: Path | None,
    numbers: Path | None,
) -> None:
    if is_line_file(file):
        _show_lines(file, keys, receiver, count)
        return
    book = book_of(layouts)
    with file.open("rb") as stream:
        found = opened(stream, file, kind, variant, book, WORDS("check.looking"))
        if ours:
            stated, known = profile_of(profile), numbers_of(numbers)
            _show_ours(granted(read_ours(found.shape, found.lines(), stated, known)))
            return
        if settings().json:
            _emit(found, book, line)
            return
        wanted = found.lines() if line is None else islice(found.lines(), line - 3, line - 2)
        lines = list(islice(wanted, count if line is None else 1))
        _print(found, lines)


def _emit(found: TextFile, book: LayoutBook, line: int | None) -> None:
    """One JSON value a line: the file's head, then each record. `write --from` takes it back."""
    if line is None:
        emit_json(head_as_json(book, found), line=True)
    for one in found.lines():
        if line in (None, one.number):
            emit_json(line_as_json(found.shape, one), line=True)


def _print(found: TextFile, lines: list[Line]) -> None:
    layout, head = found.shape.layout, found.head
    values = {"code": layout.code, "name": name_of(layout), "variant": found.shape.variant.name}
    say(WORDS("head", day=head.day, party=head.party or "-", count=f"{head.count:,}", **values))
    doubts((doubt, 1) for doubt in found.doubts)
    for one in lines:
        _print_line(found, one)
    if not head.count:
        say(WORDS("show.empty"))
    elif len(lines) < head.count:
        say(WORDS("show.more", shown=len(lines), count=f"{head.count:,}"))
    unverified(layout)


def _print_line(found: TextFile, line: Line) -> None:
    chinese = settings().language == "zh"
    rows = []
    for one in found.shape.fields if line.cells else ():
        name = one.zh if chinese else one.en
        rows.append((str(one.offset), str(one.length), name, shown(one, line.cells[one.name])))
    names = ("offset", "bytes", "field", "value")
    title = WORDS("show.title", number=line.number)
    print_table(title, [WORDS(f"column.{name}") for name in names], rows, right=(0, 1))
    items = read_evidence(line.evidence)
    for item in items or ():
        say(WORDS("show.evidence", tag=item.tag, value=item.value.hex().upper()))
    refusals(WORDS("check.faults"), line.faults)
    doubts((doubt, 1) for doubt in line.doubts)


def _show_ours(incoming: Incoming) -> None:
    if settings().json:
        emit_json({"found": incoming.found,
                   "not_read": [one.as_json() for one in incoming.not_read]})  # fmt: skip
        return
    for one in incoming.found:
        values = {name: getattr(one, name) for name in one.__struct_fields__}
        if "medium_no" in values:
            values["medium_no"] = masked(values["medium_no"])
        say("  ".join(f"{name} {value or '-'}" for name, value in values.items()))
    refusals(WORDS("show.not_read"), incoming.not_read)
    say(WORDS("show.ours_sum", found=len(incoming.found), left=len(incoming.not_read)))


def _show_lines(file: Path, keys: Path | None, receiver: str, count: int) -> None:
    found = lines_of(file, keys, receiver)
    try:
        if settings().json:
            emit_json({"head": found.head, "rows": found.rows, "sums": found.sums}, line=True)
            for _, content, row in found.read():
                bad = isinstance(row, Refusal)
                emit_json({"hex": content.hex()} if bad else row, line=True)
            return
        head = found.head
        say(WORDS("lines.head", kind=WORDS(f"rows.{head.kind}"), sender=head.sender,
                  receiver=head.receiver, file_id=head.file_id))  # fmt: skip
        for number, _, row in islice(found.read(), count):
            fault = row.message(settings().language) if isinstance(row, Refusal) else ""
            say(f"{number}  {fault or _brief(row)}")
        say(WORDS("show.more", shown=min(count, found.rows), count=f"{found.rows:,}"))
    finally:
        found.close()


def _brief(row: object) -> str:
    """A row on one line, its medium masked."""
    names = ("record_id", "medium_no", "delta_fen", "code", "status", "reason")
    told = [(name, str(getattr(row, name))) for name in names if hasattr(row, name)]
    return "  ".join(masked(text) if name == "medium_no" else text for name, text in told)
