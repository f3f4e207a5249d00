"""Amounts, strict reading, and calls that go to one address only, once, and not for long."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from partners_merchant import Merchant

from tongxing.kernel.reasons import Refusal
from tongxing.partners.amounts import fen_of, yuan_of
from tongxing.partners.calling import ANSWER_BYTES_MAX, Patience, Reply, call
from tongxing.partners.strict import BadAnswer, Fields, form_fields, json_object

HASTY = Patience(0.3, 0.3)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize(
    ("text", "fen"), [("0.01", 1), ("12", 1200), ("12.5", 1250), ("12.50", 1250), ("0", 0)]
)
def test_yuan_as_partners_write_them(text: str, fen: int) -> None:
    assert fen_of(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "1.005",
        "1e2",
        "-1",
        "+1",
        "１２.５０",
        "",
        ".5",
        "5.",
        "01",
        "1,000.00",
        " 1",
        "1\n",
        "NaN",
        "Infinity",
        "0x1",
        "1_0",
        "99999999999",
        "1.0.0",
        "٣",
    ],
)
def test_any_other_amount_is_none(text: str) -> None:
    assert fen_of(text) is None


def test_fen_are_written_with_two_digits() -> None:
    assert [yuan_of(fen) for fen in (0, 1, 10, 123456)] == ["0.00", "0.01", "0.10", "1234.56"]
    assert all(fen_of(yuan_of(fen)) == fen for fen in range(0, 30_000, 7))
    with pytest.raises(ValueError):
        yuan_of(-1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"1",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":',
        b"\xff",
        b'{"a":{"b":1,"b":1}}',
        b"[" * 100_000,
    ],
)
def test_json_that_is_not_one_plain_object_is_refused(content: bytes) -> None:
    with pytest.raises(BadAnswer):
        json_object(content)


@pytest.mark.parametrize(
    "content", [b"a=1&a=2", b"a", b"\xff=1", b"a=%ff", b"&".join([b"a=1"] * 300)]
)
def test_a_form_with_a_name_twice_or_nonsense_is_refused(content: bytes) -> None:
    with pytest.raises(BadAnswer):
        form_fields(content)


def test_a_field_is_of_its_kind_or_it_is_named() -> None:
    fields = Fields({"a": "x", "n": 1, "t": True, "f": 1.5, "o": {"b": ""}})
    for wrong in (
        lambda: fields.text("n"),
        lambda: fields.text("missing"),
        lambda: fields.whole("t"),
        lambda: fields.whole("f"),
        lambda: fields.whole("a"),
        lambda: fields.inner("a"),
        lambda: fields.china_s("a"),
        lambda: fields.rfc3339_s("a"),
        lambda: fields.choice("a", {"y": "z"}),
    ):
        with pytest.raises(BadAnswer):
            wrong()
    with pytest.raises(BadAnswer, match=r"^o\.b$"):
        fields.inner("o").text("b")


@contextmanager
def speaking(*pieces: bytes, pause_s: float = 0.0) -> Iterator[str]:
    """A server that says these bytes to whoever asks, slowly, and hangs up."""
    taken = socket.create_server(("127.0.0.1", 0))
    ends = threading.Event()

    def serve() -> None:
        link, _ = taken.accept()
        with link:
            link.recv(65536)
            for piece in pieces:
                try:
                    link.sendall(piece)
                except OSError:
                    return
                if ends.wait(pause_s):
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"
    finally:
        ends.set()
        thread.join()
        taken.close()


def asked(url: str, patience: Patience = HASTY) -> Reply | Refusal:
    return call("alipay", "POST", url, {}, b"x=1", patience)


def test_a_partner_that_is_not_there_was_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = asked(f"http://127.0.0.1:{port}/")
    assert isinstance(found, Refusal) and found.code == "PARTNER_UNREACHABLE"
    assert str(port) not in found.message("en") + repr(found)


def test_a_partner_that_says_nothing_or_hangs_up_may_have_acted() -> None:
    for pieces, pause_s in (((), 0.0), ((b"",), 1.0), ((b"nonsense\r\n\r\n",), 0.0)):
        with speaking(*pieces, pause_s=pause_s) as url:
            found = asked(url)
            assert isinstance(found, Refusal) and found.code == "PARTNER_NO_ANSWER"


def test_a_body_that_drips_is_not_waited_for() -> None:
    with speaking(HEAD + b"Content-Length: 1000\r\n\r\n", *[b"a"] * 900, pause_s=0.1) as url:
        began = time.monotonic()
        found = asked(url)
        assert isinstance(found, Refusal) and found.code == "PARTNER_NO_ANSWER"
        assert time.monotonic() - began < 30, "the body takes 90 s, the patience is 0.6 s"


def test_a_body_without_end_is_not_taken() -> None:
    with speaking(HEAD + b"\r\n", *[b"a" * (1 << 16)] * (ANSWER_BYTES_MAX // (1 << 16) + 2)) as url:
        found = asked(url, Patience(1, 5))
        assert isinstance(found, Refusal) and found.code == "PARTNER_NO_ANSWER"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(merchant: Merchant, status: int) -> None:
    merchant.answers = [(status, b"", merchant.address + "/secret")]
    found = asked(merchant.address + "/")
    assert isinstance(found, Refusal)
    assert (found.code, found.values["field"]) == ("PARTNER_ANSWER_BAD", "redirect")
    assert [heard.path for heard in merchant.heard] == ["/"]


def test_the_surroundings_proxy_is_not_used(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert isinstance(asked(merchant.address + "/"), Reply)
