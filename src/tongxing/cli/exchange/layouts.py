"""`tongxing exchange layouts`: which kinds of files there are, what stands where, how surely."""

from pathlib import Path

import click

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.exchange.arguments import LAYOUTS, book_of
from tongxing.cli.exchange.telling import name_of, unverified
from tongxing.cli.shell import command as make_command
from tongxing.exchange.layouts import CODES, Field, Layout, LayoutBook
from tongxing.kernel.reasons import Problem

WORDS = Words("exchange")


@make_command()
@click.argument("code", required=False)
@LAYOUTS
def command(code: str | None, layouts: Path | None) -> None:
    book = book_of(layouts)
    wanted = [one for one in book.layouts if not code or one.code == code.upper()]
    if not wanted:
        raise Problem("EXCHANGE_CODE", "CODE", kind=code)
    if settings().json:
        emit_json({"unverified": True, "header": book.header, "layouts": wanted})
        return
    if code:
        for layout in wanted:
            _print_fields(layout)
    else:
        _print_all(book)
    unverified(wanted[0] if code else None)


def _print_all(book: LayoutBook) -> None:
    language = settings().language
    order = {code: place for place, code in enumerate(CODES)}
    rows = []
    for layout in sorted(book.layouts, key=lambda one: order.get(one.code, len(order))):
        lengths = " / ".join(str(one.record_length) for one in layout.variant)
        way = layout.way_zh if language == "zh" else layout.way_en
        placed = max((field.placed for field in layout.field), key="HML".index)
        rows.append((layout.code, name_of(layout), way, str(len(layout.field)), lengths,
                     layout.certainty, placed, layout.from_day.isoformat()))  # fmt: skip
    names = ("code", "file", "way", "fields", "length", "certainty", "placed", "from")
    print_table("", [WORDS(f"column.{name}") for name in names], rows, right=(3, 4))
    say(WORDS("layouts.header", length=book.header.length, version=book.header.version))
    say(WORDS("certainty"))


def _print_fields(layout: Layout) -> None:
    language = settings().language
    rows = [_row(number, one, language) for number, one in enumerate(layout.field, start=1)]
    names = ("number", "offset", "bytes", "name", "field", "kind", "certainty", "placed", "note")
    title = f"{layout.code}  {name_of(layout)}"
    print_table(title, [WORDS(f"column.{name}") for name in names], rows, right=(0, 1, 2))
    if layout.evidence_bytes_max:
        say(WORDS("layouts.evidence", most=layout.evidence_bytes_max))
    for variant in layout.variant:
        text = variant.zh if language == "zh" else variant.en
        values = {"name": variant.name, "length": variant.record_length}
        say(WORDS("layouts.variant", text=text, **values))
    say(WORDS("certainty"))


def _row(number: int, one: Field, language: str) -> tuple[str, ...]:
    chinese = language == "zh"
    return (
        str(number),
        str(one.offset),
        str(one.length),
        one.name,
        one.zh if chinese else one.en,
        WORDS(f"kind.{one.kind}"),
        one.certainty,
        one.placed,
        one.note_zh if chinese else one.note_en,
    )
