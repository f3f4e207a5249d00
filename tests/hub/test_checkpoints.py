"""The hub signs what it closes: proofs of any row, over suspensions, kills and old windows."""

import gzip
from datetime import timedelta

import psycopg
import pytest
from hub_world import DAY, HUB_KEY, B, World, encoded, opened, ride, void

from tongxing.checkpoint import (
    Checkpoint,
    Proven,
    check_chain,
    check_proof,
    entries_of_file,
    leaf_bytes,
    open_checkpoint,
    verifier_of,
)
from tongxing.checkpoint.tree import leaf_hash, root_of
from tongxing.hub import WindowClosing, prove_hub
from tongxing.hub.signing import record_proof
from tongxing.hub.store.checkpoints import KeptCheckpoint
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal

NEXT = DAY + timedelta(days=1)
MORNING_S, CUTOFF_S = at(NEXT, 6), at(NEXT, 12)
WINDOW, SECOND = "W20260318", "W20260319"
VERIFIER = verifier_of(HUB_KEY)
DAY_S = 86_400


def closed(world: World, window: str = WINDOW, now_s: int = CUTOFF_S) -> KeptCheckpoint:
    closing = world.hub.close_window(window, now_s)
    assert isinstance(closing, WindowClosing), closing
    assert closing.checkpoint is not None
    return closing.checkpoint


def signed(kept: KeptCheckpoint) -> Checkpoint:
    found = open_checkpoint(kept.content, VERIFIER)
    assert isinstance(found, Checkpoint)
    return found


def proof_of(world: World, record_id: str) -> bytes | Refusal:
    with world.store.reading() as cursor:
        return record_proof(cursor, record_id)


def proven(world: World, record_id: str, kept: KeptCheckpoint) -> Proven:
    proof = proof_of(world, record_id)
    assert isinstance(proof, bytes), proof
    found = check_proof(proof, record_id, VERIFIER, kept.content)
    assert isinstance(found, Proven), found
    return found


THE_DAY = [
    ride("r1"),
    ride("r2", issuer=B, charge_fen=500),
    ride("r3", where="bus", charge_fen=180),
    ride("r4", charge_fen=10_000),
    ride("r5", issuer="990300"),
]


def test_every_row_is_proven_whatever_its_verdict(world: World) -> None:
    """Accepted, on hold or rejected: by the published checkpoint and the key alone."""
    world.present(THE_DAY, MORNING_S)
    kept = closed(world)
    assert signed(kept).records.size == 5 and signed(kept).files.size == 2
    found = {name: proven(world, f"{name}.1", kept) for name in ("r1", "r2", "r3", "r4", "r5")}
    assert {name: item.entry.verdict.status for name, item in found.items()} == {
        "r1": "accepted",
        "r2": "accepted",
        "r3": "accepted",
        "r4": "held",
        "r5": "rejected",
    }
    assert [found[name].index for name in ("r1", "r2", "r4", "r5", "r3")] == [0, 1, 2, 3, 4]
    assert sum(share.share_fen for share in found["r1"].entry.verdict.shares) == 450


def test_an_acquirer_rebuilds_the_root_from_its_own_files(world: World) -> None:
    """One that is alone in a window needs nothing else; among others it has its own leaves."""
    records = THE_DAY[:2]
    manifest, data = world.senders["ACQ-990100"].file(records, [b"no record"])
    answer = opened(world.hub.receive_file(manifest, data, MORNING_S))
    kept = closed(world)
    content = b"".join(encoded(record) + b"\n" for record in records) + b"no record\n"
    assert gzip.decompress(data) == content
    entries = entries_of_file(WINDOW, content, answer.verdicts)
    leaves = [leaf_hash(leaf_bytes(entry)) for entry in entries]
    assert signed(kept).records.root == root_of(leaves)


def test_a_carried_record_is_in_both_windows_and_counts_in_the_second(world: World) -> None:
    assert world.hub.suspend("ISS-990200", MORNING_S) is None
    world.present([THE_DAY[0], THE_DAY[1]], MORNING_S)
    first = closed(world)
    assert proven(world, "r2.1", first).entry.verdict.code == "1019"
    world.hub.reinstate("ISS-990200", CUTOFF_S + 60)
    world.present([ride("late")], CUTOFF_S + 120)
    second = closed(world, SECOND, CUTOFF_S + DAY_S)
    found = proven(world, "r2.1", second)
    assert (found.index, found.entry.verdict.status) == (1, "accepted")
    assert signed(first).records.size == 2 and signed(second).records.size == 2
    with world.store.reading() as cursor:
        assert all(proof.holds for proof in prove_hub(cursor))


def test_a_copy_that_was_turned_away_does_not_hide_the_row_that_counts(world: World) -> None:
    world.present([ride("r1")], MORNING_S)
    kept = closed(world)
    world.present([ride("r1"), ride("r6", where="S2-S8", charge_fen=360)], CUTOFF_S + 60)
    second = closed(world, SECOND, CUTOFF_S + DAY_S)
    assert proven(world, "r1.1", kept).entry.verdict.status == "accepted"
    assert proven(world, "r6.1", second).index == 1


def test_what_has_no_proof_says_why(world: World) -> None:
    world.present(THE_DAY, MORNING_S)
    for record_id, expected in (("r1.1", "CHECKPOINT_TO_COME"), ("nobody.1", "RECORD_UNKNOWN")):
        found = proof_of(world, record_id)
        assert isinstance(found, Refusal) and found.code == expected


def test_windows_are_a_chain_and_an_empty_one_is_a_link(world: World) -> None:
    world.present(THE_DAY, MORNING_S)
    notes = [closed(world)]
    notes.append(closed(world, SECOND, CUTOFF_S + DAY_S))
    world.present([void(ride("r1"))], CUTOFF_S + DAY_S + 60)
    notes.append(closed(world, "W20260320", CUTOFF_S + 2 * DAY_S))
    links = check_chain({note.window_id: note.content for note in notes}, VERIFIER)
    assert isinstance(links, list)
    assert [link.checkpoint.records.size for link in links] == [5, 0, 1]
    assert [link.checkpoint.files.size for link in links] == [2, 2, 3]


def test_closed_again_it_is_the_same_and_nobody_can_replace_it(world: World) -> None:
    world.present(THE_DAY, MORNING_S)
    kept = closed(world)
    assert closed(world, now_s=CUTOFF_S + 9 * DAY_S) == kept
    for change in (
        "UPDATE checkpoint SET content = ''",
        "DELETE FROM checkpoint_leaves",
        "TRUNCATE checkpoint CASCADE",
    ):
        with pytest.raises(psycopg.errors.RaiseException), world.store.changing() as cursor:
            cursor.execute(change)


def test_a_window_before_one_that_is_closed_is_not_closed_any_more(world: World) -> None:
    closed(world, SECOND, CUTOFF_S + DAY_S)
    found = world.hub.close_window(WINDOW, CUTOFF_S + DAY_S)
    assert isinstance(found, Refusal) and found.code == "WINDOW_PASSED"


def test_a_window_is_not_signed_over_a_file_that_was_exchanged(world: World) -> None:
    """And stays open as it was, for whoever mends it."""
    world.present(THE_DAY, MORNING_S)
    with world.store.changing() as cursor:
        cursor.execute("UPDATE record_file SET verdicts = verdicts || '\\x00'")
    found = world.hub.close_window(WINDOW, CUTOFF_S)
    assert isinstance(found, Refusal) and found.code == "KEPT_FILE_CHANGED"
    assert isinstance(world.hub.closing(WINDOW), Refusal)


def test_a_member_finds_books_that_were_changed_after_the_closing(world: World) -> None:
    """The kept file, its hash and the record are rewritten; the signed root is as it was, so the
    proof that the hub makes now does not hold before the checkpoint that the member kept."""
    world.present([THE_DAY[0]], MORNING_S)
    kept = closed(world)
    proven(world, "r1.1", kept)
    data = gzip.compress(encoded(ride("r1", charge_fen=400)) + b"\n", mtime=0)
    with world.store.changing() as cursor:
        cursor.execute(
            "UPDATE record_file SET data = %s, data_sha256 = encode(sha256(%s), 'hex')",
            (data, data),
        )
    proof = proof_of(world, "r1.1")
    assert isinstance(proof, bytes)
    found = check_proof(proof, "r1.1", VERIFIER, kept.content)
    assert isinstance(found, Refusal) and found.code == "PROOF_WRONG"


def test_windows_older_than_checkpoints_stay_without(world: World) -> None:
    world.present([THE_DAY[0]], MORNING_S)
    closed(world)
    with world.store.changing() as cursor:
        cursor.execute("ALTER TABLE checkpoint DISABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE checkpoint_leaves DISABLE TRIGGER ALL")
        cursor.execute("DELETE FROM checkpoint_leaves")
        cursor.execute("DELETE FROM checkpoint")
        cursor.execute("UPDATE clearing_window SET before_checkpoints = true")
    found = proof_of(world, "r1.1")
    assert isinstance(found, Refusal) and found.code == "CHECKPOINT_NONE"
    world.present([ride("late")], CUTOFF_S + 60)
    first = signed(closed(world, SECOND, CUTOFF_S + DAY_S))
    assert first.previous_sha256 == "" and first.files.size == 2
    again = world.hub.closing(WINDOW)
    assert isinstance(again, WindowClosing) and again.checkpoint is None
    with world.store.reading() as cursor:
        figures = {proof.name: proof for proof in prove_hub(cursor)}["checkpoints_hold"]
    assert figures.holds and figures.figures["windows_before_checkpoints"] == 1
