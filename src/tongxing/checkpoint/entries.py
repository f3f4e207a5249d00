"""What the leaves of a window's trees say: a record with its verdict, a file, a paper.

A leaf is canonical JSON: keys in one order, no blanks. An acquirer rebuilds its leaves from its
record files and the verdict files that answered them, and needs nothing of the hub's.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from tongxing.kernel.ids import sha256_hex
from tongxing.messages import Record, Verdict
from tongxing.messages.envelope import encode, reader_of

_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError)


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of a record file and the hub's answer to it, as a leaf says them.

    `record_sha256` is that of the record's canonical JSON. Members and money are as presented;
    whether and how it counts is the verdict's to say, in the very words that the sender heard. For
    a line that is no record the hash is that of the line as it came, members are "" and money 0.
    """

    window_id: str
    record_sha256: str
    issuer: str
    acquirer: str
    charge_fen: int
    delta_fen: int
    verdict: Verdict


class FileEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An accepted record file: link `number` of its sender's chain of manifests, its data and the
    verdict file that answered it, by their SHA-256."""

    window_id: str
    sender: str
    number: int
    file_id: str
    manifest_sha256: str
    data_sha256: str
    verdicts_sha256: str


class PaperEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document that a closing handed out, or the message of a payment, by its SHA-256."""

    kind: str
    party: str
    sha256: str


reader_of(Entry)  # built once and before any thread, as `reader_of` asks


def entry_of(window_id: str, line: bytes, verdict: Verdict) -> Entry:
    """The entry of a line of a record file, without its line end."""
    try:
        record = reader_of(Record).decode(line)
    except _UNREADABLE:
        return Entry(
            window_id=window_id,
            record_sha256=sha256_hex(line),
            issuer="",
            acquirer="",
            charge_fen=0,
            delta_fen=0,
            verdict=verdict,
        )
    return Entry(
        window_id=window_id,
        record_sha256=sha256_hex(encode(record)),
        issuer=record.issuer,
        acquirer=record.acquirer,
        charge_fen=record.charge_fen,
        delta_fen=record.delta_fen,
        verdict=verdict,
    )


def entries_of_file(window_id: str, content: bytes, verdicts: Iterable[Verdict]) -> Iterable[Entry]:
    """The entries of an unpacked record file, in its order of rows. Raises ValueError when there
    are not as many verdicts as rows."""
    lines = content.split(b"\n")[:-1]
    for line, verdict in zip(lines, verdicts, strict=True):
        yield entry_of(window_id, line, verdict)


def leaf_bytes(entry: Entry | FileEntry | PaperEntry) -> bytes:
    """The content of the leaf that says this: canonical JSON."""
    return encode(entry)


def read_entry(content: bytes) -> Entry | None:
    """The entry that a leaf says; None for what is not the canonical JSON of one."""
    try:
        found = reader_of(Entry).decode(content)
    except _UNREADABLE:
        return None
    return found if encode(found) == content else None
