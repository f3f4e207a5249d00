"""Registers: a member hands its own in, and fetches what is new of those it may see.

Nobody reads what stands in one before a child process has: only whose it is, by its signature.
"""

import re
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tongxing.exchange.limits import load_limits
from tongxing.exchange.lines.opening import whole_numbers
from tongxing.hub_api.answers import Answers
from tongxing.hub_api.bodies import whole_body
from tongxing.hub_api.desks import HubDesks
from tongxing.hub_api.door import Asked
from tongxing.hub_api.letters import NUMBER, after_of
from tongxing.hub_api.parts import Kept, Parts
from tongxing.kernel.reasons import Refusal
from tongxing.messages.register_pages import KeptRegister
from tongxing.signed_http import sha256_of_digest

AT_ONCE_MOST = 2
"""So many are read at the same time; each may be as large as a register may be."""
_KIND = re.compile(r"[A-Za-z]{1,40}", re.ASCII)


class RegisterRoutes:
    """What members do with registers."""

    def __init__(self, desks: HubDesks, answers: Answers) -> None:
        self._desks, self._answers = desks, answers
        self._counter = desks.desk.registers
        self._at_work = 0

    async def hand_in(self, http: HttpRequest, asked: Asked) -> Response:
        """A sealed register comes; the same one again changes nothing."""
        kind, version = http.path_params["kind"], http.path_params["version"]
        if not _KIND.fullmatch(kind) or not NUMBER.fullmatch(version):
            return self._answers.refused(asked, Refusal("REGISTER_VERSION", kind[:64]))
        if self._at_work >= AT_ONCE_MOST:
            return self._answers.refused(asked, Refusal("HUB_BUSY"))
        self._at_work += 1
        try:
            found = await self._taken(http, asked.member, kind, int(version))
        finally:
            self._at_work -= 1
        if isinstance(found, Refusal):
            return self._answers.refused(asked, found)
        return self._answers.told(asked, found, 200)

    async def listed(self, http: HttpRequest, asked: Asked) -> Response:
        """What is new after a number."""
        after = after_of(http)
        if isinstance(after, Refusal):
            return self._answers.refused(asked, after)
        page = await run_in_threadpool(self._counter.listed, asked.member, after)
        if isinstance(page, Refusal):
            return self._answers.refused(asked, page)
        return self._answers.told(asked, page, 200)

    async def one(self, http: HttpRequest, asked: Asked) -> Response:
        """A version, or the part of it that Range names."""
        text = http.path_params["number"]
        if not NUMBER.fullmatch(text):
            refusal = Refusal("REGISTER_UNKNOWN", values={"number": text[:20]})
            return self._answers.refused(asked, refusal)
        found = await run_in_threadpool(self._counter.one, asked.member, int(text))
        if isinstance(found, Refusal):
            return self._answers.refused(asked, found)
        read = partial(self._counter.content, found.number)
        parts = Parts(self._answers, self._desks.limits.part_bytes)
        return await parts.told(http, asked, Kept(found.bytes, found.sha256, read))

    async def _taken(
        self, http: HttpRequest, member: str, kind: str, version: int
    ) -> KeptRegister | Refusal:
        desks, most = self._desks, load_limits().registers.file_bytes_max
        sha256 = sha256_of_digest(http.headers.get("content-digest", ""))
        message = await whole_body(http, most, sha256, desks.limits.rest_s)
        if isinstance(message, Refusal):
            return message
        body = await run_in_threadpool(self._counter.body_of, member, kind, message)
        if isinstance(body, Refusal):
            return body
        numbers = await run_in_threadpool(whole_numbers, body, kind)
        if isinstance(numbers, Refusal):
            return numbers
        if numbers.get("version") != version:
            return Refusal("REGISTER_VERSION", kind)
        name = (kind, member, version)
        return await run_in_threadpool(self._counter.take, name, message, desks.clock())
