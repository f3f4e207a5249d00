"""A card on the counter's or the machine's reader: the page relays between it and our desks.

A socket is opened only by our own page for somebody who is signed in with the role it needs. A card
that leaves too early loses nothing: the same step is done again.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from anyio import to_thread
from fastapi import WebSocket

from tongxing.counter.web import ROOT, AtWork, SignInNeeded
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.card_socket import NOT_OURS, SocketCard, opened_by, with_card

Found = TypeVar("Found")
Role = Callable[[WebSocket], AtWork]


async def touch(
    socket: WebSocket,
    role: Role,
    prepare: Callable[[AtWork], Found | None],
    talk: Callable[[AtWork, Found, SocketCard], str | Refusal],
) -> None:
    """Let `talk` speak with the card for what `prepare` found; a path of ours is where the page
    goes next. Closes with 1008 where nobody who may asks, or nothing is there to do."""
    who = await to_thread.run_sync(opened_by, socket, lambda one: _who(one, role))
    found = None if who is None else await to_thread.run_sync(prepare, who)
    if who is None or found is None:
        await socket.close(NOT_OURS)
        return
    await socket.accept()
    staff, subject = who, found
    await with_card(socket, lambda card: talk(staff, subject, card), _last)


def _last(said: str | Refusal) -> Mapping[str, Any]:
    return said.as_json() if isinstance(said, Refusal) else {"next": ROOT + said}


def _who(socket: WebSocket, role: Role) -> AtWork | None:
    try:
        return role(socket)
    except (SignInNeeded, Problem):
        return None
