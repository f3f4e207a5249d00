"""Makes a line file: header, rows, trailer, packed and signed. The same rows are the same bytes."""

import hashlib
import zlib
from collections.abc import Iterable

import msgspec

from tongxing.exchange.lines.rows import SUMS, LineHead, LineTrailer, Row
from tongxing.exchange.lines.wrapping import wrap
from tongxing.messages import SigningKey

_LEVEL = 6
_encode = msgspec.json.Encoder(order="deterministic").encode


def pack_rows(head: LineHead, rows: Iterable[Row], key: SigningKey) -> bytes:
    """The signed file. `head.sender` must be the key's; its sums are those of its kind.

    Raises ValueError for another sender.
    """
    if head.sender != key.sender:
        raise ValueError(f"{key.sender} cannot sign a file of {head.sender}")
    head = msgspec.structs.replace(head, sums=SUMS[head.kind])
    sums = dict.fromkeys(head.sums, 0)
    lines = [_encode(head)]
    for row in rows:
        lines.append(_encode(row))
        for name in sums:
            sums[name] += getattr(row, name)
    before = b"".join(line + b"\n" for line in lines)
    digest = hashlib.sha256(before).hexdigest()
    trailer = LineTrailer(rows=len(lines) - 1, sums=sums, sha256=digest)
    return pack_bytes(before + _encode(trailer) + b"\n", key)


def pack_bytes(content: bytes, key: SigningKey) -> bytes:
    """Any content packed and signed as a line file is; whether it is one, the reader says."""
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    packed = squeezer.compress(content) + squeezer.flush()
    size = len(content) & 0xFFFFFFFF
    return wrap(
        packed + zlib.crc32(content).to_bytes(4, "little") + size.to_bytes(4, "little"), key
    )
