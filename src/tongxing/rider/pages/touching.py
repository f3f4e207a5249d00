"""A card is held to the phone or a reader: the page relays between it and the binding's desk.

The socket belongs to whoever is signed in and to their own binding; a page of another site cannot
open it. A card that leaves too early loses nothing: the same step is done again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, WebSocket

from tongxing.city.binding.values import Binding
from tongxing.kernel.reasons import Refusal
from tongxing.rider import web
from tongxing.rider.desks import RiderDesks
from tongxing.rider.pages.binding import current
from tongxing.rider.web import desks_of
from tongxing.web.card_socket import NOT_OURS, SocketCard, opened_by, with_card

Talk = Callable[[SocketCard], Binding | Refusal]

router = APIRouter()


@router.websocket("/bind/prove/socket")
async def prove(socket: WebSocket) -> None:
    """The card proves that it is here."""

    def talk(desks: RiderDesks, found: Binding, card: SocketCard) -> Binding | Refusal:
        now_s = desks.clock()
        return desks.binding.prove(found.binding_id, card, now_s, desks.clock)

    await _touch(socket, talk, "/bind/found")


@router.websocket("/bind/activate/socket")
async def activate(socket: WebSocket) -> None:
    """The card's money moves, and the card is sealed."""

    def talk(desks: RiderDesks, found: Binding, card: SocketCard) -> Binding | Refusal:
        return desks.binding.activate(found.binding_id, card, desks.clock())

    await _touch(socket, talk, "/bind")


async def _touch(
    socket: WebSocket,
    talk: Callable[[RiderDesks, Binding, SocketCard], Binding | Refusal],
    then: str,
) -> None:
    passenger = await to_thread.run_sync(opened_by, socket, web.maybe_signed_in)
    found = None if passenger is None else await to_thread.run_sync(current, socket, passenger)
    if found is None:
        await socket.close(NOT_OURS)
        return
    await socket.accept()
    desks, binding = desks_of(socket), found
    await with_card(socket, lambda card: talk(desks, binding, card), lambda said: _last(said, then))


def _last(said: Binding | Refusal, then: str) -> Mapping[str, Any]:
    return said.as_json() if isinstance(said, Refusal) else {"next": web.ROOT + then}
