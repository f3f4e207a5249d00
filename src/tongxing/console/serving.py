"""Serving the console on a socket that is already bound, until it is told to stop.

The address is only told once pages can be fetched from it. Nothing here chooses an address.
"""

import socket
from collections.abc import Callable

import uvicorn

from tongxing.console.app import create_app
from tongxing.console.web import ClockNote
from tongxing.storage import Database

_GOODBYE_S = 2


def serve(
    database: Database, taken: socket.socket, clock_note: ClockNote, ready: Callable[[str], None]
) -> None:
    """Serve until Ctrl-C, which is the ordinary end and returns; `ready` is given the address.

    Another signal's exception passes through after the server has ended tidily.
    """
    host, port = taken.getsockname()[:2]
    config = uvicorn.Config(
        create_app(database, clock_note),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_S,
    )
    server = _Server(config, lambda: ready(f"http://{host}:{port}/"))
    try:
        server.run(sockets=[taken])
    except KeyboardInterrupt as stopped:
        if type(stopped) is not KeyboardInterrupt:
            raise
    finally:
        taken.close()


class _Server(uvicorn.Server):
    """A server that says when it is there."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
