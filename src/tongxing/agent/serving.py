"""Runs the agent on a socket of this machine's own address until Ctrl-C."""

import socket
from collections.abc import Callable

from tongxing.agent.app import create_agent
from tongxing.agent.holding import Holder
from tongxing.web.serving import serve


def serve_agent(
    holder: Holder, reader: str, taken: socket.socket, ready: Callable[[str], None]
) -> None:
    """Lend the card; `ready` is given the agent's address once it answers there. Raises ValueError
    for a socket that other machines can reach."""
    host, port = taken.getsockname()[:2]
    if host != "127.0.0.1":
        raise ValueError("an agent listens on this machine's own address only")
    try:
        serve(create_agent(holder, reader, port), taken, lambda address: ready(address.rstrip("/")))
    finally:
        holder.close()
