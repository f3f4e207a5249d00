"""Lists come down: what the city has newer is fetched, read beside the gate's own thread, and put
in force in it.

A list of millions takes seconds to read; meanwhile passengers go on under the old one. A list that
cannot be used is told once, is fetched again much later, and holds up no other list and no tap.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from tongxing.gate.data_lists import ReadyList
from tongxing.gate.denylist import ASK_WHOLE
from tongxing.gate.kept_list import PreparedList
from tongxing.gate.link import Answer
from tongxing.gate.site import Site
from tongxing.kernel.reasons import Refusal
from tongxing.messages.lists import DATA_NAMES, DENY, DataName

LISTS = "/v1/lists/"
_ROUNDS = 6
"""Lists of one name fetched in a row: the one in force, and those that wait for their time."""

Found = TypeVar("Found")


class Ask(Protocol):
    """Has something done with the site, where that may be done."""

    def __call__(self, work: Callable[[Site], Found]) -> Found:
        """What the work came to."""


class ListFetcher:
    """The lists of one device. `get` asks the city for what stands at a path; `clock` gives Unix
    seconds, and a list that was refused is asked for again after `again_s` of them."""

    def __init__(
        self, get: Callable[[str], Answer], clock: Callable[[], int], again_s: int
    ) -> None:
        self._get, self._clock, self._again_s = get, clock, again_s
        self._newest: Mapping[str, int] = {}
        self._refused: dict[str, tuple[int, int]] = {}

    def told(self, newest: Mapping[str, int]) -> None:
        """The newest versions there are, by name."""
        self._newest = newest

    def fetch(self, ask: Ask, refusals: list[Refusal]) -> Answer | None:
        """Fetch what is newer than the site's; why the line failed, None when it did not.

        Lists that were refused, here or finally by the city, are added to `refusals`: they hold up
        no taps.
        """
        site = ask(lambda found: found)
        if self._is_due(DENY, site.deny.version):
            failed = self._deny(site, ask, refusals)
            if failed is not None:
                return failed
        for name in DATA_NAMES:
            for _ in range(_ROUNDS):
                held = site.lists.held(name)
                have = held[-1].listed.version if held else 0
                answer = self._data(site, name, held, ask) if self._is_due(name, have) else None
                if answer is None:
                    break
                if isinstance(answer, Answer):
                    return answer
                if isinstance(answer, Refusal):
                    self._note(name, answer, refusals)
                    break
        return None

    def _data(
        self, site: Site, name: DataName, held: Sequence[ReadyList], ask: Ask
    ) -> Answer | Refusal | bool | None:
        """One list of a name: True when one was taken, None when there is none, why one was
        refused, or why the line failed."""
        have = held[-1].listed.version if held else 0
        answer = self._get(f"{LISTS}{name}?since={have}")
        if answer.final and answer.refusal is not None:
            return answer.refusal
        if answer.refusal is not None or answer.body is None:
            return answer if answer.refusal is not None else None
        ready = site.read_list(answer.body, name, held, self._clock())
        if ready is None or isinstance(ready, Refusal):
            return ready
        return ask(partial(_take, ready=ready, now_s=self._clock())) or True

    def _deny(self, site: Site, ask: Ask, refusals: list[Refusal]) -> Answer | None:
        since = site.deny.version
        for _ in range(2):
            answer = self._get(f"{LISTS}{DENY}?since={since}")
            if answer.final and answer.refusal is not None:
                self._note(DENY, answer.refusal, refusals)
                return None
            if answer.refusal is not None or answer.body is None:
                return answer if answer.refusal is not None else None
            prepared = site.prepare_deny(answer.body, site.deny, self._clock())
            if isinstance(prepared, PreparedList):
                prepared = ask(partial(_put, prepared=prepared))
            if prepared is None:
                return None
            if since == 0 or prepared.code not in ASK_WHOLE:
                self._note(DENY, prepared, refusals)
                return None
            refusals.append(prepared)
            since = 0  # the whole list, in place of what changed
        return None

    def _is_due(self, name: str, have: int) -> bool:
        newest = self._newest.get(name, 0)
        refused, again_s = self._refused.get(name, (0, 0))
        rests = refused == newest and self._clock() < again_s <= self._clock() + self._again_s
        return newest > have and not rests

    def _note(self, name: str, refusal: Refusal, refusals: list[Refusal]) -> None:
        self._refused[name] = (self._newest.get(name, 0), self._clock() + self._again_s)
        refusals.append(refusal)


def _take(site: Site, ready: ReadyList, now_s: int) -> Refusal | None:
    return site.lists.take(ready, now_s)


def _put(site: Site, prepared: PreparedList) -> Refusal | None:
    return site.take_deny(prepared)
