"""Reads a text file of JT/T 978.4: strictly, on bytes, line by line.

Two things can be wrong. *The file's form* (version, header, count, a cut end): then nothing is
taken. *A line*: then it is told with its line and byte, kept as it came, and the next one is read.
What is merely doubtful, because sources contradict one another or something is not known, is a
*doubt*: it is told and stops nothing. Nothing is repaired and nothing is guessed.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from tongxing.exchange.cells import fault_of, is_cut, shown
from tongxing.exchange.evidence import read_evidence
from tongxing.exchange.layouts import Field, LayoutBook, Shape
from tongxing.exchange.limits import TextLimits, load_limits
from tongxing.exchange.telling import told
from tongxing.kernel.contents import HEAD_BYTES, is_other_text, kind_shown, packed_kind
from tongxing.kernel.reasons import Refusal

_PIECE = 1 << 20
_HEAD_BYTES_MAX = 256
_FIRST_RECORD_LINE = 3
_AMOUNTS = ("amount", "decimal")
_COUNTS = ("count", "record_length")
_CODES = {"date": "DATE_INVALID", "time": "DATE_INVALID", "datetime": "DATE_INVALID"}
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Head:
    """The two lines before the records: the header's bytes and what they say. `line_end` is that
    of the first line, `last_line_ended` whether the last one has one."""

    header: bytes
    count: int
    day: date
    party: str
    record_length: int
    line_end: bytes
    last_line_ended: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of records: its number in the file (from 1), where it begins, its bytes, its line
    end as it came, and what is wrong with it. `cells` are the bytes of each field, {} for a line
    too short or too long to be cut into fields; `evidence` is what follows them."""

    number: int
    at: int
    content: bytes
    end: bytes
    cells: dict[str, bytes]
    evidence: bytes
    faults: tuple[Refusal, ...] = ()
    doubts: tuple[Refusal, ...] = ()


@dataclass(slots=True)
class TextFile:
    """A file whose form is sound. `doubts` concern the file as a whole."""

    name: str
    shape: Shape
    head: Head
    doubts: tuple[Refusal, ...]
    _stream: BinaryIO = field(repr=False)
    _begin: int = field(repr=False)

    def lines(self, done: Callable[[int], None] = lambda _: None) -> Iterator[Line]:
        """Its lines of records in order. `done` is called with the bytes of each."""
        self._stream.seek(self._begin)
        at = self._begin
        longest = self.shape.line_bytes_max + len(self.head.line_end)
        for number in range(_FIRST_RECORD_LINE, _FIRST_RECORD_LINE + self.head.count):
            raw, size = _one_line(self._stream, longest)
            yield self._line(number, at, raw, size)
            at += size
            done(size)

    def _line(self, number: int, at: int, raw: bytes, size: int) -> Line:
        content, end = _parted(raw)
        place = f"{self.name}:{number}"
        if size > len(raw):
            values = {"limit": self.shape.line_bytes_max}
            fault = Refusal("FILE_LINE_TOO_LONG", place, values)
            return Line(number, at, content, end, {}, b"", (fault,))
        length = self.shape.record_length
        faults: list[Refusal] = []
        last = number == _FIRST_RECORD_LINE + self.head.count - 1
        if end != self.head.line_end and not (last and end == b""):
            faults.append(Refusal("EXCHANGE_LINE_END", place))
        longest = self.shape.line_bytes_max
        if not length <= len(content) <= longest:
            values = {"found": len(content), "expected": length, "most": longest}
            faults.append(Refusal("EXCHANGE_LINE_LENGTH", place, values))
            return Line(number, at, content, end, {}, b"", tuple(faults))
        cells = {one.name: content[one.offset : one.end] for one in self.shape.fields}
        doubts: list[Refusal] = []
        for one in self.shape.fields:
            raw_cell = cells[one.name]
            where = f"{place}:{one.offset + 1}"
            if key := fault_of(one, raw_cell):
                faults.append(field_refusal(where, one, raw_cell, key))
            elif is_cut(one, raw_cell):
                names = {"name_zh": one.zh, "name_en": one.en}
                doubts.append(Refusal("EXCHANGE_TEXT_CUT", where, names))
        evidence = content[length:]
        if read_evidence(evidence) is None:
            doubts.append(Refusal("EXCHANGE_EVIDENCE", f"{place}:{length + 1}"))
        return Line(number, at, content, end, cells, evidence, tuple(faults), tuple(doubts))


def field_refusal(where: str, one: Field, raw: bytes, key: str) -> Refusal:
    """What is wrong with a field that begins at a place FILE:line:byte, with its name and
    (shortened, masked) its value: DATE_INVALID, FIELD_AMOUNT, FILE_FORBIDDEN_CHAR (at its own byte)
    or EXCHANGE_FIELD."""
    if one.kind in ("gbk", "code") and (control := _CONTROL.search(raw)):
        place, _, byte = where.rpartition(":")
        sign = f"U+{raw[control.start()]:04X}"
        return Refusal(
            "FILE_FORBIDDEN_CHAR", f"{place}:{int(byte) + control.start()}", {"char": sign}
        )
    values = {
        "name_zh": one.zh,
        "name_en": one.en,
        "found": shown(one, raw),
        **told("what", f"fault.{key}"),
    }
    is_money = one.kind in _AMOUNTS and one.name not in _COUNTS
    code = "FIELD_AMOUNT" if is_money else _CODES.get(key, "EXCHANGE_FIELD")
    return Refusal(code, where, values)


def open_text(
    stream: BinaryIO,
    name: str,
    code: str,
    book: LayoutBook,
    *,
    variant: str = "",
    today: date | None = None,
    limits: TextLimits | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> TextFile | Refusal:
    """The file in a stream that can be read twice, or why its form is broken.

    `variant` is for a reader who knows better than the header; a contradiction with the header is
    then a doubt. `done` is called with the bytes looked through. Refuses with FILE_EMPTY,
    FILE_TYPE, FILE_ENCODING, FILE_FORBIDDEN_CHAR, FILE_TRUNCATED, SCHEMA_TOO_NEW, EXCHANGE_CODE,
    EXCHANGE_VERSION, EXCHANGE_HEADER, a reason of `field_refusal`, EXCHANGE_RECORD_LENGTH,
    EXCHANGE_VARIANT, FILE_COUNT or FILE_TOO_LARGE. A date after `today` is a doubt.
    """
    limits = limits or load_limits().text
    stream.seek(0)
    opening = _opening(stream, name, book)
    if isinstance(opening, Refusal):
        return opening
    header, line_end = opening
    values = {one.name: header[one.offset : one.end] for one in book.header.field}
    for one in book.header.field:
        if key := fault_of(one, values[one.name]):
            return field_refusal(f"{name}:2:{one.offset + 1}", one, values[one.name], key)
    day = _day(values["date"])
    length = int(values["record_length"])
    shapes = book.shapes(code, day)
    if not shapes:
        return Refusal("EXCHANGE_CODE", name, {"kind": code})
    picked = _picked(shapes, length, variant, name)
    if isinstance(picked, Refusal):
        return picked
    begin = stream.tell()
    counted = _counted(stream, begin, limits, name, done)
    if isinstance(counted, Refusal):
        return counted
    lines, ended = counted
    count = int(values["count"])
    if lines != count:
        place = f"{name}:{_FIRST_RECORD_LINE - 1 + min(lines, count)}"
        return Refusal("FILE_COUNT", place, {"expected": count, "found": lines})
    party = values["party"].decode().strip(" ")
    head = Head(header, count, day, party, length, line_end, ended)
    found = TextFile(name, picked, head, _doubts(name, head, picked, today), stream, begin)
    return _whole(found, stream, begin) or found


def _opening(stream: BinaryIO, name: str, book: LayoutBook) -> tuple[bytes, bytes] | Refusal:
    """The header's bytes and the line end of the file."""
    start = stream.read(HEAD_BYTES)
    stream.seek(0)
    first = stream.readline(_HEAD_BYTES_MAX)
    if not first:
        return Refusal("FILE_EMPTY", name)
    if packed_kind(start):
        return Refusal("FILE_TYPE", f"{name}:byte 1", {"found": kind_shown(start)})
    if is_other_text(start):
        return Refusal("FILE_ENCODING", f"{name}:1:1")
    content, end = _parted(first)
    if b"\0" in content:
        place = f"{name}:1:{content.index(0) + 1}"
        return Refusal("FILE_FORBIDDEN_CHAR", place, {"char": "U+0000"})
    if b"\r" in content:
        return Refusal("FILE_ENCODING", f"{name}:1:{content.index(13) + 1}")
    expected = book.header.version.encode()
    if content != expected:
        if expected.startswith(content) and not end:
            return Refusal("FILE_TRUNCATED", f"{name}:1")
        if re.fullmatch(rb"[0-9]{2}", content) and content > expected:
            return Refusal("SCHEMA_TOO_NEW", f"{name}:1", {"version": content.decode()})
        values = {"found": content[:20].decode("ascii", "replace"), "expected": expected.decode()}
        return Refusal("EXCHANGE_VERSION", f"{name}:1", values)
    second = stream.readline(_HEAD_BYTES_MAX)
    header, header_end = _parted(second)
    if not end or not second or (len(header) < book.header.length and not header_end):
        return Refusal("FILE_TRUNCATED", f"{name}:2")
    if len(header) != book.header.length or (header_end and header_end != end):
        lengths = {"found": len(header), "expected": book.header.length}
        return Refusal("EXCHANGE_HEADER", f"{name}:2", lengths)
    return header, end


def _picked(shapes: tuple[Shape, ...], length: int, variant: str, name: str) -> Shape | Refusal:
    known = ", ".join(f"{one.variant.name} ({one.record_length})" for one in shapes)
    for one in shapes:
        if one.variant.name == variant or (not variant and one.record_length == length):
            return one
    if variant:
        return Refusal("EXCHANGE_VARIANT", name, {"variant": variant, "known": known})
    return Refusal("EXCHANGE_RECORD_LENGTH", f"{name}:2:26", {"found": length, "known": known})


def _counted(
    stream: BinaryIO, begin: int, limits: TextLimits, name: str, done: Callable[[int], None]
) -> tuple[int, bool] | Refusal:
    """How many lines follow, and whether the last one has its end; counted without keeping them."""
    stream.seek(begin - 1)
    lines, size, last = 0, begin, stream.read(1)
    while piece := stream.read(_PIECE):
        size += len(piece)
        lines += piece.count(b"\n")
        last = piece[-1:]
        if size > limits.file_bytes_max or lines > limits.records_max:
            return Refusal("FILE_TOO_LARGE", name, {"found": size, "limit": limits.file_bytes_max})
        done(len(piece))
    ended = last == b"\n"
    return lines + (0 if ended or size == begin else 1), ended


def _whole(found: TextFile, stream: BinaryIO, begin: int) -> Refusal | None:
    """A last line that has no end and no whole record was cut, and the file with it."""
    if found.head.last_line_ended or found.head.count == 0:
        return None
    size = stream.seek(0, 2)
    stream.seek(max(begin, size - found.shape.line_bytes_max - len(found.head.line_end)))
    last = stream.read().rpartition(b"\n")[2]
    length = found.shape.record_length
    if len(last) < length or read_evidence(last[length:]) is None:
        return Refusal("FILE_TRUNCATED", f"{found.name}:{found.head.count + 2}")
    return None


def _doubts(name: str, head: Head, shape: Shape, today: date | None) -> tuple[Refusal, ...]:
    doubts = []
    if today is not None and head.day > today:
        days = {"found": head.day, "today": today}
        doubts.append(Refusal("DATE_FUTURE", f"{name}:2:7", days))
    if head.record_length != shape.record_length:
        values = {"header": head.record_length, "variant": shape.variant.name}
        doubts.append(Refusal("EXCHANGE_VARIANT_DIFFERS", f"{name}:2:26", values))
    if not head.last_line_ended:
        doubts.append(Refusal("EXCHANGE_NO_LAST_END", name))
    return tuple(doubts)


def _one_line(stream: BinaryIO, longest: int) -> tuple[bytes, int]:
    """The next line and how many bytes it takes; of one that is too long only the beginning."""
    raw = stream.readline(longest + 1)
    size = len(raw)
    if size <= longest or raw.endswith(b"\n"):
        return raw, size
    while piece := stream.readline(_PIECE):
        size += len(piece)
        if piece.endswith(b"\n"):
            break
    return raw, size


def _parted(raw: bytes) -> tuple[bytes, bytes]:
    """A line and its end."""
    for end in (b"\r\n", b"\n"):
        if raw.endswith(end):
            return raw.removesuffix(end), end
    return raw, b""


def _day(raw: bytes) -> date:
    text = raw.decode()
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
