"""Puts a card into the virtual reader of vsmartcard (vpcd), so that every PC/SC program sees it.

vpcd listens; whoever connects is the card. It sends two bytes of length and then one control byte
(00 power off, 01 power on, 02 reset, 04 tell your ATR) or a command. Only the ATR and commands are
answered, in the same form.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone
from tongxing.media.card.readers import PoweredCard
from tongxing.media.card.readers.atr import SOFTWARE_ATR

PORT = 0x8C7B
"""Where vpcd listens unless its configuration says otherwise."""

_CONNECT_S = 3.0
_OFF, _ON, _RESET, _ATR = 0x00, 0x01, 0x02, 0x04
Heard = Callable[[bytes, bytes], None]


def open_vpcd(
    card: PoweredCard,
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    atr: bytes = SOFTWARE_ATR,
    heard: Heard | None = None,
) -> "VirtualReader | Refusal":
    """Lay the card on the virtual reader; `run` then answers for it. Refuses RELAY_UNREACHABLE."""
    try:
        connection = socket.create_connection((host, port), timeout=_CONNECT_S)
    except (OSError, UnicodeError):
        return Refusal("RELAY_UNREACHABLE", values={"address": f"{host}:{port}"})
    connection.settimeout(None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return VirtualReader(card, connection, atr, heard)


class VirtualReader:
    """A card on the virtual reader until `close`, or until the card or the reader goes."""

    def __init__(
        self, card: PoweredCard, connection: socket.socket, atr: bytes, heard: Heard | None
    ) -> None:
        self._card, self._connection, self._atr, self._heard = card, connection, atr, heard

    def __enter__(self) -> "VirtualReader":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def run(self) -> None:
        """Answer for the card; comes back when the reader is gone or the card has left."""
        with self._connection:
            while True:
                try:
                    self._serve_one()
                except (OSError, CardGone):
                    return

    def close(self) -> None:
        """Take the card off the reader; `run` comes back. Twice is harmless."""
        with suppress(OSError):  # the reader may have been quicker
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _serve_one(self) -> None:
        message = self._read(int.from_bytes(self._read(2), "big"))
        if len(message) != 1:
            answer = self._card.transmit(message)
            if self._heard is not None:
                self._heard(message, answer)
            self._send(answer)
        elif message[0] == _ATR:
            self._send(self._atr)
        elif message[0] in (_OFF, _ON, _RESET):
            self._card.reset()

    def _read(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            part = self._connection.recv(length - len(found))
            if not part:
                raise ConnectionResetError
            found += part
        return found

    def _send(self, content: bytes) -> None:
        self._connection.sendall(len(content).to_bytes(2, "big") + content)
