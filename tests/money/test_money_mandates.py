"""Password-free payment: signed and ended by either side, and debts debited once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from money_cutting import Cut, cut_desk
from money_world import (
    ACCOUNT,
    BACK,
    CARD,
    CODE,
    NOON,
    OTHER,
    OTHER_CARD,
    SIGNED,
    Killed,
    World,
    chongqing,
    code_of,
    notice,
    ok,
    world,
)
from msgspec.structs import replace

from street import moment
from tongxing.city.money import MoneyTerms
from tongxing.city.money.mandates import MOVES, take_mandate
from tongxing.city.money.store.credit import lock_mandate
from tongxing.city.money.till import Till
from tongxing.kernel.clock import DAY_S
from tongxing.partners.payment import MandateState
from tongxing.storage import Database

EVENING = moment("20:00")


def owes(here: World, rides: int = 2) -> int:
    """The account rides on nothing under a mandate; how much it owes then."""
    here.signs()
    here.rides(*(moment("12:30") + number * 9_000 for number in range(rides)))
    return -here.balance()


@pytest.mark.req("R-013")
def test_a_mandate_is_signed_and_carries_rides_without_a_balance(database: Database) -> None:
    here = world(database)
    assert here.denied()[CARD] == here.denied()[CODE] == "ACCOUNT_NO_MONEY"
    assert here.denied()[CARD] == "ACCOUNT_NO_MONEY"
    asked = ok(here.desk.ask_mandate(ACCOUNT, "m1", "pay", BACK, NOON))
    assert asked.sign_url.endswith(asked.mandate_id)
    assert here.desk.ask_mandate(ACCOUNT, "m1", "pay", BACK, NOON + 1) == asked
    assert here.desk.mandate(ACCOUNT).state == "asked"
    here.partner.signs(asked.mandate_id)
    found = here.desk.check_mandate(ACCOUNT, NOON + 5)
    assert found is not None and found.state == "signed"
    assert CARD not in here.denied()
    assert code_of(here.desk.ask_mandate(ACCOUNT, "m2", "pay", BACK, NOON)) == "MANDATE_EXISTS"
    assert ok(here.desk.balance(ACCOUNT)).limit_fen == 2_000
    here.proofs_hold()


@pytest.mark.parametrize(
    ("account", "request_id", "channel", "code"),
    [
        ("nobody", "m1", "pay", "RIDER_UNKNOWN"),
        (ACCOUNT, "", "pay", "REQUEST_ID_INVALID"),
        (ACCOUNT, "m1", "gift", "CHANNEL_UNKNOWN"),
    ],
)
def test_a_mandate_that_cannot_be(
    database: Database, account: str, request_id: str, channel: str, code: str
) -> None:
    here = world(database)
    assert code_of(here.desk.ask_mandate(account, request_id, channel, BACK, NOON)) == code
    assert code_of(here.desk.end_mandate(ACCOUNT, NOON)) == "MANDATE_NOT_SIGNED"
    assert here.desk.mandate(ACCOUNT) is None is here.desk.check_mandate(ACCOUNT, NOON)


def test_a_signing_is_believed_for_its_own_account_only(database: Database) -> None:
    here = world(database)
    asked = ok(here.desk.ask_mandate(ACCOUNT, "m1", "pay", BACK, NOON))
    for fields, code in (
        ({"account_ref": OTHER}, "CALLBACK_ACCOUNT"),
        ({"order_id": "0" * 32}, "ORDER_UNKNOWN"),
    ):
        body = {"kind": "mandate_signed", "order_id": asked.mandate_id, "mandate_ref": "A-1"}
        assert (
            code_of(here.desk.take_notice("pay", SIGNED, notice(**(body | fields)), NOON)) == code
        )
    assert here.desk.mandate(ACCOUNT).state == "asked"
    assert len(here.desk.quarantined()) == 2


def test_the_passenger_ends_it_with_us_at_once_and_at_the_partner_when_it_answers(
    database: Database,
) -> None:
    here = world(database)
    mandate_id = here.signs()
    here.partner.deaf.add("end_mandate")
    assert ok(here.desk.end_mandate(ACCOUNT, NOON + 9)).state == "ended"
    assert here.denied()[CARD] == here.denied()[CODE] == "ACCOUNT_NO_MONEY"
    assert here.partner.mandates[mandate_id].state == "signed"
    assert here.desk.resume(NOON + 10).mandates == 0
    here.partner.deaf.clear()
    assert here.desk.resume(NOON + 20).mandates == 1
    assert here.partner.mandates[mandate_id].state == "ended"
    assert here.desk.resume(NOON + 30).mandates == 0
    here.pays_in(1_000)
    assert CARD not in here.denied(), "with a balance it rides without a mandate"


def test_the_partner_ends_it_by_its_own_number(database: Database) -> None:
    here = world(database)
    mandate_id = here.signs()
    ref = here.partner.mandates[mandate_id].mandate_ref
    body = notice(kind="mandate_ended", order_id="", mandate_ref=ref)
    for _ in range(2):
        ok(here.desk.take_notice("pay", SIGNED, body, NOON + 9))
    assert here.desk.mandate(ACCOUNT).state == "ended"
    assert here.denied()[CARD] == "ACCOUNT_NO_MONEY"
    assert [kind for _, kind in here.told] == ["mandate_signed", "mandate_ended"]


def test_a_signing_told_after_the_end_is_ended_again_at_the_partner(database: Database) -> None:
    here = world(database)
    mandate_id = here.signs()
    ok(here.desk.end_mandate(ACCOUNT, NOON + 9))
    ref = here.partner.signs(mandate_id).mandate_ref
    body = notice(kind="mandate_signed", order_id=mandate_id, mandate_ref=ref)
    ok(here.desk.take_notice("pay", SIGNED, body, NOON + 10))
    assert here.desk.mandate(ACCOUNT).state == "ended"
    assert here.desk.resume(NOON + 20).mandates == 1
    assert here.partner.mandates[mandate_id].state == "ended"


def test_every_state_of_a_mandate_answers_every_move(database: Database) -> None:
    here = world(database)
    till = Till(here.office, {"pay": here.partner})
    for number, ((state, move), after) in enumerate(MOVES.items()):
        asked = ok(here.desk.ask_mandate(ACCOUNT, f"m{number}", "pay", BACK, NOON + number))
        before = {"asked": (), "signed": ("signed",), "ended": ("ended",)}[state]
        said = {"sign": "signed", "end": "ended"}[move]
        for word in (*before, said):
            with here.office.writing() as cursor:
                found = MandateState(word, f"A-{number}", ACCOUNT)
                assert take_mandate(cursor, till, asked.mandate_id, "pay", found, NOON) is None
        with here.office.writing() as cursor:
            row = lock_mandate(cursor, asked.mandate_id)
            assert row is not None and row.state == (after or state), (state, move)
            gone = MandateState("ended", f"A-{number}", ACCOUNT)
            assert take_mandate(cursor, till, asked.mandate_id, "pay", gone, NOON) is None


@pytest.mark.req("R-012", "R-024")
def test_what_is_owed_is_debited_once(database: Database) -> None:
    here = world(database)
    owed = owes(here)
    assert owed == 360
    debt = ok(here.desk.debt(ACCOUNT, EVENING))
    assert (debt.owed_fen, debt.unpaid_trips, debt.next_debit_s) == (360, 2, 0)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: here.desk.collect(EVENING), range(6)))
    assert here.balance() == 0
    assert here.partner.money_fen == 360 == here.booked("bank_float")
    assert here.partner.calls.count("debit") == 1
    [order] = here.desk.orders(ACCOUNT)
    assert (order.kind, order.state, order.amount_fen) == ("debit", "paid", 360)
    assert here.desk.collect(EVENING + 60) == here.desk.collect(EVENING + 120)
    assert ok(here.desk.debt(ACCOUNT, EVENING)).owed_fen == 0
    assert (ACCOUNT, "debited") in here.told
    here.proofs_hold()


@pytest.mark.req("R-024")
def test_which_is_taken_first_is_a_setting_of_the_city(database: Database) -> None:
    def mandate_first(city: str, time_s: int) -> MoneyTerms:
        return replace(chongqing(city, time_s), first="mandate")

    here = world(database, terms_of=mandate_first)
    here.pays_in(5_000)
    here.signs()
    here.rides("12:30", "15:00")
    assert here.balance() == 4_640
    here.desk.collect(EVENING)
    assert here.balance() == 5_000, "what was ridden was debited, the balance is as before"
    here.desk.collect(EVENING + 60)
    assert here.partner.money_fen == 5_360
    here.proofs_hold()


def test_an_account_without_a_mandate_is_not_debited(database: Database) -> None:
    here = world(database)
    here.pays_in(100)
    here.rides("12:30")
    assert here.balance() == -80
    assert here.desk.collect(EVENING).asked == 0
    assert here.denied()[CARD] == "ACCOUNT_NO_MONEY"
    here.pays_in(100, "r2", EVENING)
    assert here.balance() == 20
    assert CARD not in here.denied(), "off at once when it is paid"
    here.proofs_hold()


def test_a_debit_whose_answer_was_lost_is_asked_about(database: Database) -> None:
    here = world(database)
    owes(here)
    here.partner.lost.add("debit")
    done = here.desk.collect(EVENING)
    assert (done.asked, done.paid, done.unknown) == (1, 0, 1)
    assert ok(here.desk.debt(ACCOUNT, EVENING)).debit_open is True
    here.partner.deaf.add("query")
    assert here.desk.collect(EVENING + 60).unknown == 1
    here.partner.deaf.clear()
    done = here.desk.collect(EVENING + 120)
    assert (done.asked, done.paid, done.paid_fen) == (0, 1, 360)
    assert here.partner.calls.count("debit") == 1
    assert (here.balance(), here.partner.money_fen) == (0, 360)
    here.proofs_hold()


def test_a_debit_that_never_arrived_is_asked_for_again_under_its_own_id(
    database: Database,
) -> None:
    here = world(database)
    owes(here)
    here.partner.deaf.add("debit")
    here.desk.collect(EVENING)
    here.partner.deaf.clear()
    assert here.desk.collect(EVENING + 60).paid_fen == 360
    assert len(here.desk.orders(ACCOUNT)) == 1
    here.proofs_hold()


def test_tries_are_bounded_wait_longer_each_time_and_end_in_a_stop(database: Database) -> None:
    here = world(database)
    owes(here, 1)
    here.partner.refusing.add("debit")
    at, waits = EVENING, []
    for _ in range(4):
        assert here.desk.collect(at).refused == 1
        assert here.desk.collect(at + 60).asked == 0
        debt = ok(here.desk.debt(ACCOUNT, at))
        waits.append(None if debt.next_debit_s is None else debt.next_debit_s - at)
        at = debt.next_debit_s or at
    assert waits == [3_600, 21_600, 86_400, None]
    assert here.desk.collect(at + 30 * DAY_S).asked == 0
    assert here.denied()[CARD] == "ACCOUNT_UNPAID"
    assert here.partner.calls.count("debit") == 4
    here.partner.refusing.clear()
    here.pays_in(180, "r1", at)
    assert CARD not in here.denied()
    assert ok(here.desk.debt(ACCOUNT, at)).failures == 0
    here.proofs_hold()


def test_a_mandate_that_the_partner_does_not_know_any_more_has_ended(database: Database) -> None:
    here = world(database)
    here.pays_in(1_000, "r0", account=OTHER)
    mandate_id = here.signs()
    here.rides("12:30")
    here.partner.end_mandate(mandate_id, "")
    assert here.desk.collect(EVENING).refused == 1
    assert here.desk.mandate(ACCOUNT).state == "ended"
    assert here.denied()[CARD] == "ACCOUNT_NO_MONEY"
    here.proofs_hold()


def test_a_debit_said_to_have_failed_and_paid_after_all_is_the_passengers(
    database: Database,
) -> None:
    here = world(database)
    owes(here)
    here.partner.refusing.add("debit")
    here.desk.collect(EVENING)
    [order] = here.desk.orders(ACCOUNT)
    here.partner.refusing.clear()
    here.partner._take(order.order_id, 360)
    trade = here.partner.trades[order.order_id]
    body = notice(
        kind="paid", order_id=order.order_id, partner_no=trade.partner_no, amount_fen=360,
        merchant="M-1",
    )  # fmt: skip
    ok(here.desk.take_notice("pay", SIGNED, body, EVENING + 5))
    assert here.desk.collect(EVENING + DAY_S).asked == 0
    assert (here.balance(), here.partner.money_fen) == (0, 360)
    here.proofs_hold()


def test_cut_off_anywhere_a_debit_is_finished_and_taken_once(database: Database) -> None:
    here = world(database)
    here.signs()
    cuts, ridden, finished, at = 0, 0, False, NOON
    while not finished:
        cuts += 1
        at += DAY_S
        here.rides(at)
        ridden = here.partner.money_fen - here.balance()
        try:
            cut_desk(here, Cut(cuts)).collect(at + 100)
            finished = True
        except Killed:
            pass
        here.new_desk().collect(at + 200)
        here.new_desk().collect(at + 300)
        assert here.balance() == 0, f"cut {cuts}"
        assert here.partner.money_fen == ridden
    assert cuts > 8
    here.proofs_hold()


def test_a_new_account_may_leave_one_ride_unpaid_and_an_old_one_five(database: Database) -> None:
    here = world(database)
    here.signs()
    here.partner.refusing.add("debit")
    here.rides("12:30")
    here.desk.collect(EVENING)
    assert CARD not in here.denied()
    here.rides("15:00")
    here.desk.collect(EVENING + 1)
    assert here.denied()[CARD] == "ACCOUNT_UNPAID_TRIPS"
    assert ok(here.desk.debt(ACCOUNT, EVENING)).denied == ("ACCOUNT_UNPAID_TRIPS",)
    here.desk.collect(NOON + 8 * DAY_S)
    assert "ACCOUNT_UNPAID_TRIPS" not in here.denied().values(), "it is not new any more"
    here.pays_in(500, "r1", EVENING + 60)
    assert ok(here.desk.debt(ACCOUNT, EVENING)).denied == ()


def test_other_media_are_not_touched(database: Database) -> None:
    here = world(database)
    here.pays_in(1_000, "r1", account=OTHER)
    assert OTHER_CARD not in here.denied()
    assert CARD in here.denied()
