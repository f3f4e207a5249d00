"""docs/algorithms/checkpoints.md is true: its tree is hashed here by hand, its proof is checked."""

import re
from hashlib import sha256
from pathlib import Path

from tongxing.checkpoint import (
    Checkpoint,
    Proven,
    Verifier,
    check_proof,
    open_checkpoint,
    read_verifier,
)
from tongxing.checkpoint.entries import Entry, read_entry
from tongxing.kernel.reasons import all_reasons

PAGE = (Path(__file__).resolve().parents[2] / "docs/algorithms/checkpoints.md").read_text("utf-8")
LEAVES, NOTE, KEY, PROOF = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
NODES = dict(re.findall(r"^\| ((?:leaf|node) \S+|root) \|[^|]+\| ([0-9a-f]{64}) \|", PAGE, re.M))


def test_the_worked_tree_is_right_by_plain_hashing() -> None:
    rows = LEAVES.encode().splitlines()
    leaf = [sha256(b"\0" + row).digest() for row in rows]
    node = sha256(b"\1" + leaf[0] + leaf[1]).digest()
    root = sha256(b"\1" + node + leaf[2]).digest()
    named = {f"leaf {n}": found for n, found in enumerate(leaf)} | {"node 01": node, "root": root}
    assert {name: found.hex() for name, found in named.items()} == NODES
    assert len(rows) == 3 and all(isinstance(read_entry(row), Entry) for row in rows)


def test_the_checkpoint_and_the_proof_of_the_page_hold() -> None:
    verifier = read_verifier(KEY)
    assert isinstance(verifier, Verifier)
    checkpoint = open_checkpoint(NOTE.encode(), verifier)
    assert isinstance(checkpoint, Checkpoint)
    assert (checkpoint.records.size, checkpoint.records.root.hex()) == (3, NODES["root"])
    found = check_proof(PROOF.encode(), "W20260318-1.1", verifier, NOTE.encode())
    assert isinstance(found, Proven)
    assert (found.index, found.entry.delta_fen) == (1, 101)


def test_the_keys_of_a_leaf_are_those_of_the_table() -> None:
    table = PAGE[PAGE.index("| key | what") : PAGE.index("Whether and how the money")]
    told = [name for row in re.findall(r"^\| (`[^|]+) \|", table, re.M) for name in row.split(", ")]
    assert [name.strip("`") for name in told] == list(Entry.__struct_fields__)


def test_every_refusal_of_the_page_is_a_reason() -> None:
    codes = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE))
    assert len(codes) >= 10
    assert codes <= set(all_reasons())
