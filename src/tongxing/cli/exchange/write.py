"""`tongxing exchange write`: a text file of a kind, or a signed line file, from what we have."""

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from tongxing.cli.arguments import DAY, READABLE_FILE, Whole, moment
from tongxing.cli.common import Words, emit_json, granted, note, say, settings
from tongxing.cli.exchange import sources
from tongxing.cli.exchange.arguments import KEYS, LAYOUTS, NUMBERS, PROFILE, VARIANT, book_of
from tongxing.cli.exchange.given import numbers_of, profile_of, signing_key
from tongxing.cli.exchange.telling import refusals, unverified
from tongxing.cli.fares.arguments import expect_folder
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.exchange.layouts import CODES, LayoutBook, Shape
from tongxing.exchange.lines.packing import pack_rows
from tongxing.exchange.lines.rows import LineHead, RowKind
from tongxing.exchange.ours import going
from tongxing.exchange.ours.numbers import NUMBER_MAX, write_numbers
from tongxing.exchange.text_writing import write_records
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.files import write_pieces, write_whole
from tongxing.kernel.reasons import Problem
from tongxing.messages import Statement, VerdictFile

WORDS = Words("exchange")
LINES = "LINES"
_LEFT_OUT_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the options say, where a text file is written from our messages."""

    source: str
    profile: Path | None
    verdicts: Path | None
    numbers: Path | None
    keys: Path | None
    issuer: str


@make_command()
@click.argument("kind", metavar="KIND", type=click.Choice((*CODES, LINES), case_sensitive=False))
@click.option("--from", "source", metavar="FILE", required=True)
@click.option("--out", "out", metavar="FILE", type=click.Path(path_type=Path), required=True)
@click.option("--to", "party", metavar="CODE", default="")
@click.option("--date", "day", metavar="DATE", type=DAY)
@click.option("--number", "number", metavar="N", type=Whole(1, NUMBER_MAX), default=1)
@PROFILE
@click.option("--verdicts", "verdicts", metavar="FILE", type=READABLE_FILE)
@NUMBERS
@click.option("--issuer", "issuer", metavar="MEMBER", default="")
@VARIANT
@LAYOUTS
@KEYS
@click.option("--rows", "rows", type=click.Choice(("records", "verdicts", "deny")))
@click.option("--member", "member", metavar="MEMBER", default="")
@click.option("--secret", "secret", metavar="FILE", type=READABLE_FILE)
@click.option("--file-id", "file_id", metavar="ID", default="")
@click.option("--at", "at", metavar="TIME")
@click.pass_context
def command(
    context: click.Context,
    kind: str,
    source: str,
    out: Path,
    party: str,
    day: date | None,
    number: int,
    profile: Path | None,
    verdicts: Path | None,
    numbers: Path | None,
    issuer: str,
    variant: str,
    layouts: Path | None,
    keys: Path | None,
    rows: RowKind | None,
    member: str,
    secret: Path | None,
    file_id: str,
    at: str | None,
) -> None:
    expect_folder(out)
    if kind == LINES:
        needed = {"--rows": rows, "--member": member, "--secret": secret, "--to": party,
                  "--file-id": file_id}  # fmt: skip
        if missing := next((name for name, value in needed.items() if not value), None):
            raise usage_problem(context, "missing", text=missing)
        assert rows and secret
        head = LineHead(kind=rows, sender=member, receiver=party, file_id=file_id,
                        created_s=moment(at, "--at"))  # fmt: skip
        _write_lines(head, source, out, keys, secret)
        return
    book = book_of(layouts)
    on = day or calendar_date(int(time.time()))
    if source != sources.REGISTRY:
        text = sources.source_file(source).read_text(encoding="utf-8", errors="replace")
        if head_found := sources.shown_before(text):
            _write_again(kind, head_found, text, source, out, book)
            return
    shape = _shape(book, kind, on, variant)
    asked = _Asked(source, profile, verdicts, numbers, keys, issuer)
    filled = _filled(going.Outgoing(shape, profile_of(profile), party, number), asked)
    if not filled.records:
        _tell_left_out(filled)
        raise Problem("EXCHANGE_NOTHING", source, kind=kind)
    pieces = granted(write_records(book, shape, on, party, filled.records))
    write_pieces(out, pieces, private=True)
    beside = _keep_numbers(out, filled)
    _tell(out, filled, beside)


def _shape(book: LayoutBook, kind: str, day: date, variant: str) -> Shape:
    shapes = book.shapes(kind, day)
    if not shapes:
        raise Problem("EXCHANGE_CODE", kind, kind=kind)
    for one in shapes:
        if one.variant.name == variant or (len(shapes) == 1 and not variant):
            return one
    known = ", ".join(f"{one.variant.name} ({one.record_length})" for one in shapes)
    code = "EXCHANGE_VARIANT" if variant else "EXCHANGE_VARIANT_NEEDED"
    raise Problem(code, "--variant", variant=variant, known=known)


def _filled(out: going.Outgoing, asked: _Asked) -> going.Outgoing:
    code = out.shape.code
    if code == "BN":
        if asked.source != sources.REGISTRY:
            raise Problem("EXCHANGE_JSON", asked.source)
        going.add_prefixes(out, sources.prefixes())
        return out
    path = sources.source_file(asked.source)
    if code in going.FROM_RECORDS:
        known = {name: number for number, name in numbers_of(asked.numbers).items()}
        verdicts = sources.verdicts_of(asked.verdicts)
        going.add_records(out, sources.records_of(path, asked.keys), verdicts, known)
    elif code == "LD":
        going.add_files(out, sources.messages_of(path, VerdictFile))
    elif code == "BP":
        for statement in sources.messages_of(path, Statement):
            going.add_statement(out, statement)
    else:
        going.add_denied(out, sources.denied_of(path, asked.issuer))
    return out


def _write_again(
    kind: str, head: dict[str, object], text: str, source: str, out: Path, book: LayoutBook
) -> None:
    """The very bytes that `show --json` was given."""
    try:
        day = date.fromisoformat(str(head.get("layout_from")))
    except ValueError as error:
        raise Problem("EXCHANGE_JSON", f"{source}:1") from error
    if head.get("kind") != kind:
        raise Problem("EXCHANGE_JSON", f"{source}:1")
    shape = _shape(book, kind, day, str(head.get("variant", "")))
    pieces = sources.pieces_of_shown(text, head, shape, book, Path(source).name)
    write_pieces(out, pieces, private=True)
    count = len(pieces) - 2
    if settings().json:
        emit_json({"out": str(out), "kind": kind, "records": count, "unverified": True})
        return
    say(WORDS("write.written", count=count, out=out))
    unverified(shape.layout)


def _write_lines(head: LineHead, source: str, out: Path, keys: Path | None, secret: Path) -> None:
    key = signing_key(head.sender, secret)
    note(WORDS("write.packing"))
    found = list(sources.rows_of(sources.source_file(source), head.kind, keys))
    data = pack_rows(head, found, key)
    write_whole(out, data, private=True)
    if settings().json:
        emit_json({"out": str(out), "rows": len(found), "bytes": len(data)})
    else:
        say(WORDS("write.lines", count=len(found), out=out, size=f"{len(data):,}"))


def _keep_numbers(out: Path, filled: going.Outgoing) -> Path | None:
    if filled.shape.code not in ("CL", "FB", "UPLOAD"):
        return None
    beside = out.with_name(f"{out.name}.numbers")
    write_whole(beside, write_numbers(filled.numbers), private=True)
    return beside


def _tell(out: Path, filled: going.Outgoing, beside: Path | None) -> None:
    if settings().json:
        emit_json({
            "out": str(out), "kind": filled.shape.code, "records": len(filled.records),
            "variant": filled.shape.variant.name, "unverified": True,
            "numbers": str(beside) if beside else None, "no_source": filled.no_source(),
            "stated": sorted(filled.stated),
            "left_out": [one.as_json() for one in filled.left_out],
        })  # fmt: skip
        return
    say(WORDS("write.written", count=len(filled.records), out=out))
    if beside:
        say(WORDS("write.numbers_kept", file=beside))
    _tell_left_out(filled)
    names = {one.name: one for one in filled.shape.fields}
    chinese = settings().language == "zh"
    for name in filled.no_source():
        one = names[name]
        say(WORDS("write.no_source", name=name, field=one.zh if chinese else one.en))
    if filled.stated:
        say(WORDS("write.stated", names=", ".join(sorted(filled.stated))))
    say(WORDS("write.private"))
    unverified(filled.shape.layout)


def _tell_left_out(filled: going.Outgoing) -> None:
    if settings().json:
        return
    title = WORDS("write.left_out", count=len(filled.left_out))
    refusals(title, filled.left_out[:_LEFT_OUT_SHOWN])
