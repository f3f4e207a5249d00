"""A card that another program lends over TCP. The frames stand in `framing`.

Whoever answers at the address is not believed: what is no frame, or too long, ends the link. After
`CardGone` the connection is closed, for a late answer must never be taken for the next one.
"""

import socket
from types import TracebackType

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone, Gone
from tongxing.media.card.readers import framing
from tongxing.media.card.readers.framing import BadFrame, HungUp

CONNECT_S = 3.0
ANSWER_S = 3.0
PORT_MAX = 65_535
_GONE: dict[int, Gone] = {0x01: "CARD_REMOVED", 0x02: "CARD_TIMEOUT", 0x03: "CARD_COLLISION"}


def parse_address(text: str, port: int | None = None) -> tuple[str, int] | Refusal:
    """Host and port of ``HOST:PORT``, ``[::1]:PORT`` or, where `port` is given, ``HOST`` alone.

    Refuses READER_ADDRESS.
    """
    host, colon, number = text.rpartition(":")
    if not colon and port is not None:
        host, number = text, str(port)
    host = host.removeprefix("[").removesuffix("]")
    is_number = number.isascii() and number.isdigit() and len(number) <= len(str(PORT_MAX))
    if not host or not is_number or not 0 < int(number) <= PORT_MAX:
        return Refusal("READER_ADDRESS", values={"text": text})
    return host, int(number)


def open_tcp(
    host: str, port: int, *, connect_s: float = CONNECT_S, answer_s: float = ANSWER_S
) -> "TcpLink | Refusal":
    """The card that is lent at this address, with its power on.

    Refuses RELAY_UNREACHABLE, RELAY_BUSY, RELAY_FOREIGN, and CARD_REMOVED, CARD_TIMEOUT or
    CARD_COLLISION where the relay is there and the card is not.
    """
    address = f"{host}:{port}"
    try:
        connection = socket.create_connection((host, port), timeout=connect_s)
    except (OSError, UnicodeError):
        return Refusal("RELAY_UNREACHABLE", values={"address": address})
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link = TcpLink(connection, answer_s)
    refused = link.greet()
    if refused is not None:
        link.close()
        return Refusal(refused, values={"address": address})
    return link


class TcpLink:
    """A lent card; `atr` is what it answered when it got power."""

    def __init__(self, connection: socket.socket, answer_s: float) -> None:
        self._connection: socket.socket | None = connection
        self._answer_s = answer_s
        self.atr = b""

    def __enter__(self) -> "TcpLink":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def greet(self) -> str | None:
        """Agree on the version and switch the card on; the code of a refusal when that fails."""
        try:
            content = self._exchange(framing.HELLO, framing.VERSION)
            if content != framing.VERSION:
                return "RELAY_FOREIGN"
            self.atr = self._exchange(framing.POWER_ON, b"")
        except BadFrame:
            return "RELAY_FOREIGN"
        except (HungUp, TimeoutError):
            return "RELAY_UNREACHABLE"
        except _Busy:
            return "RELAY_BUSY"
        except CardGone as gone:
            return gone.code
        return None

    def transmit(self, command: bytes) -> bytes:
        """Send a command, get the answer. Raises CardGone, also when the relay is gone."""
        if len(command) > framing.CONTENT_MAX:
            return b"\x67\x00"
        return self._ask(framing.APDU, command)

    def reset(self) -> None:
        """Take the card's power and give it back. Raises CardGone."""
        self.atr = self._ask(framing.RESET)

    def close(self) -> None:
        """Give the card back. Twice is harmless."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, kind: int, content: bytes = b"") -> bytes:
        try:
            return self._exchange(kind, content)
        except TimeoutError:
            code: Gone = "CARD_TIMEOUT"
        except (BadFrame, HungUp):
            code = "CARD_REMOVED"
        except CardGone:
            self.close()
            raise
        self.close()
        raise CardGone(code)

    def _exchange(self, kind: int, content: bytes) -> bytes:
        if self._connection is None:
            raise HungUp
        framing.send(self._connection, kind, content)
        answered, found = framing.receive(self._connection, self._answer_s, self._answer_s)
        if answered == kind + framing.ANSWER:
            return found
        if answered == framing.TROUBLE and len(found) == 1:
            if found[0] in _GONE:
                raise CardGone(_GONE[found[0]])
            if found[0] == framing.WHY_BUSY:
                raise _Busy
        raise BadFrame


class _Busy(Exception):
    """The relay lends its card to somebody else now."""
