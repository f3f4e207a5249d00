"""Checkpoints, their leaf hashes, and the kept files and papers that they are made from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tongxing.checkpoint import FileEntry, PaperEntry
from tongxing.checkpoint.tree import HASH_BYTES
from tongxing.hub.store.connection import Cursor

LEAVES_PER_PART = 1 << 16
_FILE_COLUMNS = (
    "window_id, sender, number, file_id, manifest_sha256, data_sha256,"
    " encode(sha256(verdicts), 'hex')"
)


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A window's signed note, and the public key it was signed with."""

    window_id: str
    verifier: str
    content: bytes


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a window as it came, and the verdict file that answered it."""

    sender: str
    file_id: str
    rows: int
    data: bytes
    verdicts: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record was presented, or let in later: `admitted_in` is "" unless it was accepted."""

    window_id: str
    sender: str
    file_id: str
    row_no: int
    admitted_in: str


def load_checkpoints(cursor: Cursor) -> list[KeptCheckpoint]:
    """All of them, in order of window."""
    rows = cursor.execute("SELECT window_id, verifier, content FROM checkpoint ORDER BY window_id")
    return [KeptCheckpoint(str(row[0]), str(row[1]), bytes(row[2])) for row in rows]


def load_checkpoint(cursor: Cursor, window_id: str) -> KeptCheckpoint | None:
    """That of a window; None for one that is open, or older than checkpoints."""
    row = cursor.execute(
        "SELECT window_id, verifier, content FROM checkpoint WHERE window_id = %s", (window_id,)
    ).fetchone()
    return None if row is None else KeptCheckpoint(str(row[0]), str(row[1]), bytes(row[2]))


def last_checkpoint(cursor: Cursor) -> KeptCheckpoint | None:
    """The newest one."""
    row = cursor.execute(
        "SELECT window_id, verifier, content FROM checkpoint ORDER BY window_id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else KeptCheckpoint(str(row[0]), str(row[1]), bytes(row[2]))


def write_checkpoint(cursor: Cursor, kept: KeptCheckpoint, leaves: Sequence[bytes]) -> None:
    """Keep a checkpoint with its leaf hashes, once and for all."""
    cursor.execute(
        "INSERT INTO checkpoint (window_id, verifier, content) VALUES (%s, %s, %s)",
        (kept.window_id, kept.verifier, kept.content),
    )
    cursor.executemany(
        "INSERT INTO checkpoint_leaves (window_id, part, hashes) VALUES (%s, %s, %s)",
        [
            (kept.window_id, part, b"".join(leaves[start : start + LEAVES_PER_PART]))
            for part, start in enumerate(range(0, len(leaves), LEAVES_PER_PART))
        ],
    )


def load_leaves(cursor: Cursor, window_id: str) -> list[bytes]:
    """The leaf hashes of a window, in their order."""
    found: list[bytes] = []
    for (part,) in cursor.execute(
        "SELECT hashes FROM checkpoint_leaves WHERE window_id = %s ORDER BY part", (window_id,)
    ):
        hashes = bytes(part)
        found += [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    return found


def file_log(cursor: Cursor, window_id: str) -> list[FileEntry]:
    """Every file accepted up to the end of a window: by window, sender, and number in the sender's
    chain of manifests."""
    rows = cursor.execute(
        f'SELECT {_FILE_COLUMNS} FROM record_file WHERE window_id <= %s COLLATE "C"'
        ' ORDER BY window_id COLLATE "C", sender, number',
        (window_id,),
    )
    return [
        FileEntry(
            window_id=row[0],
            sender=row[1],
            number=row[2],
            file_id=row[3],
            manifest_sha256=row[4],
            data_sha256=row[5],
            verdicts_sha256=row[6],
        )
        for row in rows
    ]


def papers_of(cursor: Cursor, window_id: str) -> list[PaperEntry]:
    """What a window handed out at its closing: documents by kind and party, then payments by id."""
    rows = cursor.execute(
        "SELECT kind, party, encode(sha256(content), 'hex') FROM document WHERE window_id = %s"
        " ORDER BY kind, party",
        (window_id,),
    ).fetchall()
    rows += cursor.execute(
        "SELECT 'payment', instruction_id, encode(sha256(content), 'hex') FROM instruction"
        " WHERE window_id = %s AND replaces IS NULL ORDER BY instruction_id",
        (window_id,),
    ).fetchall()
    return [PaperEntry(kind=row[0], party=row[1], sha256=row[2]) for row in rows]


def file_names(cursor: Cursor, window_id: str) -> list[tuple[str, str, int]]:
    """Sender, id and number of rows of a window's files, by sender and number in its chain."""
    rows = cursor.execute(
        "SELECT sender, file_id, rows FROM record_file WHERE window_id = %s"
        " ORDER BY sender, number",
        (window_id,),
    )
    return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]


def load_file(cursor: Cursor, sender: str, file_id: str) -> KeptFile:
    """A file that is there."""
    row = cursor.execute(
        "SELECT sender, file_id, rows, data, verdicts FROM record_file"
        " WHERE sender = %s AND file_id = %s",
        (sender, file_id),
    ).fetchone()
    assert row is not None
    return KeptFile(str(row[0]), str(row[1]), int(row[2]), bytes(row[3]), bytes(row[4]))


def bodies_of(cursor: Cursor, record_ids: Sequence[str]) -> dict[tuple[str, str], bytes]:
    """The canonical JSON of records that stand and of rows that waited for their names, by id and
    content, as verdicts name it; of those that stand also under no content."""
    rows = cursor.execute(
        "SELECT record_id, encode(content_hash, 'hex'), body FROM twin_row"
        " WHERE record_id = ANY(%(names)s) UNION ALL"
        " SELECT record_id, encode(content_hash, 'hex'), body FROM record"
        " WHERE record_id = ANY(%(names)s) UNION ALL"
        " SELECT record_id, '', body FROM record WHERE record_id = ANY(%(names)s)",
        {"names": list(record_ids)},
    )
    return {(str(row[0]), str(row[1])): str(row[2]).encode() for row in rows}


def places_of(cursor: Cursor, record_id: str) -> list[Place]:
    """Wherever a record of this id was presented, in order of window, sender and row."""
    rows = cursor.execute(
        "SELECT f.window_id, f.sender, f.file_id, a.row_no, a.admitted_in FROM ("
        " SELECT sender, file_id, row_no, coalesce(window_id, '') AS admitted_in"
        "  FROM record WHERE record_id = %s"
        " UNION ALL SELECT sender, file_id, row_no, '' FROM refused_row"
        "  WHERE record_id = %s) AS a JOIN record_file f USING (sender, file_id)"
        ' ORDER BY f.window_id COLLATE "C", f.sender, f.number, a.row_no',
        (record_id, record_id),
    )
    return [Place(*row) for row in rows]


def booked_rows(cursor: Cursor, window_id: str) -> Iterator[tuple[Any, ...]]:
    """What the table of records says of a window, for comparison with its leaves: id, SHA-256,
    issuer, acquirer, charge, delta, deciding code, operators and their fen."""
    yield from cursor.execute(
        "SELECT record_id, encode(sha256(convert_to(body, 'UTF8')), 'hex'), issuer, acquirer,"
        " charge_fen, delta_fen, split_part(codes, ' ', 1), operators, share_fen"
        " FROM record WHERE window_id = %s",
        (window_id,),
    )


def unsigned_windows(cursor: Cursor) -> tuple[int, int]:
    """How many closed windows have no checkpoint though they should, and how many are older than
    checkpoints."""
    row = cursor.execute(
        "SELECT count(*) FILTER (WHERE NOT before_checkpoints),"
        " count(*) FILTER (WHERE before_checkpoints) FROM clearing_window"
        " LEFT JOIN checkpoint USING (window_id)"
        " WHERE state <> 'open' AND checkpoint.window_id IS NULL"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
