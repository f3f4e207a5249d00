"""Puts what the kit's hub answers on the wire, or does what a broken line does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tongxing.conformance.member.hub import KitHub
from tongxing.conformance.serving import cut

BODY_BYTES_MAX = 68 << 20


class HubServer(ThreadingHTTPServer):
    """Serves whichever hub is `hub` at the moment."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    hub: KitHub | None = None

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A member that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = 1 << 16
    server: HubServer

    def do_GET(self) -> None:
        """Something is asked for."""
        self._answer(b"")

    def do_PUT(self) -> None:
        """Something is handed in."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            self.send_error(411 if not length.isdigit() else 413)
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        hub = self.server.hub
        if hub is None:
            self.send_error(503)
            return
        url = f"http://{self.headers.get('Host', '')}{self.path}"
        path = self.path.partition("?")[0]
        sent = hub.answered(self.command, url, path, list(self.headers.items()), body)
        if sent.wire == "drop":
            self.close_connection = True
            cut(self.connection)
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
            self.close_connection = True
            cut(self.connection)

    def log_message(self, format: str, *args: object) -> None:
        """The kit tells what it finds by itself."""


@contextmanager
def served_hub(host: str) -> Iterator[tuple[HubServer, int]]:
    """Serve until the block ends; the server and its port. Raises OSError for an address that
    cannot be had."""
    server = HubServer((host, 0))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server, int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
