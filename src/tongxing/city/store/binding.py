"""Bindings of cards to accounts: how far each has come, what cards signed, money on its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, LiteralString

import psycopg

from tongxing.city.store.cursor import Cursor

Step = Literal["begun", "proven", "mandated", "moving", "sealing", "active", "ended"]
Channel = Literal["nfc", "reader", "branch", "machine"]

SEAL_SEEN = "seal_seen"
_FIELDS: LiteralString = (
    "binding_id, request_id, person_id, account, channel, step, medium_no, purse,"
    " card_balance_fen, keep_fen, moved_fen, begun_s, changed_s, from_s, hold_until_s, ended_why"
)


@dataclass(frozen=True, slots=True)
class BindingRow:
    """One binding as it stands. `purse` is what its card is spoken to with, JSON, "" before its
    first proof; `card_balance_fen` is what the chip said last, and only the chip knows better."""

    binding_id: str
    request_id: str
    person_id: str
    account: str
    channel: Channel
    step: Step
    medium_no: str
    purse: str
    card_balance_fen: int
    keep_fen: int
    moved_fen: int
    begun_s: int
    changed_s: int
    from_s: int | None
    hold_until_s: int | None
    ended_why: str


@dataclass(frozen=True, slots=True)
class MoveRow:
    """Money that a card was told to pay; `done` is None until it is known whether it did."""

    binding_id: str
    number: int
    amount_fen: int
    unfinished: str
    begun_s: int
    done: bool | None


def find(cursor: Cursor, binding_id: str, *, lock: bool = False) -> BindingRow | None:
    """A binding by its id."""
    return _one(cursor, "WHERE binding_id = %s", (binding_id,), lock)


def of_request(cursor: Cursor, request_id: str) -> BindingRow | None:
    """The binding that a request began."""
    return _one(cursor, "WHERE request_id = %s", (request_id,))


def newest_of(cursor: Cursor, person_id: str) -> BindingRow | None:
    """The newest binding of a person that has not ended, else the newest of all."""
    order: LiteralString = (
        "WHERE person_id = %s ORDER BY step = 'ended', begun_s DESC, binding_id LIMIT 1"
    )
    return _one(cursor, order, (person_id,))


def under_way(cursor: Cursor, account: str) -> BindingRow | None:
    """The binding of an account that is neither active nor ended; there is never more than one."""
    where: LiteralString = "WHERE account = %s AND step NOT IN ('active', 'ended')"
    return _one(cursor, where, (account,), lock=True)


def active_of(cursor: Cursor, account: str) -> BindingRow | None:
    """The newest binding of an account by which a card draws on it."""
    order: LiteralString = (
        "WHERE account = %s AND step IN ('sealing', 'active') ORDER BY from_s DESC LIMIT 1"
    )
    return _one(cursor, order, (account,))


def holder_of(cursor: Cursor, medium_no: str) -> BindingRow | None:
    """The binding that has reserved or bound a card."""
    where: LiteralString = "WHERE medium_no = %s AND step <> 'ended'"
    return _one(cursor, where, (medium_no,))


def write(cursor: Cursor, row: BindingRow) -> None:
    """A new binding."""
    cursor.execute(
        "INSERT INTO binding (binding_id, request_id, person_id, account, channel, step, begun_s,"
        " changed_s) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (row.binding_id, row.request_id, row.person_id, row.account, row.channel, row.step,
         row.begun_s, row.changed_s),
    )  # fmt: skip


def change(cursor: Cursor, row: BindingRow) -> bool:
    """Keep what a binding has come to; False when another binding holds its card."""
    try:
        with cursor.connection.transaction():
            cursor.execute(
                "UPDATE binding SET step = %s, medium_no = %s, purse = %s, card_balance_fen = %s,"
                " keep_fen = %s, moved_fen = %s, changed_s = %s, from_s = %s, hold_until_s = %s,"
                " ended_why = %s WHERE binding_id = %s",
                (row.step, row.medium_no, row.purse, row.card_balance_fen, row.keep_fen,
                 row.moved_fen, row.changed_s, row.from_s, row.hold_until_s, row.ended_why,
                 row.binding_id),
            )  # fmt: skip
    except psycopg.errors.UniqueViolation:
        return False
    return True


def note_event(
    cursor: Cursor, row: BindingRow, event: str, before: str, at_s: int, by: str, detail: str
) -> None:
    """Note what happened to a binding; `row` is as it stands after it."""
    cursor.execute(
        "INSERT INTO binding_event SELECT %(id)s, coalesce(max(number), 0) + 1, %(event)s,"
        " %(before)s, %(after)s, %(at)s, %(by)s, %(detail)s FROM binding_event"
        " WHERE binding_id = %(id)s",
        {"id": row.binding_id, "event": event, "before": before, "after": row.step, "at": at_s,
         "by": by, "detail": detail},
    )  # fmt: skip


def events_of(cursor: Cursor, binding_id: str) -> list[tuple[str, str, str, int, str]]:
    """What happened to a binding, in order: event, step before, step after, when, by whom."""
    rows = cursor.execute(
        "SELECT event, before, after, at_s, by FROM binding_event WHERE binding_id = %s"
        " ORDER BY number",
        (binding_id,),
    )
    return [(str(a), str(b), str(c), int(d), str(e)) for a, b, c, d, e in rows]


def newest_event(cursor: Cursor, binding_id: str, event: str) -> tuple[str, str] | None:
    """By whom the newest event of this kind is, and what was noted beside it; None without one."""
    row = cursor.execute(
        "SELECT by, detail FROM binding_event WHERE binding_id = %s AND event = %s"
        " ORDER BY number DESC LIMIT 1",
        (binding_id, event),
    ).fetchone()
    return None if row is None else (str(row[0]), str(row[1]))


def take_card(cursor: Cursor, binding_id: str, who: str, now_s: int, until_s: int) -> bool:
    """Be the only one who talks to a binding's card until a moment; False while another is."""
    row = cursor.execute(
        "UPDATE binding SET busy_by = %s, busy_until_s = %s WHERE binding_id = %s"
        " AND (busy_by = '' OR busy_until_s <= %s) RETURNING 1",
        (who, until_s, binding_id, now_s),
    ).fetchone()
    return row is not None


def let_card_go(cursor: Cursor, binding_id: str, who: str) -> None:
    """Talk to the card no more."""
    cursor.execute(
        "UPDATE binding SET busy_by = '', busy_until_s = 0 WHERE binding_id = %s AND busy_by = %s",
        (binding_id, who),
    )


def write_nonce(
    cursor: Cursor, binding_id: str, terminal_no: bytes, serial: int, time: str, asked_s: int
) -> bool:
    """Note what a card is asked to sign; False when that number was used before."""
    row = cursor.execute(
        "INSERT INTO binding_nonce VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1",
        (terminal_no.hex(), serial, binding_id, time, asked_s),
    ).fetchone()
    return row is not None


def nonce_of(cursor: Cursor, terminal_no: bytes, serial: int) -> tuple[str, str, bool] | None:
    """For which binding a number was drawn, its time, and whether it was answered already."""
    row = cursor.execute(
        "SELECT n.binding_id, n.time, p.serial IS NOT NULL FROM binding_nonce n"
        " LEFT JOIN binding_proof p USING (terminal_no, serial)"
        " WHERE terminal_no = %s AND serial = %s",
        (terminal_no.hex(), serial),
    ).fetchone()
    return None if row is None else (str(row[0]), str(row[1]), bool(row[2]))


def write_proof(
    cursor: Cursor,
    binding_id: str,
    medium_no: str,
    terminal_no: bytes,
    serial: int,
    amount_fen: int,
    proof: str,
    taken_s: int,
) -> bool:
    """Keep a genuine card's answer; False when this number was answered before."""
    row = cursor.execute(
        "INSERT INTO binding_proof VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        (terminal_no.hex(), serial, binding_id, medium_no, amount_fen, proof, taken_s),
    ).fetchone()
    return row is not None


def write_move(
    cursor: Cursor, binding_id: str, amount_fen: int, unfinished: str, begun_s: int
) -> int:
    """Note, before the card is told, that it will pay; the number of this attempt."""
    row = cursor.execute(
        "INSERT INTO binding_move SELECT %(id)s, coalesce(max(number), 0) + 1, %(fen)s,"
        " %(unfinished)s, %(at)s FROM binding_move WHERE binding_id = %(id)s RETURNING number",
        {"id": binding_id, "fen": amount_fen, "unfinished": unfinished, "at": begun_s},
    ).fetchone()
    assert row is not None
    return int(row[0])


def moves_of(cursor: Cursor, binding_id: str) -> list[MoveRow]:
    """The attempts to move a purse's money, oldest first; one that was thought undone and shows as
    done later is done."""
    rows = cursor.execute(
        "SELECT binding_id, number, amount_fen, unfinished, begun_s, (SELECT bool_or(done) FROM"
        " binding_move_end e WHERE e.binding_id = m.binding_id AND e.number = m.number)"
        " FROM binding_move m WHERE binding_id = %s ORDER BY number",
        (binding_id,),
    )
    return [MoveRow(*row) for row in rows]


def write_move_end(
    cursor: Cursor, binding_id: str, number: int, done: bool, ended_s: int, by: str
) -> bool:
    """Note what an attempt came to; False when just that was known."""
    row = cursor.execute(
        "INSERT INTO binding_move_end VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
        " RETURNING 1",
        (binding_id, number, done, ended_s, by),
    ).fetchone()
    return row is not None


def _one(
    cursor: Cursor, where: LiteralString, values: Sequence[str], lock: bool = False
) -> BindingRow | None:
    end: LiteralString = " FOR UPDATE" if lock else ""
    statement: LiteralString = "SELECT " + _FIELDS + " FROM binding " + where + end
    row = cursor.execute(statement, values).fetchone()
    return None if row is None else BindingRow(*row)
