"""The checkpoint of a closing window, and the proof of a record: from what the hub keeps.

The leaves of a window: its files by sender and number in the sender's chain of manifests, each in
its order of rows; then the records decided after a suspension, a hold or a fork, by id. Nothing of
it depends on when, within the window, a file came. All is read again from the kept files.
"""

import zlib
from collections.abc import Iterator

from tongxing.checkpoint import (
    Checkpoint,
    Entry,
    Head,
    RecordProof,
    Succession,
    SuccessionRing,
    checkpoint_name,
    entries_of_file,
    entry_of,
    leaf_bytes,
    open_checkpoint,
    read_verifier,
    sign_checkpoint,
    verifier_of,
    write_proof,
)
from tongxing.checkpoint.tree import consistency_path, inclusion_path, leaf_hash, root_of
from tongxing.hub.closing import CARRIED_VERDICTS, in_order
from tongxing.hub.keys import known_keys
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import checkpoints as table
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.windows import load_documents
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey, Verdict, VerdictFile, unseal

_GZIP = 31


class KeptFileChanged(Exception):
    """A file that the hub keeps is no longer what it took in: its name says which."""


def keep_checkpoint(cursor: Cursor, window_id: str, rules: Rulebook, key: SigningKey) -> None:
    """Sign a window whose documents and payments are all there, once and for all. Raises
    KeptFileChanged when a file of the window cannot be read any more."""
    verifier = verifier_of(key)
    ring = own_ring(known_keys(cursor) or Succession(verifier))
    leaves = [leaf_hash(leaf_bytes(entry)) for entry in entries_of(cursor, window_id, ring)]
    last = table.last_checkpoint(cursor)
    files, grown = _file_log(cursor, window_id, last.window_id if last else "")
    papers = [leaf_hash(leaf_bytes(paper)) for paper in table.papers_of(cursor, window_id)]
    checkpoint = Checkpoint(
        hub=key.sender,
        window_id=window_id,
        records=Head(len(leaves), root_of(leaves)),
        previous_sha256=checkpoint_name(last.content) if last else "",
        files=files,
        grown=grown,
        papers=Head(len(papers), root_of(papers)),
        rulebook_version=rules.version,
        rulebook_sha256=rules.sha256,
    )
    kept = table.KeptCheckpoint(window_id, verifier.text, sign_checkpoint(checkpoint, key))
    table.write_checkpoint(cursor, kept, leaves)


def record_proof(cursor: Cursor, record_id: str) -> bytes | Refusal:
    """The proof file of a record: of the row that counts, else of the last time it was presented.

    Refuses with RECORD_UNKNOWN, CHECKPOINT_TO_COME (its window is still open), CHECKPOINT_NONE (the
    window is older than checkpoints) or KEPT_FILE_CHANGED.
    """
    places = table.places_of(cursor, record_id)
    if not places:
        return Refusal("RECORD_UNKNOWN", values={"record": record_id})
    place = next((found for found in places if found.admitted_in), places[-1])
    window_id = place.admitted_in or place.window_id
    kept = table.load_checkpoint(cursor, window_id)
    if kept is None:
        return _no_checkpoint(cursor, window_id)
    succession = known_keys(cursor)
    assert succession is not None, "a checkpoint is kept"
    try:
        index, entry = _found(cursor, place, window_id, record_id, own_ring(succession))
    except KeptFileChanged as changed:
        return Refusal("KEPT_FILE_CHANGED", window_id, {"file": str(changed)})
    path = inclusion_path(index, table.load_leaves(cursor, window_id))
    return write_proof(RecordProof(leaf_bytes(entry), index, tuple(path), kept.content))


def entries_of(cursor: Cursor, window_id: str, ring: KeyRing) -> Iterator[Entry]:
    """The entries of a window in the order of its leaves, one file in memory at a time. Raises
    KeptFileChanged; `ring` holds the hub's own public keys."""
    for sender, file_id, _ in table.file_names(cursor, window_id):
        kept = table.load_file(cursor, sender, file_id)
        content, verdicts = _content(kept), _verdicts(kept.verdicts, file_id, ring)
        try:
            yield from entries_of_file(window_id, content, verdicts)
        except ValueError:
            raise KeptFileChanged(file_id) from None
    yield from _let_in(cursor, window_id, ring)


def _file_log(cursor: Cursor, window_id: str, since: str) -> tuple[Head, tuple[bytes, ...]]:
    """The log of files up to a window, and the path that leads to it from the one up to `since`
    ("" for no earlier one)."""
    log = table.file_log(cursor, window_id)
    hashes = [leaf_hash(leaf_bytes(entry)) for entry in log]
    before = sum(1 for entry in log if entry.window_id <= since)
    return Head(len(hashes), root_of(hashes)), tuple(consistency_path(before, hashes))


def is_as_signed(kept: table.KeptCheckpoint) -> Checkpoint | None:
    """The checkpoint of a kept note whose signature holds; None for any other."""
    verifier = read_verifier(kept.verifier)
    if isinstance(verifier, Refusal):
        return None
    found = open_checkpoint(kept.content, verifier)
    if isinstance(found, Refusal) or found.window_id != kept.window_id:
        return None
    return found


def own_ring(succession: Succession) -> KeyRing:
    """The hub's own public keys, to read again what it sealed."""
    return SuccessionRing(lambda: succession)


def _let_in(cursor: Cursor, window_id: str, ring: KeyRing) -> list[Entry]:
    """The records decided in a window after a suspension, a hold or a fork, by id; of two rows of
    one name what was rejected comes first."""
    told: dict[tuple[str, str], Verdict] = {}
    documents = load_documents(cursor, window_id, [CARRIED_VERDICTS])[CARRIED_VERDICTS]
    for party, message in in_order(documents):
        told |= {(item.record_id, item.content): item for item in _verdicts(message, party, ring)}
    bodies = table.bodies_of(cursor, [name for name, _ in told])
    if not bodies.keys() >= told.keys():
        raise KeptFileChanged(CARRIED_VERDICTS)
    rows = sorted(told, key=lambda row: (row[0], told[row].status != "rejected", row[1]))
    return [entry_of(window_id, bodies[row], told[row]) for row in rows]


def _found(
    cursor: Cursor, place: table.Place, window_id: str, record_id: str, ring: KeyRing
) -> tuple[int, Entry]:
    """The index and entry of a record in its window: what was decided about that row last."""
    names = table.file_names(cursor, window_id)
    kept = table.load_file(cursor, place.sender, place.file_id)
    verdicts = _verdicts(kept.verdicts, place.file_id, ring)
    lines = _content(kept).split(b"\n")
    if not place.row_no <= min(len(verdicts), len(lines) - 1):
        raise KeptFileChanged(place.file_id)
    row = place.row_no - 1
    as_it_came = entry_of(window_id, lines[row], verdicts[row])
    let_in = _let_in(cursor, window_id, ring)
    for number, entry in enumerate(let_in, start=sum(rows for _, _, rows in names)):
        is_its_name = entry.verdict.record_id == record_id
        if is_its_name and entry.record_sha256 == as_it_came.record_sha256:
            return number, entry
    if place.window_id != window_id:
        raise KeptFileChanged(CARRIED_VERDICTS)
    before = 0
    for sender, file_id, rows in names:
        if (sender, file_id) == (place.sender, place.file_id):
            break
        before += rows
    return before + row, as_it_came


def _content(kept: table.KeptFile) -> bytes:
    try:
        return zlib.decompress(kept.data, _GZIP)
    except zlib.error:
        raise KeptFileChanged(kept.file_id) from None


def _verdicts(message: bytes, name: str, ring: KeyRing) -> list[Verdict]:
    opened = unseal(message, VerdictFile, ring)
    if isinstance(opened, Refusal):
        raise KeptFileChanged(name)
    return opened[1].verdicts


def _no_checkpoint(cursor: Cursor, window_id: str) -> Refusal:
    row = cursor.execute(
        "SELECT state = 'open' FROM clearing_window WHERE window_id = %s", (window_id,)
    ).fetchone()
    code = "CHECKPOINT_TO_COME" if row is not None and row[0] else "CHECKPOINT_NONE"
    return Refusal(code, values={"window": window_id})
