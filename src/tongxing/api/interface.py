"""What devices may ask of a city, whatever carries it: HTTP and MQTT both call this one place.

Who asks is known by the signature of the message. Rates are counted after it holds, so that nobody
can use up another's; before it holds, by the way that it came.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from tongxing.api.desks import DeviceDesks
from tongxing.city.fleet import DeviceBatch, open_batch
from tongxing.kernel.reasons import Refusal
from tongxing.messages.claims import claimed_sender
from tongxing.messages.fleet import Heartbeat
from tongxing.messages.lists import DATA_NAMES, DENY, DataName
from tongxing.web.rates import Rates

LISTS = "/v1/lists/"
_VERSION = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)

Told = bytes | Refusal | None
"""A sealed answer, why there is none, or None: nothing is newer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `path` begins with ``/v1``, `query` is what follows its question mark. `came_by`
    is what counts where the message is not believed: an address, or a place at a broker. `read`
    gives the sealed message, or why it cannot be had."""

    path: str
    query: str
    came_by: str
    read: Callable[[], Awaitable[bytes | Refusal]]


Act = Callable[[Asked], Awaitable[Told]]


class Interface:
    """The handlers, with what they share. Not bound to one event loop."""

    def __init__(self, desks: DeviceDesks) -> None:
        limits = desks.limits
        self.desks, self.limits = desks, limits
        self._devices = Rates(limits.burst, limits.a_second, limits.known_most, desks.ticks)
        self._strangers = Rates(
            limits.strangers_burst, limits.strangers_a_second, limits.known_most, desks.ticks
        )
        self.posts: Mapping[str, Act] = {
            "/v1/enrol": self.enrol,
            "/v1/batches": self.batches,
            "/v1/heartbeat": self.heartbeat,
        }
        self._lists: dict[str, Callable[[int], bytes | None]] = {DENY: desks.door.deny_list}
        for name in DATA_NAMES:
            self._lists[name] = partial(self._data_list, name)

    async def told(self, asked: Asked) -> Told:
        """The answer to whatever is asked. Refuses API_PATH, and what the handlers refuse."""
        act = self.listed if asked.path.startswith(LISTS) else self.posts.get(asked.path)
        return _no_such(asked) if act is None else await act(asked)

    async def enrol(self, asked: Asked) -> Told:
        """A device brings its code and its key."""
        limit = self._strangers.refuses(asked.came_by)
        if limit is not None:
            return limit
        message = await asked.read()
        if isinstance(message, Refusal):
            return message
        return await run_in_threadpool(self.desks.door.enrol, message, self.desks.clock())

    async def batches(self, asked: Asked) -> Told:
        """A batch of taps; the receipt comes after the city's commit."""
        message = await asked.read()
        if isinstance(message, Refusal):
            return message
        opened = await run_in_threadpool(open_batch, self.desks.door, message)
        if isinstance(opened, Refusal):
            return self._distrusted(asked, opened)
        return self._devices.refuses(opened.device.device) or await self._taken_in(opened)

    async def heartbeat(self, asked: Asked) -> Told:
        """How a device is; the answer brings its orders."""
        message = await asked.read()
        if isinstance(message, Refusal):
            return message
        answer = await run_in_threadpool(self.desks.door.hear, message, self.desks.clock())
        if isinstance(answer, Refusal):
            return self._distrusted(asked, answer)
        return self._devices.refuses(claimed_sender(message, Heartbeat)) or answer

    async def listed(self, asked: Asked) -> Told:
        """A list, if there is a newer one than the device has."""
        newer = self._lists.get(asked.path.removeprefix(LISTS))
        if newer is None:
            return _no_such(asked)
        given = QueryParams(asked.query)
        since = given.get("since", "0")
        if not _VERSION.fullmatch(since) or set(given) - {"since"}:
            return Refusal("API_QUERY", values={"name": "since"})
        message = await asked.read()
        if isinstance(message, Refusal):
            return self._distrusted(asked, message)
        path = f"{asked.path}?{asked.query}" if asked.query else asked.path
        device = await run_in_threadpool(self.desks.door.asking, message, path, self.desks.clock())
        if isinstance(device, Refusal):
            return self._distrusted(asked, device)
        limit = self._devices.refuses(device.device)
        return limit if limit is not None else await run_in_threadpool(newer, int(since))

    def _data_list(self, name: DataName, since: int) -> bytes | None:
        return self.desks.door.data_list(name, since, self.desks.clock())

    async def _taken_in(self, opened: DeviceBatch) -> bytes | Refusal:
        return await asyncio.wrap_future(self.desks.letterbox.put(opened))

    def _distrusted(self, asked: Asked, refusal: Refusal) -> Refusal:
        """What was not believed counts against the way that it came."""
        return self._strangers.refuses(asked.came_by) or refusal


def _no_such(asked: Asked) -> Refusal:
    return Refusal("API_PATH", asked.path[:100], {"path": asked.path[:100]})
