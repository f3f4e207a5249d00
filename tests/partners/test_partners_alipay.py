"""Alipay over real HTTP against the sandbox: paid, refunded, debited, and told."""

from dataclasses import replace

import pytest
from partners_merchant import Merchant, press, until

from tongxing.kernel.reasons import Refusal
from tongxing.partners.alipay import AlipayChannel
from tongxing.partners.calling import Patience, wall_clock
from tongxing.partners.payment import (
    MandateOrder,
    MandateState,
    PartnerNotice,
    PayAsked,
    PayOrder,
    RefundOrder,
    RefundState,
)
from tongxing.partners.settings import AlipaySettings
from tongxing.sandbox import Sandbox
from tongxing.sandbox.keys import private_pem, public_pem

BACK = "https://city.example/back"


def channel_of(sandbox: Sandbox) -> AlipayChannel:
    settings = sandbox.settings.alipay
    assert settings is not None
    return AlipayChannel(settings)


def order(order_id: str = "order1", amount_fen: int = 2050) -> PayOrder:
    return PayOrder(order_id, amount_fen, "充值 Top-up", BACK, wall_clock() + 900)


def asked(channel: AlipayChannel, made: PayOrder) -> str:
    found = channel.pay(made)
    assert isinstance(found, PayAsked)
    return found.url


def paid(sandbox: Sandbox, order_id: str = "order1", amount_fen: int = 2050) -> AlipayChannel:
    channel = channel_of(sandbox)
    press(asked(channel, order(order_id, amount_fen)))
    return channel


def signed(sandbox: Sandbox) -> tuple[AlipayChannel, str]:
    channel = channel_of(sandbox)
    page = channel.ask_mandate(MandateOrder("mandate1", "3100000000000001", "Debit", BACK))
    assert isinstance(page, PayAsked)
    press(page.url)
    return channel, channel.query_mandate("mandate1").mandate_ref


def read(channel: AlipayChannel, merchant: Merchant, count: int = 1) -> list[PartnerNotice]:
    found = [channel.read_notice(one.headers, one.body) for one in merchant.wait(count)]
    assert all(isinstance(one, PartnerNotice) for one in found), found
    return [one for one in found if isinstance(one, PartnerNotice)]


def test_an_order_is_paid_on_the_page_and_both_the_notice_and_the_query_say_so(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    channel = channel_of(sandbox)
    assert channel.query("order1").state == "absent"
    page = press(asked(channel, order()))
    assert "¥20.50" in page and "Paid (sandbox)" in page and BACK in page
    state = channel.query("order1")
    assert (state.state, state.amount_fen, state.merchant) == ("paid", 2050, channel.merchant)
    [notice] = read(channel, merchant)
    assert notice == PartnerNotice(
        "paid", "order1", state.partner_no, 2050, channel.merchant, state.at_s
    )


def test_an_order_that_is_opened_and_not_paid_can_still_be_paid(sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    assert "Not paid" in press(asked(channel, order()), "no")
    assert channel.query("order1").state == "unpaid"
    press(asked(channel, order()))
    assert channel.query("order1").state == "paid"


def test_a_closed_order_cannot_be_paid_and_a_paid_one_not_closed(sandbox: Sandbox) -> None:
    channel = paid(sandbox)
    assert channel.close("order1").state == "paid"
    page = asked(channel, order("order2"))
    press(page, "no")
    assert channel.close("order2").state == "closed"
    assert channel.close("order2").state == "closed"
    assert channel.close("never").state == "closed"
    assert channel.query("order2").state == "closed"


def test_an_order_is_not_paid_after_its_time(sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    late = PayOrder("order1", 100, "late", BACK, wall_clock() - 1)
    found = channel.pay(late)
    assert isinstance(found, PayAsked)
    with pytest.raises(IndexError):
        press(found.url)
    assert channel.query("order1").state == "closed"


def test_a_refund_goes_back_once_and_never_more_than_was_paid(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    channel = paid(sandbox)
    wish = RefundOrder("refund1", "order1", 1000, 2050, "refund")
    first, again = channel.refund(wish), channel.refund(wish)
    assert isinstance(first, RefundState) and isinstance(again, RefundState)
    assert (first.state, again.state, again.amount_fen) == ("done", "done", 1000)
    too_much = channel.refund(RefundOrder("refund2", "order1", 1051, 2050, "refund"))
    assert isinstance(too_much, Refusal) and too_much.code == "PARTNER_REFUSED"
    assert too_much.values["reason"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    rest = channel.refund(RefundOrder("refund2", "order1", 1050, 2050, "refund"))
    assert isinstance(rest, RefundState) and rest.state == "done"
    assert channel.query("order1").state == "paid", "what was paid stays paid"
    assert channel.query_refund("refund3", "order1").state == "absent"
    notices = read(channel, merchant, 3)
    told = [(one.kind, one.refund_id, one.amount_fen) for one in notices]
    assert told == [
        ("paid", "", 2050),
        ("refunded", "refund1", 1000),
        ("refunded", "refund2", 2050),
    ]


def test_a_mandate_is_signed_debited_and_ended(sandbox: Sandbox, merchant: Merchant) -> None:
    channel = channel_of(sandbox)
    assert channel.query_mandate("mandate1") == MandateState("absent")
    channel, ref = signed(sandbox)
    state = channel.query_mandate("mandate1")
    assert (state.state, state.account_ref) == ("signed", "3100000000000001") and ref
    taken = channel.debit(ref, "debit1", 300, "ride")
    again = channel.debit(ref, "debit1", 300, "ride")
    assert not isinstance(taken, Refusal) and not isinstance(again, Refusal)
    assert (taken.state, taken.amount_fen, again.partner_no) == ("paid", 300, taken.partner_no)
    assert channel.end_mandate("mandate1", ref).state == "ended"
    assert channel.end_mandate("mandate1", ref).state == "ended"
    ended = channel.debit(ref, "debit2", 300, "ride")
    assert isinstance(ended, Refusal) and ended.code == "MANDATE_NOT_SIGNED"
    late = channel.debit(ref, "debit1", 300, "ride")
    assert not isinstance(late, Refusal) and late.state == "paid", "it was taken before"
    kinds = [(one.kind, one.mandate_ref) for one in read(channel, merchant, 3)]
    assert kinds == [("mandate_signed", ref), ("paid", ""), ("mandate_ended", ref)]


def test_a_debit_without_money_takes_nothing_and_says_so(sandbox: Sandbox) -> None:
    channel, ref = signed(sandbox)
    sandbox.faults.no_money = True
    found = channel.debit(ref, "debit1", 300, "ride")
    assert not isinstance(found, Refusal) and found.state == "refused"
    sandbox.faults.clear()
    found = channel.debit(ref, "debit1", 300, "ride")
    assert not isinstance(found, Refusal) and found.state == "paid"


def test_an_agreement_that_is_refused_on_its_page_is_not_signed(sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    page = channel.ask_mandate(MandateOrder("mandate1", "", "Debit", BACK))
    assert isinstance(page, PayAsked)
    assert "Not agreed" in press(page.url, "no")
    assert channel.query_mandate("mandate1").state == "absent"


def test_without_a_scene_there_is_no_mandate() -> None:
    settings = AlipaySettings(
        "http://127.0.0.1:1/", "1", "2", private_pem("merchant"), public_pem("alipay"), ""
    )
    found = AlipayChannel(settings).ask_mandate(MandateOrder("mandate1", "", "Debit", BACK))
    assert isinstance(found, Refusal) and found.code == "PARTNER_MANDATE_UNSUPPORTED"
    linked = replace(settings, sign_scene="A|B", app_link="alipays://start?url=")
    page = AlipayChannel(linked).ask_mandate(MandateOrder("mandate1", "", "Debit", BACK))
    assert isinstance(page, PayAsked) and page.url.startswith("alipays://start?url=http%3A%2F%2F")


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("down", True),
        ("throttled", True),
        ("garbage", True),
        ("leave_out", "code"),
        ("wrong_answer_signature", True),
        ("redirect_to", "http://127.0.0.1:9/"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_unknown(
    sandbox: Sandbox, knob: str, value: object
) -> None:
    channel, ref = signed(sandbox)
    press(asked(channel, order()))
    setattr(sandbox.faults, knob, value)
    assert channel.query("order1").state == "unknown"
    assert channel.close("order1").state == "unknown"
    assert channel.query_refund("refund1", "order1").state == "unknown"
    assert channel.query_mandate("mandate1").state == "unknown"
    assert channel.end_mandate("mandate1", ref).state == "unknown"
    debit = channel.debit(ref, "debit1", 300, "ride")
    assert not isinstance(debit, Refusal) and debit.state == "unknown"
    back = channel.refund(RefundOrder("refund1", "order1", 1, 2050, "refund"))
    assert not isinstance(back, Refusal) and back.state == "unknown"


@pytest.mark.parametrize("field", ["trade_status", "out_trade_no", "total_amount", "send_pay_date"])
def test_a_missing_field_is_never_guessed(sandbox: Sandbox, field: str) -> None:
    channel = paid(sandbox)
    sandbox.faults.leave_out = field
    assert channel.query("order1").state == "unknown"


def test_what_was_done_before_the_answer_was_lost_is_found_again(sandbox: Sandbox) -> None:
    channel, ref = signed(sandbox)
    sandbox.faults.drop_answers = 1
    lost = channel.debit(ref, "debit1", 300, "ride")
    assert not isinstance(lost, Refusal) and lost.state == "unknown"
    assert channel.query("debit1").state == "paid"
    sandbox.faults.drop_answers = 1
    wish = RefundOrder("refund1", "debit1", 300, 300, "refund")
    first = channel.refund(wish)
    assert not isinstance(first, Refusal) and first.state == "unknown"
    assert channel.query_refund("refund1", "debit1").state == "done"
    second = channel.refund(wish)
    assert not isinstance(second, Refusal) and second.state == "done"


def test_a_slow_partner_is_not_waited_for(sandbox: Sandbox) -> None:
    settings = sandbox.settings.alipay
    assert settings is not None
    hasty = AlipayChannel(replace(settings, patience=Patience(0.2, 0.2)))
    sandbox.faults.delay_s = 0.6
    assert hasty.query("order1").state == "unknown"


def test_another_key_or_application_is_turned_away(sandbox: Sandbox) -> None:
    settings = sandbox.settings.alipay
    assert settings is not None
    for wrong in (
        replace(settings, private_key=private_pem("stranger")),
        replace(settings, app_id="1"),
    ):
        channel = AlipayChannel(wrong)
        assert channel.query("order1").state == "unknown"
        with pytest.raises(AssertionError):
            press(asked(channel, order()))
    assert ("alipay", "order1") not in sandbox.desk.book.trades


def test_a_notice_that_is_not_taken_comes_again_and_then_rests(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    merchant.answers = [(200, b"fail", ""), (500, b"success", ""), (200, b"success", "")]
    paid(sandbox)
    until(lambda: len(sandbox.deliveries()) == 3)
    tries = [(one.attempt, one.status, one.taken) for one in sandbox.deliveries()]
    assert tries == [(1, 200, False), (2, 500, False), (3, 200, True)]


def test_notices_come_twice_late_and_in_the_wrong_order(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    sandbox.faults.hold, sandbox.faults.repeat = 2, 1
    channel = paid(sandbox)
    channel.refund(RefundOrder("refund1", "order1", 1000, 2050, "refund"))
    kinds = [one.kind for one in read(channel, merchant, 4)]
    assert kinds == ["refunded", "refunded", "paid", "paid"]


def test_a_silent_partner_sends_nothing(sandbox: Sandbox, merchant: Merchant) -> None:
    sandbox.faults.silent = True
    channel = paid(sandbox)
    assert channel.query("order1").state == "paid"
    assert not merchant.heard and not sandbox.deliveries()
