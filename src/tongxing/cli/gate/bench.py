"""`tongxing gate bench`: our gate behind the test port, for the kit of docs/conformance-gate.md."""

import errno
import socket
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, note, say
from tongxing.cli.shell import command as command_of
from tongxing.kernel.reasons import Problem

WORDS = Words("gate")


@command_of()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER")
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
@click.option("--host", "host", default="127.0.0.1", metavar="ADDRESS")
def command(folder: Path, port: int, host: str) -> None:
    from tongxing.cli.gate.benching.device import BenchGate
    from tongxing.cli.gate.benching.port import BenchServer

    gate = BenchGate(folder)
    refusal = gate.claim()
    if refusal is not None:
        raise Problem(refusal.code, refusal.where, **dict(refusal.values))
    try:
        server = BenchServer(gate, _bound(host, port))
        taken = server.server_address[1]
        named = f"[{host}]" if ":" in host else host
        say(WORDS("bench.at", url=f"http://{named}:{taken}"))
        note(WORDS("bench.next", url=f"http://{named}:{taken}"))
        server.serve_forever(0.1)
    except KeyboardInterrupt:
        note(WORDS("stopping"))
    finally:
        gate.close()


def _bound(host: str, port: int) -> socket.socket:
    """The socket of the test port. Raises Problem when it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        code = "PORT_IN_USE" if error.errno == errno.EADDRINUSE else "PORT_FORBIDDEN"
        raise Problem(code, f"{host}:{port}", port=port, option="--port") from error
    return taken
