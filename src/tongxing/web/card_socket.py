"""A card at the other end of a WebSocket: the passenger's page relays between it and us.

Whatever talks to a card (`CardLink`) is synchronous; a page is not. So the talking runs in a thread
of its own, each command goes over the socket as ``{"apdu": hex}``, and the page answers with
``{"answer": hex}``, or ``{"gone": code}`` when the card left. A page that says nothing in time, or
anything else, has lost the card. One exchange at a time; no message may be long.
"""

import json
import queue
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from typing import TypeVar
from urllib.parse import urlsplit

import anyio
from anyio import from_thread, to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from tongxing.media.card.apdu import ANSWER_MAX
from tongxing.media.card.link import CardGone, Gone
from tongxing.media.card.readers import COMMAND_MAX

ANSWER_S = 10.0
TOTAL_S = 120.0
MESSAGE_MAX = 2 * ANSWER_MAX + 64
EXCHANGES_MAX = 400
DONE, WRONG = 1000, 1011
NOT_OURS = 1008
"""How a socket is closed that was not opened by our own page for somebody who may."""

_GONE: Mapping[object, Gone] = {
    "CARD_REMOVED": "CARD_REMOVED",
    "CARD_TIMEOUT": "CARD_TIMEOUT",
    "CARD_COLLISION": "CARD_COLLISION",
}

T = TypeVar("T")
Who = TypeVar("Who")


def opened_by(socket: WebSocket, who: Callable[[WebSocket], Who | None]) -> Who | None:
    """Whom `who` knows by the socket's session, where the page that opens it is one of ours under
    one of our names (`app.state.hosts`); else None, and `who` is not asked."""
    host = socket.headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    known = {urlsplit(f"//{one}").hostname for one in socket.app.state.hosts}
    origin = socket.headers.get("origin")
    if name not in known or (origin is not None and urlsplit(origin).netloc != host):
        return None
    return who(socket)


class SocketCard:
    """The card behind a page, as a `CardLink` for a thread. After `CardGone` it stays gone."""

    def __init__(self, socket: WebSocket, answer_s: float) -> None:
        self._socket, self._answer_s = socket, answer_s
        self._gone: Gone | None = None
        self._exchanges = 0

    def transmit(self, command: bytes) -> bytes:
        """Send a command to the page and wait for the card's answer. Raises CardGone."""
        if self._gone is not None:
            raise CardGone(self._gone)
        self._exchanges += 1
        if self._exchanges > EXCHANGES_MAX or not 0 < len(command) <= COMMAND_MAX:
            return self._lose("CARD_REMOVED")
        try:
            found = from_thread.run(self._exchange, command)
        except CancelledError:  # the server is ending, or the page went
            return self._lose("CARD_REMOVED")
        if isinstance(found, bytes):
            return found
        return self._lose(found)

    def lose(self) -> None:
        """Whatever is asked from now on, the card is gone."""
        self._gone = self._gone or "CARD_TIMEOUT"

    def _lose(self, code: Gone) -> bytes:
        self._gone = code
        raise CardGone(code)

    async def _exchange(self, command: bytes) -> bytes | Gone:
        try:
            await self._socket.send_text(json.dumps({"apdu": command.hex().upper()}))
            with anyio.fail_after(self._answer_s):
                text = await self._socket.receive_text()
        except TimeoutError:
            return "CARD_TIMEOUT"
        except (WebSocketDisconnect, RuntimeError, KeyError):
            return "CARD_REMOVED"
        return answer_in(text)


def answer_in(text: str) -> bytes | Gone:
    """What a page says of a card: its answer, or how it went; nonsense is a card that went."""
    if len(text) > MESSAGE_MAX:
        return "CARD_REMOVED"
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return "CARD_REMOVED"
    if not isinstance(found, dict):
        return "CARD_REMOVED"
    answer = found.get("answer")
    if isinstance(answer, str):
        try:
            raw = bytes.fromhex(answer)
        except ValueError:
            return "CARD_REMOVED"
        return raw if 2 <= len(raw) <= ANSWER_MAX else "CARD_REMOVED"
    gone = found.get("gone")
    return _GONE.get(gone, "CARD_REMOVED") if isinstance(gone, str) else "CARD_REMOVED"


async def with_card(
    socket: WebSocket,
    talk: Callable[[SocketCard], T],
    last: Callable[[T], Mapping[str, object]],
    *,
    answer_s: float = ANSWER_S,
    total_s: float = TOTAL_S,
) -> T:
    """Run `talk` in a thread with the card behind an accepted socket, and return its value.

    `last` makes the last message to the page of it (where to go next, or a refusal). The socket is
    closed with 1000, or 1011 when `talk` raised, which is raised here too. After `total_s` the card
    is lost to `talk`, which then ends by itself. Raises CardGone only when `talk` lets it through.
    """
    card = SocketCard(socket, answer_s)
    ended: queue.SimpleQueue[T] = queue.SimpleQueue()
    closing = WRONG
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_lose_after, card, total_s)
            ended.put(await to_thread.run_sync(talk, card))
            tasks.cancel_scope.cancel()
        found = ended.get_nowait()
        if socket.client_state is WebSocketState.CONNECTED:
            await _say(socket, json.dumps(dict(last(found))))
        closing = DONE
        return found
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    finally:
        await _close(socket, closing)


async def _lose_after(card: SocketCard, total_s: float) -> None:
    await anyio.sleep(total_s)
    card.lose()


async def _say(socket: WebSocket, text: str) -> None:
    try:
        await socket.send_text(text)
    except (WebSocketDisconnect, RuntimeError):
        return


async def _close(socket: WebSocket, code: int) -> None:
    try:
        await socket.close(code)
    except (WebSocketDisconnect, RuntimeError):
        return
