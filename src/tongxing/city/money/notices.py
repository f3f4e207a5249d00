"""What partners tell us by themselves: believed only as far as it can be checked.

The channel verifies the signature; order, merchant, amount and trade are compared here. A notice
that comes again has no effect, whatever was heard in between, and one that is refused is kept as it
came, for staff and partner to reconcile. Nothing is booked from a notice that was refused.
"""

from collections.abc import Mapping

from tongxing.city.money import mandates, orders, refunding
from tongxing.city.money.orders import Payment
from tongxing.city.money.quarantine import keep_notice
from tongxing.city.money.store import credit as credit_store
from tongxing.city.money.store import orders as order_store
from tongxing.city.money.store import refunds as refund_store
from tongxing.city.money.store.refunds import PartRow
from tongxing.city.money.till import Till
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import (
    MandateState,
    NoticeAnswer,
    PartnerNotice,
    PaymentChannel,
    RefundState,
)

STATUS: Mapping[str, int] = {
    "CALLBACK_SIGNATURE": 401,
    "CHANNEL_UNKNOWN": 404,
    "ORDER_UNKNOWN": 404,
    "REFUND_UNKNOWN": 404,
    "RIDER_UNKNOWN": 404,
    "CALLBACK_TRADE": 409,
    "CALLBACK_UNCONFIRMED": 503,
}
"""The HTTP status for a refused notice; 422 for all others."""


def status_of(refusal: Refusal) -> int:
    """The HTTP status to answer a refused notice with."""
    return STATUS.get(refusal.code, 422)


def take_notice(
    till: Till, channel: str, headers: Mapping[str, str], body: bytes, now_s: int
) -> NoticeAnswer | Refusal:
    """Take a notice of a partner; what is refused is kept in quarantine.

    Refuses CHANNEL_UNKNOWN (not kept: nobody's), CALLBACK_SIGNATURE, CALLBACK_MALFORMED,
    ORDER_UNKNOWN, REFUND_UNKNOWN, CALLBACK_UNCONFIRMED, CALLBACK_MERCHANT, CALLBACK_AMOUNT,
    CALLBACK_TRADE, CALLBACK_ACCOUNT and RIDER_UNKNOWN.
    """
    partner = till.channel(channel)
    if isinstance(partner, Refusal):
        return partner
    notice = partner.read_notice(headers, body)
    refusal = notice if isinstance(notice, Refusal) else _taken(till, partner, notice, now_s)
    if refusal is None:
        return partner.answer(True)
    order_id = "" if isinstance(notice, Refusal) else notice.order_id[:64]
    keep_notice(till, channel, refusal, order_id, headers, body, now_s)
    return refusal


def _taken(
    till: Till, partner: PaymentChannel, notice: PartnerNotice, now_s: int
) -> Refusal | None:
    """One for another merchant changes nothing, whatever its kind; a payment names its merchant."""
    if (notice.merchant or notice.kind == "paid") and notice.merchant != partner.merchant:
        return Refusal("CALLBACK_MERCHANT", notice.order_id[:64])
    if notice.kind == "refunded":
        return _refunded(till, partner, notice, now_s)
    with till.office.writing() as cursor:
        return _booked(cursor, till, partner, notice, now_s)


def _booked(
    cursor: Cursor, till: Till, partner: PaymentChannel, notice: PartnerNotice, now_s: int
) -> Refusal | None:
    name = partner.name
    if notice.kind == "paid":
        payment = Payment(name, notice.merchant, notice.partner_no, notice.amount_fen, notice.at_s)
        found = orders.book_payment(cursor, till, notice.order_id, payment, now_s)
        return found if isinstance(found, Refusal) else None
    if notice.kind == "closed":
        row = order_store.find_order(cursor, notice.order_id)
        if row is None or row.channel != name:
            return Refusal("ORDER_UNKNOWN", notice.order_id[:64])
        if row.kind == "top_up":
            orders.end_order(cursor, notice.order_id, "close", now_s)
        return None
    if notice.kind == "refund_failed":
        part = refund_store.lock_part(cursor, notice.refund_id)
        if part is None or part.channel != name:
            return Refusal("REFUND_UNKNOWN", notice.refund_id[:64])
        return refunding.take_answer(cursor, till, part.part_id, RefundState("failed"), now_s)
    if notice.kind in ("mandate_signed", "mandate_ended"):
        return _mandate(cursor, till, name, notice, now_s)
    return None


def _mandate(
    cursor: Cursor, till: Till, channel: str, notice: PartnerNotice, now_s: int
) -> Refusal | None:
    """Some partners name only their own number of an agreement when it ends."""
    known = credit_store.mandate_of_ref(cursor, channel, notice.mandate_ref)
    found = MandateState(
        "signed" if notice.kind == "mandate_signed" else "ended",
        notice.mandate_ref,
        notice.account_ref,
        notice.at_s,
    )
    mandate_id = notice.order_id or known or ""
    return mandates.take_mandate(cursor, till, mandate_id, channel, found, now_s)


def _refunded(
    till: Till, partner: PaymentChannel, notice: PartnerNotice, now_s: int
) -> Refusal | None:
    """A refund of ours is done; or the partner's staff made one, perhaps before we heard of the
    payment: then both are asked about at the partner, and booked in their order. What a refund was
    worth is the partner's answer: some notices count all that has gone back of the order."""
    with till.office.reading() as cursor:
        part = refund_store.find_part(cursor, notice.refund_id)
        row = order_store.find_order(cursor, notice.order_id)
    if part is not None and part.channel == partner.name:
        return _ours(till, partner, part, now_s)
    if row is None or row.channel != partner.name:
        return Refusal("ORDER_UNKNOWN", notice.order_id[:64])
    if not notice.refund_id:
        return Refusal("REFUND_UNKNOWN", notice.order_id)
    paid = partner.query(row.order_id) if row.state != "paid" else None
    found = partner.query_refund(notice.refund_id, row.order_id)
    if found.state != "done":
        return _unsaid(found, notice.refund_id)
    if paid is not None:
        with till.office.writing() as cursor:
            booked = orders.take_state(cursor, till, row, paid, now_s)
        if isinstance(booked, Refusal):
            return booked
    with till.office.writing() as cursor:
        return refunding.seen_at_partner(cursor, till, row.order_id, notice.refund_id, found, now_s)


def _ours(till: Till, partner: PaymentChannel, part: PartRow, now_s: int) -> Refusal | None:
    if part.state == "done":
        return None
    found = partner.query_refund(part.part_id, part.order_id)
    if found.state != "done":
        return _unsaid(found, part.part_id)
    with till.office.writing() as cursor:
        return refunding.take_answer(cursor, till, part.part_id, found, now_s)


def _unsaid(found: RefundState, refund_id: str) -> Refusal:
    """A notice of a refund that its partner does not answer for: it was never made, or the partner
    cannot say now and tells again."""
    absent = found.state in ("absent", "failed")
    return Refusal("REFUND_UNKNOWN" if absent else "CALLBACK_UNCONFIRMED", refund_id[:64])
