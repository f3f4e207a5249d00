"""What a partner tells is compared with what is ours, whatever kind of notice it is."""

import sys
from pathlib import Path

import pytest
from money_world import ACCOUNT, BACK, NOON, SIGNED, World, code_of, notice, ok, world

sys.path.insert(0, str(Path(__file__).parents[1] / "partners"))

from partners_merchant import listening, press

from tongxing.city.money import MoneyDesk
from tongxing.city.money.store import refunds as store
from tongxing.city.money.store.refunds import PartRow
from tongxing.partners.alipay import AlipayChannel
from tongxing.partners.payment import RefundState
from tongxing.sandbox import start_sandbox
from tongxing.storage import Database


def ordered(here: World) -> dict[str, object]:
    order_id = ok(here.desk.top_up(ACCOUNT, "r1", 5_000, "pay", BACK, NOON)).order_id
    return {"order_id": order_id}


def parts(here: World) -> list[PartRow]:
    """The parts of an account's refunds, the newest refund first."""
    with here.office.reading() as cursor:
        return [
            part
            for refund in store.refunds_of(cursor, ACCOUNT)
            for part in store.parts_of(cursor, refund.refund_id)
        ]


def unanswered_refund(here: World) -> dict[str, object]:
    """A refund of ours that the partner never answered."""
    order_id = here.pays_in(5_000)
    here.partner.lost.add("refund")
    ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON))
    [part] = parts(here)
    return {"order_id": order_id, "refund_id": part.part_id, "amount_fen": 3_000}


def asked_mandate(here: World) -> dict[str, object]:
    mandate_id = ok(here.desk.ask_mandate(ACCOUNT, "m1", "pay", BACK, NOON)).mandate_id
    return {"order_id": mandate_id, "mandate_ref": "A-1", "account_ref": ACCOUNT}


def signed_mandate(here: World) -> dict[str, object]:
    return {"order_id": here.signs(), "mandate_ref": "A-1", "account_ref": ACCOUNT}


KINDS = {
    "closed": ordered,
    "refunded": unanswered_refund,
    "refund_failed": unanswered_refund,
    "mandate_signed": asked_mandate,
    "mandate_ended": signed_mandate,
}


@pytest.mark.req("R-012")
@pytest.mark.parametrize("kind", KINDS)
def test_another_merchants_notice_changes_nothing_whatever_its_kind(
    database: Database, kind: str
) -> None:
    here = world(database)
    fields = KINDS[kind](here)
    before = (here.desk.orders(ACCOUNT), here.desk.refunds(ACCOUNT), here.desk.mandate(ACCOUNT))
    wrong = notice(kind=kind, merchant="M-2", **fields)
    for _ in range(2):
        assert code_of(here.desk.take_notice("pay", SIGNED, wrong, NOON + 1)) == "CALLBACK_MERCHANT"
    after = (here.desk.orders(ACCOUNT), here.desk.refunds(ACCOUNT), here.desk.mandate(ACCOUNT))
    assert after == before
    [kept] = here.desk.quarantined()
    assert (kept.reason, kept.order_id, kept.times_seen) == (
        "CALLBACK_MERCHANT", fields["order_id"], 2,
    )  # fmt: skip
    ok(here.desk.take_notice("pay", SIGNED, notice(kind=kind, merchant="M-1", **fields), NOON + 2))
    here.proofs_hold()


@pytest.mark.req("R-012")
def test_the_second_refund_of_one_order_is_believed_though_the_notice_counts_both(
    database: Database,
) -> None:
    """Some partners tell what has gone back of an order altogether."""
    here = world(database)
    order_id = here.pays_in(5_000)
    here.partner.lost.add("refund")
    for number, fen in enumerate((3_000, 1_000)):
        ok(here.desk.refund(ACCOUNT, f"b{number}", fen, NOON + number))
    second, first = parts(here)
    for part, told_fen in ((second, 4_000), (first, 3_000), (second, 4_000), (first, 4_000)):
        body = notice(
            kind="refunded", order_id=order_id, refund_id=part.part_id, amount_fen=told_fen,
            merchant="M-1",
        )  # fmt: skip
        ok(here.desk.take_notice("pay", SIGNED, body, NOON + 3))
    assert {refund.state for refund in here.desk.refunds(ACCOUNT)} == {"done"}
    assert here.balance() == 1_000 == here.partner.money_fen
    assert here.desk.quarantined() == []
    here.proofs_hold()


def test_a_refund_is_worth_what_the_partner_answers_and_is_not_done_before_it_says_so(
    database: Database,
) -> None:
    here = world(database)
    fields = unanswered_refund(here)
    body = notice(kind="refunded", merchant="M-1", **fields)
    [part] = parts(here)
    right = here.partner.refunds.pop(part.part_id)
    assert code_of(here.desk.take_notice("pay", SIGNED, body, NOON)) == "REFUND_UNKNOWN"
    for state in ("unknown", "pending"):
        here.partner.refunds[part.part_id] = RefundState(state)
        answer = here.desk.take_notice("pay", SIGNED, body, NOON)
        assert code_of(answer) == "CALLBACK_UNCONFIRMED"
    here.partner.refunds[part.part_id] = RefundState("done", "T1", 2_999, NOON)
    assert code_of(here.desk.take_notice("pay", SIGNED, body, NOON)) == "CALLBACK_AMOUNT"
    assert here.desk.refunds(ACCOUNT)[0].state == "under_way"
    here.partner.refunds[part.part_id] = right
    ok(here.desk.take_notice("pay", SIGNED, body, NOON))
    assert here.desk.refunds(ACCOUNT)[0].state == "done"
    here.partner.refunds[part.part_id] = RefundState("done", "T1", 2_999, NOON)
    ok(here.desk.take_notice("pay", SIGNED, body, NOON))
    assert here.balance() == 2_000
    here.proofs_hold()


@pytest.mark.req("R-012")
def test_two_refunds_of_one_order_over_the_partners_own_protocol(database: Database) -> None:
    here = world(database)
    with (
        listening() as merchant,
        start_sandbox(notify_base=merchant.address, pace=1e-4, clock=lambda: NOON) as bank,
    ):
        assert bank.settings.alipay is not None
        desk = MoneyDesk(here.office, {"alipay": AlipayChannel(bank.settings.alipay, lambda: NOON)})
        order = ok(desk.top_up(ACCOUNT, "r1", 5_000, "alipay", BACK, NOON))
        press(order.pay_url)
        told = merchant.wait(1)
        ok(desk.take_notice("alipay", told[0].headers, told[0].body, NOON))
        for number, fen in enumerate((3_000, 1_000)):
            bank.faults.drop_answers = 1
            refund = ok(desk.refund(ACCOUNT, f"b{number}", fen, NOON + number))
            assert refund.state == "under_way"
            told = merchant.wait(2 + number)
            ok(desk.take_notice("alipay", told[-1].headers, told[-1].body, NOON + 5))
        assert b"refund_fee=40.00" in told[-1].body
        assert [one.state for one in desk.refunds(ACCOUNT)] == ["done", "done"]
        assert desk.quarantined() == []
    assert here.balance() == 1_000 == here.booked("bank_float")
    here.proofs_hold()
