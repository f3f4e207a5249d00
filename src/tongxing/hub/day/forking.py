"""Forks across the files of a worked day: what becomes of a ride that was taken before another one
used the same counter of its card (`hub.freezing`).

In the window of the other's arrival it is held with it; an earlier window keeps it, and its money
goes into escrow. Days count from the moment at which it was frozen.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from tongxing.hub.checks import Finding
from tongxing.hub.day.admitting import Decided
from tongxing.hub.day.disputes import Outcome
from tongxing.hub.day.model import Dispute, WorkedDay
from tongxing.hub.day.times import written
from tongxing.hub.day.world import rules_of
from tongxing.hub.purses import add_links, forks_with, links_of
from tongxing.hub.verdicts import FORGED, FORKED, IN_ORDER
from tongxing.hub.windows import window_of


def with_proven(
    decided: Sequence[Decided], proven_s: Callable[[Decided], int | None]
) -> list[Decided]:
    """The rides once more, where a row whose signature was doubted is proven: from that moment on
    its purchase counts like any other, and freezes what was taken for the same counter."""
    found = list(decided)
    for moment_s, doubted in _proven(decided, proven_s):
        links = links_of(doubted.presented.record)
        for place, item in enumerate(found):
            presented = item.presented
            is_taken = item.judgement.status in ("accepted", "carried") and item.forked_s is None
            is_money = presented.ridden.paid_fen and presented.received_s <= moment_s
            own = add_links({}, links_of(presented.record))
            if is_taken and is_money and forks_with(links, own):
                found[place] = replace(item, forked_s=moment_s)
    return found


def _proven(
    decided: Sequence[Decided], proven_s: Callable[[Decided], int | None]
) -> list[tuple[int, Decided]]:
    """The rows on hold whose signature was doubted and is proven, in order of that moment."""
    found = []
    for item in decided:
        if item.judgement.status == "held" and FORGED in item.judgement.codes:
            moment_s = proven_s(item)
            if moment_s is not None:
                found.append((moment_s, item))
    return sorted(found, key=lambda pair: pair[0])


def frozen(item: Decided, day: WorkedDay) -> Decided:
    """A ride after the fork, if there was one: held, unless an earlier window netted it."""
    judged = item.judgement
    if item.forked_s is None or is_netted(item, day):
        return item
    codes = (FORKED, *(code for code in judged.codes if code != IN_ORDER))
    why = Finding(FORKED, "its counter stands twice")
    held = msgspec.structs.replace(
        judged, status="held", codes=codes, findings=(why, *judged.findings)
    )
    return replace(item, judgement=held)


def is_netted(item: Decided, day: WorkedDay) -> bool:
    """Whether the fork came when the window of the ride was over; a carried one is in none."""
    if item.forked_s is None or item.judgement.status != "accepted":
        return False
    rules, own = rules_of(day.config), day.config.window_id
    taken = max(own, window_of(item.presented.taken_s, rules))
    return taken < max(own, window_of(item.forked_s, rules))


def dispute_about(item: Decided, window_id: str) -> Dispute:
    """The case that the hub opens about a netted ride: all of its charge."""
    ridden = item.presented.ridden
    return Dispute(
        case_id=f"FORK-{ridden.record_id}",
        stage="CHARGEBACK",
        original=ridden.record_id,
        original_window=window_id,
        initiator=ridden.issuer,
        acquirer=ridden.acquirer,
        operator_shares=dict(ridden.weights),
        original_amount=ridden.paid_fen,
        disputed_amount=ridden.paid_fen,
        at=written(item.forked_s or 0),
        reason="fork",
    )


def outcome_of_fork(
    item: Decided, proven_s: int | None, disproven_s: int | None, ends_s: int
) -> Outcome:
    """How it ends: for the acquirer when somebody proves the ride in time, else for the issuer."""
    fen = item.presented.ridden.paid_fen
    if proven_s is not None and (disproven_s is None or proven_s < disproven_s):
        return Outcome(proven_s, 0, fen)
    return Outcome(ends_s if disproven_s is None else disproven_s, fen, 0)
