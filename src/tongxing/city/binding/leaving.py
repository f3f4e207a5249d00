"""How a card leaves an account, what draws on an account now, and what staff settle by hand.

A sealed card is never made a purse again: whoever wants to ride without the account gets another
card (`city/replacing`). The money stays in the account, whose it is. All of it happens in the
caller's transaction.
"""

from typing import Literal

from tongxing.city.accounts import CARD_REPLACED
from tongxing.city.binding.moving import Neighbours, settle_move
from tongxing.city.binding.proving import advance
from tongxing.city.binding.steps import Event, step_after
from tongxing.city.binding.terms import BindingTerms
from tongxing.city.binding.values import Binding, BoundCard, Notify, binding_of
from tongxing.city.store import binding as store
from tongxing.city.store import bound_cards, disputes, media
from tongxing.city.store.binding import BindingRow
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import local
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal

Shown = Literal["card", "identity"]
"""By what staff knew that they may release a card: the card itself, or its holder's document."""

UNBOUND = "CARD_UNBOUND"
RELEASED_NOTICE = "card_released"
SETTLE_PROPOSED = "settle_proposed"


def bound_card(cursor: Cursor, row: BindingRow) -> BoundCard | None:
    """The card that draws on a binding's account now; None where it draws on it no more."""
    card = bound_cards.card_now(cursor, row.medium_no)
    if card is None or card[1] != row.account or card[2] == UNBOUND:
        return None
    assert row.from_s is not None and row.hold_until_s is not None, "its money has moved"
    return BoundCard(
        binding_id=row.binding_id,
        account=row.account,
        medium_no=card[0],
        bound_no=row.medium_no,
        from_s=row.from_s,
        moved_fen=row.moved_fen,
        hold_until_s=row.hold_until_s,
        denied=card[2],
        sealed=row.step == "active",
        seen_sealed=bound_cards.seen_sealed(cursor, row.medium_no),
    )


def in_force(cursor: Cursor, medium_no: str) -> BoundCard | None:
    """The binding by which this very card draws on an account."""
    row = store.holder_of(cursor, medium_no)
    if row is None or row.step not in ("sealing", "active"):
        return None
    return bound_card(cursor, row)


def end(cursor: Cursor, binding_id: str, why: Event, now_s: int, by: str = "staff") -> None:
    """End a binding; twice is once. Raises ValueError for one that cannot end so now."""
    row = store.find(cursor, binding_id, lock=True)
    if row is None:
        raise ValueError("there is no such binding")
    if row.step != "ended":
        advance(cursor, row, why, now_s, by)


def close_account(cursor: Cursor, account: str, now_s: int) -> Refusal | None:
    """End whatever binds a card to an account that is being closed; its cards are refused from the
    next deny list on. Refuses BINDING_CANNOT_STOP while money is on its way."""
    for row in (store.under_way(cursor, account), store.active_of(cursor, account)):
        if row is None or row.step == "ended":
            continue
        if step_after(row.step, "closed") is None:
            return Refusal("BINDING_CANNOT_STOP")
        if row.from_s is not None:
            _deny(cursor, row)
        end(cursor, row.binding_id, "closed", now_s)
    return None


def _deny(cursor: Cursor, row: BindingRow) -> None:
    """Refuse the card as one that left its account. That outlasts whatever it was denied for
    before: a loss report that is taken back must not let it ride again."""
    card = bound_cards.card_now(cursor, row.medium_no)
    if card is not None and card[2] != CARD_REPLACED:
        media.deny(cursor, card[0], UNBOUND)


def release(
    cursor: Cursor,
    binding_id: str,
    request_id: str,
    staff: str,
    shown: Shown,
    notify: Notify,
    now_s: int,
) -> Binding | Refusal:
    """Take a card from its account, by staff who have seen the card or its holder's document.

    The card is on the deny list from now on and can be replaced; its money stays the account's.
    The same request again answers the same. Refuses BINDING_UNKNOWN, BINDING_ENDED for one that
    ended otherwise, BINDING_CANNOT_STOP before it is bound, BINDING_DISPUTED while a dispute about
    it is open, and BINDING_ON_HOLD while its money is held, whatever staff say they saw: a dispute
    needs a binding that is in force.
    """
    row = store.find(cursor, binding_id, lock=True)
    if row is None:
        return Refusal("BINDING_UNKNOWN")
    if row.step == "ended":
        before = store.newest_event(cursor, binding_id, "released")
        same = before is not None and before[1] == f"{shown} {request_id}"
        return binding_of(row) if same else Refusal("BINDING_ENDED")
    if step_after(row.step, "released") is None:
        return Refusal("BINDING_CANNOT_STOP")
    if any(one.ended_s is None for one in disputes.cases_of_binding(cursor, binding_id)):
        return Refusal("BINDING_DISPUTED")
    if row.hold_until_s is not None and now_s < row.hold_until_s:
        until = local(row.hold_until_s).isoformat(" ", "minutes")[:16]
        return Refusal("BINDING_ON_HOLD", values={"until": until})
    _deny(cursor, row)
    after = advance(cursor, row, "released", now_s, staff, f"{shown} {request_id}")
    assert after is not None, "an ended binding holds no card"
    notify(cursor, row.person_id, RELEASED_NOTICE, {"card": masked(row.medium_no)}, now_s)
    return binding_of(after)


def settle_by_hand(
    cursor: Cursor,
    city: str,
    binding_id: str,
    paid: bool,
    staff: str,
    terms: BindingTerms,
    neighbours: Neighbours,
    now_s: int,
) -> Binding | Refusal:
    """Say whether a card that has forgotten its last transfer had paid, after its log was read.

    The first to say so proposes it, and the binding stays as it is; another one who says the same
    settles it, and one who says otherwise proposes that instead. Said again after it was settled it
    has no effect. Refuses BINDING_UNKNOWN, BINDING_ENDED where nothing is open, and FOUR_EYES when
    whoever proposed it says it again.
    """
    row = store.find(cursor, binding_id, lock=True)
    if row is None:
        return Refusal("BINDING_UNKNOWN")
    moves = store.moves_of(cursor, binding_id)
    if row.step != "moving":
        done = bool(moves) and moves[-1].done == paid
        return binding_of(row) if done else Refusal("BINDING_ENDED")
    move = moves[-1]
    said = f"{move.number} {'paid' if paid else 'not paid'}"
    proposed = store.newest_event(cursor, binding_id, SETTLE_PROPOSED)
    if proposed is None or proposed[1] != said:
        store.note_event(cursor, row, SETTLE_PROPOSED, row.step, now_s, staff, said)
        return binding_of(row)
    if proposed[0] == staff:
        return Refusal("FOUR_EYES", binding_id)
    if paid:
        return binding_of(settle_move(cursor, city, row, move, terms, neighbours, now_s, staff))
    store.write_move_end(cursor, binding_id, move.number, False, now_s, staff)
    after = advance(cursor, row, "not_moved", now_s, staff)
    assert after is not None, "the card is this binding's"
    return binding_of(after)
