"""WeChat Pay's APIv3 over real HTTP against the sandbox, and its signatures computed again."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from partners_merchant import Heard, Merchant, press, until

from tongxing.kernel.reasons import Refusal
from tongxing.partners.calling import Patience, wall_clock
from tongxing.partners.payment import (
    MandateOrder,
    PartnerNotice,
    PayAsked,
    PayOrder,
    RefundOrder,
    RefundState,
)
from tongxing.partners.settings import WechatSettings
from tongxing.partners.wechat import WechatChannel
from tongxing.partners.wechat_signing import WechatSigner
from tongxing.sandbox import Sandbox
from tongxing.sandbox.keys import key_pair, private_pem, signature

BACK = "https://city.example/back?a=1"


def settings_of(sandbox: Sandbox) -> WechatSettings:
    assert sandbox.settings.wechat is not None
    return sandbox.settings.wechat


def asked(channel: WechatChannel, order_id: str = "order1", amount_fen: int = 2050) -> str:
    found = channel.pay(PayOrder(order_id, amount_fen, "充值", BACK, wall_clock() + 900))
    assert isinstance(found, PayAsked), found
    return found.url


def paid(sandbox: Sandbox) -> WechatChannel:
    channel = WechatChannel(settings_of(sandbox))
    press(asked(channel))
    return channel


def resigned(heard: Heard, body: bytes, signer: str = "wechat", **headers: str) -> Heard:
    """The notice with another body, signed anew."""
    told = {name.lower(): text for name, text in heard.headers.items()} | headers
    content = f"{told['wechatpay-timestamp']}\n{told['wechatpay-nonce']}\n".encode() + body + b"\n"
    told["wechatpay-signature"] = b64encode(signature(signer, content)).decode()
    return Heard(heard.path, told, body)


def test_an_order_is_paid_and_both_the_notice_and_the_query_say_so(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    channel = WechatChannel(settings_of(sandbox))
    assert channel.query("order1").state == "absent"
    page = press(asked(channel))
    assert "¥20.50" in page
    assert asked_again_is_refused(channel) == "ORDERPAID"
    state = channel.query("order1")
    assert (state.state, state.amount_fen, state.merchant) == ("paid", 2050, channel.merchant)
    [heard] = merchant.wait(1)
    assert channel.read_notice(heard.headers, heard.body) == PartnerNotice(
        "paid", "order1", state.partner_no, 2050, channel.merchant, state.at_s
    )
    assert channel.answer(True).status == 200 and channel.answer(False).status == 500


def asked_again_is_refused(channel: WechatChannel) -> object:
    found = channel.pay(PayOrder("order1", 2050, "充值", BACK, wall_clock() + 900))
    assert isinstance(found, Refusal) and found.code == "PARTNER_REFUSED"
    return found.values["reason"]


def test_asking_again_before_it_is_paid_gives_the_same_order(sandbox: Sandbox) -> None:
    channel = WechatChannel(settings_of(sandbox))
    assert asked(channel) == asked(channel)
    press(asked(channel), "no")
    assert channel.query("order1").state == "unpaid"
    native = WechatChannel(replace(settings_of(sandbox), pay_way="native"))
    assert asked(native, "order2").startswith(sandbox.address)


def test_the_page_leads_back_to_the_merchant(sandbox: Sandbox) -> None:
    channel = WechatChannel(settings_of(sandbox))
    assert f'href="{BACK}"' in press(asked(channel))
    assert 'href="javascript:' not in press(asked(channel, "order2") + "&redirect_url=javascript:1")


def test_a_closed_order_cannot_be_paid_and_a_paid_one_not_closed(sandbox: Sandbox) -> None:
    channel = paid(sandbox)
    assert channel.close("order1").state == "paid"
    asked(channel, "order2")
    assert channel.close("order2").state == "closed"
    assert channel.query("order2").state == "closed"
    assert channel.close("never").state == "closed"


def test_a_refund_is_pending_then_done_and_never_more_than_was_paid(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    channel = paid(sandbox)
    wish = RefundOrder("refund1", "order1", 1000, 2050, "refund")
    first, again = channel.refund(wish), channel.refund(wish)
    assert isinstance(first, RefundState) and isinstance(again, RefundState)
    assert (first.state, again.state, again.amount_fen) == ("pending", "done", 1000)
    too_much = channel.refund(RefundOrder("refund2", "order1", 1051, 2050, "refund"))
    assert isinstance(too_much, Refusal) and too_much.code == "PARTNER_REFUSED"
    other_total = channel.refund(RefundOrder("refund2", "order1", 1, 9999, "refund"))
    assert isinstance(other_total, Refusal)
    assert channel.query_refund("refund2", "order1").state == "absent"
    assert channel.query("order1").state == "paid"
    found = [channel.read_notice(one.headers, one.body) for one in merchant.wait(2)]
    assert isinstance(found[1], PartnerNotice)
    told = (found[1].kind, found[1].refund_id, found[1].amount_fen)
    assert told == ("refunded", "refund1", 1000)


def test_the_door_to_mandates_is_closed(sandbox: Sandbox) -> None:
    channel = WechatChannel(settings_of(sandbox))
    for found in (
        channel.ask_mandate(MandateOrder("mandate1", "", "Debit", BACK)),
        channel.debit("ref", "debit1", 100, "ride"),
    ):
        assert isinstance(found, Refusal) and found.code == "PARTNER_MANDATE_UNSUPPORTED"
    assert channel.query_mandate("mandate1").state == "absent"
    assert channel.end_mandate("mandate1", "ref").state == "ended"


def test_our_signature_is_over_method_path_time_nonce_and_body(sandbox: Sandbox) -> None:
    signer = WechatSigner(settings_of(sandbox))
    header = signer.authorization("POST", "/v3/x?y=1", '{"a":1}')
    scheme, _, rest = header.partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(","))
    told = {name: text.strip('"') for name, text in parts.items()}
    content = f'POST\n/v3/x?y=1\n{told["timestamp"]}\n{told["nonce_str"]}\n{{"a":1}}\n'
    public = key_pair("merchant").public_key()
    public.verify(b64decode(told["signature"]), content.encode(), PKCS1v15(), SHA256())
    assert scheme == "WECHATPAY2-SHA256-RSA2048"


def test_each_part_of_a_notice_is_covered_by_its_signature(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    channel = paid(sandbox)
    [heard] = merchant.wait(1)
    named = [name for name in heard.headers if name.lower().startswith("wechatpay-")]
    assert len(named) == 5
    for name in named:
        text = heard.headers[name]
        other = text[:-1] + ("0" if text[-1] != "0" else "1")
        for headers in ({**heard.headers, name: other}, {**heard.headers, name: ""}):
            found = channel.read_notice(headers, heard.body)
            assert found == Refusal("CALLBACK_SIGNATURE", "wechat"), name
    whole = json.loads(heard.body)
    for name in whole:
        changed = json.dumps({**whole, name: "x"}).encode()
        assert channel.read_notice(heard.headers, changed) == Refusal(
            "CALLBACK_SIGNATURE", "wechat"
        )
    assert channel.read_notice({}, b"") == Refusal("CALLBACK_SIGNATURE", "wechat")


def test_an_old_notice_and_a_strangers_are_refused(sandbox: Sandbox, merchant: Merchant) -> None:
    channel = paid(sandbox)
    [heard] = merchant.wait(1)
    now = int(heard.headers["Wechatpay-Timestamp"])
    for stamp, is_taken in ((now, True), (now - 290, True), (now - 320, False), (now + 320, False)):
        one = resigned(heard, heard.body, **{"wechatpay-timestamp": str(stamp)})
        assert isinstance(channel.read_notice(one.headers, one.body), PartnerNotice) == is_taken
    foreign = resigned(heard, heard.body, "stranger")
    assert isinstance(channel.read_notice(foreign.headers, foreign.body), Refusal)
    unknown = resigned(heard, heard.body, **{"wechatpay-serial": "ABCD"})
    assert isinstance(channel.read_notice(unknown.headers, unknown.body), Refusal)


def test_a_notice_that_our_key_does_not_open_or_that_says_nonsense_names_the_field(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    channel = paid(sandbox)
    [heard] = merchant.wait(1)
    whole = json.loads(heard.body)
    cases = {
        b"{}": "event_type",
        json.dumps({**whole, "resource": {}}).encode(): "resource.algorithm",
        json.dumps({**whole, "resource": {**whole["resource"], "nonce": "x" * 12}}).encode(): (
            "ciphertext"
        ),
        json.dumps({**whole, "resource": {**whole["resource"], "nonce": "x"}}).encode(): (
            "ciphertext"
        ),
        sealed(sandbox, whole, {"amount": {"total": 20.5}}): "amount.total",
        sealed(sandbox, whole, {"amount": {"total": True}}): "amount.total",
        sealed(sandbox, whole, {"amount": {"total": 1, "currency": "USD"}}): "amount.currency",
        sealed(sandbox, whole, {"success_time": "soon"}): "success_time",
        sealed(sandbox, whole, {"trade_state": "PERHAPS"}): "trade_state",
    }
    for body, field in cases.items():
        one = resigned(heard, body)
        found = channel.read_notice(one.headers, one.body)
        assert found == Refusal("CALLBACK_MALFORMED", "wechat", {"field": field})
    other = resigned(heard, sealed(sandbox, whole, {"appid": "wx1"}))
    found = channel.read_notice(other.headers, other.body)
    assert isinstance(found, PartnerNotice) and found.merchant != channel.merchant


def sealed(sandbox: Sandbox, whole: dict[str, object], changes: dict[str, object]) -> bytes:
    """The notice with these fields changed inside its sealed resource."""
    cipher = AESGCM(settings_of(sandbox).api_v3_key.encode())
    resource = whole["resource"]
    assert isinstance(resource, dict)
    nonce, kind = resource["nonce"].encode(), resource["associated_data"].encode()
    found = json.loads(cipher.decrypt(nonce, b64decode(resource["ciphertext"]), kind)) | changes
    text = b64encode(cipher.encrypt(nonce, json.dumps(found).encode(), kind)).decode()
    return json.dumps({**whole, "resource": {**resource, "ciphertext": text}}).encode()


def test_certificates_are_fetched_once_when_no_key_is_known(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    bare = replace(settings_of(sandbox), platform_keys={})
    channel = WechatChannel(bare)
    press(asked(channel))
    assert channel.query("order1").state == "paid"
    wrong_key = WechatChannel(replace(bare, api_v3_key="x" * 32))
    assert wrong_key.query("order1").state == "unknown", "its certificates cannot be opened"


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("down", True),
        ("throttled", True),
        ("garbage", True),
        ("leave_out", "trade_state"),
        ("leave_out", "amount"),
        ("wrong_answer_signature", True),
        ("redirect_to", "http://127.0.0.1:9/"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_unknown(
    sandbox: Sandbox, knob: str, value: object
) -> None:
    channel = paid(sandbox)
    setattr(sandbox.faults, knob, value)
    assert channel.query("order1").state == "unknown"
    if knob != "leave_out":
        assert channel.close("order1").state == "unknown"
        back = channel.refund(RefundOrder("refund1", "order1", 1, 2050, "refund"))
        assert not isinstance(back, Refusal) and back.state == "unknown"


@pytest.mark.parametrize(
    ("knob", "value", "code"),
    [
        ("down", True, "PARTNER_NO_ANSWER"),
        ("throttled", True, "PARTNER_BUSY"),
        ("garbage", True, "PARTNER_ANSWER_BAD"),
        ("leave_out", "h5_url", "PARTNER_ANSWER_BAD"),
        ("drop_answers", 1, "PARTNER_NO_ANSWER"),
    ],
)
def test_an_order_that_cannot_be_made_says_why(
    sandbox: Sandbox, knob: str, value: object, code: str
) -> None:
    setattr(sandbox.faults, knob, value)
    channel = WechatChannel(settings_of(sandbox))
    found = channel.pay(PayOrder("order1", 100, "x", BACK, wall_clock() + 900))
    assert isinstance(found, Refusal) and found.code == code


def test_another_key_or_merchant_is_turned_away(sandbox: Sandbox) -> None:
    ours = settings_of(sandbox)
    for wrong in (
        replace(ours, private_key=private_pem("stranger")),
        replace(ours, merchant_id="1"),
        replace(ours, serial_no="1"),
    ):
        channel = WechatChannel(replace(wrong, patience=Patience(1, 2)))
        found = channel.pay(PayOrder("order1", 100, "x", BACK, wall_clock() + 900))
        assert isinstance(found, Refusal) and found.code == "PARTNER_NOT_ALLOWED"
    assert not sandbox.desk.book.trades


def test_a_notice_is_sent_again_until_its_status_is_good(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    merchant.answers = [(500, b"", ""), (302, b"", "http://127.0.0.1:9/"), (204, b"", "")]
    paid(sandbox)
    until(lambda: len(sandbox.deliveries()) == 3)
    tries = [(one.status, one.taken) for one in sandbox.deliveries()]
    assert tries == [(500, False), (302, False), (204, True)]
