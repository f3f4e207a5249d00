"""Money paid in over a partner: in the books once, whoever says so, in whatever order."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from money_world import (
    ACCOUNT,
    BACK,
    NOON,
    OTHER,
    SIGNED,
    Partner,
    World,
    code_of,
    notice,
    ok,
    world,
)

from street import CARD as FOREIGN_CARD
from tongxing.city.money.orders import MOVES, Payment, book_payment, end_order
from tongxing.city.money.till import Till
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database


def paid_notice(here: World, order_id: str, /, **other: object) -> bytes:
    trade = here.partner.trades[order_id]
    fields: dict[str, object] = {
        "kind": "paid", "order_id": order_id, "partner_no": trade.partner_no,
        "amount_fen": trade.amount_fen, "merchant": trade.merchant, "at_s": trade.at_s,
    }  # fmt: skip
    return notice(**(fields | other))


def ordered(here: World, fen: int = 5_000, request: str = "r1", at: int = NOON) -> str:
    return ok(here.desk.top_up(ACCOUNT, request, fen, "pay", BACK, at)).order_id


@pytest.mark.req("R-012", "R-013")
def test_a_top_up_is_ordered_paid_and_in_the_balance(database: Database) -> None:
    here = world(database)
    order = ok(here.desk.top_up(ACCOUNT, "r1", 5_000, "pay", BACK, NOON))
    assert (order.state, order.kind, order.amount_fen) == ("open", "top_up", 5_000)
    assert order.pay_url.endswith(order.order_id)
    assert here.balance() == 0
    here.partner.paid(order.order_id)
    answer = ok(here.desk.take_notice("pay", SIGNED, paid_notice(here, order.order_id), NOON + 5))
    assert answer.body == b"success"
    found = ok(here.desk.order(order.order_id, NOON + 6))
    assert (found.state, found.pay_url, found.paid_s) == ("paid", "", NOON)
    balance = ok(here.desk.balance(ACCOUNT))
    assert (balance.posted_fen, balance.available_fen, balance.owed_fen) == (5_000, 5_000, 0)
    assert here.booked("bank_float") == 5_000 == here.partner.money_fen
    assert here.told == [(ACCOUNT, "paid_in")]
    assert [one.order_id for one in here.desk.orders(ACCOUNT)] == [order.order_id]
    here.proofs_hold()


def test_the_same_request_is_one_order_and_other_content_is_refused(database: Database) -> None:
    here = world(database)
    first = ok(here.desk.top_up(ACCOUNT, "r1", 5_000, "pay", BACK, NOON))
    assert here.desk.top_up(ACCOUNT, "r1", 5_000, "pay", BACK, NOON + 9) == first
    assert here.partner.calls == ["pay"]
    assert code_of(here.desk.top_up(ACCOUNT, "r1", 5_001, "pay", BACK, NOON)) == "REQUEST_REUSED"
    assert code_of(here.desk.top_up(OTHER, "r1", 5_000, "pay", BACK, NOON)) == "REQUEST_REUSED"
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: ok(here.desk.top_up(OTHER, "r2", 700, "pay", BACK, NOON)), range(8))
        )
    assert len({one.order_id for one in found}) == 1
    assert here.count("payment_order") == 2


IMPOSSIBLE = [
    (ACCOUNT, "r", 0, "pay", "AMOUNT_NOT_POSITIVE"),
    (ACCOUNT, "r", -1, "pay", "AMOUNT_NOT_POSITIVE"),
    (ACCOUNT, "r", 99, "pay", "TOP_UP_TOO_SMALL"),
    (ACCOUNT, "r", 50_001, "pay", "AMOUNT_TOO_LARGE"),
    (ACCOUNT, "r", 2**63, "pay", "AMOUNT_TOO_LARGE"),
    (ACCOUNT, "r", 1_000, "gift", "CHANNEL_UNKNOWN"),
    ("1000000000000009", "r", 1_000, "pay", "RIDER_UNKNOWN"),
    (FOREIGN_CARD, "r", 1_000, "pay", "RIDER_UNKNOWN"),
    (ACCOUNT, "", 1_000, "pay", "REQUEST_ID_INVALID"),
    (ACCOUNT, "r" * 256, 1_000, "pay", "REQUEST_ID_INVALID"),
    (ACCOUNT, "r 1", 1_000, "pay", "REQUEST_ID_INVALID"),
    (ACCOUNT, "请求", 1_000, "pay", "REQUEST_ID_INVALID"),
]


def test_what_cannot_be_ordered_is_refused_and_nothing_is_kept(database: Database) -> None:
    here = world(database)
    for account, request_id, fen, channel, code in IMPOSSIBLE:
        assert code_of(here.desk.top_up(account, request_id, fen, channel, BACK, NOON)) == code
    assert here.count("payment_order") == 0
    assert here.partner.calls == []


def test_the_limits_of_a_day_a_balance_and_open_orders(database: Database) -> None:
    here = world(database)
    here.pays_in(50_000, "r1")
    ordered(here, 40_000, "r2")
    assert code_of(here.desk.top_up(ACCOUNT, "r3", 10_001, "pay", BACK, NOON)) == "TOP_UP_DAY_LIMIT"
    tomorrow = NOON + 86_400
    here.pays_in(45_000, "r4", tomorrow)
    assert code_of(here.desk.top_up(ACCOUNT, "r5", 5_001, "pay", BACK, tomorrow)) == "BALANCE_LIMIT"
    for number in range(5):
        ordered(here, 100, f"s{number}", tomorrow)
    assert code_of(here.desk.top_up(ACCOUNT, "r6", 100, "pay", BACK, tomorrow)) == "ORDERS_OPEN"


def test_a_partner_that_refuses_the_order_can_be_asked_again(database: Database) -> None:
    here = world(database)
    here.partner.refusing.add("pay")
    assert code_of(here.desk.top_up(ACCOUNT, "r1", 500, "pay", BACK, NOON)) == "CALLBACK_MALFORMED"
    here.partner.refusing.clear()
    assert ok(here.desk.top_up(ACCOUNT, "r1", 500, "pay", BACK, NOON)).pay_url
    assert here.count("payment_order") == 1


@pytest.mark.parametrize(
    ("headers", "other", "code"),
    [
        ({}, {}, "CALLBACK_SIGNATURE"),
        ({"signature": "mine"}, {}, "CALLBACK_SIGNATURE"),
        (SIGNED, {"merchant": "M-2"}, "CALLBACK_MERCHANT"),
        (SIGNED, {"merchant": ""}, "CALLBACK_MERCHANT"),
        (SIGNED, {"amount_fen": 5_001}, "CALLBACK_AMOUNT"),
        (SIGNED, {"amount_fen": 4_999}, "CALLBACK_AMOUNT"),
        (SIGNED, {"order_id": "0" * 32}, "ORDER_UNKNOWN"),
        (SIGNED, {"partner_no": ""}, "CALLBACK_TRADE"),
    ],
)
def test_a_notice_that_is_not_right_is_kept_whole_and_books_nothing(
    database: Database, headers: dict[str, str], other: dict[str, object], code: str
) -> None:
    here = world(database)
    order_id = ordered(here)
    here.partner.paid(order_id)
    body = paid_notice(here, order_id, **other)
    for _ in range(3):
        assert code_of(here.desk.take_notice("pay", headers, body, NOON + 1)) == code
    assert here.balance() == 0
    [kept] = here.desk.quarantined()
    assert (kept.channel, kept.reason, kept.times_seen) == ("pay", code, 3)
    with here.office.reading() as cursor:
        row = cursor.execute("SELECT body, headers FROM payment_quarantine").fetchone()
    assert row is not None and bytes(row[0]) == body
    assert ("mine" in row[1]) == (headers.get("signature") == "mine")
    ok(here.desk.take_notice("pay", SIGNED, paid_notice(here, order_id), NOON + 2))
    assert here.balance() == 5_000
    here.proofs_hold()


def test_a_notice_of_nobodys_channel_is_refused(database: Database) -> None:
    here = world(database)
    assert code_of(here.desk.take_notice("gift", SIGNED, b"{}", NOON)) == "CHANNEL_UNKNOWN"


def test_one_trade_a_hundred_times_at_once_is_booked_once(database: Database) -> None:
    here = world(database)
    order_id = ordered(here)
    here.partner.paid(order_id)
    body = paid_notice(here, order_id)

    def told(number: int) -> None:
        if number % 10 == 0:
            ok(here.desk.order(order_id, NOON + number))
        ok(here.desk.take_notice("pay", SIGNED, body, NOON + number))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(told, range(100)))
    assert here.balance() == 5_000 == here.booked("bank_float")
    assert here.told == [(ACCOUNT, "paid_in")]
    here.proofs_hold()


def test_a_second_trade_of_one_order_and_one_trade_for_two_orders_are_kept(
    database: Database,
) -> None:
    here = world(database)
    first, second = ordered(here, 5_000, "r1"), ordered(here, 5_000, "r2")
    here.partner.paid(first)
    ok(here.desk.take_notice("pay", SIGNED, paid_notice(here, first), NOON))
    again = paid_notice(here, first, partner_no="T99")
    stolen = paid_notice(here, first, order_id=second)
    for body in (again, stolen):
        assert code_of(here.desk.take_notice("pay", SIGNED, body, NOON)) == "CALLBACK_TRADE"
    assert here.balance() == 5_000
    here.proofs_hold()


def test_an_order_that_nobody_paid_is_closed_at_the_partner_and_with_us(
    database: Database,
) -> None:
    here = world(database)
    order_id = ordered(here)
    here.partner.deaf.add("close")
    here.desk.resume(NOON + 900)
    assert ok(here.desk.order(order_id, NOON + 901)).state == "open", "nobody guesses"
    here.partner.deaf.clear()
    here.desk.resume(NOON + 899 + 10)
    assert ok(here.desk.order(order_id, NOON + 950)).state == "closed"
    assert order_id in here.partner.closed


def test_money_that_comes_for_a_closed_order_is_the_passengers(database: Database) -> None:
    here = world(database)
    order_id = ordered(here)
    here.desk.resume(NOON + 900)
    here.partner.now_s = NOON + 901
    here.partner.paid(order_id)
    ok(here.desk.take_notice("pay", SIGNED, paid_notice(here, order_id), NOON + 902))
    assert here.balance() == 5_000
    assert here.told == [(ACCOUNT, "paid_late")]
    assert ok(here.desk.order(order_id, NOON + 903)).state == "paid"
    here.proofs_hold()


def test_a_passenger_quicker_than_the_closing_has_paid(database: Database) -> None:
    here = world(database)
    order_id = ordered(here)
    here.partner.paid(order_id)
    here.desk.resume(NOON + 900)
    assert here.balance() == 5_000
    closed = notice(kind="closed", order_id=order_id)
    ok(here.desk.take_notice("pay", SIGNED, closed, NOON + 901))
    assert ok(here.desk.order(order_id, NOON + 903)).state == "paid"


def test_a_refund_that_is_told_before_its_payment_leaves_both_in_the_books(
    database: Database,
) -> None:
    """The partner's staff sent the money back; its notices arrive in the wrong order."""
    here = world(database)
    order_id = ordered(here)
    trade = here.partner.paid(order_id)
    partner_refund(here.partner, order_id, "X1", 5_000)
    body = notice(
        kind="refunded", order_id=order_id, refund_id="X1", partner_no=trade.partner_no,
        amount_fen=5_000, merchant="M-1",
    )  # fmt: skip
    for _ in range(2):
        ok(here.desk.take_notice("pay", SIGNED, body, NOON + 1))
    ok(here.desk.take_notice("pay", SIGNED, paid_notice(here, order_id), NOON + 2))
    assert here.balance() == 0 == here.booked("bank_float") == here.partner.money_fen
    [refund] = here.desk.refunds(ACCOUNT)
    assert (refund.how, refund.state, refund.done_fen) == ("partner", "done", 5_000)
    lie = notice(kind="refunded", order_id=order_id, refund_id="X2", amount_fen=5_000)
    assert code_of(here.desk.take_notice("pay", SIGNED, lie, NOON + 3)) == "REFUND_UNKNOWN"
    here.proofs_hold()


def partner_refund(partner: Partner, order_id: str, refund_id: str, fen: int) -> None:
    from tongxing.partners.payment import RefundOrder, RefundState

    paid = partner.trades[order_id].amount_fen
    answer = partner.refund(RefundOrder(refund_id, order_id, fen, paid, ""))
    assert isinstance(answer, RefundState)


def test_every_state_answers_every_move(database: Database) -> None:
    """The table is walked on real rows: what it says happens, and money only with `pay`."""
    here = world(database)
    till = Till(here.office, {"pay": here.partner})
    paid_fen = 0
    for number, ((state, move), after) in enumerate(MOVES.items()):
        day = NOON + number * 86_400
        order_id = ordered(here, 100, f"walk{number}", day)
        payment = Payment("pay", "M-1", f"W{number}", 100, day)
        before = {"open": None, "paid": "pay", "closed": "close", "refused": "refuse"}[state]
        with here.office.writing() as cursor:
            for step in (before, move):
                if step == "pay":
                    found = book_payment(cursor, till, order_id, payment, day)
                    assert not isinstance(found, Refusal)
                elif step is not None:
                    end_order(cursor, order_id, "close" if step == "close" else "refuse", day)
        assert ok(here.desk.order(order_id, day)).state == (after or state)
        paid_fen += 100 if "paid" in (after, state) else 0
        assert here.balance() == paid_fen, (state, move)
    here.proofs_hold()


def test_what_was_paid_cannot_be_edited(database: Database) -> None:
    import psycopg

    here = world(database)
    here.pays_in(5_000)
    for statement in (
        "UPDATE payment_order SET amount_fen = 1",
        "DELETE FROM payment_order",
        "DELETE FROM payment_step",
        "UPDATE payment_step SET at_s = 0",
    ):
        with (
            pytest.raises(psycopg.errors.RaiseException, match="append-only"),
            here.office.writing() as cursor,
        ):
            cursor.execute(statement.encode())
