"""Money goes back to where it came from: what the ledger has, and only there.

Two steps with a durable state between. First the money is set aside in the ledger, on an account of
its own (``liab_refund:<id>``), so that nobody can ride or refund with it. Then each payment's
partner is asked, under an id that it pays once however often it is asked. What it does not answer
is asked again, never guessed: a crash at any moment leaves something that `resume` can finish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tongxing.city.accounts import FLOAT
from tongxing.city.members import issuer_member
from tongxing.city.money import balances, exposure
from tongxing.city.money.quarantine import keep_answer
from tongxing.city.money.sources import Left, left_of, shares
from tongxing.city.money.store import credit, freezes
from tongxing.city.money.store import orders as order_store
from tongxing.city.money.store import refunds as store
from tongxing.city.money.store.credit import Purse
from tongxing.city.money.store.refunds import PartRow, PartState, RefundHow, RefundRow
from tongxing.city.money.till import Till, request_id_objection
from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import DAY_S, business_date, stamp
from tongxing.kernel.ids import digest
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Line, Posting, debit
from tongxing.ledger import credit as credit_line
from tongxing.ledger.store import write_postings
from tongxing.partners.payment import RefundOrder, RefundState

RefundOutcome = Literal["under_way", "done", "partly", "failed"]
Heard = Literal["ask", "done", "failed", "waits"]

MOVES: Mapping[tuple[PartState, Heard], PartState | None] = {
    ("set_aside", "ask"): "asked",
    ("set_aside", "done"): "done",
    ("set_aside", "failed"): "failed",
    ("set_aside", "waits"): None,
    ("asked", "ask"): "asked",
    ("asked", "done"): "done",
    ("asked", "failed"): "failed",
    ("asked", "waits"): None,
    ("done", "ask"): None,
    ("done", "done"): None,
    ("done", "failed"): None,
    ("done", "waits"): None,
    ("failed", "ask"): None,
    ("failed", "done"): "done",
    ("failed", "failed"): None,
    ("failed", "waits"): None,
}
"""Every state of a part and everything that can be done or heard: the state it then has; None
leaves it. What a partner said had failed and then did after all has left the bank, so it is
booked."""

SUBJECT = "通行退款 Tongxing refund"


@dataclass(frozen=True, slots=True)
class Block:
    """Why so much cannot go back to where it came from now: `why` is held, frozen or no_way_back;
    `until_s` is when a freeze ends, None where no time is known."""

    why: Literal["held", "frozen", "no_way_back"]
    fen: int
    until_s: int | None = None


@dataclass(frozen=True, slots=True)
class Refundable:
    """What of an account can go back to where it came from now, and what stands in the way.
    `counter_fen` has no way back and can be paid out at a counter."""

    fen: int
    counter_fen: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it is shown: `done_fen` has gone back, `failed_fen` is in the balance again, the
    rest is under way. `how` is source, counter, or partner (it told us afterwards)."""

    refund_id: str
    account: str
    how: RefundHow
    amount_fen: int
    done_fen: int
    failed_fen: int
    state: RefundOutcome
    asked_s: int


def refundable(cursor: Cursor, till: Till, account: str, now_s: int) -> Refundable | Refusal:
    """What can be refunded now. Refuses RIDER_UNKNOWN."""
    purse = credit.find_purse(cursor, account)
    if purse is None:
        return Refusal("RIDER_UNKNOWN", account)
    blocks = frozen_blocks(cursor, account, now_s)
    left = left_now(cursor, till, purse, sum(block.fen for block in blocks), now_s)
    if purse.held_fen:
        blocks.append(Block("held", purse.held_fen))
    if left.without_fen:
        blocks.append(Block("no_way_back", left.without_fen))
    return Refundable(left.with_way_fen, left.without_fen, tuple(blocks))


def frozen_blocks(cursor: Cursor, account: str, now_s: int) -> list[Block]:
    """What is frozen now."""
    held = [one for one in freezes.frozen_of(cursor, account) if balances.holds(one, now_s)]
    return [Block("frozen", one.amount_fen, one.until_s) for one in held]


def asked(
    cursor: Cursor,
    account: str,
    request_id: str,
    amount_fen: int,
    content: str,
    now_s: int,
    clerk: str = "",
) -> Purse | RefundRow | Refusal:
    """What money that is asked back is taken from, locked: the purse; or what the same request was
    answered before. With a `clerk`, nobody else pays out by that name meanwhile.

    Refuses REQUEST_ID_INVALID, REQUEST_REUSED, AMOUNT_NOT_POSITIVE and RIDER_UNKNOWN.
    """
    refusal = request_id_objection(request_id)
    if refusal is not None:
        return refusal
    if amount_fen <= 0:
        return Refusal("AMOUNT_NOT_POSITIVE", account)
    order_store.one_at_a_time(cursor, request_id)
    if clerk:
        store.one_clerk_at_a_time(cursor, clerk)
    purse = credit.lock_purse(cursor, account)
    before = store.refund_of_request(cursor, request_id)
    if before is not None:
        return before if before.content == content else Refusal("REQUEST_REUSED", request_id)
    if purse is None:
        return Refusal("RIDER_UNKNOWN", account)
    balances.expire(cursor, now_s, account)
    return purse


def set_aside(
    cursor: Cursor, till: Till, account: str, request_id: str, amount_fen: int, now_s: int
) -> RefundRow | Refusal:
    """The first step: decide by the ledger, choose the payments, move the money out of the balance.

    The same request again answers the same. Refuses REQUEST_ID_INVALID, REQUEST_REUSED,
    AMOUNT_NOT_POSITIVE, RIDER_UNKNOWN, ALREADY_REFUNDED, REFUND_ON_HOLD, REFUND_ON_HOLD_OPEN and
    REFUND_EXCEEDS_BALANCE.
    """
    content = digest("refund", account, amount_fen)
    purse = asked(cursor, account, request_id, amount_fen, content, now_s)
    if not isinstance(purse, Purse):
        return purse
    frozen_fen = balances.frozen_now(freezes.frozen_of(cursor, account), now_s)
    left = left_now(cursor, till, purse, frozen_fen, now_s)
    if amount_fen > left.with_way_fen:
        return _too_much(cursor, till, purse, left, amount_fen, now_s)
    refund_id = digest("refund", till.city, request_id)
    row = RefundRow(refund_id, request_id, content, account, "source", amount_fen, now_s, "")
    store.write_refund(cursor, row)
    for one in shares(left, amount_fen):
        part_id = digest("refund_part", refund_id, one.order_id)
        store.write_part(
            cursor,
            PartRow(
                part_id, refund_id, one.order_id, one.channel, one.fen, "set_aside", "", 0, now_s,
                account,
            ),
            now_s,
        )  # fmt: skip
    issuer = issuer_member(till.city)
    lines = (
        debit(issuer, purse.liability, amount_fen),
        credit_line(issuer, due_account(refund_id), amount_fen),
    )
    post(cursor, "refund_set_aside", refund_id, refund_id, lines, now_s)
    media.add_to_balance(cursor, account, -amount_fen)
    return row


def due_account(refund_id: str) -> str:
    """The ledger account on which a refund's money waits; it is still the passenger's."""
    return f"liab_refund:{refund_id}"


def carry_on(till: Till, part: PartRow, now_s: int) -> None:
    """The second step for one part: ask the partner and book the answer. A part that was asked
    before is asked about first; only what the partner never heard of is asked for again. An answer
    that cannot be booked is kept for staff."""
    partner = till.channel(part.channel)
    if isinstance(partner, Refusal):
        return
    with till.office.writing() as cursor:
        claimed = _claim(cursor, till, part, now_s)
        paid = order_store.find_order(cursor, part.order_id)
    if claimed is None or paid is None:
        return
    answer: RefundState | Refusal = RefundState("absent")
    if claimed.state == "asked":
        answer = partner.query_refund(part.part_id, part.order_id)
    if isinstance(answer, RefundState) and answer.state == "absent":
        answer = partner.refund(
            RefundOrder(part.part_id, part.order_id, part.amount_fen, paid.amount_fen, SUBJECT)
        )
    with till.office.writing() as cursor:
        refusal = take_answer(cursor, till, part.part_id, answer, now_s)
        if refusal is not None and isinstance(answer, RefundState):
            keep_answer(cursor, part.channel, refusal, part.order_id, answer, now_s)


def take_answer(
    cursor: Cursor, till: Till, part_id: str, answer: RefundState | Refusal, now_s: int
) -> Refusal | None:
    """Book what a partner said of a part; again has no effect, whatever amount it names then.
    Refuses REFUND_UNKNOWN, and CALLBACK_AMOUNT for another amount than was asked for."""
    part = store.lock_part(cursor, part_id)
    if part is None:
        return Refusal("REFUND_UNKNOWN", part_id[:64])
    if isinstance(answer, Refusal) or answer.state == "failed":
        if MOVES[part.state, "failed"] is not None:
            _end(cursor, till, part, "failed", "", now_s)
        return None
    if answer.state != "done" or MOVES[part.state, "done"] is None:
        return None
    if answer.amount_fen != part.amount_fen:
        return Refusal("CALLBACK_AMOUNT", part_id)
    _end(cursor, till, part, "done", answer.partner_no, now_s)
    return None


def seen_at_partner(
    cursor: Cursor, till: Till, order_id: str, refund_id: str, found: RefundState, now_s: int
) -> Refusal | None:
    """A partner sent money of an order back without our asking (its staff can): it has left the
    bank, so it leaves the balance too. Refuses ORDER_UNKNOWN, and CALLBACK_AMOUNT for more than is
    left of the order."""
    order = order_store.lock_order(cursor, order_id)
    if order is None or order.state != "paid":
        return Refusal("ORDER_UNKNOWN", order_id[:64])
    part_id = digest("partner_refund", order.channel, order_id, refund_id)
    if store.lock_part(cursor, part_id) is not None:
        return None
    purse = credit.lock_purse(cursor, order.account)
    room_fen = order.amount_fen - store.refunded_of_order(cursor, order_id)
    if purse is None or not 0 < found.amount_fen <= room_fen:
        return Refusal("CALLBACK_AMOUNT", order_id)
    row = RefundRow(
        part_id, f"partner:{part_id}", "", order.account, "partner", found.amount_fen, now_s, ""
    )
    store.write_refund(cursor, row)
    part = PartRow(
        part_id, part_id, order_id, order.channel, found.amount_fen, "done", found.partner_no, 0,
        now_s, order.account,
    )  # fmt: skip
    store.write_part(cursor, part, now_s)
    issuer = issuer_member(till.city)
    lines = (
        debit(issuer, purse.liability, found.amount_fen),
        credit_line(issuer, FLOAT, found.amount_fen),
    )
    post(cursor, "refund_by_partner", part_id, part_id, lines, now_s)
    media.add_to_balance(cursor, order.account, -found.amount_fen)
    return None


def shown(cursor: Cursor, row: RefundRow) -> Refund:
    """A refund as it stands."""
    done_fen, failed_fen, waiting = row.amount_fen if row.how == "counter" else 0, 0, 0
    for part in store.parts_of(cursor, row.refund_id):
        done_fen += part.amount_fen if part.state == "done" else 0
        failed_fen += part.amount_fen if part.state == "failed" else 0
        waiting += part.state in ("set_aside", "asked")
    state: RefundOutcome = "done" if not failed_fen else "partly" if done_fen else "failed"
    return Refund(
        row.refund_id, row.account, row.how, row.amount_fen, done_fen, failed_fen,
        "under_way" if waiting else state, row.asked_s,
    )  # fmt: skip


def left_now(cursor: Cursor, till: Till, purse: Purse, frozen_fen: int, now_s: int) -> Left:
    """What is left of an account's money beside what is held and `frozen_fen`."""
    issuer = issuer_member(till.city)
    came = store.money_in(cursor, issuer, purse.liability, purse.account)
    from_s = now_s - till.terms(now_s).refund_days * DAY_S
    out_fen = store.paid_out(cursor, purse.account)
    return left_of(came, out_fen, purse.balance_fen, purse.held_fen + frozen_fen, from_s)


def _too_much(
    cursor: Cursor, till: Till, purse: Purse, left: Left, amount_fen: int, now_s: int
) -> Refusal:
    freed = left_now(cursor, till, purse, 0, now_s)
    if amount_fen <= freed.with_way_fen:
        frozen = freezes.frozen_of(cursor, purse.account)
        return on_hold(purse.account, [one.until_s for one in frozen])
    gone = any(one.how == "source" for one in store.refunds_of(cursor, purse.account))
    if freed.with_way_fen == 0 and gone:
        return Refusal("ALREADY_REFUNDED", purse.account)
    limit = {"limit": yuan(left.with_way_fen)}
    return Refusal("REFUND_EXCEEDS_BALANCE", purse.account, limit)


def on_hold(account: str, ends: list[int | None]) -> Refusal:
    """REFUND_ON_HOLD until the last of the freezes' `ends`, or REFUND_ON_HOLD_OPEN."""
    known = [until_s for until_s in ends if until_s is not None]
    if len(known) < len(ends):
        return Refusal("REFUND_ON_HOLD_OPEN", account)
    return Refusal("REFUND_ON_HOLD", account, {"until": stamp(max(known))})


def _claim(cursor: Cursor, till: Till, part: PartRow, now_s: int) -> PartRow | None:
    """The part as it was, if its partner may be asked now; made durable before it is."""
    found = store.lock_part(cursor, part.part_id)
    if found is None or MOVES[found.state, "ask"] is None or found.next_s > now_s:
        return None
    tries = found.tries + 1
    wait_s = till.terms(now_s).refund_wait_s(tries)
    store.ask_part(cursor, part.part_id, tries, now_s + wait_s, now_s)
    return found


def _end(
    cursor: Cursor, till: Till, part: PartRow, state: PartState, partner_no: str, now_s: int
) -> None:
    """Book a part's end: out of the bank, or back into the balance; or out of the bank after it had
    come back into the balance."""
    issuer = issuer_member(till.city)
    purse = credit.lock_purse(cursor, part.account)
    assert purse is not None, "a refund was made for an account of ours"
    due, fen = due_account(part.refund_id), part.amount_fen
    if state == "failed":
        kind = "refund_returned"
        lines = (debit(issuer, due, fen), credit_line(issuer, purse.liability, fen))
        media.add_to_balance(cursor, part.account, fen)
    elif part.state == "failed":
        kind = "refund_after_all"
        lines = (debit(issuer, purse.liability, fen), credit_line(issuer, FLOAT, fen))
        media.add_to_balance(cursor, part.account, -fen)
    else:
        kind = "refund_done"
        lines = (debit(issuer, due, fen), credit_line(issuer, FLOAT, fen))
    store.end_part(cursor, part.part_id, state, partner_no, now_s)
    post(cursor, kind, part.part_id, part.refund_id, lines, now_s)
    exposure.review(cursor, till.terms(now_s), part.account, now_s)
    till.tell(cursor, part.account, f"refund_{state}", {"amount": yuan(fen)}, now_s)


def post(
    cursor: Cursor, kind: str, about: str, source: str, lines: tuple[Line, ...], now_s: int
) -> None:
    """Book one step of a refund."""
    posting_id = digest(kind, about)
    write_postings(cursor, [Posting(posting_id, kind, now_s, business_date(now_s), source, lines)])
