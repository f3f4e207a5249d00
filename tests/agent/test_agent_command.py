"""`tongxing agent`: what it is told on the command line, and the cards it can lend."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from agent_world import BALANCE, NUMBER, SELECT, new_table, numbers

from tongxing.agent.cards import behind_relay, in_file
from tongxing.agent.holding import Holder
from tongxing.agent.serving import serve_agent
from tongxing.cli import run
from tongxing.cli.agent import origin_of
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.card.chip import FileStore, personalise
from tongxing.media.card.chip.image_file import to_bytes
from tongxing.media.card.chip.trial import trial_profile
from tongxing.media.card.readers.relay import serve_card


@pytest.fixture
def image(tmp_path: Path) -> Path:
    found = tmp_path / "card.img"
    found.write_bytes(to_bytes(personalise(trial_profile(NUMBER, balance_fen=6_070))))
    found.chmod(0o600)
    return found


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Rider.Example", "https://rider.example"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_do(text: str, origin: str) -> None:
    assert origin_of(text) == origin


@pytest.mark.parametrize("text", ["", "rider.example", "ftp://x", "https://x/path", "https://x?q"])
def test_what_is_no_origin_is_not_let_in(text: str) -> None:
    with pytest.raises(Problem) as found:
        origin_of(text)
    assert found.value.refusal.code == "AGENT_ORIGIN_FORM"


def test_mistakes_on_the_command_line_end_with_their_reason(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["agent", "--image", str(image), "--reader", "x"]) == 2
    assert run(["agent", "--image", str(image), "--origin", "x"]) == 2
    assert run(["agent", "--connect", "nowhere"]) != 0
    told = capsys.readouterr().err
    assert all(
        code in told for code in ("AGENT_CARD_CHOICE", "AGENT_ORIGIN_FORM", "READER_ADDRESS")
    )
    image.write_bytes(b"no card")
    assert run(["agent", "--image", str(image)]) != 0


def test_a_card_that_another_program_uses_is_not_lent(image: Path) -> None:
    with FileStore(image).claimed() as refused:
        assert refused is None
        words = [sys.executable, "-m", "tongxing", "agent", "--image", str(image), "--port", "0"]
        assert subprocess.run(words, capture_output=True, timeout=60).returncode == 6


def test_a_card_in_a_file_forgets_what_it_had_begun_when_it_is_let_go(image: Path) -> None:
    opened = in_file(FileStore(image), numbers)
    card = opened()
    assert not isinstance(card, Refusal)
    assert card.transmit(bytes.fromhex(SELECT))[-2:] == b"\x90\x00"
    assert card.transmit(bytes.fromhex(BALANCE)).hex() == "000017b69000"
    card.close()
    again = opened()
    assert not isinstance(again, Refusal)
    assert again.transmit(bytes.fromhex(BALANCE))[-2:] != b"\x90\x00", "nothing is selected"


def test_a_card_behind_a_relay_is_lent_and_given_back() -> None:
    table = new_table()
    with serve_card(table.card) as server:
        open_card = behind_relay(*server.address)
        for _ in range(2):
            card = open_card()
            until = time.monotonic() + 30  # the relay hears a moment later that we let go
            while isinstance(card, Refusal) and card.code == "RELAY_BUSY":
                assert time.monotonic() < until
                card = open_card()
            assert not isinstance(card, Refusal), card
            assert card.transmit(bytes.fromhex(SELECT))[-2:] == b"\x90\x00"
            card.close()
            card.close()
    gone = open_card()
    assert isinstance(gone, Refusal) and gone.code == "RELAY_UNREACHABLE"


def test_an_agent_listens_on_this_machine_alone() -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        holder = Holder(new_table().open, frozenset(), "1", numbers, 60)
        with pytest.raises(ValueError, match="this machine"):
            serve_agent(holder, "x", taken, print)


COMES_AT_ONCE = """
import signal, socket, sys
from agent_world import new_table, numbers
from tongxing.agent.holding import Holder
from tongxing.agent.serving import serve_agent
from tongxing.cli.common import loopback_socket

def come(address):
    host, _, port = address.removeprefix("http://").partition(":")
    assert int(port) == taken.getsockname()[1], address
    socket.create_connection((host, int(port)), timeout=30).close()
    print("came")
    signal.raise_signal(signal.SIGINT)

with loopback_socket(0) as taken:
    serve_agent(Holder(new_table().open, frozenset(), "1", numbers, 60), "x", taken, come)
"""


@pytest.mark.req("R-015")
def test_whoever_hears_the_agents_address_reaches_it_at_once() -> None:
    here = str(Path(__file__).parent)
    paths = os.pathsep.join([here, os.environ["PYTHONPATH"]])
    ended = subprocess.run(
        [sys.executable, "-c", COMES_AT_ONCE],
        capture_output=True, text=True, check=False, env=dict(os.environ, PYTHONPATH=paths),
    )  # fmt: skip
    assert (ended.stdout, ended.returncode) == ("came\n", 0), ended.stderr
