"""Puts what the kit's hub answers on the wire, or does what a broken line does."""

from collections.abc import Iterator
from contextlib import contextmanager

from tongxing.conformance.member.hub import KitHub
from tongxing.conformance.wire import KitHandler, KitServer, serving


class HubServer(KitServer):
    """Serves whichever hub is `hub` at the moment."""

    hub: KitHub | None = None

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)


class _Handler(KitHandler):
    handed_in_by = "PUT"
    body_bytes_max = 68 << 20
    server: HubServer

    def answer(self, body: bytes) -> None:
        """What the kit's hub says to it."""
        hub = self.server.hub
        if hub is None:
            self.send_error(503)
            return
        url = f"http://{self.headers.get('Host', '')}{self.path}"
        path = self.path.partition("?")[0]
        sent = hub.answered(self.command, url, path, list(self.headers.items()), body)
        if sent.wire == "drop":
            self.cut()
            return
        self.send_response(sent.status)
        for name, value in sent.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent.body)))
        self.end_headers()
        is_half = sent.wire == "half"
        self.wfile.write(sent.body[: len(sent.body) // 2] if is_half else sent.body)
        if is_half:
            self.wfile.flush()
            self.cut()


@contextmanager
def served_hub(host: str) -> Iterator[tuple[HubServer, int]]:
    """Serve until the block ends; the server and its port. Raises OSError for an address that
    cannot be had."""
    server = HubServer((host, 0))
    with serving(server) as port:
        yield server, port
