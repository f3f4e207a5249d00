"""Refunds and their parts, and what the ledger says came in, went out and is left of an account."""

from dataclasses import dataclass
from typing import Literal

from tongxing.city.store.cursor import Cursor

RefundHow = Literal["source", "counter", "partner"]
PartState = Literal["set_aside", "asked", "done", "failed"]

_RIDES = "('charge', 'charge_revised', 'late_tap_loss')"
"""Postings of what rides cost an account: the last is what the issuer bears of a lost medium."""

_PARTS = (
    "SELECT part_id, refund_part.refund_id, order_id, channel, refund_part.amount_fen, state,"
    " partner_no, tries, next_s, account FROM refund_part JOIN refund USING (refund_id) "
)


@dataclass(frozen=True, slots=True)
class RefundRow:
    """What was asked to go back, and how: to its `source`, over a `counter`, or told by a
    `partner` that it had gone back without our asking."""

    refund_id: str
    request_id: str
    content: str
    account: str
    how: RefundHow
    amount_fen: int
    asked_s: int
    decided_by: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """What of a refund goes back to one order's payer."""

    part_id: str
    refund_id: str
    order_id: str
    channel: str
    amount_fen: int
    state: PartState
    partner_no: str
    tries: int
    next_s: int
    account: str


@dataclass(frozen=True, slots=True)
class MoneyIn:
    """Money that came into an account at one time, less what was refunded of it. `order_id` is ""
    where it has no way back, and `channel` with it."""

    order_id: str
    channel: str
    at_s: int
    fen: int


def write_refund(cursor: Cursor, row: RefundRow) -> None:
    """A new refund."""
    cursor.execute(
        "INSERT INTO refund VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.refund_id, row.request_id, row.content, row.account, row.how, row.amount_fen,
            row.asked_s, row.decided_by,
        ),
    )  # fmt: skip


def write_part(cursor: Cursor, row: PartRow, at_s: int) -> None:
    """A new part of a refund, with its first step."""
    cursor.execute(
        "INSERT INTO refund_part VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.part_id, row.refund_id, row.order_id, row.channel, row.amount_fen, row.state,
            row.partner_no, row.tries, row.next_s,
        ),
    )  # fmt: skip
    _step(cursor, row.part_id, row.state, at_s)


def refund_of_request(cursor: Cursor, request_id: str) -> RefundRow | None:
    """The refund that a request made."""
    row = cursor.execute("SELECT * FROM refund WHERE request_id = %s", (request_id,)).fetchone()
    return None if row is None else RefundRow(*row)


def refunds_of(cursor: Cursor, account: str) -> list[RefundRow]:
    """An account's refunds, newest first."""
    rows = cursor.execute(
        "SELECT * FROM refund WHERE account = %s ORDER BY asked_s DESC, refund_id", (account,)
    )
    return [RefundRow(*row) for row in rows]


def parts_of(cursor: Cursor, refund_id: str) -> list[PartRow]:
    """The parts of a refund."""
    rows = cursor.execute(_PARTS + "WHERE refund_id = %s ORDER BY part_id", (refund_id,))
    return [PartRow(*row) for row in rows]


def find_part(cursor: Cursor, part_id: str) -> PartRow | None:
    """A part by its id."""
    row = cursor.execute(_PARTS + "WHERE part_id = %s", (part_id,)).fetchone()
    return None if row is None else PartRow(*row)


def lock_part(cursor: Cursor, part_id: str) -> PartRow | None:
    """A part, for whoever is about to change it; others wait."""
    row = cursor.execute(
        _PARTS + "WHERE part_id = %s FOR UPDATE OF refund_part", (part_id,)
    ).fetchone()
    return None if row is None else PartRow(*row)


def waiting_parts(cursor: Cursor, now_s: int, limit: int = 500) -> list[PartRow]:
    """Parts whose partner is to be asked now."""
    rows = cursor.execute(
        _PARTS + "WHERE state IN ('set_aside', 'asked') AND next_s <= %s"
        " ORDER BY next_s, part_id LIMIT %s",
        (now_s, limit),
    )
    return [PartRow(*row) for row in rows]


def ask_part(cursor: Cursor, part_id: str, tries: int, next_s: int, at_s: int) -> None:
    """Mark that the partner is asked; made durable before it is."""
    cursor.execute(
        "UPDATE refund_part SET state = 'asked', tries = %s, next_s = %s WHERE part_id = %s",
        (tries, next_s, part_id),
    )
    if tries == 1:
        _step(cursor, part_id, "asked", at_s)


def end_part(cursor: Cursor, part_id: str, state: PartState, partner_no: str, at_s: int) -> None:
    """Mark what became of a part."""
    cursor.execute(
        "UPDATE refund_part SET state = %s, partner_no = %s WHERE part_id = %s",
        (state, partner_no, part_id),
    )
    _step(cursor, part_id, state, at_s)


def refunded_of_order(cursor: Cursor, order_id: str) -> int:
    """What of an order has gone back, or is on its way."""
    row = cursor.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM refund_part"
        " WHERE order_id = %s AND state <> 'failed'",
        (order_id,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def money_in(cursor: Cursor, entity: str, liability: str, account: str) -> list[MoneyIn]:
    """All money that came into an account, oldest first: paid orders, each less what was refunded
    of it, and other credits of the ledger, which have no way back. What rides were charged and
    given back is spending, and no money in; so are our refunds."""
    rows = cursor.execute(
        "SELECT order_id, channel, paid_s, amount_fen - coalesce((SELECT sum(part.amount_fen)"
        " FROM refund_part part WHERE part.order_id = payment_order.order_id"
        " AND part.state <> 'failed'), 0) AS fen FROM payment_order"
        " WHERE account = %s AND state = 'paid'"
        " UNION ALL SELECT '', '', occurred_s, -amount_fen FROM posting_line"
        " JOIN posting USING (posting_id) WHERE entity = %s AND account = %s AND amount_fen < 0"
        " AND kind NOT IN " + _RIDES + " AND kind NOT IN ('refund_set_aside', 'refund_returned')"
        " AND NOT EXISTS (SELECT 1 FROM payment_order paid WHERE paid.account = %s"
        " AND paid.partner_no <> '' AND posting.kind = 'top_up'"
        " AND posting.source = paid.channel || ':' || paid.partner_no)"
        " ORDER BY 3, 1",
        (account, entity, liability, account),
    )
    return [MoneyIn(str(a), str(b), int(c), int(d)) for a, b, c, d in rows]


def paid_out(cursor: Cursor, account: str) -> int:
    """What was paid out of an account at counters."""
    row = cursor.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM refund WHERE account = %s AND how = 'counter'",
        (account,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def one_clerk_at_a_time(cursor: Cursor, staff: str) -> None:
    """Let one clerk's pay-outs wait for each other."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", (staff,))


def paid_out_since(cursor: Cursor, staff: str, account: str, from_s: int) -> tuple[int, int]:
    """What was paid out at counters since then: by a clerk, and of an account."""
    row = cursor.execute(
        "SELECT coalesce(sum(amount_fen) FILTER (WHERE decided_by = %s), 0),"
        " coalesce(sum(amount_fen) FILTER (WHERE account = %s), 0) FROM refund"
        " WHERE how = 'counter' AND asked_s >= %s",
        (staff, account, from_s),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def charged(cursor: Cursor, entity: str, liability: str) -> int:
    """What an account's rides have cost it so far, corrections and what the issuer bears of them
    counted."""
    row = cursor.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM posting_line JOIN posting USING (posting_id)"
        " WHERE entity = %s AND account = %s AND kind IN " + _RIDES,
        (entity, liability),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _step(cursor: Cursor, part_id: str, state: str, at_s: int) -> None:
    cursor.execute(
        "INSERT INTO refund_step SELECT %s, count(*) + 1, %s, %s FROM refund_step"
        " WHERE part_id = %s",
        (part_id, state, at_s, part_id),
    )
