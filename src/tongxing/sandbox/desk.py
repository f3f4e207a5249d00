"""What the sandbox's servers share: the book, the knobs, the notices, and who its customer is."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tongxing.partners.calling import Clock
from tongxing.partners.settings import AlipaySettings, AliyunSettings, WechatSettings
from tongxing.sandbox.book import Book
from tongxing.sandbox.faults import Faults
from tongxing.sandbox.notifying import Notifier

STRANGER = "stranger"
"""Whose key signs where a knob asks for a wrong signature."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One sandbox. The settings are those of its one customer."""

    address: str
    alipay: AlipaySettings
    wechat: WechatSettings
    aliyun: AliyunSettings
    book: Book
    faults: Faults
    notifier: Notifier
    clock: Clock


class Dropped(Response):
    """An answer that breaks off: the head promises a body that never comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"{"})


async def body_of(request: Request, most: int = 1 << 18) -> bytes:
    """The body of a request, cut off where it is larger than any call is."""
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > most:
            return b""
    return found
