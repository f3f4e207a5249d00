"""Serving the screens until the process is told to stop: their streams end at once, not late."""

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from tongxing.lane.events import Ending

_GOODBYE_S = 2


def serve_lanes(
    app: ASGIApp, taken: socket.socket, ending: Ending, ready: Callable[[str], None]
) -> None:
    """Serve on a bound socket until Ctrl-C or SIGTERM; both come out as KeyboardInterrupt or one
    of its kind after the server has ended tidily. `ready` is given the address."""
    host, port = taken.getsockname()[:2]
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_S,
    )
    server = _Server(config, ending, lambda: ready(f"http://{host}:{port}/"))
    try:
        server.run(sockets=[taken])
    finally:
        taken.close()


class _Server(uvicorn.Server):
    """A server that says when it is there, and ends its streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, ending: Ending, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending, self._ready = ending, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._ending.end()
        super().handle_exit(sig, frame)
