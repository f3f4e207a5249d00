"""Record files as received, with the answer each one got."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.hub.admission import Judgement
from tongxing.hub.files import Cover
from tongxing.hub.store.connection import Cursor


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that was taken before, and the verdict file it was answered with."""

    manifest_sha256: str
    verdicts: bytes


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file as it is kept."""

    cover: Cover
    data: bytes
    received_s: int
    window_id: str
    judgements: Sequence[Judgement]
    verdicts: bytes

    @property
    def accepted_fen(self) -> int:
        return sum(
            item.row.record.delta_fen
            for item in self.judgements
            if item.status == "accepted" and item.row.record is not None
        )

    def counted(self, *statuses: str) -> int:
        return sum(1 for item in self.judgements if item.status in statuses)


def find_file(cursor: Cursor, sender: str, file_id: str) -> KnownFile | None:
    """The file a sender presented under this id before, if any."""
    row = cursor.execute(
        "SELECT manifest_sha256, verdicts FROM record_file WHERE sender = %s AND file_id = %s",
        (sender, file_id),
    ).fetchone()
    return None if row is None else KnownFile(str(row[0]), bytes(row[1]))


def end_of_chain(cursor: Cursor, sender: str) -> tuple[int, str]:
    """How many files a sender's chain has, and its last manifest's hash (0 and "" for none)."""
    row = cursor.execute(
        "SELECT number, manifest_sha256 FROM record_file WHERE sender = %s"
        " ORDER BY number DESC LIMIT 1",
        (sender,),
    ).fetchone()
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def write_file(cursor: Cursor, number: int, file: ReceivedFile) -> None:
    """Keep a file with its answer, as link `number` of its sender's chain."""
    cover, manifest = file.cover, file.cover.manifest
    row = (
        cover.sender,
        manifest.file_id,
        number,
        cover.sha256,
        manifest.previous_manifest_sha256,
        manifest.data_sha256,
        file.received_s,
        file.window_id,
        len(file.judgements),
        file.counted("accepted"),
        file.counted("held", "carried"),
        file.counted("carried"),
        file.counted("rejected"),
        file.accepted_fen,
        cover.message,
        file.data,
        file.verdicts,
    )
    cursor.execute(
        "INSERT INTO record_file (sender, file_id, number, manifest_sha256, previous_sha256,"
        " data_sha256, received_s, window_id, rows, accepted, held, carried, rejected,"
        " accepted_fen, manifest, data, verdicts)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        row,
    )
