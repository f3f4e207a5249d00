"""What the issuer knows of one medium, for whoever stands at the counter with it. Only reads.

It tells what the books say, never what a chip claims, and what is to be done next.
"""

from dataclasses import dataclass
from typing import Literal

from tongxing.city.store import covers, media
from tongxing.city.store import replacing as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.replacing import MediumRow
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.network.legacy import LEGACY, LegacyTerms, Trust, load_legacy

NextStep = Literal["use_new", "end_load", "load", "wait", "replace", "ask", "nothing"]
"""What comes next: use the card that took this one's place; say how a load ended; load the old
card's money; wait for it; replace this card; see why it is denied; nothing."""


@dataclass(frozen=True, slots=True)
class MediumSeen:
    """A medium as the issuer knows it. Amounts are fen.

    `denied` is the reason under which the next deny list refuses it, "" where it does not.
    `balance_fen` is its purse's or its account's; `borne_fen` is what it spent beyond that and the
    issuer bears. `replaces` are the cards before it, newest first; `trips` are its own, and
    `trips_before` theirs. `waiting_fen` of theirs can be loaded from `ready_s` on; `pending` is the
    load that nobody has ended. `legacy` are the terms of a medium that proves nothing.
    """

    medium_no: str
    medium_kind: str
    scheme: str
    product: str
    rider_kind: str
    trust: Trust
    denied: str
    balance_fen: int
    borne_fen: int
    replaced_by: str
    replaces: tuple[str, ...]
    trips: int
    trips_before: int
    last_trip_s: int | None
    waiting_fen: int
    ready_s: int | None
    pending: str
    legacy: LegacyTerms | None
    next_step: NextStep


def medium_seen(cursor: Cursor, city: str, medium_no: str, now_s: int) -> MediumSeen | Refusal:
    """What the issuer knows of a medium. Refuses MEDIUM_UNKNOWN."""
    row = store.find_medium(cursor, medium_no)
    if row is None:
        return Refusal("MEDIUM_UNKNOWN", medium_no)
    done = store.replacement_of(cursor, medium_no)
    older = store.cards_before(cursor, medium_no)
    trips, last_s = store.trips_of(cursor, [medium_no])
    trips_before, last_before_s = store.trips_of(cursor, older)
    waiting = [one for one in store.old_purses(cursor, medium_no) if one.balance_fen > 0]
    pending = store.pending_load(cursor, medium_no)
    ready_s = min((one.ready_s for one in waiting), default=None)
    denied = media.denial_of(cursor, medium_no)
    is_legacy = row.trust == LEGACY
    on = calendar_date(now_s)
    return MediumSeen(
        medium_no=medium_no,
        medium_kind=row.medium_kind,
        scheme=row.scheme,
        product=row.product,
        rider_kind=row.rider_kind,
        trust=row.trust,
        denied=denied,
        balance_fen=row.balance_fen,
        borne_fen=covers.borne_for(cursor, row.rider_id),
        replaced_by="" if done is None else done.new_no,
        replaces=tuple(older),
        trips=trips,
        trips_before=trips_before,
        last_trip_s=max((s for s in (last_s, last_before_s) if s is not None), default=None),
        waiting_fen=sum(one.balance_fen for one in waiting),
        ready_s=ready_s,
        pending="" if pending is None else pending.request_id,
        legacy=load_legacy().terms(row.scheme, city, on) if is_legacy else None,
        next_step=_next_step(row, denied, done is not None, pending is not None, ready_s, now_s),
    )


def _next_step(
    row: MediumRow,
    denied: str,
    replaced: bool,
    pending: bool,
    ready_s: int | None,
    now_s: int,
) -> NextStep:
    if replaced:
        return "use_new"
    if pending:
        return "end_load"
    if row.trust == LEGACY:
        return "replace"
    if denied:
        return "ask"
    if ready_s is None:
        return "nothing"
    return "load" if ready_s <= now_s else "wait"
