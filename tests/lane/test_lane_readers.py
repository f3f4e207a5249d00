"""Every reader on real sockets, terminals and pipes: what it reads becomes one tap, and when it
dies its lane says so and takes it back."""

import base64
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lane_world import (
    CARD,
    EIGHT,
    LANE,
    MEDIA,
    Wallet,
    eventually,
    phone,
    running,
    taps_of,
    validator,
    write_gate,
)

from tongxing.gate.running import Runner
from tongxing.gate.running.framing import Frames
from tongxing.gate.running.readers.keyboard import Typed
from tongxing.gate.running.readers.streams import LineScanner
from tongxing.gate.running.showings import Showings
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.readers.relay import serve_card

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and terminals of POSIX")

_EVENT = struct.Struct("llHHi")
_ROWS = {2: "1234567890-=", 16: "qwertyuiop[]", 30: "asdfghjkl;'`", 43: "\\zxcvbnm,./"}
_SHIFTED = {"+": "="}


def has_taps(runner: Runner, *reasons: str) -> None:
    eventually(lambda: [tap.reason for tap in taps_of(runner)] == list(reasons), str(reasons))


def ready(runner: Runner) -> None:
    eventually(lambda: all(reader.is_ready for reader in runner.readers[LANE]), "ready")


class ScannerBox:
    """A QR scanner with a network socket, which can be unplugged and plugged in again."""

    def __init__(self) -> None:
        self.port = 0
        self.plug_in()

    def plug_in(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]

    def accept(self) -> None:
        self.client, _ = self._listener.accept()

    def unplug(self) -> None:
        self.client.close()
        self._listener.close()


def test_a_scanner_in_the_network_dies_and_comes_back(tmp_path: Path) -> None:
    box = ScannerBox()
    where = f'{{ kind = "scanner_tcp", address = "127.0.0.1:{box.port}" }}'
    code = phone().show(EIGHT)
    with running(write_gate(tmp_path, validator(where))) as runner:
        box.accept()
        ready(runner)
        for part in (code[:100], code[100:] + b"\r\n", code, code):
            box.client.sendall(part)
        has_taps(runner, "OPEN")
        box.unplug()
        eventually(lambda: runner.board.view(LANE).troubles != (), "it tells")
        assert runner.board.view(LANE).troubles[0]["code"] == "LANE_READER_GONE"
        eventually(lambda: runner.board.view(LANE).sign == "trouble", "the screen says so")
        box.plug_in()
        box.accept()
        ready(runner)
        assert runner.board.view(LANE).troubles == ()
        box.client.sendall(phone(22).show(EIGHT))
        has_taps(runner, "OPEN", "OPEN")
        box.unplug()


def test_a_scanner_on_a_serial_line(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    reader = f'{{ kind = "scanner_serial", path = "{os.ttyname(theirs)}", baud = 9600 }}'
    with running(write_gate(tmp_path, validator(reader))) as runner:
        ready(runner)
        os.write(ours, phone().show(EIGHT))  # the bytes of a code, line ends and all
        has_taps(runner, "OPEN")
        os.write(ours, base64.b64encode(phone(22).show(EIGHT)) + b"\r")
        has_taps(runner, "OPEN", "OPEN")
        os.write(ours, b"6901234567892\r\n")
        eventually(lambda: len(taps_of(runner)) == 3)
        assert taps_of(runner)[-1].outcome == "refused"
    os.close(ours)
    os.close(theirs)


def strokes(text: str) -> bytes:
    """The key events of a scanner that types a line."""
    found = b""
    for sign in text + "\n":
        small = _SHIFTED.get(sign, sign.lower())
        shift = small != sign
        key = 28 if sign == "\n" else next(
            first + row.index(small) for first, row in _ROWS.items() if small in row
        )  # fmt: skip
        presses = [(42, 1)] * shift + [(key, 1), (key, 0)] + [(42, 0)] * shift
        for code, value in presses:
            found += _EVENT.pack(0, 0, 1, code, value) + _EVENT.pack(0, 0, 0, 0, 0)
    return found


def test_a_scanner_that_types(tmp_path: Path) -> None:
    device = tmp_path / "event3"
    os.mkfifo(device)
    reader = f'{{ kind = "scanner_keyboard", path = "{device.name}" }}'
    with running(write_gate(tmp_path, validator(reader))) as runner:
        with device.open("wb", buffering=0) as keys:
            typed = strokes(base64.b64encode(phone().show(EIGHT)).decode())
            for at in range(0, len(typed), 1_000):
                keys.write(typed[at : at + 1_000])
            has_taps(runner, "OPEN")
        eventually(lambda: runner.board.view(LANE).troubles != (), "pulled out")


def test_lines_on_standard_input() -> None:
    there, here = os.pipe()
    heard: list[bytes] = []
    scanner = LineScanner("stdin", there)
    scanner.start(lambda medium: heard.append(medium) or "", lambda _refusal: None)
    line = base64.b64encode(phone().show(EIGHT))
    os.write(here, line + b"\n")
    eventually(lambda: heard == [line])
    scanner.stop()
    scanner.join(3)
    os.close(here)
    os.close(there)


def test_a_simulated_reader_hears_what_the_lane_said(tmp_path: Path) -> None:
    reader = '{ kind = "simulated", port = 0 }'
    code = phone().show(EIGHT)
    with running(write_gate(tmp_path, validator(reader))) as runner:
        ready(runner)
        port = runner.readers[LANE][0].port
        with (
            socket.create_connection(("127.0.0.1", port)) as client,
            client.makefile("rwb", buffering=0) as lines,
        ):
            answers = []
            for text in (
                f"code {code.hex()}",
                f"code {code.hex()}",
                "code zz",
                "hello 00",
                "code ",
            ):
                lines.write(text.encode() + b"\n")
                answers.append(lines.readline().strip().decode())
        assert answers == ["opened OPEN", "refused QR_REPLAYED", "error", "error", "error"]
        assert len(taps_of(runner)) == 2


@contextmanager
def lent(wallet: Wallet) -> Iterator[str]:
    server = serve_card(wallet)
    try:
        yield "{}:{}".format(*server.address)
    finally:
        server.close()


def test_a_card_is_presented_once_however_long_it_lies(tmp_path: Path) -> None:
    wallet = Wallet(MEDIA.card(CARD, EIGHT))
    with lent(wallet) as address:
        reader = f'{{ kind = "card_tcp", address = "{address}" }}'
        with running(write_gate(tmp_path, validator(reader))) as runner:
            ready(runner)
            assert taps_of(runner) == []
            wallet.in_field = True
            has_taps(runner, "OPEN")
            commands = len(wallet.commands)
            eventually(lambda: runner.board.view(LANE).sign == "open")
            view = runner.board.view(LANE)
            assert (view.balance_fen, view.medium) == (50_00, "0017")
            threading.Event().wait(0.8)
            assert len(wallet.commands) == commands and len(taps_of(runner)) == 1
            wallet.in_field = False
            threading.Event().wait(0.8)
            wallet.in_field = True
            has_taps(runner, "OPEN", "DOUBLE_TAP")
            assert taps_of(runner)[0].proof is not None
            wallet.in_field = False


def test_a_reader_whose_support_is_missing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with running(write_gate(tmp_path, validator('{ kind = "card_pcsc" }'))) as runner:
        eventually(lambda: runner.board.view(LANE).troubles != ())
        view = runner.board.view(LANE)
        assert view.troubles[0]["code"] == "READER_SUPPORT_MISSING"
        assert view.sign == "trouble" and view.said["zh"].text and view.said["en"].next


def test_a_code_is_cut_out_of_a_stream_by_its_own_length() -> None:
    code = phone().show(EIGHT)
    assert b"\n" in code or b"\r" in code or b"\x00" in code
    frames = Frames()
    assert [frames.feed(bytes((one,))) for one in code + b"\r\n"].count([code]) == 1
    assert not frames
    mangled = code.decode("latin-1").encode()
    assert frames.feed(mangled[:300]) == [] and frames.feed(mangled[300:]) == [mangled]
    assert frames.feed(b"abc\r\n\r\ndef\n" + code + code + b"gh") == [b"abc", b"def", code, code]
    assert frames.rest() == b"gh" and frames.rest() == b""
    assert frames.feed(code[:50]) == [] and frames.rest() == code[:50]
    assert len(b"".join(frames.feed(b"x" * 100_000))) > 90_000  # nothing is kept without end
    assert len(frames.rest()) < 3_000


def test_a_length_that_no_code_has_is_not_waited_for() -> None:
    frames = Frames()
    assert frames.feed(b"\x81\xff\xff" + b"A" * 20 + b"\n") == [b"\x81\xff\xff" + b"A" * 20]
    assert frames.feed(b"\xc2\x81\xc3\x28\n") == [b"\xc2\x81\xc3\x28"]
    assert frames.feed(b"\xc2") == [] and frames.feed(b"\x81") == []


def test_keys_that_mean_nothing_are_left_out() -> None:
    typed = Typed()
    assert typed.take(28, 1) is None  # enter alone
    for key, value in ((30, 1), (30, 0), (1, 1), (54, 1), (30, 1), (54, 0), (30, 2)):
        assert typed.take(key, value) is None
    assert typed.take(96, 1) == b"aAa"


def test_one_display_is_one_presentation_while_it_is_held_there() -> None:
    showings = Showings(pause_s=1.5)
    assert showings.is_new(b"a", 0.0)
    assert not showings.is_new(b"a", 1.0) and not showings.is_new(b"a", 2.4)
    assert showings.is_new(b"b", 2.4)
    assert showings.is_new(b"a", 4.0)
    showings.forget(b"a")
    assert showings.is_new(b"a", 4.1)
    for number in range(1_000):
        assert showings.is_new(str(number).encode(), 5.0)
    assert len(showings._seen) <= 16


def test_what_nothing_was_decided_about_counts_anew_while_it_is_held_there() -> None:
    showings = Showings(pause_s=1.5)
    assert showings.is_new(b"a", 0.0)
    showings.put_off(b"a", 0.1)
    looks = [round(0.2 * look, 1) for look in range(1, 20)]
    assert [now for now in looks if showings.is_new(b"a", now)] == [1.8], "once, after a pause"
    showings.put_off(b"never seen", 5.0)
    assert showings.is_new(b"never seen", 9.0)
    for number in range(1_000):
        raw = str(number).encode()
        showings.is_new(raw, 5.0)
        showings.put_off(raw, 5.0)
    assert len(showings._put_off) <= 16


def test_a_notice_of_a_card_that_does_not_answer(tmp_path: Path) -> None:
    with running(write_gate(tmp_path, validator('{ kind = "simulated", port = 0 }'))) as runner:
        runner.board.notice(LANE, Refusal("CARD_COLLISION"))
        view = runner.board.view(LANE)
        assert view.sign == "notice" and view.said["zh"].text
        assert taps_of(runner) == []
