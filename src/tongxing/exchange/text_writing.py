"""Writes text files of JT/T 978.4: a value becomes exactly its bytes, or it is refused.

Nothing is cut to fit. A file that was read goes out again as the same bytes, odd padding and
unknown content included, because values that only bytes can say travel as bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from tongxing.exchange.cells import encode, filler, is_needed, plain
from tongxing.exchange.layouts import Header, LayoutBook, Shape
from tongxing.exchange.text_file import Line, TextFile
from tongxing.kernel.reasons import Refusal

COUNT_MAX = 999_999


def record_bytes(
    shape: Shape, values: Mapping[str, object], evidence: object = b"", where: str = ""
) -> bytes | Refusal:
    """The bytes of a record. A field that may be blank, text and the reserved need no value.

    Refuses with EXCHANGE_FIELD_UNKNOWN, EXCHANGE_VALUE_MISSING, EXCHANGE_DOES_NOT_FIT or
    EXCHANGE_EVIDENCE_LENGTH.
    """
    names = {field.name for field in shape.fields}
    unknown = sorted(set(values) - names)
    if unknown:
        return Refusal("EXCHANGE_FIELD_UNKNOWN", where, {"field": unknown[0]})
    parts = []
    for field in shape.fields:
        place = f"{where}:{field.name}".strip(":")
        told = {"name_zh": field.zh, "name_en": field.en, "length": field.length}
        if field.name not in values and is_needed(field):
            return Refusal("EXCHANGE_VALUE_MISSING", place, told)
        part = encode(field, values[field.name]) if field.name in values else filler(field)
        if part is None:
            return Refusal("EXCHANGE_DOES_NOT_FIT", place, told)
        parts.append(part)
    tail = _evidence_bytes(evidence)
    most = shape.layout.evidence_bytes_max
    if tail is None or len(tail) > most or b"\n" in tail or b"\r" in tail:
        return Refusal("EXCHANGE_EVIDENCE_LENGTH", where, {"limit": most})
    return b"".join(parts) + tail


def header_bytes(
    header: Header, values: Mapping[str, object], where: str = "header"
) -> bytes | Refusal:
    """The header line of some values. Refuses with EXCHANGE_DOES_NOT_FIT."""
    parts = []
    for field in header.field:
        part = encode(field, values[field.name]) if field.name in values else filler(field)
        if part is None:
            told = {"name_zh": field.zh, "name_en": field.en, "length": field.length}
            return Refusal("EXCHANGE_DOES_NOT_FIT", f"{where}:{field.name}", told)
        parts.append(part)
    return b"".join(parts)


def write_records(
    book: LayoutBook,
    shape: Shape,
    day: date,
    party: str,
    records: list[bytes],
    line_end: bytes = b"\n",
) -> Iterator[bytes] | Refusal:
    """A whole file of these records, in pieces.

    Refuses with EXCHANGE_TOO_MANY (999,999 are the most a header can say) and
    EXCHANGE_DOES_NOT_FIT.
    """
    if len(records) > COUNT_MAX:
        return Refusal("EXCHANGE_TOO_MANY", values={"found": len(records), "limit": COUNT_MAX})
    values = {
        "count": len(records),
        "date": f"{day:%Y%m%d}",
        "party": party,
        "record_length": shape.record_length,
    }
    header = header_bytes(book.header, values)
    if isinstance(header, Refusal):
        return header
    opening = (book.header.version.encode(), header)
    return (line + line_end for line in (*opening, *records))


def head_as_json(book: LayoutBook, found: TextFile) -> dict[str, object]:
    """A file's beginning as `file_of_json` takes it back."""
    head = found.head
    return {
        "kind": found.shape.code,
        "variant": found.shape.variant.name,
        "layout_from": found.shape.layout.from_day.isoformat(),
        "unverified": True,
        "version": book.header.version,
        "header": {
            field.name: plain(field, head.header[field.offset : field.end])
            for field in book.header.field
        },
        "line_end": head.line_end.decode(),
        "last_line_ended": head.last_line_ended,
    }


def line_as_json(shape: Shape, line: Line) -> dict[str, object]:
    """A line as `line_of_json` takes it back: its fields, or all its bytes when it is no record.
    Of a line that is far too long only the beginning was kept (``cut``); it cannot go back."""
    if not line.cells:
        found: dict[str, object] = {"line": line.number, "hex": line.content.hex()}
        if any(fault.code == "FILE_LINE_TOO_LONG" for fault in line.faults):
            found["cut"] = True
    else:
        fields = {field.name: plain(field, line.cells[field.name]) for field in shape.fields}
        found = {"line": line.number, "fields": fields}
        if shape.layout.evidence_bytes_max:
            found["evidence"] = _plain_evidence(line.evidence)
    found["end"] = line.end.decode()
    if line.faults:
        found["faults"] = [fault.as_json() for fault in line.faults]
    return found


def line_of_json(shape: Shape, raw: Mapping[str, object], where: str) -> bytes | Refusal:
    """The bytes of a line without its end, from `line_as_json`.

    Refuses as `record_bytes` does, and with EXCHANGE_JSON.
    """
    if "cut" in raw:
        return Refusal("EXCHANGE_JSON", where)
    if "hex" in raw:
        content = _evidence_bytes({"hex": raw["hex"]})
        if content is None or b"\n" in content:
            return Refusal("EXCHANGE_JSON", where)
        return content
    fields = raw.get("fields")
    if not isinstance(fields, dict):
        return Refusal("EXCHANGE_JSON", where)
    return record_bytes(shape, fields, raw.get("evidence", b""), where)


def file_of_json(
    book: LayoutBook, head: Mapping[str, object], lines: Iterable[tuple[bytes, str]]
) -> list[bytes] | Refusal:
    """The pieces of a file from `head_as_json`, and its lines with their ends.

    Refuses with EXCHANGE_JSON, FILE_COUNT (lines were added or taken away) and as
    `header_bytes` does.
    """
    values, end = head.get("header"), head.get("line_end")
    if not isinstance(values, dict) or end not in ("\n", "\r\n"):
        return Refusal("EXCHANGE_JSON", "1")
    lines = list(lines)
    if set(values) != {field.name for field in book.header.field}:
        return Refusal("EXCHANGE_JSON", "1")
    if values["count"] != len(lines):
        return Refusal("FILE_COUNT", "1", {"expected": values["count"], "found": len(lines)})
    header = header_bytes(book.header, values)
    if isinstance(header, Refusal):
        return header
    pieces = [book.header.version.encode() + end.encode(), header + end.encode()]
    pieces += [content + line_end.encode() for content, line_end in lines]
    if len(pieces) == 2 and head.get("last_line_ended") is False:
        pieces[1] = header
    return pieces


def _plain_evidence(raw: bytes) -> object:
    text = raw.decode("ascii", "replace")
    exact = text.isprintable() and text.encode("ascii", "replace") == raw
    return text if exact else {"hex": raw.hex()}


def _evidence_bytes(value: object) -> bytes | None:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode() if value.isascii() else None
    if isinstance(value, Mapping) and set(value) <= {"hex", "text"}:
        try:
            return bytes.fromhex(str(value["hex"]))
        except (KeyError, ValueError):
            return None
    return None
