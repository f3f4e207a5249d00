"""The sandbox's pages and edges: both languages, closed to strangers, calling nobody else."""

import socket
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import requests
from partners_merchant import Merchant, press, url_of_form
from test_partners_alipay import asked, channel_of, order, paid

from tongxing.kernel.reasons import Problem, Refusal
from tongxing.partners.alipay import AlipayChannel
from tongxing.partners.aliyun import AliyunSms
from tongxing.partners.calling import wall_clock
from tongxing.partners.payment import PayAsked, PayOrder
from tongxing.partners.wechat import WechatChannel
from tongxing.sandbox import Sandbox, start_sandbox
from tongxing.sandbox.faults import Faults
from tongxing.sandbox.notifying import Notifier, retries


def get(url: str, language: str = "en") -> requests.Response:
    return requests.get(url, headers={"Accept-Language": language}, timeout=5)


@pytest.mark.parametrize(("language", "word"), [("en", "This is a sandbox"), ("zh", "这是沙箱")])
def test_every_page_says_that_it_is_a_sandbox(sandbox: Sandbox, language: str, word: str) -> None:
    channel = channel_of(sandbox)
    for url in (
        sandbox.address + "/",
        sandbox.address + "/messages",
        asked(channel, order()),
        sandbox.address + "/nowhere",
    ):
        page = get(url, language)
        assert word in page.text, url
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text and "style=" not in page.text
        tag = {"en": "en", "zh": "zh-CN"}[language]
        assert f'<html lang="{tag}">' in page.text


def test_the_inbox_shows_the_code_and_escapes_what_it_shows(sandbox: Sandbox) -> None:
    assert sandbox.settings.aliyun is not None
    sms = AliyunSms(sandbox.settings.aliyun)
    assert sms.send("13800138000", "sign_in", {"code": "424242", "x": "<b>&"}, "out1") is None
    page = get(sandbox.address + "/messages").text
    assert "<b>424242</b>" in page and "&lt;b&gt;&amp;" in page and "<b>&" not in page
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert get(sandbox.address + style).status_code == 200


def test_another_site_cannot_pay(sandbox: Sandbox) -> None:
    page = get(asked(channel_of(sandbox), order()))
    url = url_of_form(page.text, page.url)
    for told in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (
            requests.post(url, data={"choice": "yes"}, headers=told, timeout=5).status_code == 403
        )
    assert channel_of(sandbox).query("order1").state == "unpaid"
    guessed = requests.post(sandbox.address + "/cashier/guess", data={"choice": "yes"}, timeout=5)
    assert guessed.status_code == 404


def test_a_page_of_another_name_is_not_given(sandbox: Sandbox) -> None:
    page = requests.get(sandbox.address + "/", headers={"Host": "evil.example"}, timeout=5)
    assert page.status_code == 421


def test_paying_twice_tells_once(sandbox: Sandbox, merchant: Merchant) -> None:
    channel = paid(sandbox)
    page = get(asked(channel, order()))
    assert "Paid (sandbox)" in page.text and "<form" not in page.text
    merchant.wait(1)
    trade = sandbox.desk.book.trades["alipay", "order1"]
    again = requests.post(
        f"{sandbox.address}/cashier/{trade.key}", data={"choice": "yes"}, timeout=5
    )
    assert "Paid (sandbox)" in again.text
    assert [one.kind for one in sandbox.deliveries()] == ["trade"]


def test_an_order_of_another_amount_under_the_same_number_is_not_shown(sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    press(asked(channel, order(amount_fen=100)), "no")
    assert get(asked(channel, order(amount_fen=200))).status_code == 400


def test_a_way_back_that_is_no_address_is_no_link(sandbox: Sandbox) -> None:
    found = channel_of(sandbox).pay(
        PayOrder("order1", 100, "<i>x", "javascript:alert(1)", wall_clock() + 900)
    )
    assert isinstance(found, PayAsked)
    before, after = get(found.url).text, press(found.url)
    assert "javascript:" not in before + after
    assert "<i>" not in before and "&lt;i&gt;" in before


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://127.0.0.1@evil.example/",
        "http://evil.example/",
        "https://127.0.0.1.evil.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://[::1",
        "//127.0.0.1/",
        "",
    ],
)
def test_notices_go_nowhere_else(sandbox: Sandbox, url: str) -> None:
    assert not Notifier(Faults(), ("127.0.0.1", "localhost"), 1).may_call(url)
    assert sandbox.settings.alipay is not None and sandbox.settings.wechat is not None
    if url:
        elsewhere = AlipayChannel(replace(sandbox.settings.alipay, notify_url=url))
        assert get(asked(elsewhere, order())).status_code == 400
    found = WechatChannel(replace(sandbox.settings.wechat, notify_url=url)).pay(order())
    assert isinstance(found, Refusal)
    assert not sandbox.desk.book.trades


def test_a_notice_follows_no_redirect(sandbox: Sandbox, merchant: Merchant) -> None:
    merchant.answers = [(302, b"success", merchant.address + "/secret"), (200, b"success", "")]
    paid(sandbox)
    assert [heard.path for heard in merchant.wait(2)] == ["/alipay", "/alipay"]


def test_the_address_and_the_settings_are_of_this_machine(sandbox: Sandbox) -> None:
    assert urlsplit(sandbox.address).hostname == "127.0.0.1"
    moved = sandbox.notifying("http://127.0.0.1:9/n")
    assert moved.alipay is not None and moved.alipay.notify_url == "http://127.0.0.1:9/n/alipay"


def test_a_port_that_is_taken_is_a_problem_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=str(port)), start_sandbox(port):
            pass


def test_the_waits_are_the_partners_own() -> None:
    assert retries()["alipay"] == (240, 600, 600, 3600, 7200, 21600, 54000)
    assert sum(retries()["alipay"]) < 25 * 3600 and len(retries()["wechat"]) == 15
