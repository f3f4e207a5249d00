"""What cannot be booked is kept once, asked about less and less, and cannot fill the disk."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace as changed

import pytest
from money_world import ACCOUNT, BACK, NOON, SIGNED, chongqing, code_of, ok, world
from msgspec.structs import replace

from tongxing.city.money import MoneyTerms
from tongxing.city.money.store.refused import count_quarantined
from tongxing.storage import Database


def few(city: str, time_s: int) -> MoneyTerms:
    return replace(chongqing(city, time_s), unread_kept_per_hour=3)


@pytest.mark.req("R-012")
def test_an_answer_that_cannot_be_booked_is_seen_once_and_asked_for_less_and_less(
    database: Database,
) -> None:
    here = world(database)
    order_id = ok(here.desk.top_up(ACCOUNT, "r1", 5_000, "pay", BACK, NOON)).order_id
    here.partner.paid(order_id, 4_999)
    asked = []
    for second in range(0, 4_000, 20):
        before = here.partner.calls.count("query")
        here.desk.order(order_id, NOON + second)
        if here.partner.calls.count("query") > before:
            asked.append(second)
        if second > 850:
            break
    assert asked == [0, 60, 660]
    here.desk.resume(NOON + 4_300)
    [kept] = here.desk.quarantined()
    assert (kept.channel, kept.reason, kept.order_id) == ("pay", "CALLBACK_AMOUNT", order_id)
    assert (here.balance(), here.count("payment_quarantine")) == (0, 1)
    here.partner.trades[order_id] = changed(here.partner.trades[order_id], amount_fen=5_000)
    here.desk.resume(NOON + 400_000)
    assert here.balance() == 5_000, "the partner put it right, and it was asked again"
    here.proofs_hold()


def test_a_debit_that_took_another_amount_is_seen_and_not_made_again(database: Database) -> None:
    here = world(database)
    here.pays_in(100)
    here.signs()
    here.rides("12:30")
    here.partner.lost.add("debit")
    here.desk.collect(NOON + 8 * 3_600)
    [order] = [one for one in here.desk.orders(ACCOUNT) if one.kind == "debit"]
    trade = here.partner.trades[order.order_id]
    here.partner.trades[order.order_id] = changed(trade, amount_fen=1)
    for minute in range(1, 5):
        here.desk.collect(NOON + 8 * 3_600 + 60 * minute)
    assert [one.reason for one in here.desk.quarantined()] == ["CALLBACK_AMOUNT"]
    assert here.partner.calls.count("debit") == 1
    assert here.partner.calls.count("query") == 3, "one for the top-up, then after 60 s and 120 s"


def test_a_refund_of_another_amount_is_seen(database: Database) -> None:
    here = world(database)
    order_id = here.pays_in(5_000)
    here.partner.lost.add("refund")
    ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON))
    [part_id] = here.partner.refunds
    right = here.partner.refunds[part_id]
    here.partner.refunds[part_id] = changed(right, amount_fen=2_999)
    for second in (100, 1_000, 10_000):
        here.desk.resume(NOON + second)
    [kept] = here.desk.quarantined()
    assert (kept.reason, kept.order_id, kept.times_seen) == ("CALLBACK_AMOUNT", order_id, 3)
    here.partner.refunds[part_id] = right
    here.desk.resume(NOON + 100_000)
    assert here.desk.refunds(ACCOUNT)[0].state == "done"
    here.proofs_hold()


@pytest.mark.req("R-012")
def test_what_anybody_can_send_is_kept_up_to_a_number_an_hour_and_then_counted(
    database: Database,
) -> None:
    here = world(database, terms_of=few)
    for number in range(10):
        for tries in range(2):
            headers = {"date": f"{number}-{tries}"}
            refused = here.desk.take_notice("pay", headers, b"%d" % number, NOON + number)
            assert code_of(refused) == "CALLBACK_SIGNATURE"
    assert here.count("payment_quarantine") == 3, "one a body, whatever its headers"
    seen = sorted((one.received_s - NOON, one.times_seen) for one in here.desk.quarantined())
    assert seen == [(0, 2), (0, 14), (1, 2), (2, 2)]
    here.desk.take_notice("pay", {}, b"0", NOON + 50)
    assert here.count("payment_quarantine") == 3
    here.desk.take_notice("pay", {}, b"next", NOON + 3_600)
    assert here.count("payment_quarantine") == 4, "another hour has room again"
    unknown = b'{"kind": "paid", "order_id": "x", "merchant": "M-1"}'
    assert code_of(here.desk.take_notice("pay", SIGNED, unknown, NOON + 3)) == "ORDER_UNKNOWN"
    assert here.count("payment_quarantine") == 5, "what the partner signed is always kept"


def test_many_at_once_are_not_more(database: Database) -> None:
    here = world(database, terms_of=few)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: here.desk.take_notice("pay", {}, b"%d" % n, NOON), range(30)))
    assert here.count("payment_quarantine") == 3
    assert sum(one.times_seen for one in here.desk.quarantined()) == 30
    with here.office.reading() as cursor:
        assert count_quarantined(cursor) == (3, 30), "what was only counted came in too"
