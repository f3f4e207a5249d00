"""A medium is linked with its holder, once: limits, repeats and races are decided here, in one
transaction.

A number that is unknown, denied, or linked with somebody else gets one and the same answer, so
that nobody learns from it which; the way out is the desk, where staff see the card.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tongxing.city.store import upgrading as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.upgrading import LinkRow, NowRow, RequestRow
from tongxing.city.upgrading.asking import How, Upgrade
from tongxing.city.upgrading.data_forms import Kind
from tongxing.city.upgrading.programme import Programme
from tongxing.city.upgrading.rules import free_slot, helper_objection
from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.ids import digest, masked
from tongxing.kernel.reasons import Refusal

NOT_HERE = "UPGRADE_NUMBER_NOT_HERE"

Tell = Callable[[Cursor, str, str, Mapping[str, object], int], None]
"""Leave a person a notice: cursor, person id, kind of notice, its values, when (as `notify`)."""


def tell_nobody(
    cursor: Cursor, whom: str, kind: str, values: Mapping[str, object], now_s: int
) -> None:
    """For houses without passengers' pages."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants which medium linked. `asked` is the digest of the whole request; with `in_hand`
    staff saw card and document, and a link with somebody else gives way."""

    request_id: str
    asked: str
    holder: str
    medium_no: str = field(repr=False)
    kind: Kind
    channel: str
    how: How
    app: str = ""
    helper: str = ""
    staff: str = ""
    in_hand: bool = False

    @property
    def asker(self) -> str:
        """Whose day of tries it is: the helper's where one acts, nobody's at the desk."""
        return "" if self.staff else self.helper or self.holder


def answered(cursor: Cursor, request_id: str, asked: str) -> Upgrade | Refusal | None:
    """The answer that a request got before; None for a new one. Refuses REQUEST_REUSED."""
    before = store.find_request(cursor, request_id)
    if before is None:
        return None
    if before.asked != asked:
        return Refusal("REQUEST_REUSED", request_id)
    return upgrade_of(store.link_of(cursor, before.link_id), already=before.repeated)


def link(
    cursor: Cursor, programme: Programme, wish: Wish, tell: Tell = tell_nobody
) -> Upgrade | Refusal:
    """Link a medium with its holder; who is linked already is told so, and nothing is repeated.
    Holders are told what helpers and staff linked for them, and what was taken from them.

    Refuses REQUEST_REUSED, UPGRADE_TRIES_USED, UPGRADE_LIMIT_REACHED, UPGRADE_OTHERS_LIMIT, and
    UPGRADE_NUMBER_NOT_HERE for every number that is not the holder's to link.
    """
    names = [f"request:{wish.request_id}", f"holder:{wish.holder}"]
    store.lock(cursor, [*names, f"holder:{wish.helper}"] if wish.helper else names)
    before = answered(cursor, wish.request_id, wish.asked)
    if before is not None:
        return before
    now = store.current(cursor, wish.medium_no)
    if now is not None and now.holder == wish.holder:
        row = store.link_of(cursor, now.link_id)
        _note(cursor, wish, row.link_id, programme.time_s, repeated=True)
        return upgrade_of(row, already=True)
    slot = _free_slot(cursor, programme, wish)
    if isinstance(slot, Refusal):
        return slot
    issued = not wish.kind.in_books or store.is_issued(cursor, wish.medium_no)
    if (now is not None and not wish.in_hand) or not issued:
        return _not_here(cursor, programme, wish)
    found = _write(cursor, programme, wish, now, slot)
    if isinstance(found, Upgrade):
        _tell(cursor, wish, now, tell, programme.time_s)
    return found


def objection(cursor: Cursor, programme: Programme, wish: Wish) -> Refusal | None:
    """What would be refused whatever the number is: the day's tries and the limits."""
    now = store.current(cursor, wish.medium_no)
    if now is not None and now.holder == wish.holder:
        return None
    slot = _free_slot(cursor, programme, wish)
    return slot if isinstance(slot, Refusal) else None


def end(
    cursor: Cursor, holder: str, medium_no: str, request_id: str, by: str, now_s: int
) -> Upgrade | Refusal:
    """The holder takes a link back; the same request again answers the same.

    Refuses REQUEST_REUSED, and UPGRADE_NOT_LINKED for any medium that is not linked with them.
    """
    asked = digest("end", holder, medium_no, by)
    store.lock(cursor, [f"request:{request_id}", f"holder:{holder}"])
    before = answered(cursor, request_id, asked)
    if before is not None:
        return before
    now = store.current(cursor, medium_no)
    if now is None or now.holder != holder:
        return Refusal("UPGRADE_NOT_LINKED")
    store.end_link(cursor, now.link_id, "withdrawn", by, now_s)
    store.write_request(cursor, RequestRow(request_id, asked, now.link_id, False, now_s))
    return upgrade_of(store.link_of(cursor, now.link_id), already=False)


def end_all(cursor: Cursor, holder: str, by: str, now_s: int) -> int:
    """End every link of a holder whose account closes; how many."""
    store.lock(cursor, [f"holder:{holder}"])
    links = store.links_of_holder(cursor, holder)
    return sum(store.end_link(cursor, row.link_id, "closed", by, now_s) for row in links)


def upgrade_of(row: LinkRow, *, already: bool) -> Upgrade:
    """A link as the desk answers it."""
    return Upgrade(
        row.link_id, row.holder, row.medium_no, row.kind, row.channel, row.linked_s, already
    )


def _free_slot(cursor: Cursor, programme: Programme, wish: Wish) -> int | Refusal:
    rules, now_s = programme.rules, programme.time_s
    if wish.asker:
        tries = store.tries_on(cursor, wish.asker, calendar_date(now_s))
        if tries >= rules.number_tries_a_day:
            return Refusal("UPGRADE_TRIES_USED", values={"limit": rules.number_tries_a_day})
    if wish.helper:
        since_s = now_s - rules.others_cool_days * DAY_S
        refusal = helper_objection(programme, store.helped_links(cursor, wish.helper, since_s))
        if refusal is not None:
            return refusal
    return free_slot(programme, wish.kind, store.slots_taken(cursor, wish.holder, wish.kind.place))


def _write(
    cursor: Cursor, programme: Programme, wish: Wish, now: NowRow | None, slot: int
) -> Upgrade | Refusal:
    if now is not None:
        store.end_link(cursor, now.link_id, "moved", wish.staff, programme.time_s)
    row = LinkRow(
        link_id=digest("upgrade", programme.city, wish.request_id),
        holder=wish.holder,
        medium_no=wish.medium_no,
        kind=wish.kind.name,
        place=wish.kind.place,
        app=wish.app,
        channel=wish.channel,
        how=wish.how,
        helper=wish.helper,
        staff=wish.staff,
        linked_s=programme.time_s,
    )
    if not store.write_link(cursor, row, slot):
        return _not_here(cursor, programme, wish)
    _note(cursor, wish, row.link_id, programme.time_s, repeated=False)
    return upgrade_of(row, already=False)


def _tell(cursor: Cursor, wish: Wish, before: NowRow | None, tell: Tell, now_s: int) -> None:
    values = {"medium": masked(wish.medium_no)}
    if before is not None:
        tell(cursor, before.holder, "upgrade_moved", values, now_s)
    if wish.helper or wish.staff:
        tell(cursor, wish.holder, "upgrade_linked", values, now_s)


def _not_here(cursor: Cursor, programme: Programme, wish: Wish) -> Refusal:
    if wish.asker:
        store.count_try(cursor, wish.asker, calendar_date(programme.time_s))
    return Refusal(NOT_HERE, wish.kind.name)


def _note(cursor: Cursor, wish: Wish, link_id: str, now_s: int, *, repeated: bool) -> None:
    store.write_request(cursor, RequestRow(wish.request_id, wish.asked, link_id, repeated, now_s))
