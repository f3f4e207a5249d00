"""Puts what the kit's city answers on the wire, or does what a broken line does."""

from base64 import urlsafe_b64decode
from binascii import Error as NoBase64
from collections.abc import Iterator
from contextlib import contextmanager

from tongxing.conformance.city import KitCity, Sent
from tongxing.conformance.wire import KitHandler, KitServer, serving

HANG_S = 120.0
"""The longest that an answer is held back, whatever a case forgets."""
_TOKEN_MAX = 4_096
_SEALED = "application/vnd.tongxing.sealed"


class _Server(KitServer):
    def __init__(self, address: tuple[str, int], city: KitCity) -> None:
        self.city = city
        super().__init__(address, _Handler)


class _Handler(KitHandler):
    handed_in_by = "POST"
    body_bytes_max = 2 << 20
    server: _Server

    def answer(self, body: bytes) -> None:
        """What the kit's city says to it."""
        sent = self.server.city.answered(self.command, self.path, body, self._asking())
        if sent.wire == "hang":
            self.server.city.released.wait(HANG_S)
        if sent.wire in ("drop", "hang"):
            self.cut()
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


@contextmanager
def served_city(city: KitCity, host: str) -> Iterator[int]:
    """Serve until the block ends; the port. Raises OSError for an address that cannot be had."""
    with serving(_Server((host, 0), city)) as port:
        try:
            yield port
        finally:
            city.released.set()
