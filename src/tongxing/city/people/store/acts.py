"""Consents, help, looks of staff, notices, feedback, and requests that count once."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import LiteralString

from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class HelpRow:
    """Who helps whom."""

    help_id: str
    helper_id: str
    helped_id: str
    relation: str
    from_s: int
    ended_s: int | None


_HELP = "SELECT help_id, helper_id, helped_id, relation, from_s, ended_s FROM person_help"


def write_consent(
    cursor: Cursor,
    person_id: str,
    text: tuple[str, str],
    act: str,
    channel: str,
    by: str,
    at_s: int,
) -> None:
    """Evidence that a person (or `by`, the guardian) said yes, or took it back."""
    cursor.execute(
        "INSERT INTO person_consent (person_id, text_id, version, act, channel, given_by, at_s)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (person_id, *text, act, channel, by, at_s),
    )


def consents_of(cursor: Cursor, person_id: str) -> list[tuple[str, str, str, str, int]]:
    """Text, version, act, channel and time of all that a person said, in order."""
    return cursor.execute(
        "SELECT text_id, version, act, channel, at_s FROM person_consent WHERE person_id = %s"
        " ORDER BY number",
        (person_id,),
    ).fetchall()


def write_help(cursor: Cursor, row: HelpRow, device_version: int, device_index: str) -> None:
    """Somebody helps somebody from now on."""
    cursor.execute(
        "INSERT INTO person_help VALUES (%s, %s, %s, %s, %s, %s, %s, NULL, NULL)",
        (row.help_id, row.helper_id, row.helped_id, row.relation, device_version, device_index,
         row.from_s),
    )  # fmt: skip


def slots_taken(
    cursor: Cursor, helper_id: str, devices: Collection[str], helped_id: str, cooled_s: int
) -> tuple[int, int, int]:
    """Slots of a helper, of a device and of a helped person that are taken, or were until after
    `cooled_s`."""
    row = cursor.execute(
        "SELECT count(*) FILTER (WHERE helper_id = %(helper)s),"
        " count(*) FILTER (WHERE device_index = ANY(%(devices)s)),"
        " count(*) FILTER (WHERE helped_id = %(helped)s)"
        " FROM person_help WHERE (helper_id = %(helper)s OR device_index = ANY(%(devices)s)"
        " OR helped_id = %(helped)s) AND (ended_s IS NULL OR ended_s > %(cooled)s)",
        {"helper": helper_id, "devices": list(devices), "helped": helped_id, "cooled": cooled_s},
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def helps(cursor: Cursor, where: LiteralString, values: tuple[object, ...]) -> list[HelpRow]:
    """The help that goes on and that `where` names, oldest first."""
    rows = cursor.execute(
        _HELP + " WHERE ended_s IS NULL AND " + where + " ORDER BY from_s, help_id", values
    )
    return [HelpRow(*row) for row in rows]


def end_help(cursor: Cursor, help_id: str, ended_s: int, ended_by: str) -> bool:
    """End a help that goes on; whether it did."""
    return bool(
        cursor.execute(
            "UPDATE person_help SET ended_s = %s, ended_by = %s"
            " WHERE help_id = %s AND ended_s IS NULL",
            (ended_s, ended_by, help_id),
        ).rowcount
    )


def set_device_index(cursor: Cursor, help_id: str, version: int, value: str) -> None:
    """The index of a help's device under a newer key."""
    cursor.execute(
        "UPDATE person_help SET device_version = %s, device_index = %s WHERE help_id = %s",
        (version, value, help_id),
    )


def write_lookup(
    cursor: Cursor, staff: str, why: tuple[str, str], what: str, found: tuple[str, str], at_s: int
) -> None:
    """Evidence of a look: who, purpose and ticket, at what, person and outcome."""
    cursor.execute(
        "INSERT INTO person_lookup (staff, purpose, ticket, what, person_id, outcome, at_s)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (staff, *why, what, *found, at_s),
    )


def looks_since(cursor: Cursor, staff: str, since_s: int) -> int:
    """How often a staff member looked since then, refused looks not counted."""
    row = cursor.execute(
        "SELECT count(*) FROM person_lookup WHERE staff = %s AND at_s > %s"
        " AND outcome IN ('shown', 'PERSON_NOT_FOUND')",
        (staff, since_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def looks_by_staff(cursor: Cursor, since_s: int) -> list[tuple[str, int, int, int]]:
    """Of each staff member since then: looks over the quota, looks that found nobody, and the most
    looks at one person."""
    return cursor.execute(
        "SELECT staff, sum(over)::int, sum(missed)::int, max(shown)::int FROM (SELECT staff,"
        " person_id, count(*) FILTER (WHERE outcome = 'LOOKUP_QUOTA') AS over,"
        " count(*) FILTER (WHERE outcome = 'PERSON_NOT_FOUND') AS missed,"
        " count(*) FILTER (WHERE outcome = 'shown' AND person_id <> '') AS shown"
        " FROM person_lookup WHERE at_s > %s GROUP BY staff, person_id) AS of_person"
        " GROUP BY staff ORDER BY staff",
        (since_s,),
    ).fetchall()


def looks_at(cursor: Cursor, person_id: str) -> list[tuple[int, str, str]]:
    """When, why and at what of a person staff looked, in order."""
    return cursor.execute(
        "SELECT at_s, purpose, what FROM person_lookup WHERE person_id = %s AND outcome = 'shown'"
        " ORDER BY number",
        (person_id,),
    ).fetchall()


def write_notice(cursor: Cursor, person_id: str, kind: str, details: str, at_s: int) -> None:
    """Tell a person something; `details` is JSON."""
    cursor.execute(
        "INSERT INTO person_notice (person_id, kind, details, at_s) VALUES (%s, %s, %s, %s)",
        (person_id, kind, details, at_s),
    )


def notices_of(cursor: Cursor, person_id: str) -> list[tuple[int, str, str, int, int | None]]:
    """Id, kind, details, time and time of reading, newest first."""
    return cursor.execute(
        "SELECT notice_id, kind, details, at_s, read_s FROM person_notice WHERE person_id = %s"
        " ORDER BY notice_id DESC",
        (person_id,),
    ).fetchall()


def count_unread(cursor: Cursor, person_id: str) -> int:
    """How many notices a person has not read."""
    row = cursor.execute(
        "SELECT count(*) FROM person_notice WHERE person_id = %s AND read_s IS NULL", (person_id,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def read_notice(cursor: Cursor, person_id: str, notice_id: int, now_s: int) -> None:
    """One of this person's notices was read; anybody else's stays as it is."""
    cursor.execute(
        "UPDATE person_notice SET read_s = %s"
        " WHERE notice_id = %s AND person_id = %s AND read_s IS NULL",
        (now_s, notice_id, person_id),
    )


def write_feedback(cursor: Cursor, feedback_id: str, person_id: str, about: str, at_s: int) -> None:
    """Note that a person wrote; the text is a cell."""
    cursor.execute(
        "INSERT INTO person_feedback VALUES (%s, %s, %s, %s)", (feedback_id, person_id, about, at_s)
    )


def feedback_since(cursor: Cursor, person_id: str, since_s: int) -> int:
    """How often a person wrote since then."""
    row = cursor.execute(
        "SELECT count(*) FROM person_feedback WHERE person_id = %s AND at_s > %s",
        (person_id, since_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def newest_feedback(cursor: Cursor, limit: int) -> list[tuple[str, str, str, int]]:
    """Id, account, about and time of what was written, newest first."""
    return cursor.execute(
        "SELECT feedback_id, account, about, at_s FROM person_feedback JOIN person USING"
        " (person_id) ORDER BY at_s DESC, feedback_id LIMIT %s",
        (limit,),
    ).fetchall()


def count_feedback(cursor: Cursor) -> list[tuple[str, int]]:
    """How much was written about what, most first."""
    rows = cursor.execute(
        "SELECT about, count(*) FROM person_feedback GROUP BY about ORDER BY count(*) DESC, about"
    )
    return [(str(about), int(count)) for about, count in rows]


def newest_s(cursor: Cursor) -> int:
    """When something was last written about people: a message, a look, a notice; 0 for never."""
    row = cursor.execute(
        "SELECT greatest((SELECT max(asked_s) FROM person_code),"
        " (SELECT max(at_s) FROM person_lookup), (SELECT max(at_s) FROM person_notice),"
        " (SELECT max(at_s) FROM person_feedback), 0)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def feedback_of(cursor: Cursor, person_id: str) -> list[tuple[str, str, int]]:
    """Id, about and time of what a person wrote, in order."""
    return cursor.execute(
        "SELECT feedback_id, about, at_s FROM person_feedback WHERE person_id = %s"
        " ORDER BY at_s, feedback_id",
        (person_id,),
    ).fetchall()


def find_request(cursor: Cursor, request_id: str) -> tuple[str, str, str, int] | None:
    """Kind, content, person and time of a request that was carried out."""
    return cursor.execute(
        "SELECT kind, content, person_id, at_s FROM person_request WHERE request_id = %s",
        (request_id,),
    ).fetchone()


def write_request(
    cursor: Cursor, request_id: str, kind: str, content: str, person_id: str, at_s: int
) -> None:
    """Note that a request was carried out."""
    cursor.execute(
        "INSERT INTO person_request VALUES (%s, %s, %s, %s, %s)",
        (request_id, kind, content, person_id, at_s),
    )
