"""Asks whoever attests, within a budget, and remembers the answer for as long as it is good.

A provider that is slow, gone or lying must never hold up a gate, nor be hammered by a station full
of people: after a few failures nobody asks for a while, and each failed answer is remembered for a
few seconds. What is remembered is a yes or no under a keyed hash, never longer than it is good, in
memory only; when no policy holds any more, nothing is left.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tongxing.entry.attestation import Attesters, holder_of, read_attestation
from tongxing.entry.deciding import HolderAnswer
from tongxing.entry.policy import Policy
from tongxing.kernel.reasons import Refusal

BUDGET_MS = 300
PROVIDER_DOWN = "ENTRY_PROVIDER_DOWN"
ASKING = "ENTRY_ASKING"
"""Nothing is known yet: whoever decides comes back when somebody has been asked."""

Provider = Callable[[str, int, int], bytes | Refusal | None]
"""Called with a holder, a budget in milliseconds, which it keeps, and the time: an attestation,
None for a medium that is linked with nobody, or why there is no answer."""


class Holders(Protocol):
    """Whoever knows about holders at the moment of a tap."""

    def of(self, medium_no: str, now_s: int) -> HolderAnswer:
        """What is known of a medium's holder."""
        ...


class HolderCache:
    """Answers by holder, each until its end; the oldest make room when there are too many.

    A clock that goes back makes no answer live longer: one that was given later than now is gone,
    and `forget_ended`, which one thread calls all the time, drops all when it sees time go back.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._kept: dict[str, tuple[HolderAnswer, int, int]] = {}
        self._looked_s = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, holder: str, answer: HolderAnswer, from_s: int, until_s: int) -> None:
        """Remember an answer that is good from `from_s` on and before `until_s`."""
        self._kept.pop(holder, None)
        while len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[holder] = answer, from_s, until_s

    def find(self, holder: str, now_s: int) -> HolderAnswer | None:
        """An answer that is still good; one that is not is forgotten."""
        found = self._kept.get(holder)
        if found is None:
            return None
        answer, from_s, until_s = found
        if from_s <= now_s < until_s:
            return answer
        self._kept.pop(holder, None)
        return None

    def forget_ended(self, now_s: int) -> int:
        """Forget what is good no longer, and all when time has gone back; how many there were."""
        before_s, self._looked_s = self._looked_s, now_s
        if now_s < before_s:
            return self.forget_all()
        ended = [
            holder
            for holder, (_, from_s, until_s) in list(self._kept.items())
            if not from_s <= now_s < until_s
        ]
        for holder in ended:
            self._kept.pop(holder, None)
        return len(ended)

    def forget_all(self) -> int:
        """Forget everything, as when a policy has ended; how many there were."""
        count = len(self._kept)
        self._kept.clear()
        return count


@dataclass(frozen=True, slots=True)
class AskingRules:
    """So many failures in a row, and nobody is asked for `rest_s`; then one question tries again.
    How long "linked with nobody" and "no answer" are remembered."""

    failures_max: int = 3
    rest_s: int = 30
    unlinked_s: int = 10
    failed_s: int = 5


@dataclass(slots=True)
class Asker:
    """A site's way to the answers about holders: its memory first, then the provider.

    `known` and `of` are for the thread that decides, `ask` for any other one. `trouble` is the code
    of what was wrong with the last answer, "" for nothing.
    """

    policy: Policy
    provider: Provider
    attesters: Attesters
    key: bytes = field(repr=False)
    cache: HolderCache = field(default_factory=HolderCache)
    rules: AskingRules = AskingRules()
    budget_ms: int = BUDGET_MS
    trouble: str = ""
    _failures: int = 0
    _rests_until_s: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def of(self, medium_no: str, now_s: int) -> HolderAnswer:
        """What is known of a medium's holder, asking where nothing is."""
        return self.known(medium_no, now_s) or self.ask(medium_no, now_s)

    def known(self, medium_no: str, now_s: int) -> HolderAnswer | None:
        """What there is to say without asking anybody; None where somebody has to be asked."""
        with self._lock:
            if not self.policy.runs_at(now_s):
                self.cache.forget_all()
                return HolderAnswer(None, None)
            found = self.cache.find(self._holder(medium_no), now_s)
            if found is not None:
                return found
            return HolderAnswer(None, Refusal(PROVIDER_DOWN)) if self.is_resting(now_s) else None

    def ask(self, medium_no: str, now_s: int) -> HolderAnswer:
        """What the provider says now, which is remembered."""
        holder = self._holder(medium_no)
        raw = self.provider(holder, self.budget_ms, now_s)
        with self._lock:
            return self._taken(raw, holder, now_s)

    def gave_none(self, medium_no: str, now_s: int) -> None:
        """No answer came in time. One that comes later is taken all the same."""
        with self._lock:
            if self.cache.find(self._holder(medium_no), now_s) is None:
                self._failed(self._holder(medium_no), Refusal(PROVIDER_DOWN), now_s)

    def is_resting(self, now_s: int) -> bool:
        """Whether nobody is asked for the moment, after several failures."""
        return now_s < self._rests_until_s <= now_s + self.rules.rest_s

    def erase_when_ended(self, now_s: int) -> int:
        """Delete what the policy has left behind once it has ended, and before that what is no
        longer good; how many answers went."""
        with self._lock:
            if self.policy.runs_at(now_s):
                return self.cache.forget_ended(now_s)
            return self.cache.forget_all()

    def _holder(self, medium_no: str) -> str:
        return holder_of(self.key, self.policy.city, medium_no)

    def _taken(self, raw: bytes | Refusal | None, holder: str, now_s: int) -> HolderAnswer:
        policy = self.policy
        if isinstance(raw, Refusal):
            return self._failed(holder, raw, now_s)
        if raw is None:
            until_s = now_s + self.rules.unlinked_s
            return self._good(holder, HolderAnswer(False, None), now_s, until_s)
        life_s = max(policy.attestation_life_s, policy.refusal_life_s)
        word = read_attestation(raw, self.attesters, policy.city, holder, now_s, life_s)
        if isinstance(word, Refusal):
            return self._failed(holder, word, now_s)
        longest_s = policy.attestation_life_s if word.passed else policy.refusal_life_s
        until_s = min(word.expires_s, now_s + longest_s)
        return self._good(holder, HolderAnswer(True, word), now_s, until_s)

    def _good(self, holder: str, answer: HolderAnswer, now_s: int, until_s: int) -> HolderAnswer:
        self._failures = self._rests_until_s = 0
        self.trouble = ""
        self.cache.keep(holder, answer, now_s, until_s)
        return answer

    def _failed(self, holder: str, why: Refusal, now_s: int) -> HolderAnswer:
        if self.cache.find(holder, now_s) is None:  # one that is remembered has been counted
            self._failures += 1
        if self._failures >= self.rules.failures_max:
            self._rests_until_s = now_s + self.rules.rest_s
        self.trouble = why.code
        answer = HolderAnswer(None, why)
        self.cache.keep(holder, answer, now_s, now_s + self.rules.failed_s)
        return answer
