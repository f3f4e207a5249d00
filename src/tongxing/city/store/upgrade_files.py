"""Files of category cards: what was taken of each, which lines were not, the links they made."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that is being taken, or was."""

    authority: str
    batch: str
    sha256: str
    lines: int
    taken_by: str
    taken_s: int


@dataclass(frozen=True, slots=True)
class PartRow:
    """Some lines of a file that were taken together; `to_line` is the first behind them."""

    authority: str
    batch: str
    from_line: int
    to_line: int
    linked: int
    repeated: int
    rejected: int


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that a line asks for."""

    link_id: str
    holder: str
    medium_no: str
    kind: str
    place: str


def find_file(cursor: Cursor, authority: str, batch: str) -> FileRow | None:
    """A file by its authority's name for it."""
    row = cursor.execute(
        "SELECT authority, batch, sha256, lines, taken_by, taken_s FROM upgrade_file"
        " WHERE authority = %s AND batch = %s",
        (authority, batch),
    ).fetchone()
    return None if row is None else FileRow(*row)


def write_file(cursor: Cursor, row: FileRow) -> None:
    """Note that a file is being taken."""
    cursor.execute("INSERT INTO upgrade_file VALUES (%s, %s, %s, %s, %s, %s)", astuple(row))


def has_part(cursor: Cursor, authority: str, batch: str, from_line: int) -> bool:
    """Whether the lines from here on were taken."""
    row = cursor.execute(
        "SELECT 1 FROM upgrade_file_part WHERE authority = %s AND batch = %s AND from_line = %s",
        (authority, batch, from_line),
    ).fetchone()
    return row is not None


def write_part(cursor: Cursor, row: PartRow) -> None:
    """Note what became of some lines."""
    cursor.execute(
        "INSERT INTO upgrade_file_part VALUES (%s, %s, %s, %s, %s, %s, %s)", astuple(row)
    )


def write_rejects(
    cursor: Cursor, authority: str, batch: str, rejects: Sequence[tuple[int, str]]
) -> None:
    """Note the lines that were not taken."""
    cursor.executemany(
        "INSERT INTO upgrade_file_reject VALUES (%s, %s, %s, %s)",
        [(authority, batch, line, reason) for line, reason in rejects],
    )


def rejects_of(cursor: Cursor, authority: str, batch: str) -> list[tuple[int, str]]:
    """The lines of a file that were not taken, in order."""
    rows = cursor.execute(
        "SELECT line, reason FROM upgrade_file_reject WHERE authority = %s AND batch = %s"
        " ORDER BY line",
        (authority, batch),
    )
    return [(int(line), str(reason)) for line, reason in rows]


def sums_of(cursor: Cursor, authority: str, batch: str) -> tuple[int, int]:
    """How many lines of a file were linked, and how many had been."""
    row = cursor.execute(
        "SELECT coalesce(sum(linked), 0), coalesce(sum(repeated), 0) FROM upgrade_file_part"
        " WHERE authority = %s AND batch = %s",
        (authority, batch),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def not_issued(cursor: Cursor, medium_nos: Sequence[str]) -> set[str]:
    """Which of these the issuer's books do not know, or deny."""
    if not medium_nos:
        return set()
    known = cursor.execute(
        "SELECT medium_no FROM medium WHERE medium_no = ANY(%s) AND denied = ''",
        (list(medium_nos),),
    )
    return set(medium_nos) - {str(medium_no) for (medium_no,) in known}


def holders_of(cursor: Cursor, medium_nos: Sequence[str]) -> dict[str, str]:
    """With whom each of these is linked now."""
    rows = cursor.execute(
        "SELECT medium_no, holder FROM upgrade_now WHERE medium_no = ANY(%s)", (list(medium_nos),)
    )
    return {str(medium_no): str(holder) for medium_no, holder in rows}


def write_links(
    cursor: Cursor, links: Sequence[NewLink], channel: str, staff: str, now_s: int
) -> set[str]:
    """Make the links whose media have none yet; the media that were linked."""
    columns = [list(column) for column in zip(*map(astuple, links), strict=True)] or [[]] * 5
    rows = cursor.execute(
        "WITH line AS (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[],"
        " %s::text[]) AS line (link_id, holder, medium_no, kind, place)),"
        " held AS (INSERT INTO upgrade_now SELECT medium_no, link_id, holder, place, 0 FROM line"
        " ORDER BY medium_no ON CONFLICT (medium_no) DO NOTHING RETURNING link_id)"
        " INSERT INTO upgrade_link SELECT link_id, holder, medium_no, kind, place, '', %s, 'bulk',"
        " '', %s, %s FROM line JOIN held USING (link_id) RETURNING medium_no",
        (*columns, channel, staff, now_s),
    )
    return {str(medium_no) for (medium_no,) in rows}
