"""What `tongxing exchange write` is made from: our messages as JSON lines, a signed line file, the
registry of card numbers, or what `show --json` printed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from tongxing.cli.arguments import readable_file
from tongxing.cli.common import granted
from tongxing.cli.exchange.arguments import is_line_file
from tongxing.cli.exchange.given import lines_of
from tongxing.exchange.layouts import LayoutBook, Shape
from tongxing.exchange.lines.rows import Row, RowKind, row_of
from tongxing.exchange.text_writing import file_of_json, line_of_json
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages import DenyEntry, DenyList, Record, Statement, Verdict, VerdictFile
from tongxing.network.loading import load_book
from tongxing.network.numbers import identify_number

Message = TypeVar("Message", VerdictFile, Statement, DenyList)

REGISTRY = "registry"
_ISSUERS = ("issuer", "province")


def rows_of(path: Path, kind: RowKind, keys: Path | None) -> Iterator[Row]:
    """The rows of a signed line file, or of a file with one JSON object a line.

    Raises Problem for the first line that is no such row.
    """
    if is_line_file(path):
        found = lines_of(path, keys, "")
        try:
            if found.head.kind != kind:
                raise Problem("EXCHANGE_OTHER_ROWS", path.name, found=found.head.kind, wanted=kind)
            for _, _, row in found.read():
                yield _sound(row)
        finally:
            found.close()
        return
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            yield _sound(row_of(kind, line.rstrip(b"\r\n"), f"{path.name}:{number}"))


def records_of(path: Path, keys: Path | None) -> Iterator[Record]:
    """The records of a file. Raises Problem."""
    for row in rows_of(path, "records", keys):
        assert isinstance(row, Record)
        yield row


def verdicts_of(path: Path | None) -> dict[str, Verdict]:
    """The verdicts of a file of `VerdictFile` messages, one a line, by record. Raises Problem."""
    answers = messages_of(path, VerdictFile) if path is not None else ()
    return {verdict.record_id: verdict for answer in answers for verdict in answer.verdicts}


def messages_of(path: Path, kind: type[Message]) -> list[Message]:
    """The messages of a file, one JSON object a line. Raises Problem(MESSAGE_BODY)."""
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            raise Problem("MESSAGE_BODY", f"{path.name}:{number}", detail=str(error)) from error
    return found


def denied_of(path: Path, issuer: str) -> list[tuple[str, DenyEntry]]:
    """The cards of deny lists, each with its issuer: the one given, else the one its number tells
    of without doubt, else "". Raises Problem."""
    entries = [entry for listed in messages_of(path, DenyList) for entry in listed.entries]
    return [(issuer or _issuer_of(entry.medium_no), entry) for entry in entries]


def prefixes() -> list[tuple[str, str]]:
    """How the numbers of T-Union cards begin, with their issuers, by our registry."""
    spaces = [space for space in load_book().spaces if space.scheme == "t_union"]
    return [
        (f"ISS-{prefix.issuer}", prefix.prefix)
        for space in spaces
        for prefix in space.prefixes
        if prefix.kind in _ISSUERS
    ]


def shown_before(text: str) -> dict[str, object] | None:
    """The head of what `show --json` printed, None for anything else."""
    head = text.partition("\n")[0]
    try:
        found = json.loads(head)
    except (ValueError, RecursionError):
        return None
    is_head = isinstance(found, dict) and "header" in found and "line_end" in found
    return found if is_head else None


def pieces_of_shown(
    text: str, head: dict[str, object], shape: Shape, book: LayoutBook, name: str
) -> list[bytes]:
    """The pieces of the file that `show --json` printed. Raises Problem."""
    lines: list[tuple[bytes, str]] = []
    for number, line in enumerate(text.splitlines()[1:], start=2):
        place = f"{name}:{number}"
        try:
            raw = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Problem("EXCHANGE_JSON", place) from error
        if not isinstance(raw, dict) or raw.get("end") not in ("", "\n", "\r\n"):
            raise Problem("EXCHANGE_JSON", place)
        lines.append((granted(line_of_json(shape, raw, place)), raw["end"]))
    return granted(file_of_json(book, head, lines))


def source_file(text: str) -> Path:
    """The path of a file that can be read. Raises Problem."""
    return readable_file(text)


def _sound(row: Row | Refusal) -> Row:
    if isinstance(row, Refusal):
        raise Problem(row.code, row.where, **row.values)
    return row


def _issuer_of(number: str) -> str:
    found = identify_number(load_book(), number)
    if isinstance(found, Refusal):
        return ""
    issuers = {match.issuer for match in found if match.kind in _ISSUERS and match.issuer}
    return f"ISS-{issuers.pop()}" if len(issuers) == 1 else ""
