"""Letters: the list of them, and each one whole or in part."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tongxing.hub_api.answers import BYTES, Answers
from tongxing.hub_api.desks import HubDesks
from tongxing.hub_api.door import Asked
from tongxing.kernel.reasons import Refusal
from tongxing.messages.letters import Letter
from tongxing.signed_http import content_digest

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_RANGE = re.compile(r"bytes=([0-9]{1,12})-([0-9]{0,12})", re.ASCII)
_STREAMED_BYTES = 1 << 20


@dataclass(frozen=True)
class LetterRoutes:
    """What members fetch. A letter is for ever the same bytes, so part after part of it makes the
    whole, whenever each was fetched."""

    desks: HubDesks
    answers: Answers

    async def listed(self, http: HttpRequest, asked: Asked) -> Response:
        """The list after a number."""
        query = http.query_params
        after = query.get("after", "0")
        if not _NUMBER.fullmatch(after) or set(query) - {"after"}:
            return self.answers.refused(asked, Refusal("API_QUERY", values={"name": "after"}))
        page = await run_in_threadpool(self.desks.desk.letters, asked.member, int(after))
        if isinstance(page, Refusal):
            return self.answers.refused(asked, page)
        return self.answers.told(asked, page, 200)

    async def one(self, http: HttpRequest, asked: Asked) -> Response:
        """A letter, or the part of it that Range names."""
        number = http.path_params["number"]
        if not _NUMBER.fullmatch(number):
            refusal = Refusal("LETTER_UNKNOWN", values={"number": number[:20]})
            return self.answers.refused(asked, refusal)
        letter = await run_in_threadpool(self.desks.desk.letter, asked.member, int(number))
        if isinstance(letter, Refusal):
            return self.answers.refused(asked, letter)
        wanted = _RANGE.fullmatch(http.headers.get("range", ""))
        sha256 = bytes.fromhex(letter.sha256)
        headers = {
            "Content-Type": BYTES,
            "Content-Disposition": "attachment",
            "Accept-Ranges": "bytes",
            "ETag": f'"{letter.sha256}"',
            "Repr-Digest": content_digest(sha256),
        }
        if wanted is not None:
            end = int(wanted[2]) + 1 if wanted[2] else letter.bytes
            return await self._part(asked, letter, int(wanted[1]), end, headers)
        headers["Content-Length"] = str(letter.bytes)
        parts = self._parts(asked.member, letter)
        return self.answers.streamed(asked, parts, sha256, headers)

    async def _part(
        self, asked: Asked, letter: Letter, start: int, end: int, headers: dict[str, str]
    ) -> Response:
        end = min(end, letter.bytes, start + self.desks.limits.part_bytes)
        if start >= end:
            refusal = Refusal("LETTER_RANGE", values={"size": letter.bytes})
            return self.answers.refused(asked, refusal)
        read = self.desks.desk.content
        content = await run_in_threadpool(read, asked.member, letter.number, start, end - start)
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{letter.bytes}"
        return self.answers.whole(asked, content, 206, headers)

    async def _parts(self, member: str, letter: Letter) -> AsyncIterator[bytes]:
        read = self.desks.desk.content
        for start in range(0, letter.bytes, _STREAMED_BYTES):
            yield await run_in_threadpool(read, member, letter.number, start, _STREAMED_BYTES)
