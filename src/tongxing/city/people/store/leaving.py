"""What an account still has in the books, and what retention takes away of people."""

from typing import LiteralString

from tongxing.city.store.cursor import Cursor

_OPEN: dict[str, LiteralString] = {
    "half_trip": "SELECT count(*) FROM half_trip WHERE rider_id = %s",
    "binding": "SELECT count(*) FROM binding WHERE account = %s AND step IN ('moving', 'sealing')",
    "frozen": "SELECT coalesce(sum(amount_fen), 0) FROM money_frozen WHERE account = %s",
    "payment": "SELECT count(*) FROM payment_order WHERE account = %s AND state = 'open'",
    "refund": "SELECT coalesce(sum(refund_part.amount_fen), 0) FROM refund_part JOIN refund"
    " USING (refund_id) WHERE account = %s AND state IN ('set_aside', 'asked')",
    "mandate": "SELECT count(*) FROM payment_mandate WHERE account = %s AND state = 'signed'",
    "loss": "SELECT count(*) FROM loss_report WHERE account = %s AND purse_rider <> ''"
    " AND report_id NOT IN (SELECT report_id FROM loss_lifted)"
    " AND report_id NOT IN (SELECT report_id FROM loss_found)",
    "dispute": "SELECT count(*) FROM dispute WHERE account = %s"
    " AND case_id NOT IN (SELECT case_id FROM dispute_end)",
}
"""What other rooms of the city keep open for an account, by kind."""


def open_items(cursor: Cursor, account: str) -> dict[str, int]:
    """What keeps an account from being closed, by kind (fen, or how many); its rider is locked."""
    row = cursor.execute(
        "SELECT balance_fen, held_fen, open_since_s FROM rider WHERE rider_id = %s FOR UPDATE",
        (account,),
    ).fetchone()
    if row is None:
        return {}
    balance_fen, held_fen, open_since_s = row
    found = {
        "balance": max(0, balance_fen),
        "debt": max(0, -balance_fen),
        "held": held_fen,
        "open_trip": 1 if open_since_s is not None else 0,
    }
    found |= {kind: _count(cursor, query, (account,)) for kind, query in _OPEN.items()}
    return {kind: amount for kind, amount in found.items() if amount}


def media_of(cursor: Cursor, account: str) -> list[str]:
    """An account's media that gates still take."""
    rows = cursor.execute(
        "SELECT medium_no FROM medium WHERE rider_id = %s AND denied = '' ORDER BY 1", (account,)
    )
    return [str(medium_no) for (medium_no,) in rows]


def balance_of(cursor: Cursor, account: str) -> tuple[int, int]:
    """An account's balance and what is held of it (fen)."""
    row = cursor.execute(
        "SELECT balance_fen, held_fen FROM rider WHERE rider_id = %s", (account,)
    ).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def trips_of(cursor: Cursor, account: str) -> list[tuple[int, int, str, str, str, str, int]]:
    """An account's trips in order: entered, left, mode, line, from, to, charge (fen)."""
    return cursor.execute(
        "SELECT entered_s, exited_s, mode, line, origin, destination, charge_fen FROM trip"
        " WHERE rider_id = %s AND how <> 'void' ORDER BY order_key",
        (account,),
    ).fetchall()


def purge(cursor: Cursor, before: dict[str, int], now_s: int) -> dict[str, int]:
    """Delete what is older than `before` says (by codes, sessions, notices, feedback, requests);
    how many rows of each went."""
    by_time: dict[str, tuple[LiteralString, int]] = {
        "codes": ("DELETE FROM person_code WHERE asked_s <= %s", before["codes"]),
        "tries": ("DELETE FROM person_try WHERE at_s <= %s", before["codes"]),
        "identity_tries": ("DELETE FROM person_identity_try WHERE at_s <= %s", before["codes"]),
        "fresh": ("DELETE FROM person_fresh WHERE until_s <= %s", now_s),
        "sessions": (
            "DELETE FROM person_session WHERE least(ends_s, coalesce(ended_s, ends_s)) <= %s",
            before["sessions"],
        ),
        "notices": ("DELETE FROM person_notice WHERE at_s <= %s", before["notices"]),
        "feedback": ("DELETE FROM person_feedback WHERE at_s <= %s", before["feedback"]),
        "requests": ("DELETE FROM person_request WHERE at_s <= %s", before["requests"]),
    }
    gone = {
        name: cursor.execute(query, (until_s,)).rowcount
        for name, (query, until_s) in by_time.items()
    }
    gone["cells"] = cursor.execute(
        "DELETE FROM person_cell WHERE (table_name = 'person_session' AND NOT EXISTS (SELECT 1"
        " FROM person_session WHERE session_no::text = row_id)) OR (table_name = 'person_feedback'"
        " AND NOT EXISTS (SELECT 1 FROM person_feedback WHERE feedback_id = row_id))"
    ).rowcount
    return gone


def forget(cursor: Cursor, person_id: str) -> None:
    """Delete what a closed account needs no more: cells, sessions, notices, feedback. Evidence of
    consents and looks stays, under an id that leads to nobody."""
    for query in (
        "DELETE FROM person_cell WHERE (table_name = 'person' AND row_id = %(id)s)"
        " OR (table_name = 'person_session' AND row_id IN (SELECT session_no::text FROM"
        " person_session WHERE person_id = %(id)s)) OR (table_name = 'person_feedback' AND row_id"
        " IN (SELECT feedback_id FROM person_feedback WHERE person_id = %(id)s))"
        " OR (table_name = 'person_help' AND row_id IN (SELECT help_id FROM person_help"
        " WHERE helper_id = %(id)s AND ended_s IS NOT NULL))",
        "DELETE FROM person_index WHERE person_id = %(id)s",
        "DELETE FROM person_session WHERE person_id = %(id)s",
        "DELETE FROM person_notice WHERE person_id = %(id)s",
        "DELETE FROM person_feedback WHERE person_id = %(id)s",
    ):
        cursor.execute(query.encode(), {"id": person_id})


def _count(cursor: Cursor, query: LiteralString, values: tuple[object, ...]) -> int:
    row = cursor.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


def wards_of(cursor: Cursor, person_id: str) -> int:
    """How many minors with an open account have this guardian."""
    return _count(
        cursor,
        "SELECT count(*) FROM person WHERE guardian_id = %s AND closed_s IS NULL"
        " AND minor_until_s IS NOT NULL",
        (person_id,),
    )
