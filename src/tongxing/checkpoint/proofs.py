"""The proof of a record: its leaf, the path to the root, and the checkpoint with that root.

A file in the form of https://c2sp.org/tlog-proof, the leaf as its extra data. It is checked with
the hub's public key and, better, with the checkpoint that was published, kept by whoever asks.
"""

import re
from dataclasses import dataclass

from tongxing.checkpoint.checkpoints import Checkpoint, checkpoint_name, open_checkpoint
from tongxing.checkpoint.entries import Entry, read_entry
from tongxing.checkpoint.notes import NOTE_BYTES_MAX, Keys, from_base64, in_base64
from tongxing.checkpoint.tree import HASH_BYTES, included, leaf_hash
from tongxing.kernel.reasons import Refusal

_MARK = "c2sp.org/tlog-proof@v1"
_EXTRA = re.compile(r"extra ([A-Za-z0-9+/=]+)")
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})")
_PATH_MAX = 63


@dataclass(frozen=True, slots=True)
class RecordProof:
    """What a proof file holds: the leaf's content, its place from 0, the path, the checkpoint."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof shows: this entry stands at this place of this checkpoint's window."""

    entry: Entry
    index: int
    checkpoint: Checkpoint
    sha256: str


def write_proof(proof: RecordProof) -> bytes:
    """The proof file."""
    hashes = "".join(f"{in_base64(part)}\n" for part in proof.path)
    head = f"{_MARK}\nextra {in_base64(proof.leaf)}\nindex {proof.index}\n{hashes}\n"
    return head.encode() + proof.checkpoint


def read_proof(content: bytes) -> RecordProof | Refusal:
    """The parts of a proof file, none of them believed yet. Refuses with PROOF_MALFORMED."""
    head, gap, checkpoint = content.partition(b"\n\n")
    lines = head.decode(errors="replace").split("\n")
    if len(content) > NOTE_BYTES_MAX or not gap or len(lines) < 3 or lines[0] != _MARK:
        return Refusal("PROOF_MALFORMED")
    extra, index = _EXTRA.fullmatch(lines[1]), _INDEX.fullmatch(lines[2])
    leaf = from_base64(extra[1]) if extra is not None else None
    path = [from_base64(line) for line in lines[3:]]
    hashes = tuple(part for part in path if part is not None and len(part) == HASH_BYTES)
    if leaf is None or index is None or len(hashes) != len(path) or len(path) > _PATH_MAX:
        return Refusal("PROOF_MALFORMED")
    return RecordProof(leaf, int(index[1]), hashes, checkpoint)


def check_proof(
    content: bytes, record_id: str, keys: Keys, published: bytes | None = None
) -> Proven | Refusal:
    """What the proof file of a record shows; `published` is the checkpoint that the reader kept.

    Refuses with PROOF_MALFORMED, the reasons of `open_checkpoint`, PROOF_OTHER_WINDOW (the kept
    checkpoint is another window's), CHAIN_FORKED (it differs from the one in the proof, and the hub
    signed both), PROOF_WRONG (leaf, place and path do not lead to the root) and PROOF_OTHER_RECORD.
    """
    proof = read_proof(content)
    if isinstance(proof, Refusal):
        return proof
    checkpoint = open_checkpoint(proof.checkpoint, keys)
    if isinstance(checkpoint, Refusal):
        return checkpoint
    if published is not None:
        kept = open_checkpoint(published, keys)
        if isinstance(kept, Refusal):
            return kept
        values = {"window": checkpoint.window_id, "before": kept.window_id}
        if kept.window_id != checkpoint.window_id:
            return Refusal("PROOF_OTHER_WINDOW", values=values)
        if kept != checkpoint:
            return Refusal("CHAIN_FORKED", values=values)
    head = checkpoint.records
    entry = read_entry(proof.leaf)
    found = leaf_hash(proof.leaf)
    if entry is None or not included(found, proof.index, head.size, proof.path, head.root):
        return Refusal("PROOF_WRONG", values={"window": checkpoint.window_id})
    if entry.verdict.record_id != record_id or entry.window_id != checkpoint.window_id:
        values = {"record": record_id, "found": entry.verdict.record_id}
        return Refusal("PROOF_OTHER_RECORD", values=values)
    return Proven(entry, proof.index, checkpoint, checkpoint_name(proof.checkpoint))
