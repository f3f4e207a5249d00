"""Reserves in the database: terms of members, calls, covers, and what the ledger says of them."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from tongxing.hub.reserve_calls import Call, Cycle
from tongxing.hub.store.connection import Cursor


class Terms(NamedTuple):
    """A member's terms from a day on: how often it is called, and how far the hub lends to it."""

    member: str
    from_day: date
    cycle: Cycle
    line_fen: int


class Cover(NamedTuple):
    """Where the money of an unpaid debtor's payment came from."""

    reserve_fen: int
    line_fen: int
    pool_fen: int

    @property
    def lent_fen(self) -> int:
        return self.line_fen + self.pool_fen

    @property
    def total_fen(self) -> int:
        return self.reserve_fen + self.lent_fen


def set_terms(cursor: Cursor, terms: Terms, by: str, now_s: int) -> None:
    """Terms of a member from a day on; said again for the same day they replace what was said."""
    cursor.execute(
        "INSERT INTO reserve_terms VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (member, from_day) DO UPDATE SET cycle = excluded.cycle,"
        " line_fen = excluded.line_fen, set_by = excluded.set_by, set_s = excluded.set_s",
        (*terms, by, now_s),
    )


def terms_in_force(cursor: Cursor, day: date) -> dict[str, Terms]:
    """The terms of every member that has some on a day, in order of member."""
    rows = cursor.execute(
        "SELECT DISTINCT ON (member) member, from_day, cycle, line_fen FROM reserve_terms"
        " WHERE from_day <= %s ORDER BY member, from_day DESC",
        (day,),
    )
    return {row[0]: Terms(*row) for row in rows}


def net_debits(cursor: Cursor, member: str) -> dict[date, int]:
    """What a member was net debtor of in each closed window, by the window's day."""
    rows = cursor.execute(
        "SELECT window_id, net_fen FROM member_position WHERE member = %s", (member,)
    )
    return {date.fromisoformat(row[0][1:]): int(row[1]) for row in rows}


def open_debit(cursor: Cursor, member: str) -> int:
    """What an issuer's accepted rides come to in windows that are still open."""
    row = cursor.execute(
        "SELECT coalesce(sum(delta_fen), 0)::bigint FROM record"
        " JOIN clearing_window USING (window_id) WHERE state = 'open' AND issuer = %s",
        (member,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def write_call(cursor: Cursor, call: Call) -> None:
    """Keep a call; one that was made at the same moment stays as it is."""
    cursor.execute(
        "INSERT INTO reserve_call VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (call.member, call.made_s, call.why, call.full_fen, call.amount_fen, call.due_s),
    )


def calls_made(cursor: Cursor, made_s: int) -> list[Call]:
    """The calls that were made at a moment, in order of member."""
    rows = cursor.execute(
        "SELECT member, why, full_fen, amount_fen, made_s, due_s FROM reserve_call"
        " WHERE made_s = %s ORDER BY member",
        (made_s,),
    )
    return [Call(*row) for row in rows]


def load_calls(cursor: Cursor, members: Iterable[str]) -> list[Call]:
    """The calls of these members, newest first."""
    rows = cursor.execute(
        "SELECT member, why, full_fen, amount_fen, made_s, due_s FROM reserve_call"
        " WHERE member = ANY(%s) ORDER BY made_s DESC, member",
        (list(members),),
    )
    return [Call(*row) for row in rows]


def write_cover(cursor: Cursor, instruction_id: str, cover: Cover, by: str, now_s: int) -> None:
    """Note where a payment's money came from."""
    cursor.execute(
        "INSERT INTO payment_cover VALUES (%s, %s, %s, %s, %s, %s)",
        (instruction_id, *cover, now_s, by),
    )


def load_cover(cursor: Cursor, instruction_id: str) -> Cover | None:
    """Where a covered payment's money came from; None for one that was not covered."""
    row = cursor.execute(
        "SELECT reserve_fen, line_fen, pool_fen FROM payment_cover WHERE instruction_id = %s",
        (instruction_id,),
    ).fetchone()
    return None if row is None else Cover(*row)
