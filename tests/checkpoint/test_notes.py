"""Signed notes and checkpoints: the published example, and every way not to be one."""

from dataclasses import replace

import pytest
from checkpoint_world import KEY, STRANGER, VERIFIER, PaperHub

from tongxing.checkpoint import (
    Checkpoint,
    checkpoint_name,
    open_checkpoint,
    read_verifier,
    sign_checkpoint,
    verifier_of,
)
from tongxing.checkpoint.notes import NOTE_BYTES_MAX, Verifier, open_note, sign_note
from tongxing.kernel.reasons import Refusal

# The example of Go's golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotp"
    "RZb6KE6RyyBwJnAM=\n"
)
HUB = PaperHub()
NOTE = HUB.close("W20260318", 5)


def code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else "OK"


def test_the_published_note_is_believed() -> None:
    verifier = read_verifier(PUBLISHED_KEY)
    assert isinstance(verifier, Verifier) and verifier.text == PUBLISHED_KEY
    text = open_note(PUBLISHED_NOTE.encode(), verifier)
    assert text == PUBLISHED_NOTE.partition("\n\n")[0] + "\n"
    assert code(open_note(PUBLISHED_NOTE.replace("answer", "Answer").encode(), verifier)) == (
        "SIGNATURE_INVALID"
    )


def test_a_checkpoint_is_read_back_and_is_a_few_plain_lines() -> None:
    found = open_checkpoint(NOTE, VERIFIER)
    assert isinstance(found, Checkpoint)
    assert sign_checkpoint(found, KEY) == NOTE
    lines = NOTE.decode().split("\n")
    assert lines[:2] == ["HUB/W20260318", "5"]
    assert lines[3] == "previous -" and lines[5] == "grown -"


def test_a_witness_may_sign_too_and_the_name_stays() -> None:
    witness = sign_note(NOTE.decode().rpartition("\n\n")[0] + "\n", STRANGER_WITNESS)
    both = NOTE + witness.rpartition(b"\n\n")[2]
    assert open_checkpoint(both, VERIFIER) == open_checkpoint(NOTE, VERIFIER)
    assert isinstance(open_note(both, verifier_of(STRANGER_WITNESS)), str)
    assert checkpoint_name(both) == checkpoint_name(NOTE)


STRANGER_WITNESS = replace(STRANGER, sender="witness.example")


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (b"", "NOTE_MALFORMED"),
        (b"\xff" + NOTE, "NOTE_MALFORMED"),
        (NOTE[:-1], "NOTE_MALFORMED"),
        (NOTE + b"\n", "NOTE_MALFORMED"),
        (NOTE.replace(b"\n", b"\r\n"), "NOTE_MALFORMED"),
        (NOTE.replace("— ".encode(), b"- "), "NOTE_MALFORMED"),
        (b"x" * NOTE_BYTES_MAX + NOTE, "NOTE_MALFORMED"),
        (NOTE.replace(b"\n5\n", b"\n6\n"), "SIGNATURE_INVALID"),
        (sign_note(NOTE.decode().rpartition("\n\n")[0] + "\n", STRANGER), "NOTE_FOREIGN"),
        (sign_note("Pay 5 yuan.\n", KEY), "CHECKPOINT_MALFORMED"),
        (
            sign_note(NOTE.decode().rpartition("\n\n")[0].replace("HUB/", "HUB2/") + "\n", KEY),
            "NOTE_FOREIGN",
        ),
        (
            sign_note(NOTE.decode().rpartition("\n\n")[0].replace("\n5\n", "\n05\n") + "\n", KEY),
            "CHECKPOINT_MALFORMED",
        ),
    ],
)
def test_anything_else_is_refused_with_its_reason(note: bytes, expected: str) -> None:
    assert code(open_checkpoint(note, VERIFIER)) == expected


def test_no_bit_of_a_checkpoint_can_change() -> None:
    for bit in range(len(NOTE) * 8):
        changed = bytearray(NOTE)
        changed[bit // 8] ^= 1 << bit % 8
        assert isinstance(open_checkpoint(bytes(changed), VERIFIER), Refusal), bit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HUB",
        VERIFIER.text[:-1],
        VERIFIER.text.replace("HUB", "HUB2"),
        VERIFIER.text.replace("+A", "+B"),
        "a b+00000000+AAAA",
    ],
)
def test_a_key_is_one_whole_line(text: str) -> None:
    assert code(read_verifier(text)) == "VERIFIER_MALFORMED"
    assert read_verifier(f" {VERIFIER.text}\n") == VERIFIER


def test_what_cannot_be_read_back_is_never_signed() -> None:
    found = open_checkpoint(NOTE, VERIFIER)
    assert isinstance(found, Checkpoint)
    for wrong in (
        replace(found, rulebook_version="two words"),
        replace(found, window_id="W1"),
        replace(found, previous_sha256="-"),
    ):
        with pytest.raises(ValueError, match="no checkpoint"):
            sign_checkpoint(wrong, KEY)
