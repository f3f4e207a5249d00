"""What people hold before a scanner by mistake is named in both languages (B53)."""

import re

import pytest
from code_world import MADE_S, TRUST, made, told
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import parse_code
from tongxing.media.code.neighbours import neighbour_of, neighbours
from tongxing.media.code.verify import verify

KEYS = bytes(range(0xA0, 0xF0))
SHOWN = {
    "local_card_company": [b"\x54\x01" + KEYS, b"\x54\x02" + KEYS],
    "alipay_ride": [b"\x02\x01" + KEYS],
    "unified_platform": [b"\x55\x81" + KEYS],
    "tencent_ride": [b"TX0123456789abcdef", b"TX" + KEYS],
    "health_code": [
        b"https://healthcode.example.cn/s?id=0123",
        "https://example.cn/show?t=健康码".encode(),
        "渝康码 0123".encode(),
    ],
    "alipay": [b"https://qr.alipay.com/fkx01234", b"HTTPS://QR.ALIPAY.COM/FKX01234",
               b"alipays://platformapi/startapp", b"281234567890123456"],
    "wechat_pay": [b"wxp://f2f0abcdef", b"weixin://wxpay/bizpayurl?pr=x", b"134567890123456789"],
    "wechat": [b"https://u.wechat.com/abc", b"https://mp.weixin.qq.com/a/~abc"],
    "unionpay": [b"https://qr.95516.com/00010000/621", b"6212345678901234567",
                 b"00020101021126330016A000000677010111"],
    "digital_yuan": [b"https://example.cn/ecny/1", b"0112345678901234567"],
    "vcard": [b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Li\r\nEND:VCARD", b"MECARD:N:Li;;",
              b"BEGIN:VCARD\nNOTE:" + b"x" * 900],
    "calendar": [b"BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT"],
    "wifi": [b"WIFI:S:station;T:WPA;P:secret;;"],
    "contact": [b"tel:12345", b"SMSTO:12345:hello", b"geo:29.5,106.5"],
    "otp": [b"otpauth://totp/x?secret=abc"],
    "web_address": [b"http://example.cn", b"www.example.cn/a", b"ftp://example.cn/x"],
    "digits": [b"6901234567892", b"1234"],
    "text": ["请出示乘车码".encode(), b"hello there", b"good morning",
             b"Under the bridge at noon"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "scanned"),
    [(key, scanned) for key, samples in SHOWN.items() for scanned in samples],
    ids=lambda value: value if isinstance(value, str) else repr(value[:24]),
)
def test_another_apps_code_is_named_and_refused(key: str, scanned: bytes) -> None:
    verdict = verify(scanned, TRUST, MADE_S)
    assert told(verdict) == ("FORMAT", "QR_NOT_TRANSIT")
    found = parse_code(scanned)
    assert isinstance(found, Refusal)
    known = next(entry for entry in neighbours() if entry.key == key)
    assert found.where == key
    assert known.zh in found.message("zh")
    assert known.en in found.message("en")
    assert "乘车码" in found.next_step("zh")


def test_every_entry_of_the_table_is_shown_here() -> None:
    assert [entry.key for entry in neighbours()] == list(SHOWN)


def test_every_entry_is_named_in_both_languages() -> None:
    for entry in neighbours():
        assert re.search("[\u4e00-\u9fff]", entry.zh)
        assert re.fullmatch("[A-Za-z(),. '’-]+", entry.en)


@pytest.mark.parametrize("scanned", [b"\x54\x01", b"\x02\x01\xff", b"U\x80", b"TX1", b"abc"])
def test_what_is_too_short_to_be_anything_is_not_named(scanned: bytes) -> None:
    assert told(verify(scanned, TRUST, MADE_S)) == ("FORMAT", "QR_LENGTH")


def test_no_ride_code_is_taken_for_a_neighbour() -> None:
    assert neighbour_of(made()) is None


@settings(deadline=None)
@given(st.binary(max_size=3_000))
def test_naming_never_fails(scanned: bytes) -> None:
    found = neighbour_of(scanned)
    assert found is None or found in neighbours()


@pytest.mark.parametrize("start", [b"https://", b"https://health", b"000201", b"a" * 20 + b":"])
def test_naming_the_longest_text_of_a_picture_takes_no_time(start: bytes) -> None:
    assert neighbour_of(start + b"a/" * 1_400) in (*neighbours(), None)
