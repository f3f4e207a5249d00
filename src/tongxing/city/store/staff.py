"""The rows of staff, their sessions and what they did."""

from dataclasses import dataclass
from typing import LiteralString

from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import DAY_S


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff as the store has it. `place` is "" for whoever may work anywhere."""

    staff_id: str
    name: str
    roles: tuple[str, ...]
    place: str
    secret_hash: bytes
    ended_s: int | None


@dataclass(frozen=True, slots=True)
class ActRow:
    """One thing that a member of staff did, or tried to do."""

    at_s: int
    staff_id: str
    act: str
    subject: str
    why: str
    result: str


_COLUMNS: LiteralString = "staff_id, name, roles, place, secret_hash, ended_s"
_LOCKED: LiteralString = " FOR UPDATE"


def find(cursor: Cursor, staff_id: str, *, lock: bool = False) -> StaffRow | None:
    """A member of staff; with `lock` nobody else changes the row until the transaction ends."""
    query = f"SELECT {_COLUMNS} FROM staff WHERE staff_id = %s"
    row = cursor.execute(query + _LOCKED if lock else query, (staff_id,)).fetchone()
    return None if row is None else _row(row)


def everybody(cursor: Cursor) -> list[StaffRow]:
    """All staff, those who left too, by id."""
    rows = cursor.execute(f"SELECT {_COLUMNS} FROM staff ORDER BY staff_id")
    return [_row(row) for row in rows]


def add(cursor: Cursor, row: StaffRow, added_s: int, added_by: str) -> None:
    """Write a new member of staff."""
    cursor.execute(
        "INSERT INTO staff (staff_id, name, roles, place, secret_hash, added_s, added_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (row.staff_id, row.name, list(row.roles), row.place, row.secret_hash, added_s, added_by),
    )


def end(cursor: Cursor, staff_id: str, ended_s: int) -> None:
    """A member of staff leaves: no session of theirs works any more."""
    cursor.execute("UPDATE staff SET ended_s = %s WHERE staff_id = %s", (ended_s, staff_id))
    cursor.execute(
        "UPDATE staff_session SET ended_s = %s WHERE staff_id = %s AND ended_s IS NULL",
        (ended_s, staff_id),
    )


def tries_of(cursor: Cursor, who: bytes) -> tuple[int, int]:
    """How often in a row somebody was wrong, and until when nothing more is tried; the row is
    locked, and there when it was not."""
    cursor.execute(
        "INSERT INTO staff_try VALUES (%s, 0, 0, 0) ON CONFLICT (who) DO NOTHING", (who,)
    )
    row = cursor.execute(
        "SELECT wrong, locked_until_s FROM staff_try WHERE who = %s FOR UPDATE", (who,)
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def note_tries(cursor: Cursor, who: bytes, wrong: int, locked_until_s: int, now_s: int) -> None:
    """Keep how often somebody was wrong, and forget whoever has not tried since a day."""
    cursor.execute(
        "UPDATE staff_try SET wrong = %s, locked_until_s = %s, seen_s = %s WHERE who = %s",
        (wrong, locked_until_s, now_s, who),
    )
    cursor.execute("DELETE FROM staff_try WHERE seen_s < %s AND who <> %s", (now_s - DAY_S, who))


def begin_session(cursor: Cursor, token_hash: bytes, staff_id: str, now_s: int) -> None:
    """Write a new session."""
    cursor.execute(
        "INSERT INTO staff_session (token_hash, staff_id, began_s, seen_s) VALUES (%s, %s, %s, %s)",
        (token_hash, staff_id, now_s, now_s),
    )


def find_session(cursor: Cursor, token_hash: bytes) -> tuple[str, int] | None:
    """Whose session this is and when it was last seen; None for one that was ended or never was."""
    row = cursor.execute(
        "SELECT staff_id, seen_s FROM staff_session WHERE token_hash = %s AND ended_s IS NULL"
        " FOR UPDATE",
        (token_hash,),
    ).fetchone()
    return None if row is None else (str(row[0]), int(row[1]))


def see_session(cursor: Cursor, token_hash: bytes, now_s: int) -> None:
    """Note that a session is being used."""
    cursor.execute(
        "UPDATE staff_session SET seen_s = greatest(seen_s, %s) WHERE token_hash = %s",
        (now_s, token_hash),
    )


def end_session(cursor: Cursor, token_hash: bytes, now_s: int) -> None:
    """End a session; one that is over stays over."""
    cursor.execute(
        "UPDATE staff_session SET ended_s = %s WHERE token_hash = %s AND ended_s IS NULL",
        (now_s, token_hash),
    )


def write_act(cursor: Cursor, act: ActRow) -> None:
    """Keep what was done."""
    cursor.execute(
        "INSERT INTO staff_act (at_s, staff_id, act, subject, why, result)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (act.at_s, act.staff_id, act.act, act.subject, act.why, act.result),
    )


def newest_acts(cursor: Cursor, limit: int) -> list[ActRow]:
    """What was done last, newest first."""
    return [
        ActRow(int(row[0]), str(row[1]), str(row[2]), str(row[3]), str(row[4]), str(row[5]))
        for row in cursor.execute(
            "SELECT at_s, staff_id, act, subject, why, result FROM staff_act"
            " ORDER BY act_no DESC LIMIT %s",
            (limit,),
        )
    ]


def _row(row: tuple[object, ...]) -> StaffRow:
    staff_id, name, roles, place, secret_hash, ended_s = row
    assert isinstance(roles, list)
    assert isinstance(secret_hash, bytes)
    return StaffRow(
        str(staff_id),
        str(name),
        tuple(str(role) for role in roles),
        str(place),
        secret_hash,
        None if ended_s is None else int(str(ended_s)),
    )
