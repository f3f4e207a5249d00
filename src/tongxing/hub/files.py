"""Opening a record file: from sealed manifest and packed bytes to rows, or why it is refused whole.

Everything that concerns the file as one thing is settled here, before any row is judged: who sent
it, that its bytes, rows and sum are those of its manifest, and that it unpacks within the limits.
A row that cannot be read is handed on as such; it never stops the file. Nothing here has a memory:
the chain of manifests is the service's to check.
"""

import zlib
from dataclasses import dataclass

from tongxing.hub.rows import Row, is_name, read_row
from tongxing.hub.rulebook import FileLimits
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Manifest, unseal

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
    if not is_name(manifest.file_id):
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
    rows = [
        read_row(number, line, limits.line_bytes_max) for number, line in enumerate(lines, start=1)
    ]
    records = [row.record for row in rows if row.record is not None]
    total_fen = sum(record.delta_fen for record in records)
    if len(records) == len(rows) and total_fen != manifest.delta_sum_fen:
        values = {"expected": manifest.delta_sum_fen, "found": total_fen}
        return Refusal("FILE_SUM", manifest.file_id, values)
    return rows


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
