"""The site in a process of its own, with a stopwatch around every answer.

Time of the server is what passes inside the application: from the moment in which the server hands
a request over until the last byte of its answer is given back. Beside the real pages stands one
route of the bare framework, which does nothing: what no page can be faster than.
"""

import socket
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tongxing.front import CityFront
from tongxing.front.app import rider_desks
from tongxing.rider.app import create_rider_app
from tongxing.simulation.crowd.town import Plan, open_front

READY, WARM, MARK, STOP = "ready", "warm", "mark", "stop"
ECHO = "/echo"
_GOODBYE_S, _KEEP_S = 2, 120


@dataclass(frozen=True, slots=True)
class Watched:
    """Nanoseconds of each answer by path, statuses that were not 200 by path, and the processor
    time of the whole process (seconds) between the mark and the stop."""

    taken_ns: dict[str, list[int]]
    failed: dict[str, int]
    cpu_s: float


class Stopwatch:
    """Around an application: notes how long each answer took."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.mark()

    def mark(self) -> None:
        """Forget all that was noted: the measurement begins."""
        self._taken: dict[str, list[int]] = defaultdict(list)
        self._failed: dict[str, int] = defaultdict(int)
        self._cpu_s = time.process_time()

    def watched(self) -> Watched:
        """What was noted since the mark."""
        cpu_s = time.process_time() - self._cpu_s
        return Watched(dict(self._taken), dict(self._failed), cpu_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        since_ns, path = time.perf_counter_ns(), str(scope["path"])
        taken = self._taken[path]

        async def noted(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start" and message["status"] != 200:
                self._failed[path] += 1
            if message["type"] == "http.response.body" and not message.get("more_body"):
                taken.append(time.perf_counter_ns() - since_ns)

        await self._app(scope, receive, noted)


def serve_pages(plan: Plan, name: str, taken: socket.socket, control: Connection) -> None:
    """Serve until it is told to stop; answers `watched` each time it is told MARK, and at STOP.
    `name` is this process's own among those of the site."""
    front = open_front(plan, name)
    watch = Stopwatch(_site(front, plan.now_s))
    config = uvicorn.Config(
        watch,
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=_KEEP_S,
        timeout_graceful_shutdown=_GOODBYE_S,
    )
    server = uvicorn.Server(config)

    def obey() -> None:
        control.send(READY)
        while not server.should_exit:
            try:
                order = control.recv()
            except EOFError:
                order = STOP
            found = watch.watched()
            watch.mark()
            if order == STOP:
                server.should_exit = True
            control.send(found)

    threading.Thread(target=obey, name="control", daemon=True).start()
    try:
        server.run(sockets=[taken])
    finally:
        front.close()


def _site(front: CityFront, now_s: int) -> FastAPI:
    """The passengers' pages on a clock that begins at `now_s`, and the bare route."""
    began_s = time.monotonic()
    desks = rider_desks(front, clock=lambda: now_s + int(time.monotonic() - began_s))
    bare = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @bare.get("/")
    def echo() -> dict[str, Any]:
        return {"ok": True}

    site = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    site.mount("/rider", create_rider_app(desks))
    site.mount(ECHO, bare)
    return site
