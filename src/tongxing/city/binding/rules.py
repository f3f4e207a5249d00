"""Which card may be bound to which account. Pure: books and chip come in as values.

The issuer's books decide wherever they know; what only the chip says can refuse a card and never
admit one that the books refuse. The card has proven by its key that it is here, so that nobody
learns anything here about a card that they do not hold.
"""

from datetime import date, timedelta

from tongxing.city.accounts import CARD_REPLACED
from tongxing.city.binding.card import PurseSeen
from tongxing.city.binding.terms import BindingTerms
from tongxing.city.store.bound_cards import CardInBooks
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.network.legacy import LEGACY, legacy_objection


def objection(
    seen: PurseSeen,
    books: CardInBooks | None,
    cards_of_account: int,
    terms: BindingTerms,
    now_s: int,
) -> Refusal | None:
    """Why a card may not be bound; None when it may.

    Refuses MEDIUM_UNKNOWN for one that is not ours, CARD_ALREADY_BOUND, LEGACY_BIND_REFUSED,
    CARD_REPLACED, MEDIUM_DENIED, CARD_PRODUCT_NOT_ELIGIBLE, CARD_NOT_ACTIVE, CARD_EXPIRED,
    CARD_TOO_NEW, CARD_HAS_OPEN_TRIP, CARD_LOAD_WAITING and CARD_LIMIT_REACHED, in this order.
    """
    if books is None or books.medium_kind != "card" or books.medium_no != seen.number:
        return Refusal("MEDIUM_UNKNOWN")
    if seen.marked or books.rider_kind != "purse":
        return Refusal("CARD_ALREADY_BOUND")
    if books.trust == LEGACY:
        return legacy_objection("bind", LEGACY, "")
    if books.denied:
        return Refusal(CARD_REPLACED if books.denied == CARD_REPLACED else "MEDIUM_DENIED")
    if books.product not in terms.products or seen.kind not in terms.card_kinds:
        return Refusal("CARD_PRODUCT_NOT_ELIGIBLE")
    today = calendar_date(now_s)
    if not seen.enabled or today < seen.starts:
        return Refusal("CARD_NOT_ACTIVE")
    if today > seen.expires:
        return Refusal("CARD_EXPIRED")
    first = bindable_from(seen, books, terms)
    if today < first:
        values = {"from": first.isoformat(), "days": terms.held_days_min}
        return Refusal("CARD_TOO_NEW", values=values)
    if seen.entered or books.is_open:
        return Refusal("CARD_HAS_OPEN_TRIP")
    if books.loading:
        return Refusal("CARD_LOAD_WAITING")
    if cards_of_account >= terms.cards_max:
        return Refusal("CARD_LIMIT_REACHED", values={"most": terms.cards_max})
    return None


def bindable_from(seen: PurseSeen, books: CardInBooks, terms: BindingTerms) -> date:
    """The first day on which the card has been held long enough: by the issuer's books, or by the
    chip's own first day where the books do not know when it was handed out."""
    issued_on = seen.starts if books.issued_on is None else books.issued_on
    return issued_on + timedelta(days=terms.held_days_min)
