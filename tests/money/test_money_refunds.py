"""Money goes back to its source: what the ledger has, once, and whatever happens on the way."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from money_world import (
    ACCOUNT,
    NOON,
    SIGNED,
    World,
    code_of,
    notice,
    ok,
    world,
)

from tongxing.city.money import freeze, refunding, thaw
from tongxing.city.money.refunding import MOVES, _end
from tongxing.city.money.store import refunds as store
from tongxing.city.money.store.refunds import MoneyIn
from tongxing.city.money.till import Till
from tongxing.kernel.clock import DAY_S
from tongxing.partners.payment import RefundState
from tongxing.storage import Database

LATER = NOON + 600


def frozen(
    here: World, fen: int, until_s: int | None, case: str = "case-1", rides: bool = False
) -> None:
    with here.office.writing() as cursor:
        assert freeze(cursor, ACCOUNT, fen, "test", until_s, case, NOON, rides=rides) is None


def test_money_goes_back_to_the_payment_it_came_with(database: Database) -> None:
    here = world(database)
    order_id = here.pays_in(5_000)
    refund = ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON + 1))
    assert (refund.state, refund.done_fen, refund.how) == ("done", 3_000, "source")
    assert here.balance() == 2_000 == here.booked("bank_float") == here.partner.money_fen
    assert len(here.partner.refunds) == 1
    assert here.desk.refund(ACCOUNT, "b1", 3_000, NOON + 9) == refund
    assert code_of(here.desk.refund(ACCOUNT, "b1", 2_999, NOON + 9)) == "REQUEST_REUSED"
    assert here.partner.money_fen == 2_000
    assert here.desk.refunds(ACCOUNT) == [refund]
    assert order_id in {one.order_id for one in here.desk.orders(ACCOUNT)}
    assert ("refund_done" in {kind for _, kind in here.told}) is True
    here.proofs_hold()


@pytest.mark.parametrize(("fen", "code"), [(0, "AMOUNT_NOT_POSITIVE"), (-5, "AMOUNT_NOT_POSITIVE")])
def test_nothing_is_no_refund(database: Database, fen: int, code: str) -> None:
    here = world(database)
    here.pays_in(5_000)
    assert code_of(here.desk.refund(ACCOUNT, "b1", fen, LATER)) == code
    assert code_of(here.desk.refund("nobody", "b1", 1, LATER)) == "RIDER_UNKNOWN"
    assert code_of(here.desk.refund(ACCOUNT, "", 1, LATER)) == "REQUEST_ID_INVALID"
    assert here.count("refund") == 0


def test_more_than_the_ledger_has_is_refused_and_twice_is_not_done(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    here.rides("13:00")
    assert here.balance() == 4_820
    assert code_of(here.desk.refund(ACCOUNT, "b1", 5_000, LATER)) == "REFUND_EXCEEDS_BALANCE"
    assert code_of(here.desk.refund(ACCOUNT, "b1", 4_821, LATER)) == "REFUND_EXCEEDS_BALANCE"
    ok(here.desk.refund(ACCOUNT, "b2", 4_820, LATER))
    assert code_of(here.desk.refund(ACCOUNT, "b3", 4_820, LATER)) == "ALREADY_REFUNDED"
    assert here.balance() == 0
    assert here.partner.money_fen == 180
    here.proofs_hold()


def test_fifty_refunds_at_once_are_one(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    with ThreadPoolExecutor(10) as pool:
        found = list(
            pool.map(lambda n: here.desk.refund(ACCOUNT, f"b{n}", 5_000, LATER), range(50))
        )
    assert sum(not hasattr(one, "code") for one in found) == 1
    assert here.partner.money_fen == 0 == here.balance()
    here.proofs_hold()


def test_the_payment_whose_partner_stops_first_goes_back_first(database: Database) -> None:
    here = world(database)
    first = here.pays_in(3_000, "r1", NOON)
    second = here.pays_in(3_000, "r2", NOON + 100)
    ok(here.desk.refund(ACCOUNT, "b1", 4_000, LATER))
    sent = {one.order_id: one.fen for one in parts(here)}
    assert sent == {first: 3_000, second: 1_000}
    old = NOON + 366 * DAY_S
    found = ok(here.desk.refundable(ACCOUNT, old))
    assert (found.fen, found.counter_fen) == (0, 2_000), "after a year there is no way back"


def parts(here: World) -> list[MoneyIn]:
    with here.office.reading() as cursor:
        rows = cursor.execute("SELECT order_id, channel, 0, amount_fen FROM refund_part")
        return [MoneyIn(*row) for row in rows]


def test_money_without_a_way_back_is_paid_out_at_the_counter(database: Database) -> None:
    here = world(database, balance_fen=4_000)
    here.pays_in(1_000)
    found = ok(here.desk.refundable(ACCOUNT, LATER))
    assert (found.fen, found.counter_fen) == (1_000, 4_000)
    assert [(one.why, one.fen) for one in found.blocks] == [("no_way_back", 4_000)]
    assert code_of(here.desk.refund(ACCOUNT, "b1", 1_001, LATER)) == "REFUND_EXCEEDS_BALANCE"
    assert code_of(here.desk.pay_out(ACCOUNT, "p1", 4_001, "s7", LATER)) == "PAY_OUT_EXCEEDS"
    paid = ok(here.desk.pay_out(ACCOUNT, "p1", 4_000, "s7", LATER))
    assert (paid.how, paid.state, paid.done_fen) == ("counter", "done", 4_000)
    assert here.desk.pay_out(ACCOUNT, "p1", 4_000, "s7", LATER) == paid
    assert code_of(here.desk.pay_out(ACCOUNT, "p1", 4_000, "s8", LATER)) == "REQUEST_REUSED"
    found = ok(here.desk.refundable(ACCOUNT, LATER))
    assert (found.fen, found.counter_fen) == (1_000, 0), "what was paid out was the other money"
    ok(here.desk.refund(ACCOUNT, "b2", 1_000, LATER))
    assert here.balance() == 0
    here.proofs_hold()


def test_frozen_money_stays_until_its_day(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    frozen(here, 4_000, NOON + 72 * 3600)
    balance = ok(here.desk.balance(ACCOUNT))
    assert (balance.frozen_fen, balance.available_fen) == (4_000, 1_000)
    refused = here.desk.refund(ACCOUNT, "b1", 1_001, LATER)
    assert code_of(refused) == "REFUND_ON_HOLD"
    assert "2026-03-20 12:00:00" in refused.message("en")
    ok(here.desk.refund(ACCOUNT, "b2", 1_000, LATER))
    over = NOON + 72 * 3600
    assert ok(here.desk.balance(ACCOUNT, over)).frozen_fen == 0
    assert ok(here.desk.balance(ACCOUNT)).frozen_fen == 4_000, "its end is an event"
    assert here.desk.resume(over).thawed == 1
    assert here.desk.resume(over).thawed == 0
    assert ok(here.desk.balance(ACCOUNT)).frozen_fen == 0
    ok(here.desk.refund(ACCOUNT, "b3", 4_000, over))
    here.proofs_hold()


def test_a_dispute_freezes_without_an_end_and_the_same_case_once(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    frozen(here, 5_000, None)
    frozen(here, 5_000, None)
    assert ok(here.desk.balance(ACCOUNT)).frozen_fen == 5_000
    with here.office.writing() as cursor:
        assert code_of(freeze(cursor, ACCOUNT, 1, "test", None, "case-1", NOON)) == "REQUEST_REUSED"
        assert code_of(freeze(cursor, ACCOUNT, 0, "x", None, "c", NOON)) == "AMOUNT_NOT_POSITIVE"
        assert code_of(freeze(cursor, "nobody", 1, "x", None, "c", NOON)) == "RIDER_UNKNOWN"
    assert code_of(here.desk.refund(ACCOUNT, "b1", 1, LATER)) == "REFUND_ON_HOLD_OPEN"
    with here.office.writing() as cursor:
        assert thaw(cursor, "case-1", LATER) is True
        assert thaw(cursor, "case-1", LATER) is False
    frozen(here, 5_000, None)
    assert ok(here.desk.balance(ACCOUNT)).frozen_fen == 0, "a case that was decided stays so"
    ok(here.desk.refund(ACCOUNT, "b1", 5_000, LATER))


def test_frozen_card_money_leaves_what_was_paid_in_free(database: Database) -> None:
    here = world(database, balance_fen=4_000)
    here.pays_in(1_000)
    frozen(here, 4_000, None)
    found = ok(here.desk.refundable(ACCOUNT, LATER))
    assert (found.fen, found.counter_fen) == (1_000, 0)
    assert code_of(here.desk.pay_out(ACCOUNT, "p1", 1, "s7", LATER)) == "REFUND_ON_HOLD_OPEN"


def test_a_freeze_that_says_so_stops_rides_too(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    frozen(here, 4_999, None, rides=True)
    assert here.denied().get("5000000000000101") is None
    frozen(here, 1, None, "case-2", rides=True)
    assert here.denied()["5000000000000101"] == "ACCOUNT_FROZEN"


def test_an_answer_that_was_lost_is_asked_for_and_not_guessed(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    here.partner.lost.add("refund")
    refund = ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON))
    assert (refund.state, here.balance()) == ("under_way", 2_000)
    assert here.booked(f"liab_refund:{refund.refund_id}") == -3_000
    here.proofs_hold()
    here.partner.deaf.add("query_refund")
    here.desk.resume(NOON + 100)
    assert here.desk.refunds(ACCOUNT)[0].state == "under_way"
    here.partner.deaf.clear()
    here.desk.resume(NOON + 200)
    assert here.desk.refunds(ACCOUNT)[0].state == "done"
    assert here.booked(f"liab_refund:{refund.refund_id}") == 0
    assert (here.partner.money_fen, here.partner.calls.count("refund")) == (2_000, 1)
    here.proofs_hold()


def test_a_refund_that_never_arrived_is_asked_for_again(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    here.partner.deaf.add("refund")
    ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON))
    here.partner.deaf.clear()
    here.desk.resume(NOON + 5)
    assert here.partner.money_fen == 5_000, "it waits before it asks again"
    here.desk.resume(NOON + 10)
    assert (here.partner.money_fen, here.balance()) == (2_000, 2_000)
    here.proofs_hold()


def test_a_refund_that_the_partner_refuses_is_money_in_the_balance_again(
    database: Database,
) -> None:
    here = world(database)
    here.pays_in(5_000)
    here.partner.refusing.add("refund")
    refund = ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON))
    assert (refund.state, refund.failed_fen) == ("failed", 3_000)
    assert here.balance() == 5_000 == here.booked("bank_float")
    assert here.told[-1] == (ACCOUNT, "refund_failed")
    here.partner.refusing.clear()
    ok(here.desk.refund(ACCOUNT, "b2", 5_000, LATER))
    assert here.partner.money_fen == 0
    here.proofs_hold()


def test_what_failed_and_then_left_the_bank_after_all_is_booked(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    here.partner.refusing.add("refund")
    ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON))
    [part] = all_parts(here)
    here.partner.refunds[part.part_id] = RefundState("done", "T1", 3_000, NOON)
    here.partner.money_fen -= 3_000
    body = notice(kind="refunded", order_id=part.order_id, refund_id=part.part_id, amount_fen=3_000)
    for _ in range(3):
        ok(here.desk.take_notice("pay", SIGNED, body, LATER))
    assert here.balance() == 2_000 == here.booked("bank_float") == here.partner.money_fen
    here.proofs_hold()


def all_parts(here: World) -> list[store.PartRow]:
    with here.office.reading() as cursor:
        [refund] = store.refunds_of(cursor, ACCOUNT)
        return store.parts_of(cursor, refund.refund_id)


def test_notices_of_a_refund_come_again_and_late(database: Database) -> None:
    here = world(database)
    order_id = here.pays_in(5_000)
    here.partner.lost.add("refund")
    ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON))
    [part] = all_parts(here)
    right = notice(kind="refunded", order_id=order_id, refund_id=part.part_id, amount_fen=3_000)
    late = notice(kind="refund_failed", order_id=order_id, refund_id=part.part_id)
    for body in (right, right, late):
        ok(here.desk.take_notice("pay", SIGNED, body, NOON))
    assert here.desk.refunds(ACCOUNT)[0].state == "done"
    nobodys = notice(kind="refund_failed", order_id=order_id, refund_id="X")
    assert code_of(here.desk.take_notice("pay", SIGNED, nobodys, NOON)) == "REFUND_UNKNOWN"
    assert here.balance() == 2_000
    here.proofs_hold()


def test_every_state_of_a_part_answers_everything(database: Database) -> None:
    here = world(database)
    till = Till(here.office, {"pay": here.partner})
    for number, ((state, heard), after) in enumerate(MOVES.items()):
        day = NOON + number * DAY_S
        here.pays_in(100, f"walk{number}", day)
        with here.office.writing() as cursor:
            row = ok(refunding.set_aside(cursor, till, ACCOUNT, f"b{number}", 100, day))
            [part] = store.parts_of(cursor, row.refund_id)
            if state in ("done", "failed"):
                _end(cursor, till, part, "done" if state == "done" else "failed", "T1", day)
            elif state == "asked":
                store.ask_part(cursor, part.part_id, 1, day, day)
        with here.office.writing() as cursor:
            if heard == "ask":
                refunding._claim(cursor, till, part, day)
            else:
                said = {"done": "done", "failed": "failed", "waits": "pending"}[heard]
                answer = RefundState(said, "T1", 100, day)
                assert refunding.take_answer(cursor, till, part.part_id, answer, day) is None
            [now] = store.parts_of(cursor, row.refund_id)
        assert now.state == (after or state), (state, heard)
    here.proofs_hold()
