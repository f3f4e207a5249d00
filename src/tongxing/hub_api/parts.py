"""What is for ever the same bytes, whole or in part.

Part after part of it makes the whole, whenever each was fetched.
"""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tongxing.hub_api.answers import BYTES, Answers
from tongxing.hub_api.door import Asked
from tongxing.kernel.reasons import Refusal
from tongxing.signed_http import content_digest

_RANGE = re.compile(r"bytes=([0-9]{1,12})-([0-9]{0,12})", re.ASCII)
_STREAMED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are kept: how many, their SHA-256 in hex, and `read`, which gives some of them:
    from which place on, how many at most."""

    size: int
    sha256: str
    read: Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Parts:
    """Answers with bytes that are kept, at most `part_bytes` in one answer to a range."""

    answers: Answers
    part_bytes: int

    async def told(self, http: HttpRequest, asked: Asked, kept: Kept) -> Response:
        """All of it, or the part that Range names. Answers LETTER_RANGE for one outside."""
        wanted = _RANGE.fullmatch(http.headers.get("range", ""))
        sha256 = bytes.fromhex(kept.sha256)
        headers = {
            "Content-Type": BYTES,
            "Content-Disposition": "attachment",
            "Accept-Ranges": "bytes",
            "ETag": f'"{kept.sha256}"',
            "Repr-Digest": content_digest(sha256),
        }
        if wanted is not None:
            end = int(wanted[2]) + 1 if wanted[2] else kept.size
            return await self._part(asked, kept, int(wanted[1]), end, headers)
        headers["Content-Length"] = str(kept.size)
        return self.answers.streamed(asked, _all(kept), sha256, headers)

    async def _part(
        self, asked: Asked, kept: Kept, start: int, end: int, headers: dict[str, str]
    ) -> Response:
        end = min(end, kept.size, start + self.part_bytes)
        if start >= end:
            return self.answers.refused(asked, Refusal("LETTER_RANGE", values={"size": kept.size}))
        content = await run_in_threadpool(kept.read, start, end - start)
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{kept.size}"
        return self.answers.whole(asked, content, 206, headers)


async def _all(kept: Kept) -> AsyncIterator[bytes]:
    for start in range(0, kept.size, _STREAMED_BYTES):
        yield await run_in_threadpool(kept.read, start, _STREAMED_BYTES)
