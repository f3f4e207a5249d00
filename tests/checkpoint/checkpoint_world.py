"""A small hub on paper: windows of made-up rows, their checkpoints, proofs of any row."""

from dataclasses import dataclass, field

from tongxing.checkpoint import (
    Checkpoint,
    Entry,
    Head,
    RecordProof,
    checkpoint_name,
    leaf_bytes,
    sign_checkpoint,
    verifier_of,
    write_proof,
)
from tongxing.checkpoint.tree import consistency_path, inclusion_path, leaf_hash, root_of
from tongxing.messages import Share, SigningKey, Verdict

KEY = SigningKey.from_secret("HUB", b"h" * 32)
VERIFIER = verifier_of(KEY)
STRANGER = SigningKey.from_secret("HUB", b"s" * 32)


def entry(window_id: str, number: int) -> Entry:
    """Row `number` of a window: accepted, of 100 fen and its number."""
    fen = 100 + number
    return Entry(
        window_id=window_id,
        record_sha256=f"{number:064x}",
        issuer="ISS-990100",
        acquirer="ACQ-990200",
        charge_fen=fen,
        delta_fen=fen,
        verdict=Verdict(
            record_id=f"{window_id}-{number}.1",
            status="accepted",
            code="0000",
            shares=[Share("OP3", fen)],
        ),
    )


def head(leaves: list[bytes]) -> Head:
    return Head(len(leaves), root_of(leaves))


@dataclass
class PaperHub:
    """Closes windows of so many rows each; each brings one file more to the log."""

    key: SigningKey = KEY
    log: list[bytes] = field(default_factory=list)
    notes: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, list[Entry]] = field(default_factory=dict)

    def close(self, window_id: str, size: int, files: int = 1) -> bytes:
        """Sign a window; the note."""
        entries = [entry(window_id, number) for number in range(size)]
        leaves = [leaf_hash(leaf_bytes(item)) for item in entries]
        before = len(self.log) if self.notes else 0
        self.log += [leaf_hash(f"{window_id} {n}".encode()) for n in range(files)]
        last = list(self.notes.values())[-1] if self.notes else b""
        checkpoint = Checkpoint(
            hub=self.key.sender,
            window_id=window_id,
            records=head(leaves),
            previous_sha256=checkpoint_name(last) if last else "",
            files=head(self.log),
            grown=tuple(consistency_path(before, self.log)),
            papers=head([]),
            rulebook_version="2026-01",
            rulebook_sha256="ab" * 32,
        )
        self.rows[window_id] = entries
        self.notes[window_id] = sign_checkpoint(checkpoint, self.key)
        return self.notes[window_id]

    def proof(self, window_id: str, number: int) -> bytes:
        """The proof file of a row."""
        entries = self.rows[window_id]
        leaves = [leaf_hash(leaf_bytes(item)) for item in entries]
        path = tuple(inclusion_path(number, leaves))
        parts = RecordProof(leaf_bytes(entries[number]), number, path, self.notes[window_id])
        return write_proof(parts)
