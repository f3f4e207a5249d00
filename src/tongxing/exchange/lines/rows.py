"""What the lines of a line file say: its header, and the kinds of rows there are."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.messages import Record, Verdict

FORM = "tongxing-lines"
VERSION = 1
ID_CHARS_MAX = 64

RowKind = Literal["records", "verdicts", "deny"]


class DenyRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One medium of a deny list and the reason its holder hears."""

    medium_no: str
    reason: str


Row = Record | Verdict | DenyRow


class LineHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line. `sums` names the whole-number fields that the trailer adds up."""

    form: str = FORM
    version: int = VERSION
    kind: RowKind
    sender: str
    receiver: str
    file_id: str
    created_s: int
    sums: tuple[str, ...] = ()


class LineTrailer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last line: `sha256` is that of all lines before it, with their ends."""

    end: bool = True
    rows: int
    sums: Mapping[str, int]
    sha256: str


_READERS: Mapping[str, msgspec.json.Decoder[Row]] = {
    "records": msgspec.json.Decoder(Record),
    "verdicts": msgspec.json.Decoder(Verdict),
    "deny": msgspec.json.Decoder(DenyRow),
}
SUMS: Mapping[str, tuple[str, ...]] = {"records": ("delta_fen",), "verdicts": (), "deny": ()}
"""The sums that a file of each kind must carry."""


def head_of(raw: object, name: str) -> LineHead | Refusal:
    """The header of a decoded first line. Refuses with LINES_HEADER."""
    try:
        head = msgspec.convert(raw, LineHead)
    except msgspec.ValidationError:
        return Refusal("LINES_HEADER", f"{name}:1")
    texts = (head.sender, head.receiver, head.file_id)
    if not all(_is_id(text) for text in texts) or not set(SUMS[head.kind]) <= set(head.sums):
        return Refusal("LINES_HEADER", f"{name}:1")
    return head


def row_of(kind: RowKind, line: bytes, place: str) -> Row | Refusal:
    """A row of a kind, or why it is none. Refuses with LINES_ROW."""
    try:
        return _READERS[kind].decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        detail = str(error).encode("unicode_escape").decode("ascii")[:200]
        return Refusal("LINES_ROW", place, {"detail": detail})


def _is_id(text: str) -> bool:
    fits = 0 < len(text) <= ID_CHARS_MAX
    return fits and text.isascii() and text.isprintable() and " " not in text and "/" not in text
