"""Held records in the database: found with what decides them, ended, and each step written down."""

from typing import NamedTuple

from tongxing.hub.life import PROPOSALS
from tongxing.hub.store.connection import Cursor
from tongxing.hub.verdicts import verdict_code
from tongxing.messages import Share, Verdict


class Waiting(NamedTuple):
    """A record that stands: its trip, who sent it, when its file came, how it stands now, and its
    money."""

    record_id: str
    trip_id: str
    revision: int
    sender: str
    received_s: int
    status: str
    delta_fen: int


_WAITING = (
    "SELECT record_id, trip_id, revision, sender, received_s, status, delta_fen"
    " FROM record JOIN record_file USING (sender, file_id)"
)


def find_record(cursor: Cursor, record_id: str) -> Waiting | None:
    """A record that stands; None for one that does not."""
    row = cursor.execute(f"{_WAITING} WHERE record_id = %s", (record_id,)).fetchone()
    return None if row is None else Waiting(*row)


def held_records(cursor: Cursor, trip_id: str | None = None) -> list[Waiting]:
    """All records on hold (of one trip), each trip's in order of revision."""
    rows = cursor.execute(
        f"{_WAITING} WHERE status = 'held' AND (%(trip)s::text IS NULL OR trip_id = %(trip)s)"
        " ORDER BY trip_id, revision",
        {"trip": trip_id},
    )
    return [Waiting(*row) for row in rows]


class HeldLine(NamedTuple):
    """A held record in a list: whose money waits, why, since when, and what one of two persons has
    said of it, "" for nothing yet."""

    record_id: str
    issuer: str
    acquirer: str
    delta_fen: int
    codes: str
    detail: str
    received_s: int
    proposed: str
    proposed_by: str


def held_lines(cursor: Cursor) -> list[HeldLine]:
    """All records on hold, the one that came first first."""
    rows = cursor.execute(
        "SELECT record_id, issuer, acquirer, delta_fen, codes, detail, received_s,"
        " coalesce(said.event, ''), coalesce(said.decided_by, '')"
        " FROM record JOIN record_file USING (sender, file_id) LEFT JOIN LATERAL"
        " (SELECT event, decided_by FROM record_event WHERE record_id = record.record_id"
        "  AND event = ANY(%s) ORDER BY number DESC LIMIT 1) AS said ON true"
        " WHERE status = 'held' ORDER BY received_s, record_id",
        (list(PROPOSALS.values()),),
    )
    return [HeldLine(*row) for row in rows]


def accept_held(cursor: Cursor, record_id: str, window_id: str, admitted_s: int) -> Verdict:
    """Let a held record into a window; its new verdict."""
    row = cursor.execute(
        "UPDATE record SET status = 'accepted', window_id = %s, admitted_s = %s"
        " WHERE record_id = %s RETURNING codes, operators, share_fen",
        (window_id, admitted_s, record_id),
    ).fetchone()
    assert row is not None
    shares = [Share(name, int(fen)) for name, fen in zip(row[1], row[2], strict=True)]
    return _verdict(record_id, "accepted", str(row[0]), shares)


def void_held(cursor: Cursor, waiting: Waiting) -> Verdict:
    """End a held record without money. Its trip lets go of its taps when nothing of it stands."""
    row = cursor.execute(
        "UPDATE record SET status = 'void' WHERE record_id = %s RETURNING codes",
        (waiting.record_id,),
    ).fetchone()
    assert row is not None
    cursor.execute(
        "DELETE FROM tap_claim WHERE acquirer = %s AND trip_id = %s AND NOT EXISTS"
        " (SELECT FROM record WHERE record.trip_id = tap_claim.trip_id AND status <> 'void')",
        (waiting.sender, waiting.trip_id),
    )
    return _verdict(waiting.record_id, "rejected", str(row[0]), [])


def newest_proposal(cursor: Cursor, record_id: str) -> tuple[str, str]:
    """What was last proposed for a held record, and by whom; "" and "" for nothing."""
    row = cursor.execute(
        "SELECT event, decided_by FROM record_event WHERE record_id = %s AND event = ANY(%s)"
        " ORDER BY number DESC LIMIT 1",
        (record_id, list(PROPOSALS.values())),
    ).fetchone()
    return ("", "") if row is None else (str(row[0]), str(row[1]))


def write_event(
    cursor: Cursor, record_id: str, event: str, at_s: int, by: str, reason: str, rules: str
) -> None:
    """Write a step of a record down."""
    cursor.execute(
        "INSERT INTO record_event SELECT %(record)s, count(*) + 1, %(event)s, %(at)s, %(by)s,"
        " %(reason)s, %(rules)s FROM record_event WHERE record_id = %(record)s",
        {
            "record": record_id,
            "event": str(event),
            "at": at_s,
            "by": by,
            "reason": reason,
            "rules": rules,
        },
    )


def _verdict(record_id: str, status: str, codes: str, shares: list[Share]) -> Verdict:
    code = codes.split()[0]
    return Verdict(
        record_id=record_id,
        status="accepted" if status == "accepted" else "rejected",
        code=code,
        bearer=verdict_code(code).bearer,
        shares=shares,
    )
