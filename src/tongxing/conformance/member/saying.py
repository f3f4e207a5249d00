"""What the kit's hub says, piece by piece: refusals, and letters or registers in part."""

import hashlib
import re
from collections.abc import Callable, Mapping

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.signed_http import Request, content_digest

PART_BYTES = 1 << 20
_PART = re.compile(r"bytes=([0-9]+)-([0-9]*)", re.ASCII)

Made = tuple[int, list[tuple[str, str]], bytes]
"""Status, header fields and body of an answer."""
Act = Callable[[Request, str, bytes], Made]
"""What is done with a request, its path and its body."""


def error(code: str, values: Mapping[str, object] | None = None) -> bytes:
    """A code as the one JSON object of errors."""
    return told(Refusal(code, values=values or {}))


def told(refusal: Refusal) -> bytes:
    """A refusal as the one JSON object of errors."""
    return msgspec.json.encode(refusal.as_json())


def in_part(request: Request, content: bytes) -> Made:
    """All of a content, or the part of it that the request names."""
    headers = [("Repr-Digest", content_digest(hashlib.sha256(content).digest()))]
    wanted = _PART.fullmatch(request.headers.get("range"))
    if wanted is None:
        return 200, headers, content
    start = int(wanted[1])
    end = min(int(wanted[2]) + 1 if wanted[2] else len(content), start + PART_BYTES)
    part = content[start:end]
    if not part:
        return 416, [], error("LETTER_RANGE")
    span = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    return 206, [*headers, ("Content-Range", span)], part
