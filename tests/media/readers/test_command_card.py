"""A card behind a child program, what may be told of a command, and a card that takes too long."""

import sys
import threading
from pathlib import Path

import pytest
from lent_cards import IDS, NUMBER, PURCHASE, SELECT, new_card, new_sam

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone
from tongxing.media.card.readers.command import CommandLink, open_command
from tongxing.media.card.readers.patience import Late, Patience
from tongxing.media.card.readers.recording import Recorder, line_of
from tongxing.media.card.terminal import Debit, Unfinished, begin, finish

HELPERS = str(Path(__file__).resolve().parents[1])
PROGRAM = f"""
import sys
sys.path.insert(0, {HELPERS!r})
from lent_cards import new_card
card = new_card()
for line in sys.stdin:
    if line.strip() == "reset":
        card.reset()
        print("ok", flush=True)
    else:
        print(card.transmit(bytes.fromhex(line)).hex(), flush=True)
"""


def opened(program: str, answer_s: float = 10.0) -> CommandLink:
    link = open_command([sys.executable, "-c", program], answer_s=answer_s)
    assert isinstance(link, CommandLink)
    return link


def test_a_purchase_with_a_card_behind_a_program_is_the_same_bytes() -> None:
    transcripts = []
    with opened(PROGRAM) as link:
        for card in (link, new_card()):
            recorder, sam = Recorder(card), new_sam()
            recorder.transmit(SELECT)
            unfinished = begin(recorder, sam, IDS, PURCHASE)
            assert isinstance(unfinished, Unfinished)
            assert isinstance(finish(recorder, sam, unfinished), Debit)
            transcripts.append(recorder.kept)
        link.reset()
        assert link.transmit(bytes.fromhex("805C030204"))[-2:] == b"\x69\x85"
    assert transcripts[0] == transcripts[1]


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("input(); print('removed')", "CARD_REMOVED"),
        ("input(); print('timeout')", "CARD_TIMEOUT"),
        ("input(); print('collision')", "CARD_COLLISION"),
        ("input(); print('hello')", "CARD_REMOVED"),
        ("input(); print('九千')", "CARD_REMOVED"),
        ("input(); print()", "CARD_REMOVED"),
        ("input(); print('90' * 5000)", "CARD_REMOVED"),
        ("", "CARD_REMOVED"),
        ("import time; time.sleep(9)", "CARD_TIMEOUT"),
    ],
    ids=lambda value: value[:40],
)
def test_whatever_the_program_does_the_card_is_only_gone(program: str, code: str) -> None:
    with opened(program, answer_s=0.5 if "sleep" in program else 20.0) as link:
        with pytest.raises(CardGone) as gone:
            link.transmit(SELECT)
        assert gone.value.code == code


def test_a_program_that_answers_no_reset_is_ended() -> None:
    with opened("input(); print('9000'); input()") as link:
        with pytest.raises(CardGone):
            link.reset()
        with pytest.raises(CardGone):
            link.transmit(SELECT)


@pytest.mark.parametrize("command", ["/no/such/program", "", "'unclosed"])
def test_what_does_not_start_is_refused(command: str) -> None:
    refused = open_command(command)
    assert isinstance(refused, Refusal) and refused.code == "COMMAND_NOT_STARTED"


@pytest.mark.parametrize(
    ("command", "answer", "line"),
    [
        ("805C030204", "000017B69000", "> 805C0302  < 4 bytes 9000"),
        ("00A4040008A00000063201010500", "6A82", "> 00A40404 08"),
        ("0020000003123456", "63C2", "> 00200000 03 ********  < 0 bytes 63C2"),
        ("805E000003123456", "9000", "> 805E0000 03 ********  < 0 bytes 9000"),
        ("00820000081122334455667788", "9000", "> 00820000 08 ********  < 0 bytes 9000"),
        ("84D401010501020304059000", "9000", "> 12 bytes"),
        ("805401000F0000000120260101120000" + "11223344", "9000", "> 80540100 0F ********"),
        ("805200000B2026010112000011223344", "9000", "> 80520000 0B ********"),
        ("841E00000411223344", "9000", "> 841E0000 04 ********"),
        ("841800000411223344", "9000", "> 84180000 04 ********"),
        ("841600000411223344", "9000", "> 84160000 04 ********"),
        ("04D697000501" + "11223344", "9000", "> 04D69700 05 ********"),
        ("00D6970001AB", "9000", "> 00D69700 01 AB  <"),
        ("12", "67", "> 1 bytes  < 1 bytes, no status"),
    ],
)
def test_a_line_tells_no_secret(command: str, answer: str, line: str) -> None:
    told = line_of(bytes.fromhex(command), bytes.fromhex(answer))
    assert told.startswith(line.replace("00A40404", "00A40400"))
    assert "123456" not in told and "11223344" not in told


def test_no_answer_of_a_card_is_shown_for_it_may_hold_its_number() -> None:
    card = new_card()
    for command in (SELECT, bytes.fromhex("00B095001E")):
        answer = card.transmit(command)
        assert NUMBER in answer.hex()
        assert NUMBER[-10:] not in line_of(command, answer)


def test_what_a_recorder_keeps_is_not_in_its_printed_form() -> None:
    recorder = Recorder(new_card())
    recorder.transmit(SELECT)
    assert NUMBER[3:] not in repr(recorder)


def test_a_call_that_is_late_is_left_behind_and_its_answer_is_nobodys() -> None:
    waiting: Patience[str] = Patience(0.5)
    gate, ended = threading.Event(), threading.Event()
    with pytest.raises(Late):
        waiting.call(lambda: "late" if gate.wait(5) else "")
    gate.set()
    with pytest.raises(Late):
        waiting.call(lambda: "next")
    waiting.close(lambda: str(ended.set()))
    assert ended.wait(5)
