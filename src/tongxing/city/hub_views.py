"""What pages ask of a city's dealings with the hub: statements, payouts, records presented.

Read-only, like `views`: every function takes a cursor whose names resolve in the city's schema.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import LiteralString

import msgspec

from tongxing.city.store.cursor import Cursor
from tongxing.messages import Record, Statement


@dataclass(frozen=True, slots=True)
class BackSeen:
    """A payment that the bank turned down, or sent back (`is_return`): when and why, and who sent
    it again as what. The last four are "" before that; `bank_reference` is "" without a line."""

    payment: str
    is_return: bool
    told_s: int
    reason: str
    bank_reference: str
    successor: str
    asked_by: str
    agreed_by: str
    why: str


@dataclass(frozen=True, slots=True)
class StatementSeen:
    """A statement as booked, the bank line that settled it, and what came back before."""

    statement: Statement
    settled_s: int | None
    bank_reference: str | None
    back: tuple[BackSeen, ...]


@dataclass(frozen=True, slots=True)
class PayoutSeen:
    """What an acquirer owes an operator for a window, the bank line that paid it, and what came
    back before."""

    operator: str
    amount_fen: int
    settled_s: int | None
    bank_reference: str | None
    back: tuple[BackSeen, ...]


@dataclass(frozen=True, slots=True)
class PresentedRow:
    """A record that the hub accepted into a window, with the ride it is for."""

    record_id: str
    how: str
    delta_fen: int
    code: str
    record: Record


_RECORD = msgspec.json.Decoder(Record)
_STATEMENT = msgspec.json.Decoder(Statement)

_PRESENTED: LiteralString = (
    " FROM verdict v JOIN trip_revision r USING (record_id)"
    " WHERE v.window_id = %s AND r.issuer = %s AND v.status = 'accepted'"
)


def statements_of(cursor: Cursor, window_id: str) -> list[StatementSeen]:
    """The statements that this city's members got for a window."""
    rows = cursor.execute(
        "SELECT member, body, settled_s, bank_reference FROM statement WHERE window_id = %s"
        " ORDER BY member",
        (window_id,),
    ).fetchall()
    back = _came_back(cursor, window_id)
    return [
        StatementSeen(_STATEMENT.decode(body), settled_s, reference, tuple(back[member]))
        for member, body, settled_s, reference in rows
    ]


def payouts_of(cursor: Cursor, window_id: str) -> list[PayoutSeen]:
    """What the operators of this city get for a window."""
    rows = cursor.execute(
        "SELECT operator, amount_fen, settled_s, bank_reference FROM payout"
        " WHERE window_id = %s ORDER BY operator",
        (window_id,),
    ).fetchall()
    back = _came_back(cursor, window_id)
    return [
        PayoutSeen(operator, amount_fen, settled_s, reference, tuple(back[operator]))
        for operator, amount_fen, settled_s, reference in rows
    ]


def _came_back(cursor: Cursor, window_id: str) -> dict[str, list[BackSeen]]:
    """What came back of a window, by party, oldest first."""
    rows = cursor.execute(
        "SELECT party, payment, is_return, told_s, reason, line, coalesce(successor, ''),"
        " coalesce(proposed_by, ''), coalesce(confirmed_by, ''), coalesce(why, '') FROM ("
        " SELECT window_id, operator AS party, payment, false AS is_return, told_s, reason,"
        "  '' AS line FROM payout_refused UNION ALL SELECT window_id, party, payment, true,"
        "  booked_s, return_reason, bank_reference FROM bank_movement WHERE return_reason <> ''"
        " ) AS back LEFT JOIN payout_reissue a USING (payment) WHERE back.window_id = %s"
        " ORDER BY told_s, payment",
        (window_id,),
    )
    found: dict[str, list[BackSeen]] = defaultdict(list)
    for party, *rest in rows:
        found[party].append(BackSeen(*rest))
    return found


def count_presented(cursor: Cursor, window_id: str, issuer: str) -> tuple[int, int]:
    """How many of this city's records on an issuer a window accepted, and their sum in fen."""
    row = cursor.execute(
        "SELECT count(*), coalesce(sum(delta_fen), 0)::bigint" + _PRESENTED, (window_id, issuer)
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def list_presented(
    cursor: Cursor, window_id: str, issuer: str, limit: int, offset: int
) -> list[PresentedRow]:
    """The accepted records of a window on an issuer, newest ride first."""
    rows = cursor.execute(
        "SELECT record_id, how, delta_fen, code, record FROM trip_revision JOIN ("
        " SELECT record_id, code"
        + _PRESENTED
        + " ORDER BY occurred_s DESC, record_id LIMIT %s OFFSET %s"
        ") AS page USING (record_id) ORDER BY occurred_s DESC, record_id",
        (window_id, issuer, limit, offset),
    )
    return [
        PresentedRow(record_id, how, delta_fen, code, _RECORD.decode(record))
        for record_id, how, delta_fen, code, record in rows
    ]
