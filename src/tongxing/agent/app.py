"""What a page asks of the agent over HTTP, and who may ask.

Any page of any browser on this machine can reach a port of this machine. So every request must name
this very address (a foreign name that was made to point here does not), come from an origin that
was let in, and carry the token of the session that has the card. Answers are readable for that
origin alone. Every refusal has the one JSON shape.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tongxing.agent.holding import Holder
from tongxing.kernel.reasons import Refusal

BODY_MAX = 2_048
SESSION = "x-tongxing-session"
_STATUS: Mapping[str, int] = {
    "AGENT_HOST": 421,
    "AGENT_ORIGIN": 403,
    "AGENT_PAIRING": 403,
    "AGENT_PAIRING_CLOSED": 403,
    "AGENT_SESSION": 401,
    "AGENT_BUSY": 409,
    "AGENT_ONE_AT_A_TIME": 409,
    "AGENT_COMMAND": 403,
    "AGENT_REQUEST": 400,
    "AGENT_BODY": 413,
    "AGENT_PATH": 404,
}
_CARD_STATUS = 410
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": f"content-type, {SESSION}",
    "Access-Control-Max-Age": "60",
}
_PRIVATE = "access-control-request-private-network"

Answer = dict[str, Any] | Refusal
Clock = Callable[[], float]


def create_agent(
    holder: Holder, reader: str, port: int, clock: Clock = time.monotonic
) -> Starlette:
    """The agent that lends `holder`'s card on the reader of that name, on this port alone."""
    agent = _Agent(holder, reader, port, clock)
    routes = [
        Route("/{path:path}", agent.serve, methods=["GET", "POST", "OPTIONS", "PUT", "DELETE"])
    ]
    return Starlette(routes=routes, lifespan=agent.lifespan)


class _Agent:
    def __init__(self, holder: Holder, reader: str, port: int, clock: Clock) -> None:
        self._holder, self._reader, self._clock = holder, reader, clock
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch)
            yield
            tasks.cancel_scope.cancel()
        self._holder.close()

    async def serve(self, request: Request) -> Response:
        origin = request.headers.get("origin", "")
        if request.headers.get("host", "") not in self._hosts:
            return _refused(Refusal("AGENT_HOST"), "")
        is_known = self._holder.knows(origin)
        pairs = request.url.path == "/session" and self._holder.pairs and _is_origin(origin)
        if not is_known and not pairs:
            return _refused(Refusal("AGENT_ORIGIN", values={"origin": origin or "—"}), "")
        if request.method == "OPTIONS":
            private = {"Access-Control-Allow-Private-Network": "true"}
            asked = private if request.headers.get(_PRIVATE) == "true" else {}
            return Response(status_code=204, headers=_PREFLIGHT | asked | _cors(origin))
        found = await self._answer(request, origin)
        if isinstance(found, Refusal):
            return _refused(found, origin)
        return JSONResponse(found, headers=_HEADERS | _cors(origin))

    async def _answer(self, request: Request, origin: str) -> Answer:
        asked: Mapping[str, object] | Refusal = {}
        if request.method == "POST":
            asked = await _body(request)
        if isinstance(asked, Refusal):
            return asked
        token, now_s = request.headers.get(SESSION, ""), self._clock()
        match request.method, request.url.path:
            case "GET", "/":
                return {"agent": "tongxing", "idle_s": self._holder.idle_s}
            case "POST", "/session":
                begun = self._holder.begin(origin, str(asked.get("pairing", "")), now_s)
                return begun if isinstance(begun, Refusal) else {"session": begun}
            case "POST", "/session/end":
                ended = await run_in_threadpool(self._holder.end, token, origin, now_s)
                return ended or {"ended": True}
            case "GET", "/card":
                seen = await run_in_threadpool(self._holder.see, token, origin, now_s)
                if isinstance(seen, Refusal):
                    return seen
                return {"present": seen, "reader": self._reader}
            case "POST", "/apdu":
                answer = await run_in_threadpool(
                    self._holder.transmit, token, origin, asked.get("hex"), now_s
                )
                return answer if isinstance(answer, Refusal) else {"hex": answer.hex().upper()}
        return Refusal("AGENT_PATH", request.url.path)

    async def _watch(self) -> None:
        while True:
            await anyio.sleep(min(1.0, self._holder.idle_s))
            await run_in_threadpool(self._holder.let_go_if_idle, self._clock())


async def _body(request: Request) -> Mapping[str, object] | Refusal:
    """The JSON object of a request. Refuses AGENT_BODY over the limit and AGENT_REQUEST."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > BODY_MAX:
            return Refusal("AGENT_BODY", values={"limit": BODY_MAX})
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return Refusal("AGENT_REQUEST")
    try:
        found = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return Refusal("AGENT_REQUEST")
    return found if isinstance(found, dict) else Refusal("AGENT_REQUEST")


def _is_origin(text: str) -> bool:
    return text.startswith(("http://", "https://")) and len(text) < BODY_MAX


def _cors(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}


def _refused(refusal: Refusal, origin: str) -> Response:
    status = _STATUS.get(refusal.code, _CARD_STATUS)
    return JSONResponse(refusal.as_json(), status, headers=_HEADERS | _cors(origin))
