"""Bodies as they come in: never more of them in memory than a piece, never longer than allowed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from starlette.requests import Request as HttpRequest

from tongxing.kernel.reasons import Problem, Refusal


async def parts_of(http: HttpRequest, most: int, rest_s: float) -> AsyncIterator[bytes]:
    """The pieces of a body. Raises Problem: BODY_TOO_LARGE as soon as there is more than `most`,
    BODY_SLOW when nothing comes for `rest_s` seconds."""
    found = 0
    stream = http.stream().__aiter__()
    while True:
        try:
            part = await asyncio.wait_for(anext(stream), rest_s)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Problem("BODY_SLOW", most=int(rest_s)) from None
        found += len(part)
        if found > most:
            raise Problem("BODY_TOO_LARGE", most=most)
        yield part


async def whole_body(
    http: HttpRequest, most: int, sha256: bytes | None, rest_s: float
) -> bytes | Refusal:
    """A body that is small. Refuses HTTP_DIGEST; raises as `parts_of` does."""
    found = bytearray()
    async for part in parts_of(http, most, rest_s):
        found += part
    if hashlib.sha256(found).digest() != sha256:
        return Refusal("HTTP_DIGEST")
    return bytes(found)
