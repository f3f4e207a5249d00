"""What is owed is debited under a signed mandate: one order at a time, never twice.

The order is made, and durable, before the partner is asked; a debit that answered nothing is asked
about until it is known, and only a debit that certainly took nothing is followed by another one,
after a wait that grows. Which is taken first, the balance or the mandate, is a setting of the city
(R-024).
"""

from dataclasses import dataclass, replace

from tongxing.city.members import issuer_member
from tongxing.city.money import exposure, orders
from tongxing.city.money.mandates import take_mandate
from tongxing.city.money.store import credit as store
from tongxing.city.money.store import orders as order_store
from tongxing.city.money.store import refunds as refund_store
from tongxing.city.money.store.credit import MandateRow, Purse
from tongxing.city.money.store.orders import OrderRow
from tongxing.city.money.terms import MoneyTerms
from tongxing.city.money.till import Till
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.media import denials_of_account
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import MandateState, PayState

NEVER_S = 2**62


@dataclass(frozen=True, slots=True)
class Collected:
    """What one call did: debits that were asked for, and of all that were settled how many took
    money and how much, how many took nothing, and how many are not known yet."""

    asked: int
    paid: int
    paid_fen: int
    refused: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Debt:
    """What an account owes, for how many rides, and what follows: `denied` are the reasons for
    which its media are refused now, `next_debit_s` when a debit is tried again (None: never by
    itself), `debit_open` while one is not known."""

    owed_fen: int
    unpaid_trips: int
    denied: tuple[str, ...]
    failures: int
    next_debit_s: int | None
    debit_open: bool


def collect(till: Till, now_s: int) -> Collected:
    """Ask about debits that are open, then debit every account that owes and may be debited now;
    then bring stops up to date. Meant to be called every minute; calling it again is harmless."""
    settled: list[OrderRow | Refusal] = []
    with till.office.reading() as cursor:
        waiting = order_store.waiting_orders(cursor, now_s)
        only_owing = till.terms(now_s).first == "balance"
        accounts = store.signed_accounts(cursor, now_s, only_owing)
    for row in waiting:
        if row.kind == "debit":
            settled.append(_ask_about(till, row, now_s))
    made = 0
    for account in accounts:
        with till.office.writing() as cursor:
            order = _debit_order(cursor, till, account, now_s)
        if order is not None:
            made += 1
            settled.append(_debit(till, *order, now_s))
    review_owing(till, now_s)
    rows = [row for row in settled if isinstance(row, OrderRow)]
    paid = [row for row in rows if row.state == "paid"]
    refused = sum(row.state in ("refused", "closed") for row in rows)
    return Collected(
        asked=made,
        paid=len(paid),
        paid_fen=sum(row.amount_fen for row in paid),
        refused=refused,
        unknown=len(settled) - len(paid) - refused,
    )


def review_owing(till: Till, now_s: int) -> None:
    """Bring the stops of all accounts that owe or owed up to date, each in its own transaction."""
    with till.office.reading() as cursor:
        accounts = store.to_review(cursor)
    for account in accounts:
        with till.office.writing() as cursor:
            exposure.review(cursor, till.terms(now_s), account, now_s)


def debt_of(cursor: Cursor, terms: MoneyTerms, account: str) -> Debt | Refusal:
    """What an account owes and what follows from it. Refuses RIDER_UNKNOWN."""
    purse = store.find_purse(cursor, account)
    if purse is None:
        return Refusal("RIDER_UNKNOWN", account)
    owed_fen = max(0, -purse.balance_fen)
    row = store.find_credit(cursor, account)
    may_debit = owed_fen > 0 and store.signed_mandate(cursor, account) is not None
    next_s = row.next_s if row is not None and may_debit and row.next_s < NEVER_S else None
    return Debt(
        owed_fen=owed_fen,
        unpaid_trips=store.unpaid_trips(cursor, account, owed_fen) if owed_fen else 0,
        denied=denials_of_account(cursor, account),
        failures=0 if row is None else row.failures,
        next_debit_s=next_s,
        debit_open=order_store.open_debit(cursor, account),
    )


def _debit_order(
    cursor: Cursor, till: Till, account: str, now_s: int
) -> tuple[OrderRow, MandateRow] | None:
    """A new debit's order, under the account's lock; None when by now there is nothing to do."""
    purse = store.lock_purse(cursor, account)
    mandate = store.signed_mandate(cursor, account)
    row = store.find_credit(cursor, account)
    if purse is None or mandate is None or row is None or row.next_s > now_s or purse.trip_open:
        return None
    if order_store.open_debit(cursor, account):
        return None
    amount_fen = _due(cursor, till, purse, mandate, now_s)
    if amount_fen <= 0:
        return None
    number = order_store.debits_of(cursor, account) + 1
    request_id = f"debit:{account}:{number}"
    order = OrderRow(
        order_id=digest("debit", till.city, account, number),
        request_id=request_id,
        content=digest("debit", account, amount_fen),
        account=account,
        kind="debit",
        channel=mandate.channel,
        amount_fen=amount_fen,
        created_s=now_s,
        expires_s=NEVER_S,
        state="open",
        pay_url="",
        partner_no="",
        paid_s=None,
    )
    order_store.write_order(cursor, order)
    order_store.claim_order(cursor, order.order_id, now_s, till.terms(now_s).ask_after_s)
    return order, mandate


def _due(cursor: Cursor, till: Till, purse: Purse, mandate: MandateRow, now_s: int) -> int:
    """How much to debit: what is owed; where the mandate comes first, at least what was ridden
    since it was signed and not debited yet."""
    owed_fen = max(0, -purse.balance_fen)
    if till.terms(now_s).first == "balance":
        return owed_fen
    spent_fen = refund_store.charged(cursor, issuer_member(till.city), purse.liability)
    debited_fen = store.debited_since(cursor, purse.account, mandate.signed_s or 0)
    return max(owed_fen, spent_fen - mandate.spent_fen - debited_fen)


def _debit(till: Till, order: OrderRow, mandate: MandateRow, now_s: int) -> OrderRow | Refusal:
    partner = till.channel(order.channel)
    if isinstance(partner, Refusal):
        return partner
    answer = partner.debit(
        mandate.mandate_ref, order.order_id, order.amount_fen, orders.SUBJECT_DEBIT
    )
    if isinstance(answer, Refusal):
        if answer.code == "MANDATE_NOT_SIGNED":
            gone = MandateState("ended", mandate.mandate_ref)
            with till.office.writing() as cursor:
                take_mandate(cursor, till, mandate.mandate_id, mandate.channel, gone, now_s)
        answer = PayState("refused")
    return _settle(till, order, answer, now_s)


def _ask_about(till: Till, order: OrderRow, now_s: int) -> OrderRow | Refusal:
    """What became of an open debit. One that the partner never heard of is asked for again under
    its own id, or given up where its mandate has ended meanwhile."""
    partner = till.channel(order.channel)
    if isinstance(partner, Refusal):
        return partner
    with till.office.writing() as cursor:
        wait_s = till.terms(now_s).ask_after_s
        if not order_store.claim_order(cursor, order.order_id, now_s, wait_s):
            return order
        mandate = store.signed_mandate(cursor, order.account)
    found = partner.query(order.order_id)
    if found.state != "absent":
        return _settle(till, order, found, now_s)
    if mandate is None or mandate.channel != order.channel:
        return _settle(till, order, PayState("refused"), now_s)
    return _debit(till, order, mandate, now_s)


def _settle(till: Till, order: OrderRow, answer: PayState, now_s: int) -> OrderRow | Refusal:
    """Book an answer. A debit that took nothing is followed by a wait that grows, and in the end by
    no other."""
    with till.office.writing() as cursor:
        before = order_store.lock_order(cursor, order.order_id)
        after = orders.settle(cursor, till, order, answer, now_s)
        if isinstance(after, Refusal) or before is None or before.state != "open":
            return after
        if after.state in ("refused", "closed"):
            _count_failure(cursor, till, order.account, now_s)
        return after


def _count_failure(cursor: Cursor, till: Till, account: str, now_s: int) -> None:
    store.lock_purse(cursor, account)
    row = store.find_credit(cursor, account)
    if row is None:
        return
    waits = till.terms(now_s).debit_again_s
    next_s = now_s + waits[row.failures] if row.failures < len(waits) else NEVER_S
    store.write_credit(cursor, replace(row, failures=row.failures + 1, next_s=next_s))
    exposure.review(cursor, till.terms(now_s), account, now_s)
