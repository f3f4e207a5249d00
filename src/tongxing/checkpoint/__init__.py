"""What the hub signs of each closed window, and how anybody checks it without the hub.

A Merkle tree over the window's rows, a log of all files, a tree of all papers; a checkpoint signs
their roots and names the one before. Pure: nothing here opens a database or reads a clock.
"""

from tongxing.checkpoint.chain import Link, check_chain, first_of_all
from tongxing.checkpoint.checkpoints import (
    Checkpoint,
    Head,
    checkpoint_name,
    open_checkpoint,
    sign_checkpoint,
)
from tongxing.checkpoint.entries import (
    Entry,
    FileEntry,
    PaperEntry,
    entries_of_file,
    entry_of,
    leaf_bytes,
)
from tongxing.checkpoint.notes import Keys, Verifier, read_verifier, verifier_of
from tongxing.checkpoint.proofs import Proven, RecordProof, check_proof, write_proof
from tongxing.checkpoint.succession import Succession, SuccessionRing, read_succession

CHECKPOINT_FILE = "checkpoint.txt"
VERIFIER_FILE = "hub.vkey"
"""How a window's checkpoint and the hub's public keys are called where papers are kept."""

__all__ = [
    "CHECKPOINT_FILE",
    "VERIFIER_FILE",
    "Checkpoint",
    "Entry",
    "FileEntry",
    "Head",
    "Keys",
    "Link",
    "PaperEntry",
    "Proven",
    "RecordProof",
    "Succession",
    "SuccessionRing",
    "Verifier",
    "check_chain",
    "check_proof",
    "checkpoint_name",
    "entries_of_file",
    "entry_of",
    "first_of_all",
    "leaf_bytes",
    "open_checkpoint",
    "read_succession",
    "read_verifier",
    "sign_checkpoint",
    "verifier_of",
    "write_proof",
]
