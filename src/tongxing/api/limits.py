"""How much may come from whom: bodies by bytes and seconds, requests by device and by address."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request

from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """`body_bytes` holds a batch of 500 taps with cards' proofs and ride codes. A device may send
    `burst` requests at once and `a_second` for ever; a stranger's address far fewer."""

    body_bytes: int = 2 << 20
    header_bytes: int = 4_096
    body_s: float = 20.0
    burst: int = 240
    a_second: float = 20.0
    strangers_burst: int = 120
    strangers_a_second: float = 2.0
    known_most: int = 20_000


async def whole_body(request: Request, limits: Limits) -> bytes | Refusal:
    """The body of a request. Refuses BODY_TOO_LARGE, without reading on, and BODY_SLOW."""
    most = limits.body_bytes
    too_large = Refusal("BODY_TOO_LARGE", values={"most": most})
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated[:20]) > most:
        return too_large
    found = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            async for part in request.stream():
                found += part
                if len(found) > most:
                    return too_large
    except TimeoutError:
        return Refusal("BODY_SLOW", values={"most": int(limits.body_s)})
    return bytes(found)
