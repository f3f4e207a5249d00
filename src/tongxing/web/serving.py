"""Serving faces on a socket that is already bound, until it is told to stop.

The address is only told once pages can be fetched from it. Nothing here chooses an address.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from tongxing.kernel.learning import learn_structs
from tongxing.kernel.reasons import Refusal

_GOODBYE_S = 2
_PROXY = "127.0.0.1"
"""Whose word counts on who asks and how: a proxy on this machine, and nobody else."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The files by which a server proves who it is: a certificate (with its chain) and its key."""

    certificate: Path
    key: Path

    def objection(self) -> Refusal | None:
        """Why they cannot be used: TLS_FILES."""
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                self.certificate, self.key
            )
        except OSError as error:  # also what ssl raises
            said = str(error).partition("\n")[0]
            return Refusal("TLS_FILES", f"{self.certificate}, {self.key}: {said}")
        return None


def serve(
    app: ASGIApp,
    taken: socket.socket,
    ready: Callable[[str], None],
    more: Sequence[socket.socket] = (),
    tls: Tls | None = None,
    leaving: Callable[[], None] = lambda: None,
) -> None:
    """Serve `app` until Ctrl-C, which is the ordinary end; `ready` is given the address of `taken`.

    `more` are sockets that the same application also answers on. With `tls` only HTTPS is spoken.
    `leaving` is called when the end is asked for, before open answers are waited for: it ends
    streams that would not end by themselves.

    Another signal's exception passes through after the server has ended tidily.
    """
    learn_structs()
    host, port = taken.getsockname()[:2]
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_S,
        proxy_headers=True,
        forwarded_allow_ips=_PROXY,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None else tls.key,
    )
    scheme = "http" if tls is None else "https"
    server = _Server(config, lambda: ready(f"{scheme}://{host}:{port}/"), leaving)
    try:
        server.run(sockets=[taken, *more])
    except KeyboardInterrupt as stopped:
        if type(stopped) is not KeyboardInterrupt:
            raise
    finally:
        for each in (taken, *more):
            each.close()


class _Server(uvicorn.Server):
    """A server that says when it is there and when it is about to leave."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], leaving: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready, self._leaving = ready, leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._leaving()
        super().handle_exit(sig, frame)
