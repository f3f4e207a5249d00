"""Runs the agent on a socket of this machine's own address until Ctrl-C."""

import socket
from collections.abc import Callable

import uvicorn

from tongxing.agent.app import create_agent
from tongxing.agent.holding import Holder
from tongxing.kernel.learning import learn_structs

_GOODBYE_S = 2


def serve_agent(
    holder: Holder, reader: str, taken: socket.socket, ready: Callable[[str], None]
) -> None:
    """Lend the card; `ready` is given the agent's address. Raises ValueError for a socket that
    other machines can reach."""
    host, port = taken.getsockname()[:2]
    if host != "127.0.0.1":
        raise ValueError("an agent listens on this machine's own address only")
    learn_structs()
    config = uvicorn.Config(
        create_agent(holder, reader, port),
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_GOODBYE_S,
    )
    try:
        ready(f"http://{host}:{port}")
        uvicorn.Server(config).run(sockets=[taken])
    except KeyboardInterrupt as stopped:
        if type(stopped) is not KeyboardInterrupt:
            raise
    finally:
        holder.close()
        taken.close()
