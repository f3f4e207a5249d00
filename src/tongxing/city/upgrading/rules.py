"""What the upgrade service allows, from values alone: the desks read the books and ask here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from tongxing.city.upgrading.asking import IDENTITY_LEVEL
from tongxing.city.upgrading.data_forms import Kind, SingleTickets
from tongxing.city.upgrading.programme import Programme, told
from tongxing.kernel.reasons import Refusal

FIRST_TOP_UP = "first_top_up"
"""The channel by which a new card is linked at its first top-up."""


@dataclass(frozen=True, slots=True)
class TopUpGate:
    """A top-up may go on. `links` says that this is a new card's first one, after which
    `first_top_up_done` links it with its holder."""

    kind: str
    links: bool


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check of the rider said, and when it was made; nothing of why."""

    passed: bool
    checked_s: int


def free_slot(programme: Programme, kind: Kind, taken: Collection[int]) -> int | Refusal:
    """The place that one more medium of a kind takes in its holder's own name, 0 where nobody
    counts. Refuses UPGRADE_LIMIT_REACHED (R-121)."""
    limit = programme.rules.limits.get(kind.place)
    if limit is None:
        return 0
    free = next((slot for slot in range(1, limit + 1) if slot not in taken), None)
    if free is None:
        return Refusal(
            "UPGRADE_LIMIT_REACHED", kind.name, {"limit": limit, **told("place", kind.place)}
        )
    return free


def helper_objection(programme: Programme, linked_for_others: int) -> Refusal | None:
    """UPGRADE_OTHERS_LIMIT for one more card of somebody else's (R-122)."""
    limit = programme.rules.others_max
    if linked_for_others < limit:
        return None
    return Refusal("UPGRADE_OTHERS_LIMIT", values={"limit": limit})


def top_up_from(programme: Programme, kind: Kind) -> date | None:
    """The day of issue from which a card's first top-up is asked about now; None while none is."""
    opened_s = programme.opened_s(FIRST_TOP_UP)
    begun = opened_s is not None and opened_s <= programme.time_s
    return programme.first_top_up_from(kind.place) if begun else None


def first_top_up(
    kind: Kind, from_day: date, issued_on: date | None, level: Callable[[], int | Refusal | None]
) -> TopUpGate | Refusal:
    """Whether a card that was never topped up through this gate may be (R-102, R-103).

    `level` answers how well its holder is known, None for nobody, and is asked only for a new card.
    Refuses UPGRADE_TOP_UP_UNREAD, UPGRADE_TOP_UP_IDENTITY, and what `level` refuses.
    """
    if issued_on is None:
        return Refusal("UPGRADE_TOP_UP_UNREAD", kind.name)
    if issued_on < from_day:
        return TopUpGate(kind.name, links=False)
    known = level()
    if isinstance(known, Refusal):
        return known
    if known is None or known < IDENTITY_LEVEL:
        return Refusal("UPGRADE_TOP_UP_IDENTITY", kind.name, {"from": from_day.isoformat()})
    return TopUpGate(kind.name, links=True)


def check_objection(
    rule: SingleTickets, check: CheckResult, act: str, now_s: int
) -> Refusal | None:
    """UPGRADE_TICKET_CHECK for a check that was not passed, or not just now (R-155)."""
    fresh = 0 <= now_s - check.checked_s <= rule.check_age_s
    return None if check.passed and fresh else Refusal("UPGRADE_TICKET_CHECK", act)


def e_tickets_suspended(rule: SingleTickets | None) -> bool:
    """Whether no electronic single ticket is sold or used now (R-157)."""
    return rule is not None and rule.e_tickets_suspended


def unused_objection(how: str, suspended: bool, other_way: bool = False) -> Refusal | None:
    """Why an electronic single ticket is not paid back: UPGRADE_E_TICKET_OTHER_WAY for another way
    than it was paid by, UPGRADE_E_TICKET_USED, UPGRADE_E_TICKET_GOOD while it can still be used
    (R-158). `how` it ended, "" if it has not."""
    if other_way:
        return Refusal("UPGRADE_E_TICKET_OTHER_WAY")
    if how == "used":
        return Refusal("UPGRADE_E_TICKET_USED")
    return None if how or suspended else Refusal("UPGRADE_E_TICKET_GOOD")
