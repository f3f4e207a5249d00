"""What the lines of a line file say: its header, and the kinds of rows there are."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from tongxing.exchange.telling import told
from tongxing.kernel.ids import is_file_name
from tongxing.kernel.reasons import LANGUAGES, Refusal
from tongxing.messages import HUB_SENDER, Record, Verdict
from tongxing.messages.faults import plain, row_fault

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
    """The header of a decoded first line. Refuses with LINES_HEADER and FILE_NAME."""
    try:
        head = msgspec.convert(raw, LineHead)
    except msgspec.ValidationError:
        return Refusal("LINES_HEADER", f"{name}:1")
    parties = _is_id(head.sender) and _is_id(head.receiver)
    if not parties or not set(SUMS[head.kind]) <= set(head.sums):
        return Refusal("LINES_HEADER", f"{name}:1")
    if not is_file_name(head.file_id):
        return Refusal("FILE_NAME", f"{name}:1")
    return head


def row_of(kind: RowKind, line: bytes, place: str) -> Row | Refusal:
    """A row of a kind, or why it is none. Refuses as `row_fault` says."""
    try:
        return _READERS[kind].decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        code, values = row_fault(line, str(error))
        if code == "FIELD_AMOUNT":
            names = {f"name_{language}": values["field"] for language in LANGUAGES}
            values = {**names, "found": values["found"], **told("what", "fault.whole_fen")}
        return Refusal(code, place, values)


def foreign_row(head: LineHead, row: Row, place: str) -> Refusal | None:
    """Why a record does not belong into this file: a member sends its own only, the hub to an
    issuer that issuer's. Refuses with PARTICIPANT_MISMATCH (B85)."""
    if not isinstance(row, Record):
        return None
    of_hub = head.sender == HUB_SENDER
    named, expected = (row.issuer, head.receiver) if of_hub else (row.acquirer, head.sender)
    if named == expected:
        return None
    return Refusal("PARTICIPANT_MISMATCH", place, {"named": plain(named), "expected": expected})


def _is_id(text: str) -> bool:
    fits = 0 < len(text) <= ID_CHARS_MAX
    return fits and text.isascii() and text.isprintable() and " " not in text and "/" not in text
