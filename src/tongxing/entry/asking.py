"""Asks whoever attests, within a budget, and remembers the answer for as long as it is good.

A provider that is slow, gone or lying must never hold up a gate, nor be hammered by a station full
of people: after a few failures nobody asks for a while, and each failed answer is remembered for a
few seconds. What is remembered is a yes or no under a keyed hash, never longer than it is good, in
memory only; when no policy holds any more, nothing is left.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tongxing.entry.attestation import Attesters, holder_of, read_attestation
from tongxing.entry.deciding import HolderAnswer
from tongxing.entry.policy import Policy
from tongxing.kernel.reasons import Refusal

BUDGET_MS = 300
PROVIDER_DOWN = "ENTRY_PROVIDER_DOWN"

Provider = Callable[[str, int], bytes | None]
"""Called with a holder and a budget in milliseconds, which it keeps: an attestation, or None for a
medium that is linked with nobody. Raises OSError (TimeoutError is one) when it cannot answer."""


class Holders(Protocol):
    """Whoever knows about holders at the moment of a tap."""

    def of(self, medium_no: str, now_s: int) -> HolderAnswer:
        """What is known of a medium's holder."""
        ...


class HolderCache:
    """Answers by holder, each until its end; the oldest make room when there are too many."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._kept: dict[str, tuple[HolderAnswer, int]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, holder: str, answer: HolderAnswer, until_s: int) -> None:
        """Remember an answer that is good before `until_s`."""
        self._kept.pop(holder, None)
        while len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[holder] = answer, until_s

    def find(self, holder: str, now_s: int) -> HolderAnswer | None:
        """An answer that is still good; one that is not is forgotten."""
        found = self._kept.get(holder)
        if found is None:
            return None
        if now_s < found[1]:
            return found[0]
        del self._kept[holder]
        return None

    def forget_ended(self, now_s: int) -> int:
        """Forget what is good no longer; how many there were."""
        ended = [holder for holder, (_, until_s) in self._kept.items() if until_s <= now_s]
        for holder in ended:
            del self._kept[holder]
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
    """A site's way to the answers about holders: its memory first, then the provider."""

    policy: Policy
    provider: Provider
    attesters: Attesters
    key: bytes = field(repr=False)
    cache: HolderCache = field(default_factory=HolderCache)
    rules: AskingRules = AskingRules()
    _failures: int = 0
    _rests_until_s: int = 0

    def of(self, medium_no: str, now_s: int) -> HolderAnswer:
        """What is known of a medium's holder; never raises for what a provider does."""
        if not self.policy.runs_at(now_s):
            self.cache.forget_all()
            return HolderAnswer(None, None)
        holder = holder_of(self.key, self.policy.city, medium_no)
        found = self.cache.find(holder, now_s)
        if found is not None:
            return found
        if now_s < self._rests_until_s:
            return HolderAnswer(None, Refusal(PROVIDER_DOWN))
        return self._asked(holder, now_s)

    def erase_when_ended(self, now_s: int) -> int:
        """Delete what the policy has left behind once it has ended, and before that what is no
        longer good; how many answers went."""
        if self.policy.runs_at(now_s):
            return self.cache.forget_ended(now_s)
        return self.cache.forget_all()

    def _asked(self, holder: str, now_s: int) -> HolderAnswer:
        try:
            raw = self.provider(holder, BUDGET_MS)
        except OSError:
            return self._failed(holder, Refusal(PROVIDER_DOWN), now_s)
        if raw is None:
            self._failures = 0
            answer = HolderAnswer(False, None)
            self.cache.keep(holder, answer, now_s + self.rules.unlinked_s)
            return answer
        policy = self.policy
        life_s = max(policy.attestation_life_s, policy.refusal_life_s)
        word = read_attestation(raw, self.attesters, policy.city, holder, now_s, life_s)
        if isinstance(word, Refusal):
            return self._failed(holder, word, now_s)
        self._failures = 0
        answer = HolderAnswer(True, word)
        self.cache.keep(holder, answer, word.expires_s)
        return answer

    def _failed(self, holder: str, why: Refusal, now_s: int) -> HolderAnswer:
        self._failures += 1
        if self._failures >= self.rules.failures_max:
            self._rests_until_s = now_s + self.rules.rest_s
        answer = HolderAnswer(None, why)
        self.cache.keep(holder, answer, now_s + self.rules.failed_s)
        return answer
