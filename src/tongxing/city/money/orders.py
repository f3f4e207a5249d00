"""Orders: asked for, paid, closed. Money of a partner's trade enters the books exactly once.

Whoever hears of a payment first books it, a notice or a question of ours; the order's row is locked
meanwhile and everybody else finds it done. An order that was closed, or a debit that was said to
have failed, can still turn out to be paid: then the money was received, so it is the passenger's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tongxing.city.accounts import top_up as book_top_up
from tongxing.city.money import exposure
from tongxing.city.money.quarantine import keep_answer
from tongxing.city.money.store import credit
from tongxing.city.money.store import orders as store
from tongxing.city.money.store.orders import OrderRow, OrderState
from tongxing.city.money.till import Till, request_id_objection
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import at, business_date, calendar_date
from tongxing.kernel.ids import digest
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import PayOrder, PayState

Move = Literal["pay", "close", "refuse"]

MOVES: Mapping[tuple[OrderState, Move], OrderState | None] = {
    ("open", "pay"): "paid",
    ("open", "close"): "closed",
    ("open", "refuse"): "refused",
    ("paid", "pay"): None,
    ("paid", "close"): None,
    ("paid", "refuse"): None,
    ("closed", "pay"): "paid",
    ("closed", "close"): None,
    ("closed", "refuse"): None,
    ("refused", "pay"): "paid",
    ("refused", "close"): None,
    ("refused", "refuse"): None,
}
"""Every state and everything that can be heard of an order: the state it then has; None leaves it
as it is. Paid stays paid, and money that came late is money that came."""

SUBJECT_TOP_UP, SUBJECT_DEBIT = "通行充值 Tongxing top-up", "通行乘车 Tongxing rides"


@dataclass(frozen=True, slots=True)
class Order:
    """An order as passengers see it. `pay_url` is where to pay it, "" once there is nothing to pay;
    `kind` is top_up or debit."""

    order_id: str
    account: str
    kind: str
    channel: str
    amount_fen: int
    state: OrderState
    pay_url: str
    created_s: int
    paid_s: int | None


@dataclass(frozen=True, slots=True)
class Payment:
    """What a partner says was paid for an order, by a notice or an answer."""

    channel: str
    merchant: str
    partner_no: str
    amount_fen: int
    at_s: int


def order_of(row: OrderRow) -> Order:
    """An order as it is shown."""
    return Order(
        row.order_id, row.account, row.kind, row.channel, row.amount_fen, row.state,
        row.pay_url if row.state == "open" else "", row.created_s, row.paid_s,
    )  # fmt: skip


def top_up(
    till: Till,
    account: str,
    request_id: str,
    amount_fen: int,
    channel: str,
    return_url: str,
    now_s: int,
) -> Order | Refusal:
    """Open an order and say where to pay it; the same request again answers the same order.

    Refuses REQUEST_ID_INVALID, REQUEST_REUSED, CHANNEL_UNKNOWN, AMOUNT_NOT_POSITIVE,
    TOP_UP_TOO_SMALL, AMOUNT_TOO_LARGE, RIDER_UNKNOWN, ORDERS_OPEN, TOP_UP_DAY_LIMIT, BALANCE_LIMIT;
    and what the partner refuses: the order then waits for the same request to come again.
    """
    refusal = request_id_objection(request_id)
    partner = till.channel(channel)
    if refusal is not None or isinstance(partner, Refusal):
        return refusal or Refusal("CHANNEL_UNKNOWN", channel)
    content = digest("top_up", account, amount_fen, channel)
    with till.office.writing() as cursor:
        row = _opened(cursor, till, account, request_id, content, amount_fen, channel, now_s)
    if isinstance(row, Refusal):
        return row
    if row.state != "open" or row.pay_url or row.expires_s <= now_s:
        return order_of(row)
    asked = partner.pay(
        PayOrder(row.order_id, amount_fen, SUBJECT_TOP_UP, return_url, row.expires_s)
    )
    if isinstance(asked, Refusal):
        return asked
    with till.office.writing() as cursor:
        store.keep_url(cursor, row.order_id, asked.url)
    return order_of(replace(row, pay_url=asked.url))


def _opened(
    cursor: Cursor,
    till: Till,
    account: str,
    request_id: str,
    content: str,
    amount_fen: int,
    channel: str,
    now_s: int,
) -> OrderRow | Refusal:
    if amount_fen <= 0:
        return Refusal("AMOUNT_NOT_POSITIVE", account)
    store.one_at_a_time(cursor, request_id)
    purse = credit.lock_purse(cursor, account)
    before = store.order_of_request(cursor, request_id)
    if before is not None:
        return before if before.content == content else Refusal("REQUEST_REUSED", request_id)
    terms = till.terms(now_s)
    if amount_fen < terms.top_up_min_fen:
        return Refusal("TOP_UP_TOO_SMALL", account, {"limit": yuan(terms.top_up_min_fen)})
    if amount_fen > terms.top_up_max_fen:
        return Refusal("AMOUNT_TOO_LARGE", account, {"limit": yuan(terms.top_up_max_fen)})
    if purse is None:
        return Refusal("RIDER_UNKNOWN", account)
    midnight_s = at(calendar_date(now_s))
    count, open_fen, day_fen, _ = store.open_and_of_day(cursor, account, midnight_s, now_s)
    if count >= terms.open_orders_max:
        return Refusal("ORDERS_OPEN", account, {"count": count})
    if day_fen + amount_fen > terms.top_up_day_max_fen:
        return Refusal("TOP_UP_DAY_LIMIT", account, {"limit": yuan(terms.top_up_day_max_fen)})
    if purse.balance_fen + open_fen + amount_fen > terms.balance_max_fen:
        return Refusal("BALANCE_LIMIT", account, {"limit": yuan(terms.balance_max_fen)})
    row = OrderRow(
        order_id=digest("order", till.city, request_id),
        request_id=request_id,
        content=content,
        account=account,
        kind="top_up",
        channel=channel,
        amount_fen=amount_fen,
        created_s=now_s,
        expires_s=now_s + terms.order_valid_s,
        state="open",
        pay_url="",
        partner_no="",
        paid_s=None,
    )
    store.write_order(cursor, row)
    return row


def book_payment(
    cursor: Cursor, till: Till, order_id: str, paid: Payment, now_s: int
) -> OrderRow | Refusal:
    """Put a partner's trade into the books, once, and its order to paid; again has no effect.

    Refuses ORDER_UNKNOWN (another channel's order too), CALLBACK_MERCHANT, CALLBACK_AMOUNT, and
    CALLBACK_TRADE for a trade without a number, a second trade of one order, and one trade for two
    orders. Nothing is changed after a refusal.
    """
    row = store.lock_order(cursor, order_id)
    partner = till.channel(paid.channel)
    if row is None or row.channel != paid.channel or isinstance(partner, Refusal):
        return Refusal("ORDER_UNKNOWN", order_id[:64])
    if paid.merchant != partner.merchant:
        return Refusal("CALLBACK_MERCHANT", order_id)
    if paid.amount_fen != row.amount_fen:
        return Refusal("CALLBACK_AMOUNT", order_id)
    if row.state == "paid" and row.partner_no == paid.partner_no:
        return row
    used_for = store.order_of_trade(cursor, paid.channel, paid.partner_no)
    if not paid.partner_no or row.state == "paid" or used_for is not None:
        return Refusal("CALLBACK_TRADE", order_id)
    paid_s = min(paid.at_s, now_s) if paid.at_s > 0 else now_s
    refusal = book_top_up(
        cursor, till.city, row.account, row.amount_fen, f"{paid.channel}:{paid.partner_no}",
        paid_s, business_date(now_s),
    )  # fmt: skip
    if refusal is not None:
        return refusal
    store.keep_payment(cursor, order_id, paid.partner_no, paid_s, now_s)
    exposure.review(cursor, till.terms(now_s), row.account, now_s)
    late = row.state != "open"
    kind = "debited" if row.kind == "debit" else "paid_late" if late else "paid_in"
    values = {"amount": yuan(row.amount_fen), "order": order_id}
    till.tell(cursor, row.account, kind, values, now_s)
    return replace(row, state="paid", partner_no=paid.partner_no, paid_s=paid_s)


def end_order(cursor: Cursor, order_id: str, move: Move, now_s: int) -> OrderRow | None:
    """An order was closed or refused; one that is no longer open stays as it is."""
    row = store.lock_order(cursor, order_id)
    if row is None:
        return None
    after = MOVES[row.state, move]
    if after is None:
        return row
    store.move_order(cursor, order_id, after, now_s)
    return replace(row, state=after)


def ask_about(till: Till, row: OrderRow, now_s: int) -> OrderRow | Refusal:
    """Ask the partner what became of an open order and book the answer. A top-up whose time is
    over is closed there first, so that nobody can pay it afterwards; an unknown answer leaves it
    open. Refuses what `settle` refuses."""
    partner = till.channel(row.channel)
    if isinstance(partner, Refusal):
        return row
    with till.office.writing() as cursor:
        if not store.claim_order(cursor, row.order_id, now_s, till.terms(now_s).ask_after_s):
            return store.find_order(cursor, row.order_id) or row
    is_over = row.kind == "top_up" and row.expires_s <= now_s
    found = partner.close(row.order_id) if is_over else partner.query(row.order_id)
    if is_over and found.state == "paid" and not found.partner_no:
        found = partner.query(row.order_id)
    with till.office.writing() as cursor:
        return settle(cursor, till, row, found, now_s)


def settle(
    cursor: Cursor, till: Till, row: OrderRow, found: PayState, now_s: int
) -> OrderRow | Refusal:
    """Book what a partner answered to a question of ours. Refuses what `book_payment` refuses: then
    the answer is kept for staff, and the partner is asked again after a wait that grows."""
    after = take_state(cursor, till, row, found, now_s)
    if isinstance(after, Refusal):
        keep_answer(cursor, row.channel, after, row.order_id, found, now_s)
        store.put_off(cursor, row.order_id, now_s, till.terms(now_s).unbookable_again_s)
    return after


def take_state(
    cursor: Cursor, till: Till, row: OrderRow, found: PayState, now_s: int
) -> OrderRow | Refusal:
    """Book what a partner answered about an order. Refuses what `book_payment` refuses."""
    if found.state == "paid":
        paid = Payment(row.channel, found.merchant, found.partner_no, found.amount_fen, found.at_s)
        return book_payment(cursor, till, row.order_id, paid, now_s)
    if found.state in ("closed", "refused"):
        move: Move = "refuse" if found.state == "refused" else "close"
        return end_order(cursor, row.order_id, move, now_s) or row
    return store.find_order(cursor, row.order_id) or row
