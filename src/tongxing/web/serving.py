"""Serving faces on a socket that is already bound, until it is told to stop.

The address is only told once pages can be fetched from it. Nothing here chooses an address.
"""

import socket
from collections.abc import Callable, Sequence

import uvicorn
from starlette.types import ASGIApp

_GOODBYE_S = 2


def serve(
    app: ASGIApp,
    taken: socket.socket,
    ready: Callable[[str], None],
    more: Sequence[socket.socket] = (),
) -> None:
    """Serve `app` until Ctrl-C, which is the ordinary end; `ready` is given the address of `taken`.

    `more` are sockets that the same application also answers on.

    Another signal's exception passes through after the server has ended tidily.
    """
    host, port = taken.getsockname()[:2]
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_S,
    )
    server = _Server(config, lambda: ready(f"http://{host}:{port}/"))
    try:
        server.run(sockets=[taken, *more])
    except KeyboardInterrupt as stopped:
        if type(stopped) is not KeyboardInterrupt:
            raise
    finally:
        for each in (taken, *more):
            each.close()


class _Server(uvicorn.Server):
    """A server that says when it is there."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
