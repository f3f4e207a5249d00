"""Held records in the database: found with what decides them, ended, and each step written down."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from tongxing.hub.life import BY_ITSELF, PROPOSALS, RecordEvent
from tongxing.hub.purses import Fork, links_of
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.purses import add_told, let_go
from tongxing.hub.store.taps import settle_taps
from tongxing.hub.verdicts import FORGED, FORKED, bearer_once_proven, verdict_code
from tongxing.hub.windows import WindowState
from tongxing.messages import Record, Share, Verdict

_decode_record = msgspec.json.Decoder(Record).decode


class Waiting(NamedTuple):
    """A record that stands: its trip, who sent it, since when it waits if it does (its file came,
    or it was frozen), how it stands now, and its money."""

    record_id: str
    trip_id: str
    revision: int
    sender: str
    since_s: int
    status: str
    delta_fen: int


_SINCE = (
    "coalesce((SELECT max(at_s) FROM record_event WHERE record_id = record.record_id"
    " AND event IN ('freeze', 'object')), received_s)"
)
_WAITING = (
    f"SELECT record_id, trip_id, revision, sender, {_SINCE}, status, delta_fen"
    " FROM record JOIN record_file USING (sender, file_id)"
)


def window_state(cursor: Cursor, record_id: str) -> WindowState | None:
    """The state of the window that a record is in; None for one that is in none."""
    row = cursor.execute(
        "SELECT state FROM record JOIN clearing_window USING (window_id) WHERE record_id = %s",
        (record_id,),
    ).fetchone()
    return None if row is None else WindowState(row[0])


class TripRecord(NamedTuple):
    """A record of a trip that has money, or will have it: in a window, or carried ("" for no
    window). `was_forked` is whether it waited because of a fork before."""

    record_id: str
    sender: str
    window_id: str
    delta_fen: int
    is_carried: bool
    was_forked: bool


def trip_records(cursor: Cursor, trip_id: str) -> list[TripRecord]:
    """The accepted and carried records of a trip, in order of revision."""
    rows = cursor.execute(
        "SELECT record_id, sender, coalesce(window_id, ''), delta_fen, status = 'carried',"
        " %s = ANY(string_to_array(codes, ' ')) OR EXISTS (SELECT FROM record_event"
        "  WHERE record_id = record.record_id AND event = %s)"
        " FROM record WHERE trip_id = %s AND status IN ('accepted', 'carried') ORDER BY revision",
        (FORKED, RecordEvent.FREEZE.value, trip_id),
    )
    return [TripRecord(*row) for row in rows]


def freeze_record(cursor: Cursor, record_id: str, why: str, code: str = FORKED) -> None:
    """Put a record on hold, for a fork if no other code is said; its window, if it is in one, lets
    go of it."""
    cursor.execute(
        "UPDATE record SET status = 'held', window_id = NULL, admitted_s = NULL,"
        " codes = %(code)s || CASE codes WHEN '0000' THEN '' ELSE ' ' || codes END,"
        " detail = %(why)s || CASE detail WHEN '' THEN '' ELSE '; ' || detail END"
        " WHERE record_id = %(record)s",
        {"code": code, "why": why, "record": record_id},
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


def mark_held(cursor: Cursor, trip_id: str, why: str, code: str = FORKED) -> None:
    """Note a code (a fork's, if none is said) on the records of a trip that are on hold, beside
    what they wait for."""
    cursor.execute(
        "UPDATE record SET codes = split_part(codes, ' ', 1) || ' ' || %(code)s"
        "  || substr(codes, length(split_part(codes, ' ', 1)) + 1),"
        " detail = CASE detail WHEN '' THEN '' ELSE detail || '; ' END || %(why)s"
        " WHERE trip_id = %(trip)s AND status = 'held'"
        " AND NOT %(code)s = ANY(string_to_array(codes, ' '))",
        {"code": code, "why": why, "trip": trip_id},
    )


class HeldLine(NamedTuple):
    """A held record in a list: whose money waits, why, since when (its file came, or it was
    frozen), and what one of two persons has said of it, "" for nothing yet, with the amount where
    members agree on one."""

    record_id: str
    issuer: str
    acquirer: str
    delta_fen: int
    codes: str
    detail: str
    received_s: int
    proposed: str
    proposed_by: str
    agreed_fen: int | None


def held_lines(cursor: Cursor) -> list[HeldLine]:
    """All records on hold, the one that waits longest first."""
    rows = cursor.execute(
        f"SELECT record_id, issuer, acquirer, delta_fen, codes, detail, {_SINCE} AS since_s,"
        " coalesce(said.event, ''), coalesce(said.decided_by, ''), said.agreed_fen"
        " FROM record JOIN record_file USING (sender, file_id) LEFT JOIN LATERAL"
        " (SELECT event, decided_by, agreed_fen FROM record_event"
        "  WHERE record_id = record.record_id AND event = ANY(%s) ORDER BY number DESC LIMIT 1)"
        " AS said ON true"
        " WHERE status = 'held' ORDER BY since_s, record_id",
        (list(PROPOSALS.values()),),
    )
    return [HeldLine(*row) for row in rows]


class Proven(NamedTuple):
    """What a proof led to: the verdict, whether the record is carried, and the records whose
    purchases it contradicts, for its signature is believed now."""

    verdict: Verdict
    is_carried: bool
    forks: list[Fork]


def accept_held(cursor: Cursor, record_id: str, window_id: str, admitted_s: int) -> Proven:
    """Let a proven record into a window, or carry it (1019) while a member of it is suspended. The
    code for which it waited stays with it, for it tells that the record was in doubt. Its trip
    takes its taps, where it waited for its purse, perhaps without any."""
    row = cursor.execute(
        "UPDATE record SET (status, window_id, admitted_s, codes) = (SELECT"
        " CASE WHEN waits THEN 'carried' ELSE 'accepted' END,"
        " CASE WHEN waits THEN NULL ELSE %(window)s END,"
        " CASE WHEN waits THEN NULL ELSE %(at)s::bigint END,"
        " CASE WHEN waits THEN '1019 ' || others ELSE others END"
        " FROM (SELECT EXISTS (SELECT FROM member WHERE suspended_s IS NOT NULL"
        "  AND member_id IN (issuer, acquirer)) AS waits, replace(codes, ' 1019', '') AS others)"
        "  AS asked)"
        " WHERE record_id = %(record)s"
        " RETURNING status, codes, operators, share_fen, body, acquirer",
        {"record": record_id, "window": window_id, "at": admitted_s},
    ).fetchone()
    assert row is not None
    status, codes, body = str(row[0]), str(row[1]).split(), str(row[4])
    if FORKED in codes:
        settle_taps(cursor, str(row[5]), _decode_record(body))
    forks = add_told(cursor, links_of(_decode_record(body))) if FORGED in codes else []
    if status == "carried":
        verdict = _verdict(record_id, "held", codes[0], verdict_code(codes[0]).bearer, [])
        return Proven(verdict, True, forks)
    shares = [Share(name, int(fen)) for name, fen in zip(row[2], row[3], strict=True)]
    verdict = _verdict(record_id, "accepted", codes[0], bearer_once_proven(codes), shares)
    return Proven(verdict, False, forks)


def void_held(cursor: Cursor, waiting: Waiting) -> Verdict:
    """End a held record without money. Its trip lets go of its taps when nothing of it stands."""
    row = cursor.execute(
        "UPDATE record SET status = 'void' WHERE record_id = %s RETURNING codes, body",
        (waiting.record_id,),
    ).fetchone()
    assert row is not None
    cursor.execute(
        "DELETE FROM tap_claim WHERE acquirer = %s AND trip_id = %s AND NOT EXISTS"
        " (SELECT FROM record WHERE record.trip_id = tap_claim.trip_id AND status <> 'void')",
        (waiting.sender, waiting.trip_id),
    )
    let_go(cursor, waiting.trip_id, links_of(_decode_record(str(row[1]))))
    code = str(row[0]).split()[0]
    return _verdict(waiting.record_id, "rejected", code, verdict_code(code).bearer, [])


def named(cursor: Cursor, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Verdicts on records that stand, each with what its record says, so that it cannot be taken
    for one on another row of that name."""
    rows = cursor.execute(
        "SELECT record_id, encode(content_hash, 'hex') FROM record WHERE record_id = ANY(%s)",
        ([item.record_id for item in verdicts],),
    )
    contents = {str(record_id): str(content) for record_id, content in rows}
    return [replace(item, content=item.content or contents[item.record_id]) for item in verdicts]


def suspended_of(cursor: Cursor, record_id: str) -> set[str]:
    """The members of a record that are suspended."""
    rows = cursor.execute(
        "SELECT member_id FROM record JOIN member ON member_id IN (issuer, acquirer)"
        " WHERE record_id = %s AND suspended_s IS NOT NULL",
        (record_id,),
    )
    return {str(member) for (member,) in rows}


def newest_proposal(cursor: Cursor, record_id: str) -> tuple[str, str, int | None]:
    """What was last proposed for a held record, by whom, and the amount where members agree on one;
    "" and "" for nothing."""
    row = cursor.execute(
        "SELECT event, decided_by, agreed_fen FROM record_event"
        " WHERE record_id = %s AND event = ANY(%s)"
        " ORDER BY number DESC LIMIT 1",
        (record_id, list(PROPOSALS.values())),
    ).fetchone()
    return ("", "", None) if row is None else (str(row[0]), str(row[1]), row[2])


def write_event(
    cursor: Cursor,
    record_id: str,
    event: str,
    at_s: int,
    by: str,
    reason: str,
    rules: str,
    agreed_fen: int | None = None,
) -> None:
    """Write a step of a record down; with the amount that its members agree on, if they do."""
    cursor.execute(
        "INSERT INTO record_event SELECT %(record)s, count(*) + 1, %(event)s, %(at)s, %(by)s,"
        " %(reason)s, %(rules)s, %(agreed)s::bigint FROM record_event WHERE record_id = %(record)s",
        {
            "record": record_id,
            "event": str(event),
            "at": at_s,
            "by": by,
            "reason": reason,
            "rules": rules,
            "agreed": agreed_fen,
        },
    )


def write_reinstated(
    cursor: Cursor, record_ids: Sequence[str], at_s: int, why: str, rules: str
) -> None:
    """Write down that carried records came into a window, for their members are back."""
    event = RecordEvent.REINSTATE.value
    cursor.execute(
        "INSERT INTO record_event SELECT name, (SELECT count(*) + 1 FROM record_event"
        "  WHERE record_id = name), %s, %s, %s, %s, %s"
        " FROM unnest(string_to_array(%s, ' ')) AS name",
        (event, at_s, BY_ITSELF, why, rules, " ".join(record_ids)),
    )


def _verdict(
    record_id: str,
    status: Literal["accepted", "held", "rejected"],
    code: str,
    bearer: str,
    shares: list[Share],
) -> Verdict:
    return Verdict(record_id=record_id, status=status, code=code, bearer=bearer, shares=shares)
