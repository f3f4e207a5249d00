"""Members in the hub's tables."""

from collections.abc import Iterable

from tongxing.hub.members import Member
from tongxing.hub.store.connection import Cursor


def load_members(cursor: Cursor) -> dict[str, Member]:
    """All members by id, in order of id."""
    rows = cursor.execute(
        "SELECT member_id, kind, city, name_zh, name_en FROM member ORDER BY member_id"
    )
    return {row[0]: Member(*row) for row in rows}


def suspended_members(cursor: Cursor) -> frozenset[str]:
    """The members that are suspended now."""
    rows = cursor.execute("SELECT member_id FROM member WHERE suspended_s IS NOT NULL")
    return frozenset(str(row[0]) for row in rows)


def suspensions(cursor: Cursor) -> dict[str, int]:
    """Since when each suspended member is."""
    rows = cursor.execute(
        "SELECT member_id, suspended_s FROM member WHERE suspended_s IS NOT NULL ORDER BY member_id"
    )
    return {str(member): int(since_s) for member, since_s in rows}


def add_members(cursor: Cursor, members: Iterable[Member], enrolled_s: int) -> None:
    """Add members that are not there yet."""
    cursor.executemany(
        "INSERT INTO member (member_id, kind, city, name_zh, name_en, enrolled_s)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [
            (item.member_id, item.kind, item.city, item.name_zh, item.name_en, enrolled_s)
            for item in members
        ],
    )


def set_suspended(cursor: Cursor, member_id: str, since_s: int | None) -> bool:
    """Suspend a member, or reinstate it with None; False when that is what it already was."""
    done = cursor.execute(
        "UPDATE member SET suspended_s = %s"
        " WHERE member_id = %s AND (suspended_s IS NULL) <> (%s::bigint IS NULL)",
        (since_s, member_id, since_s),
    )
    return done.rowcount == 1
