"""An authority's file is taken, part by part: what a torn run left is gone on with, and a file that
was taken before does nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tongxing.city.office import Office
from tongxing.city.store import upgrade_files as store
from tongxing.city.store.upgrade_files import FileRow, NewLink, PartRow
from tongxing.city.store.upgrading import lock
from tongxing.city.upgrading.bulk_file import BulkFile, BulkLine, Reject, read_file, read_lines
from tongxing.city.upgrading.data_forms import kinds
from tongxing.city.upgrading.programme import programme_at
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing

CHANNEL = "authority_file"
PART_LINES = 2_000

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class BulkTaken:
    """What became of a file's lines; `already` says that the whole file was taken before."""

    authority: str
    batch: str
    sha256: str
    lines: int
    linked: int
    repeated: int
    rejects: tuple[Reject, ...]
    already: bool

    @property
    def rejected(self) -> int:
        return len(self.rejects)

    def reject_file(self) -> bytes:
        """The rejects as a file for the authority: line numbers and reasons, no content."""
        body = "".join(f"{one.line}|{one.reason}\n" for one in self.rejects)
        return f"TXREJECT|1|{self.authority}|{self.batch}|{self.rejected}\n{body}".encode()


def take_file(
    office: Office,
    content: bytes,
    signature: bytes,
    keys: KeyRing,
    staff: str,
    now_s: int,
    progress: Progress,
) -> BulkTaken | Refusal:
    """Link the cards of an authority's file with its holders; `progress` gets the lines just done.

    Refuses what `read_file` names, UPGRADE_FILE_BATCH for another content under a batch's name, and
    what the programme says of the channel. Nothing is changed after a refusal.
    """
    programme = programme_at(office.code, now_s)
    if isinstance(programme, Refusal):
        return programme
    file = read_file(content, signature, keys, office.code)
    if isinstance(file, Refusal):
        return file
    known = programme.channel(CHANNEL)
    if known is None or not known.kinds:
        return Refusal("UPGRADE_CHANNEL_UNKNOWN", CHANNEL)
    channel = programme.open_channel(CHANNEL, "file", known.kinds[0])
    if isinstance(channel, Refusal):
        return channel
    row = FileRow(file.authority, file.batch, file.sha256, len(file.lines), staff, now_s)
    with office.writing() as cursor:
        lock(cursor, [_name(file)])
        before = store.find_file(cursor, file.authority, file.batch)
        if before is not None and before.sha256 != file.sha256:
            return Refusal("UPGRADE_FILE_BATCH", file.batch)
        if before is None:
            store.write_file(cursor, row)
    fresh = 0
    for start, part in _parts(read_lines(file, channel)):
        fresh += _take_part(office, file, start, part, staff, now_s)
        progress(len(part))
    return _taken(office, file, already=before is not None and fresh == 0)


def _parts(
    lines: Iterator[BulkLine | Reject],
) -> Iterator[tuple[int, Sequence[BulkLine | Reject]]]:
    start = 1
    while part := tuple(islice(lines, PART_LINES)):
        yield start, part
        start += len(part)


def _take_part(
    office: Office,
    file: BulkFile,
    start: int,
    part: Sequence[BulkLine | Reject],
    staff: str,
    now_s: int,
) -> int:
    """Take some lines in one transaction; how many were new to us (0: the part was done before)."""
    with office.writing() as cursor:
        lock(cursor, [_name(file)])
        if store.has_part(cursor, file.authority, file.batch, start):
            return 0
        rejects = [one for one in part if isinstance(one, Reject)]
        lines = {one.medium_no: one for one in part if isinstance(one, BulkLine)}
        unknown = store.not_issued(
            cursor, [one.medium_no for one in lines.values() if kinds()[one.kind].in_books]
        )
        rejects += [Reject(lines.pop(no).line, "UPGRADE_LINE_UNKNOWN") for no in sorted(unknown)]
        linked = store.write_links(
            cursor, [_link(office, file, one) for one in lines.values()], CHANNEL, staff, now_s
        )
        holders = store.holders_of(cursor, [no for no in lines if no not in linked])
        others = [no for no, holder in holders.items() if holder != lines[no].holder]
        rejects += [Reject(lines[no].line, "UPGRADE_LINE_OTHER_HOLDER") for no in others]
        store.write_rejects(
            cursor, file.authority, file.batch, [(one.line, one.reason) for one in rejects]
        )
        repeated = len(lines) - len(linked) - len(others)
        row = PartRow(
            file.authority,
            file.batch,
            start,
            start + len(part),
            len(linked),
            repeated,
            len(rejects),
        )
        store.write_part(cursor, row)
        return len(part)


def _link(office: Office, file: BulkFile, line: BulkLine) -> NewLink:
    link_id = digest("upgrade_file", office.code, file.authority, file.batch, line.line)
    return NewLink(link_id, line.holder, line.medium_no, line.kind, kinds()[line.kind].place)


def _taken(office: Office, file: BulkFile, *, already: bool) -> BulkTaken:
    with office.reading() as cursor:
        linked, repeated = store.sums_of(cursor, file.authority, file.batch)
        rejects = store.rejects_of(cursor, file.authority, file.batch)
    return BulkTaken(
        file.authority,
        file.batch,
        file.sha256,
        len(file.lines),
        linked,
        repeated,
        tuple(Reject(line, reason) for line, reason in rejects),
        already,
    )


def _name(file: BulkFile) -> str:
    return f"file:{file.authority}:{file.batch}"
