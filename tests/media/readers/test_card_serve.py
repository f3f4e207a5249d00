"""`tongxing card serve`: a card in a file, lent to other programs, kept whatever ends that."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lent_cards import IDS, NUMBER, PURCHASE, SELECT, balance_of, new_card, new_sam
from pcsc_world import CardService

from tongxing.cli import run
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import FileStore, SoftwareCard
from tongxing.media.card.link import CardGone, CardLink
from tongxing.media.card.readers.pcsc import PcscLink, open_pcsc
from tongxing.media.card.readers.tcp import TcpLink, open_tcp
from tongxing.media.card.terminal import Debit, Unfinished, begin, finish

VERIFY = bytes.fromhex("0020000003123456")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "card"
    FileStore(path).commit(new_card().image)
    return path


@contextmanager
def served(file: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-u", "-m", "tongxing", "card", "serve", str(file), *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running: subprocess.Popen[str] = subprocess.Popen(command, **pipes)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def port_told(running: "subprocess.Popen[str]") -> int:
    assert running.stdout is not None
    return int(running.stdout.readline().rpartition("127.0.0.1:")[2].split(",")[0])


def pay(link: CardLink) -> None:
    assert link.transmit(SELECT)[-2:] == b"\x90\x00"
    sam = new_sam()
    unfinished = begin(link, sam, IDS, PURCHASE)
    assert isinstance(unfinished, Unfinished), unfinished
    assert isinstance(finish(link, sam, unfinished), Debit)


def kept_fen(file: Path) -> int:
    store = FileStore(file)
    return balance_of(SoftwareCard(store, bytes))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_what_was_paid_over_tcp_is_in_the_file_when_it_ends(
    file: Path, sent: signal.Signals
) -> None:
    with served(file, "--tcp", "0", "--verbose") as running:
        link = open_tcp("127.0.0.1", port_told(running))
        assert isinstance(link, TcpLink)
        with link:
            pay(link)
            link.transmit(VERIFY)
        assert kept_fen(file) == 6070 - 315
        running.send_signal(sent)
        told, errors = running.communicate(timeout=20)
    assert running.returncode == 0, errors
    assert "> 80540100 0F" in told and "8 bytes 9000" in told
    assert "123456" not in told and NUMBER[-8:] not in told + errors


def test_what_was_paid_on_the_virtual_reader_is_in_the_file(
    file: Path, card_service: CardService
) -> None:
    with served(file, "--vpcd", f"127.0.0.1:{card_service.port}"):
        link = open_pcsc(card_service.reader(), wait_s=10.0)
        assert isinstance(link, PcscLink), link
        with link:
            pay(link)
    card_service.wait_until_empty(0)
    assert kept_fen(file) == 6070 - 315


def test_a_card_that_is_spoilt_while_it_is_lent_leaves_and_says_why(file: Path) -> None:
    with served(file, "--tcp", "0") as running:
        link = open_tcp("127.0.0.1", port_told(running))
        assert isinstance(link, TcpLink)
        with link, pytest.raises(CardGone):
            link.transmit(SELECT)
            sam = new_sam()
            unfinished = begin(link, sam, IDS, PURCHASE)
            assert isinstance(unfinished, Unfinished)
            make_unwritable_and_unreadable(file)
            torn = finish(link, sam, unfinished)
            assert isinstance(torn, Refusal) and torn.code in ("CARD_TIMEOUT", "CARD_REMOVED")
            link.transmit(SELECT)
        _, errors = running.communicate(timeout=20)
    assert running.returncode == 4
    assert errors.splitlines()[-1].startswith("error FILE_NOT_READABLE: ")


@pytest.mark.parametrize(
    "other",
    [["card", "serve", "{file}", "--tcp", "0"], ["card", "make", "{file}", "--replace"],
     ["conformance", "card", "--image", "{file}"]],
)  # fmt: skip
def test_a_card_that_is_lent_is_nobody_elses_until_that_ends(
    file: Path, other: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()
    command = [word.format(file=file) for word in other]
    with served(file, "--tcp", "0") as running:
        port_told(running)
        assert run(["--lang", "en", *command]) == 6
    assert capsys.readouterr().err.startswith("error CARD_IMAGE_IN_USE: This software card is in")
    assert file.read_bytes() == before
    with FileStore(file).claimed() as refused:
        assert refused is None


def test_a_card_whose_file_was_deleted_does_not_come_back(file: Path) -> None:
    with served(file, "--tcp", "0") as running:
        link = open_tcp("127.0.0.1", port_told(running))
        assert isinstance(link, TcpLink)
        with link:
            link.transmit(SELECT)
            sam = new_sam()
            unfinished = begin(link, sam, IDS, PURCHASE)
            assert isinstance(unfinished, Unfinished)
            file.unlink()
            assert isinstance(finish(link, sam, unfinished), Refusal)
        _, errors = running.communicate(timeout=20)
    assert not file.exists()
    assert errors.splitlines()[-1].startswith("error FILE_NOT_FOUND: ")


def make_unwritable_and_unreadable(file: Path) -> None:
    """Also for root: what was a folder is a file now."""
    folder = file.parent
    file.unlink()
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("no folder any more")


@pytest.mark.parametrize(
    ("options", "code", "name"),
    [
        ([], 2, "USAGE"),
        (["--vpcd", "127.0.0.1:9", "--tcp", "0"], 2, "USAGE"),
        (["--vpcd", "nowhere"], 2, "READER_ADDRESS"),
        (["--vpcd", "127.0.0.1:9"], 6, "RELAY_UNREACHABLE"),
        (["--tcp", "99999"], 2, "ARG_INVALID"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    options: list[str], code: int, name: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["card", "serve", str(file), *options]) == code
    assert capsys.readouterr().err.startswith(f"error {name}: ")


def test_a_port_that_is_taken_is_told_with_this_commands_own_option(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["--lang", "en", "card", "serve", str(file), "--tcp", port]) == 6
    told = capsys.readouterr().err
    assert "PORT_IN_USE" in told and "--tcp 0" in told and "--port" not in told


def test_what_is_no_card_is_not_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes").write_text("no card")
    assert run(["card", "serve", str(tmp_path / "notes"), "--tcp", "0"]) == 4
    assert capsys.readouterr().err.startswith("error CARD_IMAGE_FOREIGN: ")
