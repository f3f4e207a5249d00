"""Puts what the kit's city answers on the wire, or does what a broken line does."""

import socket
import threading
from base64 import urlsafe_b64decode
from binascii import Error as NoBase64
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tongxing.conformance.city import KitCity, Sent

BODY_BYTES_MAX = 2 << 20
HANG_S = 120.0
"""The longest that an answer is held back, whatever a case forgets."""
_TOKEN_MAX = 4_096
_SEALED = "application/vnd.tongxing.sealed"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], city: KitCity) -> None:
        self.city = city
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A device that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = 1 << 16
    server: _Server

    def do_GET(self) -> None:
        """A list is asked for."""
        self._answer(b"")

    def do_POST(self) -> None:
        """A sealed message comes."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            self.send_error(411 if not length.isdigit() else 413)
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        sent = self.server.city.answered(self.command, self.path, body, self._asking())
        if sent.wire == "hang":
            self.server.city.released.wait(HANG_S)
        if sent.wire in ("drop", "hang"):
            self.close_connection = True
            cut(self.connection)
            return
        for _ in range(2 if sent.wire == "twice" else 1):
            self._send(sent)

    def _send(self, sent: Sent) -> None:
        self.send_response(sent.status)
        headers = {"Content-Type": _SEALED, **sent.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        if sent.status != 304:
            self.send_header("Content-Length", str(len(sent.body)))
        self.end_headers()
        self.wfile.write(sent.body)

    def _asking(self) -> bytes:
        """The sealed message of the header; b"" when there is none that can be read."""
        word, _, token = self.headers.get("Authorization", "").partition(" ")
        if word != "Tongxing" or len(token) > _TOKEN_MAX or "=" in token:
            return b""
        try:
            return urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (NoBase64, ValueError):
            return b""

    def log_message(self, format: str, *args: object) -> None:
        """The kit tells what it finds by itself."""


def cut(connection: socket.socket) -> None:
    """End a connection as a broken line does."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def served_city(city: KitCity, host: str) -> Iterator[int]:
    """Serve until the block ends; the port. Raises OSError for an address that cannot be had."""
    server = _Server((host, 0), city)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        city.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
