"""What changes on a board, pushed to the pages that show it: nobody asks again and again.

A page that comes, or comes back, gets what stands now. Several changes at once are one: a screen
shows the newest. While nothing happens a word is sent now and then, so that a page notices when its
gate has gone.
"""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

from starlette.responses import StreamingResponse

from tongxing.gate.running.board import Board, View

BEAT_S = 5.0
_RETRY_MS = 1000
_LATE_S = 0.02


class Ending:
    """Tells every stream that the server ends."""

    def __init__(self) -> None:
        self._streams: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self.is_over = False

    def end(self) -> None:
        """End all of them, from any thread."""
        self.is_over = True
        for loop, changed in tuple(self._streams):
            loop.call_soon_threadsafe(changed.set)

    def join(self, changed: asyncio.Event) -> Callable[[], None]:
        """A stream that listens; call what comes back when it has gone."""
        entry = (asyncio.get_running_loop(), changed)
        self._streams.add(entry)
        return lambda: self._streams.discard(entry)


def stream(
    board: Board,
    terminals: Sequence[str],
    shape: Callable[[list[View]], Any],
    ending: Ending,
    beat_s: float = BEAT_S,
) -> StreamingResponse:
    """The answer that never ends: what these terminals show, in the shape of JSON that is wanted,
    at once and whenever it changes, also when something has stood long enough."""
    return StreamingResponse(
        _events(board, terminals, shape, ending, beat_s),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    board: Board,
    terminals: Sequence[str],
    shape: Callable[[list[View]], Any],
    ending: Ending,
    beat_s: float,
) -> AsyncIterator[str]:
    changed, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(changed.set)

    leave, stop = ending.join(changed), board.listen(wake)
    try:
        yield f"retry: {_RETRY_MS}\n\n"
        while not ending.is_over:
            changed.clear()
            views = [board.view(name) for name in terminals]
            yield f"data: {json.dumps(shape(views), ensure_ascii=False)}\n\n"
            left_s = [view.changes_ms / 1000 + _LATE_S for view in views if view.changes_ms]
            until = loop.time() + min(left_s) if left_s else math.inf
            while not changed.is_set() and loop.time() < until:
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), min(beat_s, until - loop.time()))
                if not changed.is_set():
                    yield "event: beat\ndata: \n\n"
    finally:
        stop()
        leave()
