"""A card lent over TCP: the same bytes as in this process, one client at a time, no nonsense."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lent_cards import (
    DEBIT,
    IDS,
    PURCHASE,
    SELECT,
    LeavingCard,
    balance_of,
    new_card,
    new_sam,
)

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone, Gone
from tongxing.media.card.readers import framing
from tongxing.media.card.readers.atr import SOFTWARE_ATR
from tongxing.media.card.readers.recording import Recorder
from tongxing.media.card.readers.relay import CardServer, serve_card
from tongxing.media.card.readers.tcp import TcpLink, open_tcp, parse_address
from tongxing.media.card.terminal import Debit, NotDone, Unfinished, begin, finish, recover

HELLO = framing.encode(framing.HELLO, framing.VERSION)
POWER_ON = framing.encode(framing.POWER_ON)
BUSY = framing.encode(framing.TROUBLE, b"\x10")
NO_FRAME = framing.encode(framing.TROUBLE, b"\x11")


def opened(server: CardServer) -> TcpLink:
    link = open_tcp(*server.address)
    assert isinstance(link, TcpLink), link
    return link


@pytest.fixture
def server() -> Iterator[CardServer]:
    with serve_card(new_card()) as serving:
        yield serving


@pytest.fixture(scope="module")
def lasting_server() -> Iterator[CardServer]:
    """For tests that try many bytes: one server for all of them."""
    with serve_card(new_card()) as serving:
        yield serving


def test_a_purchase_over_tcp_is_the_same_bytes_as_one_in_this_process(server: CardServer) -> None:
    transcripts = []
    with opened(server) as link:
        assert link.atr == SOFTWARE_ATR
        for card in (link, new_card()):
            recorder, sam = Recorder(card), new_sam()
            recorder.transmit(SELECT)
            unfinished = begin(recorder, sam, IDS, PURCHASE)
            assert isinstance(unfinished, Unfinished)
            assert isinstance(finish(recorder, sam, unfinished), Debit)
            transcripts.append(recorder.kept)
    assert transcripts[0] == transcripts[1]


@pytest.mark.parametrize("has_done_it", [True, False])
def test_a_card_torn_away_behind_the_relay_is_recovered(has_done_it: bool) -> None:
    card, sam = LeavingCard(new_card(), DEBIT, has_done_it), new_sam()
    with serve_card(card) as server:
        with opened(server) as link:
            link.transmit(SELECT)
            unfinished = begin(link, sam, IDS, PURCHASE)
            assert isinstance(unfinished, Unfinished)
            torn = finish(link, sam, unfinished)
            assert isinstance(torn, Refusal) and torn.code == "CARD_REMOVED"
            with pytest.raises(CardGone):
                link.transmit(SELECT)
        with opened_again(server) as link:
            link.transmit(SELECT)
            found = recover(link, unfinished)
            assert isinstance(found, Debit if has_done_it else NotDone)


def opened_again(server: CardServer) -> TcpLink:
    """The relay needs a moment to see that its last client is gone."""
    until = time.monotonic() + 30
    while isinstance(link := open_tcp(*server.address), Refusal):
        assert link.code == "RELAY_BUSY" and time.monotonic() < until
        time.sleep(0.01)
    return link


@pytest.mark.parametrize("code", ["CARD_REMOVED", "CARD_TIMEOUT", "CARD_COLLISION"])
def test_what_happened_to_the_card_is_told_to_the_client(code: Gone) -> None:
    card = LeavingCard(new_card(), SELECT[1], code=code)
    with serve_card(card) as server, opened(server) as link:
        with pytest.raises(CardGone) as gone:
            link.transmit(SELECT)
        assert gone.value.code == code
        opened_again(server).close()  # who lost the card has let go of it


def test_a_second_client_is_told_that_the_card_is_in_use(server: CardServer) -> None:
    with opened(server) as first:
        second = open_tcp(*server.address)
        assert isinstance(second, Refusal) and second.code == "RELAY_BUSY"
        assert balance_of(first) == 6070
    opened_again(server).close()


def test_power_and_reset_forget_what_was_begun(server: CardServer) -> None:
    with opened(server) as link:
        link.transmit(SELECT)
        link.reset()
        assert link.transmit(bytes.fromhex("805C030204"))[-2:] == b"\x69\x85"


def test_a_server_that_stops_takes_the_card_away(server: CardServer) -> None:
    with opened(server) as link:
        server.close()
        with pytest.raises(CardGone) as gone:
            link.transmit(SELECT)
    assert gone.value.code == "CARD_REMOVED"
    refused = open_tcp(*("127.0.0.1", free_port()))
    assert isinstance(refused, Refusal) and refused.code == "RELAY_UNREACHABLE"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_silent_client_loses_the_card() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with CardServer(new_card(), listener, idle_s=0.2) as server:
        server.start()
        with opened(server):
            time.sleep(0.4)
            opened_again(server).close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        POWER_ON,
        framing.encode(framing.APDU, SELECT),
        framing.encode(framing.HELLO, b"TXC2"),
        HELLO + HELLO,
        HELLO + framing.encode(framing.POWER_ON, b"x"),
        HELLO + framing.encode(0x7F),
        HELLO + struct.pack(">BH", framing.APDU, framing.CONTENT_MAX + 1),
        HELLO + b"\x04\xff\xff",
    ],
    ids=lambda sent: sent[:8].hex(),
)
def test_what_is_no_frame_ends_the_connection(server: CardServer, sent: bytes) -> None:
    with socket.create_connection(server.address, timeout=5) as raw:
        raw.sendall(sent)
        answered = read_to_the_end(raw)
    assert answered.endswith(NO_FRAME)
    with opened_again(server) as link:
        assert balance_of(link) == 6070


def test_a_card_without_power_answers_nothing(server: CardServer) -> None:
    with socket.create_connection(server.address, timeout=5) as raw:
        raw.sendall(HELLO + framing.encode(framing.APDU, SELECT))
        raw.shutdown(socket.SHUT_WR)
        assert read_to_the_end(raw) == framing.encode(0x80, framing.VERSION) + framing.encode(
            framing.TROUBLE, b"\x01"
        )


def read_to_the_end(raw: socket.socket) -> bytes:
    found = b""
    try:
        while part := raw.recv(1000):
            found += part
    except ConnectionResetError:
        pass  # what we sent and nobody read makes the system cut the line
    return found


def false_server(answers: bytes, hold_s: float = 0.0) -> tuple[str, int]:
    """Answers the first client with these bytes, whatever it says."""
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        with suppress(OSError), listener, listener.accept()[0] as client:
            client.recv(100)
            client.sendall(answers)
            time.sleep(hold_s)
            client.shutdown(socket.SHUT_WR)
            while client.recv(1000):
                """Until the other side hangs up."""

    threading.Thread(target=work, daemon=True).start()
    host, port = listener.getsockname()
    return str(host), int(port)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (b"SSH-2.0-x\r\n", "RELAY_FOREIGN"),
        (framing.encode(0x80, b"TXC2"), "RELAY_FOREIGN"),
        (framing.encode(0x80, framing.VERSION) + b"\x81\xff\xff", "RELAY_FOREIGN"),
        (b"", "RELAY_UNREACHABLE"),
        (BUSY, "RELAY_BUSY"),
        (framing.encode(0x80, framing.VERSION) + framing.encode(0xFF, b"\x03"), "CARD_COLLISION"),
    ],
    ids=["another service", "another version", "too long", "hangs up", "busy", "two cards"],
)
def test_whoever_answers_is_not_believed(answers: bytes, code: str) -> None:
    refused = open_tcp(*false_server(answers), answer_s=2)
    assert isinstance(refused, Refusal) and refused.code == code


def test_an_answer_that_comes_too_late_ends_the_link() -> None:
    greeting = framing.encode(0x80, framing.VERSION) + framing.encode(0x81, SOFTWARE_ATR)
    link = open_tcp(*false_server(greeting, hold_s=1.0), answer_s=0.2)
    assert isinstance(link, TcpLink)
    with link, pytest.raises(CardGone) as gone:
        link.transmit(SELECT)
    assert gone.value.code == "CARD_TIMEOUT"
    with pytest.raises(CardGone):
        link.transmit(SELECT)


def test_too_long_a_command_is_answered_by_the_link_itself(server: CardServer) -> None:
    with opened(server) as link:
        assert link.transmit(bytes(600)) == b"\x67\x00"
        assert link.transmit(b"") == b"\x67\x00"


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=1, max_size=40))
def test_no_bytes_stop_the_relay(lasting_server: CardServer, sent: bytes) -> None:
    with socket.create_connection(lasting_server.address, timeout=5) as raw:
        raw.sendall(sent)
        with suppress(OSError):  # it may have hung up on us already
            raw.shutdown(socket.SHUT_WR)
        read_to_the_end(raw)
    with opened_again(lasting_server) as link:
        assert balance_of(link) == 6070


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=40))
def test_no_answer_makes_the_client_raise(answers: bytes) -> None:
    refused = open_tcp(*false_server(answers), answer_s=2)
    assert isinstance(refused, Refusal)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:35963", ("127.0.0.1", 35963)),
        ("[::1]:80", ("::1", 80)),
        ("localhost", ("localhost", 7)),
    ],
)
def test_an_address_is_read(text: str, found: tuple[str, int]) -> None:
    assert parse_address(text, 7) == found


@pytest.mark.parametrize(
    "text", ["", ":80", "host:", "host:0", "host:65536", "host:８０", "host:-1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    refused = parse_address(text)
    assert isinstance(refused, Refusal) and refused.code == "READER_ADDRESS"
