"""Letters: the list of them, and each one whole or in part."""

import re
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tongxing.hub_api.answers import Answers
from tongxing.hub_api.desks import HubDesks
from tongxing.hub_api.door import Asked
from tongxing.hub_api.parts import Kept, Parts
from tongxing.kernel.reasons import Refusal

NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


def after_of(http: HttpRequest) -> int | Refusal:
    """The number after which a list begins, 0 where none is said. Refuses API_QUERY."""
    query = http.query_params
    after = query.get("after", "0")
    if not NUMBER.fullmatch(after) or set(query) - {"after"}:
        return Refusal("API_QUERY", values={"name": "after"})
    return int(after)


@dataclass(frozen=True)
class LetterRoutes:
    """What members fetch."""

    desks: HubDesks
    answers: Answers

    async def listed(self, http: HttpRequest, asked: Asked) -> Response:
        """The list after a number."""
        after = after_of(http)
        if isinstance(after, Refusal):
            return self.answers.refused(asked, after)
        page = await run_in_threadpool(self.desks.desk.letters, asked.member, after)
        if isinstance(page, Refusal):
            return self.answers.refused(asked, page)
        return self.answers.told(asked, page, 200)

    async def one(self, http: HttpRequest, asked: Asked) -> Response:
        """A letter, or the part of it that Range names."""
        number = http.path_params["number"]
        if not NUMBER.fullmatch(number):
            refusal = Refusal("LETTER_UNKNOWN", values={"number": number[:20]})
            return self.answers.refused(asked, refusal)
        desk = self.desks.desk
        letter = await run_in_threadpool(desk.letter, asked.member, int(number))
        if isinstance(letter, Refusal):
            return self.answers.refused(asked, letter)
        read = partial(desk.content, asked.member, letter.number)
        parts = Parts(self.answers, self.desks.limits.part_bytes)
        return await parts.told(http, asked, Kept(letter.bytes, letter.sha256, read))
