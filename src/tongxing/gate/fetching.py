"""Lists come down: what the city has newer is fetched, read beside the gate's own thread, and put
in force in it.

A list of millions takes seconds to read; meanwhile passengers go on under the old one. A list that
cannot be used is told once, is fetched again much later (one that may only have been damaged on its
way sooner, and then ever later), and holds up no other list and no tap.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar, cast

from tongxing.gate.data_lists import ReadyList
from tongxing.gate.denylist import ASK_WHOLE
from tongxing.gate.kept_list import PreparedList
from tongxing.gate.link import Answer
from tongxing.gate.pacing import Pace
from tongxing.gate.site import Site
from tongxing.kernel.reasons import Refusal
from tongxing.messages.lists import DATA_NAMES, DENY, DataName

LISTS = "/v1/lists/"
DAMAGED = ("MESSAGE_MALFORMED", "SIGNATURE_INVALID")
"""Refusals of what may have been whole when the city sent it."""

_ROUNDS = 6
"""Lists of one name fetched in a row: the one in force, and those that wait for their time."""

Found = TypeVar("Found")


class Ask(Protocol):
    """Has something done with the site, where that may be done."""

    def __call__(self, work: Callable[[Site], Found]) -> Found:
        """What the work came to."""


class ListFetcher:
    """The lists of one device. `get` asks the city for what stands at a path; `clock` gives Unix
    seconds, and `pace` says when a list that was refused is asked for again."""

    def __init__(self, get: Callable[[str], Answer], clock: Callable[[], int], pace: Pace) -> None:
        self._get, self._clock, self._pace = get, clock, pace
        self._newest: Mapping[str, int] = {}
        self._refused: dict[str, _Rest] = {}

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
        newest, rest, now_s = self._newest.get(name, 0), self._refused.get(name), self._clock()
        rests = rest is not None and rest.version == newest and rest.holds(now_s)
        return newest > have and not rests

    def _note(self, name: str, refusal: Refusal, refusals: list[Refusal]) -> None:
        newest, before = self._newest.get(name, 0), self._refused.get(name)
        rest_s = self._pace.refused_again_s
        if refusal.code in DAMAGED:
            later_s = self._pace.damaged_again_s
            if before is not None and before.version == newest:
                later_s = 2 * before.rest_s
            rest_s = min(rest_s, later_s)
        self._refused[name] = _Rest(newest, self._clock(), rest_s)
        refusals.append(refusal)


@dataclass(frozen=True, slots=True)
class _Rest:
    """A version that was refused is left alone for so long."""

    version: int
    since_s: int
    rest_s: int

    def holds(self, now_s: int) -> bool:
        """Whether it still is; a clock that went back ends it."""
        return self.since_s <= now_s < self.since_s + self.rest_s


def published(site: Site, now_s: int) -> dict[str, int]:
    """When the lists that a heartbeat tells were published, under the same names."""
    found = {DENY: site.deny.head.published_s} if site.deny.head.published_s else {}
    for name, version in site.lists.versions(now_s).items():
        for one in site.lists.held(cast(DataName, name.removesuffix(".next"))):
            if one.listed.version == version:
                found[name] = one.listed.published_s
    return found


def _take(site: Site, ready: ReadyList, now_s: int) -> Refusal | None:
    return site.lists.take(ready, now_s)


def _put(site: Site, prepared: PreparedList) -> Refusal | None:
    return site.take_deny(prepared)
