"""The lists that a city publishes for its gates: what was handed in, what was released."""

from typing import LiteralString

from tongxing.city.fleet.values import ListDraft, ListReleased, Span
from tongxing.city.store.cursor import Cursor
from tongxing.messages.lists import DataName

_DRAFT: LiteralString = (
    "draft_no, name, follows, not_before_s, not_after_s, why, drafted_by, drafted_s, lapses_s"
)
_RELEASED: LiteralString = _DRAFT + ", version, released_by, released_s, octet_length(content)"


def lock(cursor: Cursor, name: DataName) -> None:
    """One writer at a time for the lists of a name, until the transaction ends."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('gate_list ' || %s, 0))", (name,))


def add_draft(cursor: Cursor, draft: ListDraft, content: bytes) -> int:
    """Write what was handed in; its number."""
    row = cursor.execute(
        "INSERT INTO gate_list (name, content, follows, not_before_s, not_after_s, why, drafted_by,"
        " drafted_s, lapses_s) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING draft_no",
        (
            draft.name,
            content,
            draft.follows,
            draft.not_before_s,
            draft.not_after_s,
            draft.why,
            draft.drafted_by,
            draft.drafted_s,
            draft.lapses_s,
        ),
    ).fetchone()
    assert row is not None
    return int(row[0])


def find_draft(cursor: Cursor, number: int) -> tuple[ListDraft, bytes] | None:
    """What was handed in under a number and is not released, with its content."""
    row = cursor.execute(
        "SELECT content, " + _DRAFT + " FROM gate_list WHERE draft_no = %s AND version IS NULL",
        (number,),
    ).fetchone()
    return None if row is None else (ListDraft(*row[1:]), bytes(row[0]))


def drafts(cursor: Cursor, now_s: int) -> list[ListDraft]:
    """All that still waits for its second person, oldest first."""
    rows = cursor.execute(
        "SELECT " + _DRAFT + " FROM gate_list AS d WHERE version IS NULL AND lapses_s > %s"
        " AND NOT EXISTS (SELECT 1 FROM gate_list AS r WHERE r.name = d.name"
        " AND r.version > d.follows) ORDER BY draft_no",
        (now_s,),
    )
    return [ListDraft(*row) for row in rows]


def release(
    cursor: Cursor, number: int, version: int, days: tuple[int, int], by: str, message: bytes
) -> None:
    """Make a draft the version of its name that was sealed; `days` are when that was done, and
    from when on it is good."""
    cursor.execute(
        "UPDATE gate_list SET version = %s, released_s = %s, not_before_s = %s, released_by = %s,"
        " message = %s WHERE draft_no = %s",
        (version, *days, by, message, number),
    )


def released(cursor: Cursor, name: DataName | None, limit: int) -> list[ListReleased]:
    """The last versions, newest first: of one name, or of all."""
    rows = cursor.execute(
        "SELECT " + _RELEASED + " FROM gate_list WHERE version IS NOT NULL"
        " AND (%s::text IS NULL OR name = %s) ORDER BY released_s DESC, draft_no DESC LIMIT %s",
        (name, name, limit),
    )
    return [ListReleased(ListDraft(*row[:9]), *row[9:]) for row in rows]


def spans(cursor: Cursor, since: int, name: DataName | None = None) -> list[Span]:
    """The versions above `since`, of one name or of all, by name and version."""
    rows = cursor.execute(
        "SELECT name, version, not_before_s, not_after_s FROM gate_list WHERE version > %s"
        " AND (%s::text IS NULL OR name = %s) ORDER BY name, version",
        (since, name, name),
    )
    return [Span(*row) for row in rows]


def message_of(cursor: Cursor, name: DataName, version: int) -> bytes:
    """A version as it was sealed. Raises LookupError for one that is not there."""
    row = cursor.execute(
        "SELECT message FROM gate_list WHERE name = %s AND version = %s", (name, version)
    ).fetchone()
    if row is None:
        raise LookupError(f"{name} {version}")
    return bytes(row[0])
