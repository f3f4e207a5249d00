"""The interface: four addresses below ``/v1``, each a sealed message and its answer.

Who asks is known by the signature of the message. Rates are counted after it holds, so that nobody
can use up another's; before it holds, by the address that it came from.
"""

import asyncio
import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable

import psycopg
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tongxing.api.answers import answered, on_bug, on_http_error, on_problem, refused, sealed
from tongxing.api.desks import DeviceDesks
from tongxing.api.limits import Rates, whole_body
from tongxing.city.fleet import DeviceBatch, open_batch
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages.claims import claimed_sender
from tongxing.messages.fleet import Heartbeat
from tongxing.web.clients import client_key

SCHEME = "Tongxing "
_VERSION = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


class _Interface:
    """The handlers, with what they share."""

    def __init__(self, desks: DeviceDesks) -> None:
        limits = desks.limits
        self.desks, self.limits = desks, limits
        self.devices = Rates(limits.burst, limits.a_second, limits.known_most, desks.ticks)
        self.strangers = Rates(
            limits.strangers_burst, limits.strangers_a_second, limits.known_most, desks.ticks
        )

    async def enrol(self, request: Request) -> Response:
        """A device brings its code and its key."""
        return await self._by_stranger(request, self.desks.door.enrol)

    async def batches(self, request: Request) -> Response:
        """A batch of taps; the receipt comes after the city's commit."""
        body = await whole_body(request, self.limits)
        if isinstance(body, Refusal):
            return refused(body)
        opened = await run_in_threadpool(open_batch, self.desks.door, body)
        if isinstance(opened, Refusal):
            return self._distrusted(request, opened)
        limit = self.devices.refuses(opened.device.device)
        if limit is not None:
            return refused(limit)
        return answered(await self._taken_in(opened))

    async def heartbeat(self, request: Request) -> Response:
        """How a device is; the answer brings its orders."""
        body = await whole_body(request, self.limits)
        if isinstance(body, Refusal):
            return refused(body)
        answer = await run_in_threadpool(self.desks.door.hear, body, self.desks.clock())
        if isinstance(answer, Refusal):
            return self._distrusted(request, answer)
        sender = claimed_sender(body, Heartbeat)
        limit = self.devices.refuses(sender)
        return sealed(answer) if limit is None else refused(limit)

    async def deny_list(self, request: Request) -> Response:
        """The deny list, if there is a newer one than the device has."""
        since = request.query_params.get("since", "0")
        if not _VERSION.fullmatch(since) or set(request.query_params) - {"since"}:
            return refused(Refusal("API_QUERY", values={"name": "since"}))
        message = _signed_header(request, self.limits.header_bytes)
        if isinstance(message, Refusal):
            return self._distrusted(request, message)
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        asked = f"{path}?{request.url.query}" if request.url.query else path
        device = await run_in_threadpool(self.desks.door.asking, message, asked, self.desks.clock())
        if isinstance(device, Refusal):
            return self._distrusted(request, device)
        limit = self.devices.refuses(device.device)
        if limit is not None:
            return refused(limit)
        found = await run_in_threadpool(self.desks.door.deny_list, int(since))
        if found is None:
            return Response(status_code=304, headers={"Cache-Control": "no-store"})
        return sealed(found)

    async def _by_stranger(
        self, request: Request, act: Callable[[bytes, int], bytes | Refusal]
    ) -> Response:
        limit = self.strangers.refuses(_client(request))
        if limit is not None:
            return refused(limit)
        body = await whole_body(request, self.limits)
        if isinstance(body, Refusal):
            return refused(body)
        return answered(await run_in_threadpool(act, body, self.desks.clock()))

    async def _taken_in(self, opened: DeviceBatch) -> bytes | Refusal:
        return await asyncio.wrap_future(self.desks.letterbox.put(opened))

    def _distrusted(self, request: Request, refusal: Refusal) -> Response:
        """What was not believed counts against the address that it came from."""
        return refused(self.strangers.refuses(_client(request)) or refusal)


def create_device_app(desks: DeviceDesks) -> FastAPI:
    """The application; it may be mounted below any address."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    interface = _Interface(desks)
    app.add_route("/v1/enrol", interface.enrol, methods=["POST"])
    app.add_route("/v1/batches", interface.batches, methods=["POST"])
    app.add_route("/v1/heartbeat", interface.heartbeat, methods=["POST"])
    app.add_route("/v1/lists/deny", interface.deny_list, methods=["GET"])
    app.add_exception_handler(HTTPException, on_http_error)
    for kind in (Problem, psycopg.OperationalError):
        app.add_exception_handler(kind, on_problem)
    app.add_exception_handler(Exception, on_bug)
    return app


def _signed_header(request: Request, most: int) -> bytes | Refusal:
    """The sealed message in the header that says who asks."""
    given = request.headers.get("authorization", "")
    if not given.startswith(SCHEME) or len(given) > most:
        return Refusal("API_UNSIGNED")
    text = given.removeprefix(SCHEME)
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return Refusal("API_UNSIGNED")


def _client(request: Request) -> str:
    return client_key(request.client.host if request.client else "")
