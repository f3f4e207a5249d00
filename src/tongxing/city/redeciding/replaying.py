"""A rider's taps once more, in the order in which they happened, each put to the decision. Pure.

What the city knows of a purse before a tap is its own fold of the taps before. That is all that
happened to the purse only if its counter goes on where the last tap left it; where it does not (it
rode elsewhere, or a tap is missing), sequence and money are left out until a lane opens to it here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tongxing.city.redeciding.comparing import CityVerdict, verdict_on
from tongxing.city.redeciding.evidence import Known, counter_before, evidence_of
from tongxing.city.riding import RiderState, fold
from tongxing.deciding import GateContext, decide
from tongxing.deciding.recent import RecentTaps
from tongxing.deciding.token import MediumToken
from tongxing.messages import Tap


@dataclass(frozen=True, slots=True)
class SeenTap:
    """A tap as the gate told it, the site that brought it, and what counts instead of it in the
    books; None where it counts for nothing."""

    tap: Tap
    site: str
    counting: Tap | None


def replay(
    taps: Sequence[SeenTap], state: RiderState, before: SeenTap | None, known: Known
) -> list[CityVerdict]:
    """The city's verdict on each of a rider's taps, opened and refused, in order. `state` is the
    fold before the first of them, `before` the tap before it, if there was one."""
    replaying = _Replay(known, state)
    if before is not None:
        replaying.remember(before)
    return [replaying.take(seen) for seen in taps]


@dataclass(slots=True)
class _Replay:
    known: Known
    state: RiderState
    is_purse_known: bool = True
    counters: dict[str, int] = field(default_factory=dict)
    recent: dict[str, RecentTaps] = field(default_factory=dict)

    def take(self, seen: SeenTap) -> CityVerdict:
        tap = seen.tap
        if tap.purse is not None and self.counters.get(tap.medium_no, 0) != counter_before(tap):
            self.is_purse_known = False
        purse_known = tap.purse is not None and self.is_purse_known
        evidence = evidence_of(tap, self.known, self.state, purse_known=purse_known)
        if evidence.is_empty:
            return verdict_on(tap, evidence, None, self.known)
        denied = self.known.denied.get(tap.deny_list_version)
        context = GateContext(
            fares=self.known.fares,
            registry=self.known.registry,
            deny=denied or self.known.denied[0],
            now_s=tap.time_s,
            recent=self._recent(seen.site),
            legacy=self.known.legacy,
            mode=self.known.mode(tap, seen.site),
        )
        decision = decide(evidence.token, evidence.facts, context, evidence.asked)
        self._note(seen, evidence.token)
        return verdict_on(tap, evidence, decision, self.known)

    def remember(self, seen: SeenTap) -> None:
        """The tap before those that are looked at: who passed last, and what the purse said."""
        tap = seen.tap
        if tap.purse is not None:
            self.counters[tap.medium_no] = tap.purse.counter
        if tap.outcome == "opened":
            self._recent(seen.site).note_touch(tap.medium_no, tap.kind, tap.time_s)

    def _note(self, seen: SeenTap, token: MediumToken) -> None:
        tap = seen.tap
        self.remember(seen)
        if tap.outcome != "opened":
            return
        if tap.medium_kind == "code" and tap.code:
            display = token.medium_no, token.code_issued_s, token.code_expires_s
            self._recent(seen.site).note_display(*display)
        if tap.funding != "purse":
            return
        self.is_purse_known = seen.counting is not None
        if seen.counting is not None:
            self.state = fold(self.state, [seen.counting], self.known.fares, 0).state

    def _recent(self, site: str) -> RecentTaps:
        return self.recent.setdefault(site, RecentTaps())
