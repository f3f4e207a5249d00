"""Proofs of records and chains of checkpoints: believed when whole, refused with their reason."""

from dataclasses import replace

import pytest
from checkpoint_world import KEY, STRANGER, VERIFIER, PaperHub, entry
from msgspec import structs

from tongxing.checkpoint import (
    Checkpoint,
    Link,
    Proven,
    RecordProof,
    check_chain,
    check_proof,
    entries_of_file,
    first_of_all,
    leaf_bytes,
    open_checkpoint,
    sign_checkpoint,
    write_proof,
)
from tongxing.checkpoint.proofs import read_proof
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Verdict

W = ["W20260318", "W20260319", "W20260320", "W20260321"]
HUB = PaperHub()
NOTES = [HUB.close(window, 7, files=number) for number, window in enumerate(W)]
PROOF = HUB.proof(W[1], 4)
RECORD = f"{W[1]}-4.1"


def code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else "OK"


def chain(*notes: bytes) -> list[Link] | Refusal:
    return check_chain({f"{n}.txt": note for n, note in enumerate(notes)}, VERIFIER)


def opened(note: bytes) -> Checkpoint:
    found = open_checkpoint(note, VERIFIER)
    assert isinstance(found, Checkpoint)
    return found


@pytest.mark.parametrize("published", [None, NOTES[1]])
def test_a_record_is_proven_by_key_proof_and_checkpoint_alone(published: bytes | None) -> None:
    found = check_proof(PROOF, RECORD, VERIFIER, published)
    assert isinstance(found, Proven)
    assert (found.index, found.entry) == (4, entry(W[1], 4))
    assert found.checkpoint.window_id == W[1]


@pytest.mark.parametrize("size", [1, 2, 3, 64, 65])
def test_every_row_of_windows_of_any_size(size: int) -> None:
    hub = PaperHub()
    hub.close(W[0], size)
    for number in range(size):
        proof = hub.proof(W[0], number)
        assert code(check_proof(proof, f"{W[0]}-{number}.1", VERIFIER)) == "OK"
        if number:
            assert code(check_proof(proof, f"{W[0]}-0.1", VERIFIER)) == "PROOF_OTHER_RECORD"


def test_a_proof_of_something_else_is_refused() -> None:
    parts = read_proof(PROOF)
    assert isinstance(parts, RecordProof)
    richer = leaf_bytes(structs.replace(entry(W[1], 4), delta_fen=9_999))
    for wrong, published, expected in (
        (replace(parts, leaf=richer), None, "PROOF_WRONG"),
        (replace(parts, index=5), None, "PROOF_WRONG"),
        (replace(parts, path=parts.path[:-1]), None, "PROOF_WRONG"),
        (replace(parts, leaf=b"no leaf"), None, "PROOF_WRONG"),
        (replace(parts, checkpoint=NOTES[0]), None, "PROOF_WRONG"),
        (parts, NOTES[0], "PROOF_OTHER_WINDOW"),
        (parts, b"?", "NOTE_MALFORMED"),
        (replace(parts, checkpoint=PaperHub(STRANGER).close(W[1], 7)), None, "NOTE_FOREIGN"),
    ):
        assert code(check_proof(write_proof(wrong), RECORD, VERIFIER, published)) == expected


def test_a_hub_that_signed_two_roots_for_one_window_is_found() -> None:
    """To one it shows the window with seven rows, to another the one with six."""
    other = PaperHub()
    other.close(W[0], 7, files=0)
    other.close(W[1], 6)
    proof = other.proof(W[1], 4)
    assert code(check_proof(proof, RECORD, VERIFIER)) == "OK"
    assert code(check_proof(proof, RECORD, VERIFIER, NOTES[1])) == "CHAIN_FORKED"
    assert code(chain(*NOTES, other.notes[W[1]])) == "CHAIN_FORKED"


def test_no_bit_of_a_proof_can_change() -> None:
    for bit in range(len(PROOF) * 8):
        changed = bytearray(PROOF)
        changed[bit // 8] ^= 1 << bit % 8
        assert isinstance(check_proof(bytes(changed), RECORD, VERIFIER), Refusal), bit


@pytest.mark.parametrize("length", [*range(0, len(PROOF), 37), len(PROOF) - 1])
def test_a_proof_cut_short_is_none(length: int) -> None:
    assert isinstance(check_proof(PROOF[:length], RECORD, VERIFIER), Refusal)


def test_a_chain_holds_in_any_order_and_from_any_link_on() -> None:
    links = chain(*reversed(NOTES), NOTES[2])
    assert isinstance(links, list)
    assert [link.checkpoint.window_id for link in links] == W
    assert first_of_all(links[0])
    later = chain(*NOTES[2:])
    assert isinstance(later, list) and not first_of_all(later[0])
    assert chain() == []


def test_a_chain_that_was_cut_turned_back_or_forged_says_how() -> None:
    back = PaperHub(notes={W[0]: NOTES[0]})
    back_note = back.close(W[2], 3)
    restarted = PaperHub().close(W[3], 3)
    last = opened(NOTES[3])
    shrunk = sign_checkpoint(replace(last, files=opened(NOTES[1]).files, grown=()), KEY)
    exchanged = sign_checkpoint(replace(last, grown=last.grown[::-1]), KEY)
    for notes, expected in (
        ([NOTES[0], NOTES[1], NOTES[3]], "CHAIN_GAP"),
        ([NOTES[0], NOTES[1], back_note], "CHAIN_ROLLED_BACK"),
        ([*NOTES[:3], restarted], "CHAIN_ROLLED_BACK"),
        ([*NOTES[:3], shrunk], "CHAIN_FILES"),
        ([*NOTES[:3], exchanged], "CHAIN_FILES"),
        ([*NOTES, PaperHub(STRANGER).close(W[0], 7)], "NOTE_FOREIGN"),
    ):
        found = chain(*notes)
        assert code(found) == expected
        assert isinstance(found, Refusal) and found.where == f"{len(notes) - 1}.txt"


def test_an_acquirer_rebuilds_its_leaves_from_its_own_files() -> None:
    """A line that is no record keeps its place, with the hash of its own bytes and no money."""
    verdicts = [Verdict(record_id="#1", status="rejected", code="1006", bearer="acquirer")]
    [found] = entries_of_file(W[0], b"not json\n", verdicts)
    assert found.record_sha256 == sha256_hex(b"not json")
    assert (found.issuer, found.delta_fen, found.verdict) == ("", 0, verdicts[0])
    with pytest.raises(ValueError, match="argument"):
        list(entries_of_file(W[0], b"one\ntwo\n", verdicts))
