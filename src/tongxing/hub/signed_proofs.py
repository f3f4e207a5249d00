"""The truths that checkpoints add: what was signed is what is kept, and what the books say.

Somebody who changes the books after a closing would have to change the leaves, the signed roots and
the chain as well, and cannot sign. Whoever replaced all of it, keys included, is found by anybody
who kept a checkpoint: `tongxing prove chain`. Each window is signed by the key that the register of
the hub's keys names for it.
"""

from collections.abc import Iterable, Sequence

from tongxing.checkpoint import (
    Checkpoint,
    Entry,
    FileEntry,
    Head,
    PaperEntry,
    Succession,
    check_chain,
    leaf_bytes,
)
from tongxing.checkpoint.tree import leaf_hash, root_of
from tongxing.hub.signing import KeptFileChanged, entries_of, is_as_signed, own_ring
from tongxing.hub.store import checkpoints as table
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.hub_keys import load_succession
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.proofs import Proof
from tongxing.kernel.reasons import Refusal

HOUSE = "hub"
ACCEPTED = "accepted"


def prove_signed(cursor: Cursor) -> list[Proof]:
    """Two proofs: of the checkpoints as such, and of the records under them."""
    kept = table.load_checkpoints(cursor)
    opened = [(item, is_as_signed(item)) for item in kept]
    keys = load_succession(cursor)
    known = keys if isinstance(keys, Succession) else None
    return [_checkpoints_hold(cursor, opened, known), _records_as_signed(cursor, opened, known)]


_Opened = list[tuple[table.KeptCheckpoint, Checkpoint | None]]


def _checkpoints_hold(cursor: Cursor, opened: _Opened, keys: Succession | None) -> Proof:
    """Signatures hold, each names the one before, and the stored leaves, the log of files and the
    papers hash to the roots that were signed."""
    signed = [checkpoint for _, checkpoint in opened if checkpoint is not None]
    unsigned, older = table.unsigned_windows(cursor)
    broken = {
        "windows_unsigned": unsigned,
        "signatures_off": len(opened) - len(signed),
        "chain_broken": int(not _is_chain(opened, keys)),
        "leaves_off": sum(
            checkpoint.records != _head(table.load_leaves(cursor, checkpoint.window_id))
            for checkpoint in signed
        ),
        "papers_off": sum(
            checkpoint.papers != _head(_hashes(table.papers_of(cursor, checkpoint.window_id)))
            for checkpoint in signed
        ),
        "files_off": _files_off(cursor, signed),
    }
    figures = {"checkpoints": len(opened), "windows_before_checkpoints": older, **broken}
    return Proof(6, "checkpoints_hold", HOUSE, not any(broken.values()), figures)


def _files_off(cursor: Cursor, signed: list[Checkpoint]) -> int:
    """How many checkpoints count other files than are kept, or end in another log. The chain shows
    that each log begins with the one before, so the last root stands for all."""
    if not signed:
        return 0
    log = table.file_log(cursor, signed[-1].window_id)
    off = sum(
        checkpoint.files.size != sum(1 for entry in log if entry.window_id <= checkpoint.window_id)
        for checkpoint in signed
    )
    return off or int(signed[-1].files != _head(_hashes(log)))


def _hashes(entries: Iterable[FileEntry | PaperEntry]) -> list[bytes]:
    return [leaf_hash(leaf_bytes(entry)) for entry in entries]


def _head(leaves: Sequence[bytes]) -> Head:
    return Head(len(leaves), root_of(leaves))


def _is_chain(opened: _Opened, keys: Succession | None) -> bool:
    """Whether all are one chain from its beginning, each under the key of its window."""
    if not opened:
        return True
    if keys is None:
        return False
    links = check_chain({item.window_id: item.content for item, _ in opened}, keys)
    return not isinstance(links, Refusal) and not links[0].checkpoint.previous_sha256


def _records_as_signed(cursor: Cursor, opened: _Opened, keys: Succession | None) -> Proof:
    """The kept files give the leaves that were signed, and the table of records says the same."""
    figures = {"records": 0, "files_unlike_leaves": 0, "books_unlike_leaves": 0}
    for item, checkpoint in opened:
        if checkpoint is None or keys is None:
            continue
        leaves = table.load_leaves(cursor, item.window_id)
        ring = own_ring(keys)
        in_files = sum(rows for _, _, rows in table.file_names(cursor, item.window_id))
        accepted: dict[tuple[str, str], bytes] = {}
        hashes: list[bytes] = []
        try:
            for entry in entries_of(cursor, item.window_id, ring):
                row = (entry.verdict.record_id, entry.record_sha256)
                if entry.verdict.status == ACCEPTED:
                    accepted[row] = _booked_as(entry)
                elif len(hashes) >= in_files:
                    accepted.pop(row, None)
                hashes.append(leaf_hash(leaf_bytes(entry)))
        except KeptFileChanged:
            figures["files_unlike_leaves"] += 1
            continue
        figures["records"] += len(hashes)
        figures["files_unlike_leaves"] += hashes != leaves
        figures["books_unlike_leaves"] += _differing(
            cursor, item.window_id, {name: said for (name, _), said in accepted.items()}
        )
    broken = figures["files_unlike_leaves"] or figures["books_unlike_leaves"]
    return Proof(6, "records_as_signed", HOUSE, not broken, figures)


def _booked_as(entry: Entry) -> bytes:
    """A short name of what the books must say of an accepted entry."""
    verdict = entry.verdict
    shares = [(share.operator, share.share_fen) for share in verdict.shares]
    money = (entry.charge_fen, entry.delta_fen)
    return _short(entry.record_sha256, entry.issuer, entry.acquirer, *money, verdict.code, shares)


def _differing(cursor: Cursor, window_id: str, accepted: dict[str, bytes]) -> int:
    """How many records of a window the books do not have, or have otherwise."""
    missing, differing = set(accepted), 0
    for record_id, sha256, issuer, acquirer, charge, delta, code, names, fen in table.booked_rows(
        cursor, window_id
    ):
        shares = list(zip(names, fen, strict=False))
        found = _short(sha256, issuer, acquirer, charge, delta, code, shares)
        differing += accepted.get(record_id) != found
        missing.discard(record_id)
    return differing + len(missing)


def _short(*parts: object) -> bytes:
    return bytes.fromhex(sha256_hex(repr(parts).encode()))[:16]
