"""The numbered list of what the hub handed out to a member, and the bytes of each letter."""

from dataclasses import dataclass
from typing import LiteralString

from tongxing.hub.store.connection import Cursor
from tongxing.messages.letters import Letter

MIGRATIONS = "tongxing.hub.exchange.migrations"
COMPONENT = "hub_exchange"


@dataclass(frozen=True, slots=True)
class Booked:
    """A record file in the books: the SHA-256 of its manifest and data, and the number of the
    letter that holds its verdicts."""

    manifest_sha256: str
    data_sha256: str
    letter: int


_COLUMNS: LiteralString = "number, kind, window_id, name, bytes, sha256"
_CONTENT: dict[str, LiteralString] = {
    "document": "SELECT substr(content, %(start)s, %(most)s) FROM document"
    " WHERE window_id = %(window)s AND kind = %(kind)s AND party = %(party)s",
    "file": "SELECT substr(verdicts, %(start)s, %(most)s) FROM record_file"
    " WHERE sender = %(party)s AND file_id = %(name)s",
    "instruction": "SELECT substr(content, %(start)s, %(most)s) FROM instruction"
    " WHERE instruction_id = %(name)s",
    "case_file": "SELECT substr(answer, %(start)s, %(most)s) FROM case_file"
    " WHERE sender = %(party)s AND file_id = %(name)s",
    "checkpoint": "SELECT substr(content, %(start)s, %(most)s) FROM checkpoint"
    " WHERE window_id = %(window)s",
}


def letters_after(cursor: Cursor, member: str, after: int, most: int) -> tuple[list[Letter], int]:
    """The letters of a member with higher numbers than `after`, oldest first, and the highest
    number there is."""
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM letter WHERE member = %s AND number > %s ORDER BY number LIMIT %s",
        (member, after, most),
    ).fetchall()
    last = cursor.execute(
        "SELECT coalesce(max(number), 0) FROM letter WHERE member = %s", (member,)
    ).fetchone()
    assert last is not None
    return [Letter(*row) for row in rows], int(last[0])


def booked_file(cursor: Cursor, member: str, file_id: str) -> Booked | None:
    """A record file that a member sent and the hub booked."""
    row = cursor.execute(
        "SELECT f.manifest_sha256, f.data_sha256, l.number FROM record_file f JOIN letter l"
        " ON l.member = f.sender AND l.source = 'file' AND l.name = f.file_id"
        " WHERE f.sender = %s AND f.file_id = %s",
        (member, file_id),
    ).fetchone()
    return None if row is None else Booked(*row)


def find_letter(cursor: Cursor, member: str, number: int) -> Letter | None:
    """A letter of a member."""
    row = cursor.execute(
        f"SELECT {_COLUMNS} FROM letter WHERE member = %s AND number = %s", (member, number)
    ).fetchone()
    return None if row is None else Letter(*row)


def content_of(cursor: Cursor, member: str, number: int, start: int, most: int) -> bytes:
    """At most `most` bytes of a letter that is there, from `start` (counted from 0) on."""
    row = cursor.execute(
        "SELECT source, kind, window_id, name, party FROM letter WHERE member = %s AND number = %s",
        (member, number),
    ).fetchone()
    assert row is not None
    source, kind, window, name, party = row
    given = {"start": start + 1, "most": most, "kind": kind, "window": window}
    found = cursor.execute(_CONTENT[source], {**given, "name": name, "party": party}).fetchone()
    assert found is not None, (member, number)
    return bytes(found[0])


def use_signature(cursor: Cursor, key_id: str, nonce: str, now_s: int, kept_s: int) -> bool:
    """Note a nonce of a key as used; False when it was before. Those older than `kept_s`, which no
    clock would let through again, are forgotten."""
    cursor.execute("DELETE FROM used_signature WHERE used_s < %s", (now_s - kept_s,))
    done = cursor.execute(
        "INSERT INTO used_signature VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (key_id, nonce, now_s),
    )
    return done.rowcount == 1
