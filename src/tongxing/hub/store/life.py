"""Held records in the database: found with what decides them, ended, and each step written down."""

from typing import Literal, NamedTuple

import msgspec

from tongxing.hub.life import PROPOSALS
from tongxing.hub.purses import links_of
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.purses import add_told
from tongxing.hub.verdicts import FORGED, bearer_once_proven, verdict_code
from tongxing.messages import Record, Share, Verdict

_decode_record = msgspec.json.Decoder(Record).decode


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
        ' ORDER BY trip_id COLLATE "C", revision',
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
    """Let a proven record into a window, or carry it (1019) while a member of it is suspended; its
    new verdict."""
    row = cursor.execute(
        "UPDATE record SET (status, window_id, admitted_s, codes) = (SELECT"
        " CASE WHEN waits THEN 'carried' ELSE 'accepted' END,"
        " CASE WHEN waits THEN NULL ELSE %(window)s END,"
        " CASE WHEN waits THEN NULL ELSE %(at)s::bigint END,"
        " CASE WHEN waits THEN '1019 ' || others ELSE others END"
        " FROM (SELECT EXISTS (SELECT FROM member WHERE suspended_s IS NOT NULL"
        "  AND member_id IN (issuer, acquirer)) AS waits, replace(codes, ' 1019', '') AS others)"
        "  AS asked)"
        " WHERE record_id = %(record)s RETURNING status, codes, operators, share_fen, body",
        {"record": record_id, "window": window_id, "at": admitted_s},
    ).fetchone()
    assert row is not None
    status, codes, body = str(row[0]), str(row[1]).split(), str(row[4])
    if FORGED in codes:
        add_told(cursor, links_of(_decode_record(body)))
    if status == "carried":
        return _verdict(record_id, "held", codes[0], verdict_code(codes[0]).bearer, [])
    shares = [Share(name, int(fen)) for name, fen in zip(row[2], row[3], strict=True)]
    return _verdict(record_id, "accepted", codes[0], bearer_once_proven(codes), shares)


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
    code = str(row[0]).split()[0]
    return _verdict(waiting.record_id, "rejected", code, verdict_code(code).bearer, [])


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


def _verdict(
    record_id: str,
    status: Literal["accepted", "held", "rejected"],
    code: str,
    bearer: str,
    shares: list[Share],
) -> Verdict:
    return Verdict(record_id=record_id, status=status, code=code, bearer=bearer, shares=shares)
