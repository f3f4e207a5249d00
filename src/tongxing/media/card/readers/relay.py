"""Lends one card to one program at a time over TCP. The frames stand in `framing`.

Whoever can reach the port can use the card, so it listens on this machine's own address unless told
otherwise. A client that says nothing loses the card after a while; one that says nonsense at once.
"""

import socket
import threading
from collections.abc import Callable
from types import TracebackType

from tongxing.media.card.link import CardGone
from tongxing.media.card.readers import PoweredCard, framing
from tongxing.media.card.readers.atr import SOFTWARE_ATR
from tongxing.media.card.readers.framing import BadFrame, HungUp

IDLE_S = 300.0
_FRAME_S = 5.0
_LOOK_S = 0.2
_GREETING_S = 5.0
_GOODBYE_S, _GOODBYE_READS = 0.2, 16
Heard = Callable[[bytes, bytes], None]
"""Called with each command and its answer."""


def serve_card(
    card: PoweredCard, host: str = "127.0.0.1", port: int = 0, *, heard: Heard | None = None
) -> "CardServer":
    """Lend a card from a thread of its own until `close`; port 0 takes a free one.

    Raises OSError when the address cannot be had.
    """
    listener = socket.create_server((host, port))
    server = CardServer(card, listener, heard=heard)
    server.start()
    return server


class CardServer:
    """Lends `card` to whoever connects to `listener`, a bound socket that it closes in the end."""

    def __init__(
        self,
        card: PoweredCard,
        listener: socket.socket,
        *,
        atr: bytes = SOFTWARE_ATR,
        heard: Heard | None = None,
        idle_s: float = IDLE_S,
    ) -> None:
        self._card, self._atr, self._heard, self._idle_s = card, atr, heard, idle_s
        self._listener = listener
        self._listener.listen()
        self._listener.settimeout(_LOOK_S)
        self._stopping = threading.Event()
        self._lent = threading.Lock()
        self._client: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def __enter__(self) -> "CardServer":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def start(self) -> None:
        """Work in a thread of its own."""
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Lend the card until `close`."""
        with self._listener:
            while not self._stopping.is_set():
                try:
                    client, _ = self._listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    break
                self._receive_client(client)

    def close(self) -> None:
        """Stop lending; who has the card loses it. Twice is harmless."""
        self._stopping.set()
        client = self._client
        if client is not None:
            _hang_up(client)
        if self._thread is not None:
            self._thread.join()
        else:
            self._listener.close()
        with self._lent:  # the client's thread has ended
            return

    def _receive_client(self, client: socket.socket) -> None:
        if not self._lent.acquire(blocking=False):
            with client:
                _dismiss(client, framing.WHY_BUSY)
            return
        self._client = client
        threading.Thread(target=self._lend, args=(client,), daemon=True).start()

    def _lend(self, client: socket.socket) -> None:
        try:
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._talk(client)
        except (HungUp, TimeoutError, OSError):
            pass  # the client is gone, or asleep: the card is free again
        finally:
            self._client = None
            self._lent.release()

    def _talk(self, client: socket.socket) -> None:
        wait_s, is_known, is_on = _GREETING_S, False, False
        while not self._stopping.is_set():
            try:
                kind, content = framing.receive(client, wait_s, _FRAME_S)
                is_greeting = kind == framing.HELLO and content == framing.VERSION
                if is_greeting != (not is_known):
                    raise BadFrame
                answer = content if is_greeting else self._answer(kind, content, is_on)
            except BadFrame:
                _dismiss(client, framing.WHY_FRAME)
                return
            except CardGone as gone:
                framing.send(client, framing.TROUBLE, bytes((framing.WHY_GONE[gone.code],)))
                is_on = False
                continue
            wait_s, is_known = self._idle_s, True
            is_on = is_on if kind in (framing.HELLO, framing.APDU) else kind != framing.POWER_OFF
            framing.send(client, kind + framing.ANSWER, answer)

    def _answer(self, kind: int, content: bytes, is_on: bool) -> bytes:
        if kind == framing.APDU:
            if not is_on:
                raise CardGone("CARD_REMOVED")
            answer = self._card.transmit(content)
            if self._heard is not None:
                self._heard(content, answer)
            return answer
        if kind not in (framing.POWER_ON, framing.POWER_OFF, framing.RESET) or content:
            raise BadFrame
        self._card.reset()
        return b"" if kind == framing.POWER_OFF else self._atr


def _dismiss(client: socket.socket, why: int) -> None:
    """Say why to a client that may be gone already, and read what it still sends.

    A connection that is closed with bytes unread is cut, and the client might never read why.
    """
    try:
        framing.send(client, framing.TROUBLE, bytes((why,)))
        client.shutdown(socket.SHUT_WR)
        client.settimeout(_GOODBYE_S)
        for _ in range(_GOODBYE_READS):
            if not client.recv(framing.CONTENT_MAX):
                return
    except (HungUp, OSError):
        return


def _hang_up(client: socket.socket) -> None:
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
