"""RSA2 in both directions, computed a second time without the library, and every field tampered."""

import json
from base64 import b64decode, b64encode
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from partners_merchant import Merchant, press
from test_partners_alipay import asked, channel_of, order, paid, signed

from tongxing.kernel.reasons import Refusal
from tongxing.partners.alipay_signing import AlipaySigner, member
from tongxing.partners.payment import PartnerNotice, RefundOrder
from tongxing.partners.strict import BadAnswer
from tongxing.sandbox import Sandbox
from tongxing.sandbox.keys import key_pair, signature


def form(fields: dict[str, str], signer: str = "alipay") -> bytes:
    """A notice with these fields, signed as Alipay's documents say."""
    rest = {name: text for name, text in fields.items() if name not in ("sign", "sign_type")}
    content = "&".join(f"{name}={rest[name]}" for name in sorted(rest))
    sign = b64encode(signature(signer, content.encode())).decode()
    return urlencode({**rest, "sign": sign, "sign_type": "RSA2"}).encode()


def notice_fields(sandbox: Sandbox) -> dict[str, str]:
    settings = sandbox.settings.alipay
    assert settings is not None
    return {
        "notify_type": "trade_status_sync",
        "app_id": settings.app_id,
        "seller_id": settings.seller_id,
        "out_trade_no": "order1",
        "trade_no": "2026",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "20.50",
        "gmt_payment": "2026-03-17 08:21:10",
    }


def test_our_request_is_signed_over_its_sorted_fields(sandbox: Sandbox) -> None:
    address = asked(channel_of(sandbox), order())
    fields = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
    sign = b64decode(fields.pop("sign"))
    content = "&".join(f"{name}={fields[name]}" for name in sorted(fields)).encode()
    public = key_pair("merchant").public_key()
    public.verify(sign, content, PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(sign, content + b" ", PKCS1v15(), SHA256())
    assert json.loads(fields["biz_content"])["total_amount"] == "20.50"
    assert fields["method"] == "alipay.trade.wap.pay" and fields["sign_type"] == "RSA2"


def test_the_gateway_turns_away_a_request_that_was_changed(sandbox: Sandbox) -> None:
    address = asked(channel_of(sandbox), order(amount_fen=2050))
    cheaper = address.replace("20.50", "00.01")
    assert cheaper != address
    with pytest.raises(AssertionError, match=r"isv\.invalid-signature"):
        press(cheaper)
    assert not sandbox.desk.book.trades


def test_each_field_of_a_notice_is_covered_by_its_signature(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    channel = paid(sandbox)
    channel.refund(RefundOrder("refund1", "order1", 1000, 2050, "refund"))
    signed(sandbox)
    for heard in merchant.wait(3):
        assert isinstance(channel.read_notice({}, heard.body), PartnerNotice)
        fields = dict(parse_qsl(heard.body.decode(), strict_parsing=True))
        for name in fields:
            changed = {**fields, name: fields[name] + "0"}
            dropped = {other: text for other, text in fields.items() if other != name}
            for tampered in (changed, dropped):
                found = channel.read_notice({}, urlencode(tampered).encode())
                assert isinstance(found, Refusal), name
                assert found.code == "CALLBACK_SIGNATURE", name
        added = urlencode({**fields, "extra": "1"}).encode()
        assert isinstance(channel.read_notice({}, added), Refusal)
        twice = heard.body + b"&total_amount=0.01"
        assert isinstance(channel.read_notice({}, twice), Refusal)


@pytest.mark.parametrize(
    "body", [b"", b"x", b"sign=", b"\xff\xfe", b"sign=a&sign_type=RSA2&a=%zz", b"{}", b"&" * 9999]
)
def test_what_is_no_notice_is_refused_and_raises_nothing(sandbox: Sandbox, body: bytes) -> None:
    found = channel_of(sandbox).read_notice({}, body)
    assert isinstance(found, Refusal) and found.code == "CALLBACK_SIGNATURE"


def test_a_strangers_signature_is_none(sandbox: Sandbox, merchant: Merchant) -> None:
    channel = channel_of(sandbox)
    body = form(notice_fields(sandbox), "stranger")
    assert channel.read_notice({}, body) == Refusal("CALLBACK_SIGNATURE", "alipay")
    weaker = form(notice_fields(sandbox)).replace(b"RSA2", b"RSA")
    assert channel.read_notice({}, weaker) == Refusal("CALLBACK_SIGNATURE", "alipay")
    sandbox.faults.wrong_signature = True
    press(asked(channel, order()))
    [heard] = merchant.wait(1)
    assert channel.read_notice({}, heard.body) == Refusal("CALLBACK_SIGNATURE", "alipay")


def test_another_amount_and_another_merchant_are_told_as_they_stand(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    channel = channel_of(sandbox)
    sandbox.faults.wrong_amount_fen, sandbox.faults.wrong_merchant = -1, "2088999999999999"
    press(asked(channel, order()))
    [heard] = merchant.wait(1)
    found = channel.read_notice({}, heard.body)
    assert isinstance(found, PartnerNotice)
    assert (found.amount_fen, found.merchant) == (2049, "2088999999999999")
    other_app = channel.read_notice({}, form(notice_fields(sandbox) | {"app_id": "1"}))
    assert isinstance(other_app, PartnerNotice) and other_app.merchant != channel.merchant


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("total_amount", "1.005"),
        ("total_amount", "1e2"),
        ("total_amount", "-1"),
        ("total_amount", "２０.５０"),
        ("total_amount", ""),
        ("trade_status", "TRADE_MAYBE"),
        ("gmt_payment", "2026-02-30 08:21:10"),
        ("gmt_payment", "yesterday"),
        ("out_trade_no", ""),
        ("seller_id", ""),
        ("app_id", ""),
    ],
)
def test_a_genuine_notice_that_cannot_be_read_names_the_field(
    sandbox: Sandbox, field: str, text: str
) -> None:
    body = form(notice_fields(sandbox) | {field: text})
    found = channel_of(sandbox).read_notice({}, body)
    assert found == Refusal("CALLBACK_MALFORMED", "alipay", {"field": field})


def test_a_notice_of_a_kind_that_nobody_needs_is_genuine_and_means_nothing(
    sandbox: Sandbox,
) -> None:
    found = channel_of(sandbox).read_notice({}, form(notice_fields(sandbox) | {"notify_type": "x"}))
    assert isinstance(found, PartnerNotice) and found.kind == "other"


def test_the_signed_bytes_of_an_answer_are_cut_out_as_they_stand() -> None:
    content = b' {"sign" : "x", "a_response": {"b":"}\\"{", "c": [1, {"d":2}]} , "z":1}'
    assert member(content, "a_response") == b'{"b":"}\\"{", "c": [1, {"d":2}]}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"alipay_trade_query_response":{"code":"10000"}}',
        b'{"alipay_trade_query_response":{"code":"10000"},"sign":"AAAA"}',
        b'{"alipay_trade_query_response":{"code":"1"},"alipay_trade_query_response":{},"sign":""}',
        b'{"alipay_trade_query_response":[],"sign":"AAAA"}',
        b'{"alipay_trade_query_response":{"n":NaN},"sign":"AAAA"}',
        b"[" * 100_000,
    ],
)
def test_an_answer_without_a_good_signature_is_not_believed(
    sandbox: Sandbox, content: bytes
) -> None:
    settings = sandbox.settings.alipay
    assert settings is not None
    with pytest.raises(BadAnswer):
        AlipaySigner(settings).answered("alipay.trade.query", content)


def test_an_unsigned_error_is_told_as_unsigned(sandbox: Sandbox) -> None:
    settings = sandbox.settings.alipay
    assert settings is not None
    content = b'{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}'
    found, is_signed = AlipaySigner(settings).answered("alipay.trade.query", content)
    assert (found["code"], is_signed) == ("40002", False)
