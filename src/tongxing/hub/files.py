"""Opening a record file: from sealed manifest and packed bytes to rows, or why it is refused whole.

Everything that concerns the file as one thing is settled here, before any row is judged: who sent
it, that its bytes, rows and sum are those of its manifest, and that it unpacks within the limits.
A row that cannot be read is handed on as such; it never stops the file. Nothing here has a memory:
the chain of manifests is the service's to check.
"""

import zlib
from dataclasses import dataclass

from tongxing.hub.rows import Row, read_row
from tongxing.hub.rulebook import FileLimits
from tongxing.kernel.contents import HEAD_BYTES, is_other_text, kind_shown, packed_kind
from tongxing.kernel.ids import is_file_name, sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Manifest, unseal
from tongxing.messages.faults import plain

_GZIP = 31


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

    Refuses with FILE_TOO_LARGE, a reason of `unseal`, PARTICIPANT_MISMATCH (signed by somebody else
    than it names) or FILE_NAME.
    """
    if len(message) > limits.manifest_bytes_max:
        values = {"found": len(message), "limit": limits.manifest_bytes_max}
        return Refusal("FILE_TOO_LARGE", "manifest", values)
    opened = unseal(message, Manifest, keys)
    if isinstance(opened, Refusal):
        return opened
    signer, manifest = opened
    if signer != manifest.sender:
        parties = {"named": plain(manifest.sender), "expected": signer}
        return Refusal("PARTICIPANT_MISMATCH", "manifest", parties)
    if not is_file_name(manifest.file_id):
        return Refusal("FILE_NAME", "manifest")
    return Cover(signer, manifest, message, sha256_hex(message))


def open_file(manifest: Manifest, data: bytes, limits: FileLimits) -> list[Row] | Refusal:
    """The rows of a data file, in the file's order.

    Refuses with FILE_EMPTY, FILE_TOO_LARGE, FILE_CHECKSUM, FILE_TYPE, FILE_TRUNCATED,
    FILE_EXPANDS_TOO_MUCH, FILE_ENCODING, FILE_COUNT, LINES_TOO_MANY or FILE_SUM. The sum is checked
    when every row can be read: a row that cannot has no amount, and gets its own verdict.
    """
    name = manifest.file_id
    if not data:
        return Refusal("FILE_EMPTY", name)
    if len(data) > limits.data_bytes_max:
        return Refusal("FILE_TOO_LARGE", name, _pair(limits.data_bytes_max, len(data), "limit"))
    found = sha256_hex(data)
    if found != manifest.data_sha256:
        return Refusal("FILE_CHECKSUM", name, _pair(plain(manifest.data_sha256), found))
    content = _unpacked(data, limits, name)
    if isinstance(content, Refusal):
        return content
    refusal = _no_text(content, name)
    if refusal is not None:
        return refusal
    lines = content.split(b"\n")[:-1]
    if len(lines) != manifest.rows:
        return Refusal("FILE_COUNT", name, _pair(manifest.rows, len(lines)))
    if len(lines) > limits.rows_max:
        return Refusal("LINES_TOO_MANY", name, {"limit": limits.rows_max})
    rows = [
        read_row(number, line, limits.line_bytes_max) for number, line in enumerate(lines, start=1)
    ]
    records = [row.record for row in rows if row.record is not None]
    total_fen = sum(record.delta_fen for record in records)
    if len(records) == len(rows) and total_fen != manifest.delta_sum_fen:
        values = {"name": "delta_fen", **_pair(manifest.delta_sum_fen, total_fen)}
        return Refusal("FILE_SUM", name, values)
    return rows


def _unpacked(data: bytes, limits: FileLimits, name: str) -> bytes | Refusal:
    """One gzip stream, whole, and nothing after it. Stops as soon as it grows past the limit."""
    limit = min(limits.expanded_bytes_max, len(data) * limits.expansion_ratio_max + 65_536)
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(data, limit + 1)
    except zlib.error:
        kind = kind_shown(data[:HEAD_BYTES])
        found = "gzip, ?" if kind == "gzip" else kind
        return Refusal("FILE_TYPE", f"{name}:byte 1", {"found": found})
    if len(content) > limit:
        return Refusal("FILE_EXPANDS_TOO_MUCH", name, {"limit": limit})
    if not stream.eof:
        return Refusal("FILE_TRUNCATED", f"{name}:byte {len(data) + 1}")
    if stream.unused_data:
        more = len(stream.unused_data)
        place = f"{name}:byte {len(data) - more + 1}"
        return Refusal("FILE_TYPE", place, {"found": f"gzip + {more} B"})
    return content


def _no_text(content: bytes, name: str) -> Refusal | None:
    """Why what was unpacked is not lines of UTF-8: another file inside, another encoding, a last
    line without its end."""
    head = content[:HEAD_BYTES]
    if packed_kind(head):
        return Refusal("FILE_TYPE", name, {"found": f"gzip ({kind_shown(head)})"})
    if is_other_text(head):
        return Refusal("FILE_ENCODING", f"{name}:1:1")
    if content and not content.endswith(b"\n"):
        if b"\n" not in content and b"\r" in content:
            return Refusal("FILE_ENCODING", f"{name}:1:{content.index(13) + 1}")
        last = content.count(b"\n") + 1
        return Refusal("FILE_TRUNCATED", f"{name}:{last}:{len(content) - content.rfind(10)}")
    return None


def _pair(expected: object, found: object, word: str = "expected") -> dict[str, object]:
    return {word: expected, "found": found}
