"""One-time codes and tries of them, sessions and their fresh proofs."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import LiteralString

from tongxing.city.people.store.persons import PersonRow
from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A one-time code, unreadable: what it is bound to and how it stands."""

    code_id: str
    phone_index: str
    client_index: str
    purpose: str
    session_hash: str
    code_hash: str
    asked_s: int
    expires_s: int
    tries_left: int
    state: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session by its number."""

    session_no: int
    person_id: str
    begun_s: int
    seen_s: int
    ends_s: int
    ended_s: int | None


_CODE = (
    "SELECT code_id, phone_index, client_index, purpose, session_hash, code_hash, asked_s,"
    " expires_s, tries_left, state FROM person_code"
)
_SESSION = "SELECT session_no, person_id, begun_s, seen_s, ends_s, ended_s FROM person_session"


def write_code(cursor: Cursor, row: CodeRow) -> None:
    """Keep a new code."""
    cursor.execute(
        "INSERT INTO person_code VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (row.code_id, row.phone_index, row.client_index, row.purpose, row.session_hash,
         row.code_hash, row.asked_s, row.expires_s, row.tries_left, row.state),
    )  # fmt: skip


def newest_code(
    cursor: Cursor, phones: Collection[str], purpose: str, sessions: Collection[str]
) -> CodeRow | None:
    """The newest code that went out for these, locked until the end of the transaction."""
    row = cursor.execute(
        _CODE + " WHERE phone_index = ANY(%s) AND purpose = %s AND session_hash = ANY(%s)"
        " AND state <> 'failed' ORDER BY asked_s DESC, code_id DESC LIMIT 1 FOR UPDATE",
        (list(phones), purpose, list(sessions)),
    ).fetchone()
    return None if row is None else CodeRow(*row)


def set_code(cursor: Cursor, code_id: str, state: str, tries_left: int) -> None:
    """How a code stands from now on."""
    cursor.execute(
        "UPDATE person_code SET state = %s, tries_left = %s WHERE code_id = %s",
        (state, tries_left, code_id),
    )


def asked_times(
    cursor: Cursor, phones: Collection[str], clients: Collection[str], since_s: int
) -> list[tuple[int, bool]]:
    """When codes were asked for a number since then and went out, oldest first, and whether these
    clients asked."""
    rows = cursor.execute(
        "SELECT asked_s, client_index = ANY(%s) FROM person_code WHERE phone_index = ANY(%s)"
        " AND asked_s > %s AND state <> 'failed' ORDER BY asked_s",
        (list(clients), list(phones), since_s),
    )
    return [(int(asked_s), bool(by_these)) for asked_s, by_these in rows]


def client_times(
    cursor: Cursor, clients: Collection[str], since_s: int
) -> tuple[list[int], list[int]]:
    """When a client, since then, asked for codes (failed ones too), and when it tried wrong ones;
    oldest first."""
    row = cursor.execute(
        "SELECT ARRAY(SELECT asked_s FROM person_code WHERE client_index = ANY(%(c)s)"
        " AND asked_s > %(s)s ORDER BY 1), ARRAY(SELECT at_s FROM person_try"
        " WHERE client_index = ANY(%(c)s) AND at_s > %(s)s AND NOT is_right ORDER BY 1)",
        {"c": list(clients), "s": since_s},
    ).fetchone()
    assert row is not None
    return [int(one) for one in row[0]], [int(one) for one in row[1]]


def code_counts(cursor: Cursor, since_s: int) -> dict[str, int]:
    """How many codes since then stand how: sent, used, failed."""
    rows = cursor.execute(
        "SELECT state, count(*) FROM person_code WHERE asked_s > %s GROUP BY state", (since_s,)
    )
    return {str(state): int(count) for state, count in rows}


def write_try(cursor: Cursor, at_s: int, client_index: str, is_right: bool, is_live: bool) -> None:
    """Note a try of a code, and nothing of whose it was; `is_live` where a code could be hit."""
    cursor.execute(
        "INSERT INTO person_try VALUES (%s, %s, %s, %s)", (at_s, client_index, is_right, is_live)
    )


def try_counts(cursor: Cursor, since_s: int) -> tuple[int, int]:
    """The tries since then that could hit a code, and the wrong ones of them."""
    row = cursor.execute(
        "SELECT count(*), count(*) FILTER (WHERE NOT is_right) FROM person_try"
        " WHERE at_s > %s AND is_live",
        (since_s,),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def write_session(
    cursor: Cursor, person_id: str, token_hash: str, begun_s: int, ends_s: int
) -> int:
    """A new session; its number."""
    row = cursor.execute(
        "INSERT INTO person_session (person_id, token_hash, begun_s, seen_s, ends_s)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING session_no",
        (person_id, token_hash, begun_s, begun_s, ends_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def session_of(cursor: Cursor, token_hash: str, now_s: int) -> SessionRow | None:
    """The session of a token, while it lives."""
    row = cursor.execute(
        _SESSION + " WHERE token_hash = %s AND ended_s IS NULL AND ends_s > %s",
        (token_hash, now_s),
    ).fetchone()
    return None if row is None else SessionRow(*row)


def session_and_person(
    cursor: Cursor, token_hash: str, now_s: int
) -> tuple[int, int, PersonRow] | None:
    """The living session of a token, asked for with each page: its number, when it was last seen,
    and whose it is."""
    row = cursor.execute(
        "SELECT session_no, seen_s, person_id, account, level, minor_until_s, guardian_id,"
        " opened_s, closed_s FROM person_session JOIN person USING (person_id)"
        " WHERE token_hash = %s AND ended_s IS NULL AND ends_s > %s",
        (token_hash, now_s),
    ).fetchone()
    return None if row is None else (int(row[0]), int(row[1]), PersonRow(*row[2:]))


def sessions_of(cursor: Cursor, person_id: str) -> list[SessionRow]:
    """All sessions of a person, newest first, ended ones too."""
    rows = cursor.execute(_SESSION + " WHERE person_id = %s ORDER BY session_no DESC", (person_id,))
    return [SessionRow(*row) for row in rows]


def roll_session(cursor: Cursor, session_no: int, seen_s: int, ends_s: int) -> None:
    """A session was used: it ends later."""
    cursor.execute(
        "UPDATE person_session SET seen_s = %s, ends_s = %s"
        " WHERE session_no = %s AND ended_s IS NULL",
        (seen_s, ends_s, session_no),
    )


def end_session(cursor: Cursor, where: LiteralString, values: tuple[object, ...]) -> int:
    """End the living sessions that `where` names, at the time they were last seen; how many."""
    return cursor.execute(
        "UPDATE person_session SET ended_s = seen_s WHERE ended_s IS NULL AND " + where, values
    ).rowcount


def write_fresh(cursor: Cursor, session_no: int, purpose: str, until_s: int) -> None:
    """A session proved its phone once more, for one purpose."""
    cursor.execute(
        "INSERT INTO person_fresh VALUES (%s, %s, %s) ON CONFLICT (session_no, purpose)"
        " DO UPDATE SET until_s = excluded.until_s",
        (session_no, purpose, until_s),
    )


def fresh_until(cursor: Cursor, session_no: int, purpose: str) -> int:
    """Until when a session's proof holds; 0 where it never gave one."""
    row = cursor.execute(
        "SELECT until_s FROM person_fresh WHERE session_no = %s AND purpose = %s",
        (session_no, purpose),
    ).fetchone()
    return 0 if row is None else int(row[0])


def identity_tries(cursor: Cursor, person_id: str, since_s: int) -> int:
    """How often the register was asked for a person since then."""
    row = cursor.execute(
        "SELECT count(*) FROM person_identity_try WHERE person_id = %s AND at_s > %s",
        (person_id, since_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def write_identity_try(cursor: Cursor, person_id: str, at_s: int) -> None:
    """Note that the register is asked for a person."""
    cursor.execute("INSERT INTO person_identity_try VALUES (%s, %s)", (person_id, at_s))
