"""The condition of entry at a gate that runs: who is asked aside, what staff find, and its end.

What is known of holders lies in memory only. It is deleted as each answer ends, and all of it when
the policy has ended or was taken away: by the clock, with no tap needed for it.
"""

import logging
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from tongxing.deciding.facts import EntryAtGate
from tongxing.entry import Holders
from tongxing.gate.attesting import AskingAside, Attesting
from tongxing.gate.running.condition import Condition
from tongxing.kernel.clock import business_date

State = Literal["waiting", "asking", "silent", "unasked", "ended"]
_log = logging.getLogger("tongxing.gate")


class EntryHealth(Struct, frozen=True, kw_only=True):
    """What a status says of the condition, and nothing of anybody.

    `state`: waiting for the policy's first day; asking; silent, because the attester has failed and
    is left alone for a moment; unasked, since nobody attests here; ended. `known` is how many
    holders' answers are in memory now, `trouble` the code of what was wrong with the last answer,
    `erased_s` when they went after the end (0: not yet, or there were none).
    """

    policy: str
    until: str
    state: State
    known: int
    trouble: str = ""
    erased_s: int = 0


class Entering:
    """All of it for one site. `condition` is None where nothing is asked."""

    def __init__(self, condition: Condition | None) -> None:
        self._condition = condition
        self._aside = AskingAside()
        self._entry: EntryAtGate | None = None
        self._health: EntryHealth | None = None
        self._erased_s = 0

    def ask(
        self, holders: Holders | None, medium_no: str, now_s: int, again: Callable[[], None]
    ) -> None:
        """Have a holder asked about whose tap is pending, of those of whom the decision could not
        tell; `again` presents the medium again, at once when the gate is about to stop."""
        assert isinstance(holders, Attesting)
        asker = holders.asker
        if not self._aside.ask(asker, medium_no, now_s, again):
            asker.gave_none(medium_no, now_s)
            again()

    def decided(self, terminal: str) -> None:
        """A medium was decided about: what staff had found was about that one."""
        if self._condition is not None:
            self._condition.lanes.used(terminal)

    def checked(self, terminal: str, passed: bool) -> bool:
        """Staff have checked who comes next at a manual lane; False where there is none."""
        return self._condition is not None and self._condition.lanes.checked(terminal, passed)

    @property
    def manual(self) -> frozenset[str]:
        """The terminals at which staff check."""
        return frozenset() if self._condition is None else self._condition.lanes.manual

    def tend(self, entry: EntryAtGate | None, now_s: int) -> None:
        """Delete what is no longer good, and everything when the policy holds no more."""
        condition = self._condition
        if condition is None:
            return
        ended = entry is None or business_date(now_s) > entry.policy.until
        gone = condition.cache.forget_all() if ended else condition.cache.forget_ended(now_s)
        if ended and gone:
            self._erased_s = now_s
            _log.info("the condition of entry has ended; answers deleted: %d", gone)
        self._health = self._told(condition, entry, now_s, ended)

    def health(self) -> EntryHealth | None:
        """How it was when it was last looked after."""
        return self._health

    def finish(self) -> None:
        """Let every medium that is aside come back, and take none aside any more."""
        self._aside.finish()

    def _told(
        self, condition: Condition, entry: EntryAtGate | None, now_s: int, ended: bool
    ) -> EntryHealth:
        state: State = "asking"
        if entry is None or ended:
            state = "ended"
        elif business_date(now_s) < entry.policy.from_day:
            state = "waiting"
        elif not isinstance(entry.holders, Attesting):
            state = "unasked"
        elif entry.holders.asker.is_resting(now_s):
            state = "silent"
        return EntryHealth(
            policy=condition.spec.policy if entry is None else entry.policy.name,
            until="" if entry is None else entry.policy.until.isoformat(),
            state=state,
            known=len(condition.cache),
            trouble=_trouble_of(entry),
            erased_s=self._erased_s,
        )


def _trouble_of(entry: EntryAtGate | None) -> str:
    holders = None if entry is None else entry.holders
    return holders.asker.trouble if isinstance(holders, Attesting) else ""
