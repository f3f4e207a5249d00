"""Opening a record file: from sealed manifest and packed bytes to rows, or why it is refused whole.

Everything that concerns the file as one thing is settled here, before any row is judged: who sent
it, that its bytes, rows and sum are those of its manifest, and that it unpacks within the limits.
A row that cannot be read is handed on as such; it never stops the file. Nothing here has a memory:
the chain of manifests is the service's to check.
"""

import json
import zlib
from dataclasses import dataclass

import msgspec

from tongxing.hub.rulebook import FileLimits
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Manifest, Record, unseal

FILE_ID_CHARS_MAX = 64
_GZIP = 31
_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError)


_decode_record = msgspec.json.Decoder(Record).decode
_encode_record = msgspec.json.Encoder(order="deterministic").encode


class _NameOnly(msgspec.Struct):
    """What can still be told of a row that is no record."""

    record_id: str = ""


_decode_name = msgspec.json.Decoder(_NameOnly).decode


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file. `record` is None for a line that is no record; `fault` then says why,
    and `record_id` is its own if that can be read, else ``#`` and the line's number. `content` is
    the canonical JSON of a record, or the line as it came."""

    number: int
    record_id: str
    content: bytes
    record: Record | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """A manifest whose signature holds: the sealed message, and its SHA-256, which is its name in
    the chain of manifests."""

    sender: str
    manifest: Manifest
    message: bytes
    sha256: str


def read_cover(message: bytes, limits: FileLimits, keys: KeyRing) -> Cover | Refusal:
    """The manifest of a sealed message.

    Refuses with FILE_TOO_LARGE, a reason of `unseal`, FILE_SENDER (signed by somebody else than it
    names) or FILE_ID.
    """
    if len(message) > limits.manifest_bytes_max:
        values = {"found": len(message), "limit": limits.manifest_bytes_max}
        return Refusal("FILE_TOO_LARGE", "manifest", values)
    opened = unseal(message, Manifest, keys)
    if isinstance(opened, Refusal):
        return opened
    signer, manifest = opened
    if signer != manifest.sender:
        return Refusal("FILE_SENDER", "manifest", {"sender": signer})
    if not is_name(manifest.file_id, FILE_ID_CHARS_MAX):
        return Refusal("FILE_ID", "manifest")
    return Cover(signer, manifest, message, sha256_hex(message))


def open_file(manifest: Manifest, data: bytes, limits: FileLimits) -> list[Row] | Refusal:
    """The rows of a data file, in the file's order.

    Refuses with FILE_TOO_LARGE, FILE_CHECKSUM, FILE_TYPE, FILE_TRUNCATED, FILE_EXPANDS_TOO_MUCH,
    FILE_COUNT or FILE_SUM. The sum is checked when every row can be read: a row that cannot has no
    amount, and gets its own verdict.
    """
    if len(data) > limits.data_bytes_max:
        values = {"found": len(data), "limit": limits.data_bytes_max}
        return Refusal("FILE_TOO_LARGE", manifest.file_id, values)
    if sha256_hex(data) != manifest.data_sha256:
        return Refusal("FILE_CHECKSUM", manifest.file_id)
    content = _unpacked(data, limits)
    if isinstance(content, Refusal):
        return content
    if content and not content.endswith(b"\n"):
        return Refusal("FILE_TRUNCATED", manifest.file_id)
    lines = content.split(b"\n")[:-1]
    if len(lines) != manifest.rows or len(lines) > limits.rows_max:
        values = {"expected": manifest.rows, "found": len(lines)}
        return Refusal("FILE_COUNT", manifest.file_id, values)
    rows = [_row(number, line, limits) for number, line in enumerate(lines, start=1)]
    records = [row.record for row in rows if row.record is not None]
    total_fen = sum(record.delta_fen for record in records)
    if len(records) == len(rows) and total_fen != manifest.delta_sum_fen:
        values = {"expected": manifest.delta_sum_fen, "found": total_fen}
        return Refusal("FILE_SUM", manifest.file_id, values)
    return rows


def is_visible(text: str) -> bool:
    """Whether a text is all visible ASCII, without spaces."""
    return text.isascii() and text.isprintable() and " " not in text


def is_name(text: str, chars_max: int) -> bool:
    """Whether a text can name a thing: visible ASCII, not empty, not too long."""
    return 0 < len(text) <= chars_max and is_visible(text)


def _unpacked(data: bytes, limits: FileLimits) -> bytes | Refusal:
    """One gzip stream, whole, and nothing after it. Stops as soon as it grows past the limit."""
    limit = min(limits.expanded_bytes_max, len(data) * limits.expansion_ratio_max + 65_536)
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(data, limit + 1)
    except zlib.error:
        return Refusal("FILE_TYPE")
    if len(content) > limit:
        return Refusal("FILE_EXPANDS_TOO_MUCH")
    if not stream.eof:
        return Refusal("FILE_TRUNCATED")
    if stream.unused_data:
        return Refusal("FILE_TYPE")
    return content


def _row(number: int, line: bytes, limits: FileLimits) -> Row:
    if len(line) > limits.line_bytes_max:
        return Row(number, f"#{number}", b"", None, "line too long")
    try:
        record = _decode_record(line)
        canonical = _encode_record(record)
    except _UNREADABLE as error:
        return Row(number, _name_of(number, line), line, None, _plain(str(error)))
    if not is_name(record.record_id, FILE_ID_CHARS_MAX):
        return Row(number, f"#{number}", line, None, "record id is no name")
    if canonical != line and _says_a_key_twice(line):
        return Row(number, record.record_id, line, None, "a key stands twice")
    return Row(number, record.record_id, canonical, record)


def _plain(text: str) -> str:
    """A text that quotes what somebody sent, made harmless and short."""
    return text.encode("unicode_escape").decode("ascii")[:200]


def _name_of(number: int, line: bytes) -> str:
    try:
        name = _decode_name(line).record_id
    except _UNREADABLE:
        name = ""
    return name if is_name(name, FILE_ID_CHARS_MAX) else f"#{number}"


def _says_a_key_twice(line: bytes) -> bool:
    """Whether a JSON object in the line repeats a key: one reader would take the first, another
    the last, so such a line has no meaning."""
    repeated = False

    def look(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) != len(pairs)
        return found

    json.loads(line, object_pairs_hook=look)
    return repeated
