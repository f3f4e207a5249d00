"""Staff at a counter pay out money that has no way back, within limits of the day.

By a transfer out of the float to the holder's own bank account; they have seen the holder's proof
of identity. The limits of one clerk and of one account are compared under their own locks, so two
at once are one after the other.
"""

from tongxing.city.accounts import FLOAT
from tongxing.city.members import issuer_member
from tongxing.city.money import balances, refunding
from tongxing.city.money.store import freezes
from tongxing.city.money.store import refunds as store
from tongxing.city.money.store.credit import Purse
from tongxing.city.money.store.refunds import RefundRow
from tongxing.city.money.till import Till
from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import at, calendar_date
from tongxing.kernel.ids import digest
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import credit as credit_line
from tongxing.ledger import debit


def pay_out(
    cursor: Cursor,
    till: Till,
    account: str,
    request_id: str,
    amount_fen: int,
    staff: str,
    now_s: int,
) -> RefundRow | Refusal:
    """Pay out; the same request again answers the same.

    Refuses REQUEST_ID_INVALID, REQUEST_REUSED, AMOUNT_NOT_POSITIVE, RIDER_UNKNOWN, REFUND_ON_HOLD,
    REFUND_ON_HOLD_OPEN, PAY_OUT_EXCEEDS, PAY_OUT_CLERK_DAY and PAY_OUT_ACCOUNT_DAY.
    """
    content = digest("pay_out", account, amount_fen, staff)
    purse = refunding.asked(cursor, account, request_id, amount_fen, content, now_s, clerk=staff)
    if not isinstance(purse, Purse):
        return purse
    refusal = _too_much(cursor, till, purse, amount_fen, now_s)
    refusal = refusal or _over_the_day(cursor, till, account, amount_fen, staff, now_s)
    if refusal is not None:
        return refusal
    refund_id = digest("pay_out", till.city, request_id)
    row = RefundRow(refund_id, request_id, content, account, "counter", amount_fen, now_s, staff)
    store.write_refund(cursor, row)
    issuer = issuer_member(till.city)
    lines = (debit(issuer, purse.liability, amount_fen), credit_line(issuer, FLOAT, amount_fen))
    refunding.post(cursor, "pay_out", refund_id, refund_id, lines, now_s)
    media.add_to_balance(cursor, account, -amount_fen)
    return row


def _too_much(
    cursor: Cursor, till: Till, purse: Purse, amount_fen: int, now_s: int
) -> Refusal | None:
    frozen = freezes.frozen_of(cursor, purse.account)
    frozen_fen = balances.frozen_now(frozen, now_s)
    most_fen = till.terms(now_s).pay_out_max_fen
    left_fen = refunding.left_now(cursor, till, purse, frozen_fen, now_s).without_fen
    if amount_fen <= min(left_fen, most_fen):
        return None
    freed_fen = refunding.left_now(cursor, till, purse, 0, now_s).without_fen
    if amount_fen <= min(freed_fen, most_fen):
        return refunding.on_hold(purse.account, [one.until_s for one in frozen])
    return Refusal("PAY_OUT_EXCEEDS", purse.account, {"limit": yuan(min(left_fen, most_fen))})


def _over_the_day(
    cursor: Cursor, till: Till, account: str, amount_fen: int, staff: str, now_s: int
) -> Refusal | None:
    terms, midnight_s = till.terms(now_s), at(calendar_date(now_s))
    by_clerk_fen, of_account_fen = store.paid_out_since(cursor, staff, account, midnight_s)
    if by_clerk_fen + amount_fen > terms.pay_out_clerk_day_fen:
        limit = {"limit": yuan(terms.pay_out_clerk_day_fen)}
        return Refusal("PAY_OUT_CLERK_DAY", account, limit)
    if of_account_fen + amount_fen > terms.pay_out_account_day_fen:
        limit = {"limit": yuan(terms.pay_out_account_day_fen)}
        return Refusal("PAY_OUT_ACCOUNT_DAY", account, limit)
    return None
