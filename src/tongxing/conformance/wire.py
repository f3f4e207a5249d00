"""The small HTTP server under both kits: what it takes of a request, and how a line is cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tongxing.kernel.learning import learn_structs


class KitServer(ThreadingHTTPServer):
    """A server that whoever is tried may leave at any moment."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up is no news."""


class KitHandler(BaseHTTPRequestHandler):
    """Reads a request whole, or refuses it for its length; a kit says what is answered."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = 1 << 16
    handed_in_by = ""
    body_bytes_max = 0

    def answer(self, body: bytes) -> None:
        """Answer this request with its body, b"" for one that asks."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Something is asked for."""
        self.answer(b"")

    def do_POST(self) -> None:
        """Something is handed in."""
        self._handed_in()

    def do_PUT(self) -> None:
        """Something is handed in."""
        self._handed_in()

    def _handed_in(self) -> None:
        if self.command != self.handed_in_by:
            self.send_error(501)
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > self.body_bytes_max:
            self.close_connection = True
            self.send_error(411 if not length.isdigit() else 413)
            return
        self.answer(self.rfile.read(int(length)))

    def cut(self) -> None:
        """End the connection as a broken line does."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:
        """The kit tells what it finds by itself."""


@contextmanager
def serving(server: KitServer) -> Iterator[int]:
    """Serve until the block ends; the port."""
    learn_structs()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
