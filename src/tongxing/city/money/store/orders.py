"""Orders at payment partners."""

from dataclasses import dataclass
from typing import Literal

from tongxing.city.store.cursor import Cursor

OrderKind = Literal["top_up", "debit"]
OrderState = Literal["open", "paid", "closed", "refused"]

_COLUMNS = (
    "order_id, request_id, content, account, kind, channel, amount_fen, created_s, expires_s,"
    " state, pay_url, partner_no, paid_s"
)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as it stands; `partner_no` is "" and `paid_s` None until it is paid."""

    order_id: str
    request_id: str
    content: str
    account: str
    kind: OrderKind
    channel: str
    amount_fen: int
    created_s: int
    expires_s: int
    state: OrderState
    pay_url: str
    partner_no: str
    paid_s: int | None


def one_at_a_time(cursor: Cursor, request_id: str) -> None:
    """Let the same request wait for itself, so that it finds what it did."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 6))", (request_id,))


def write_order(cursor: Cursor, row: OrderRow) -> None:
    """A new order, with its first step."""
    cursor.execute(
        "INSERT INTO payment_order (" + _COLUMNS + ") VALUES"
        " (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.order_id, row.request_id, row.content, row.account, row.kind, row.channel,
            row.amount_fen, row.created_s, row.expires_s, row.state, row.pay_url, row.partner_no,
            row.paid_s,
        ),
    )  # fmt: skip
    _step(cursor, row.order_id, row.state, row.created_s)


def find_order(cursor: Cursor, order_id: str) -> OrderRow | None:
    """An order by its own id."""
    row = cursor.execute(
        "SELECT " + _COLUMNS + " FROM payment_order WHERE order_id = %s", (order_id,)
    ).fetchone()
    return None if row is None else OrderRow(*row)


def lock_order(cursor: Cursor, order_id: str) -> OrderRow | None:
    """An order by its own id, for whoever is about to change it; others wait."""
    row = cursor.execute(
        "SELECT " + _COLUMNS + " FROM payment_order WHERE order_id = %s FOR UPDATE", (order_id,)
    ).fetchone()
    return None if row is None else OrderRow(*row)


def order_of_request(cursor: Cursor, request_id: str) -> OrderRow | None:
    """The order that a request made."""
    row = cursor.execute(
        "SELECT " + _COLUMNS + " FROM payment_order WHERE request_id = %s", (request_id,)
    ).fetchone()
    return None if row is None else OrderRow(*row)


def order_of_trade(cursor: Cursor, channel: str, partner_no: str) -> str | None:
    """The order that a partner's trade paid."""
    row = cursor.execute(
        "SELECT order_id FROM payment_order WHERE channel = %s AND partner_no = %s",
        (channel, partner_no),
    ).fetchone()
    return None if row is None else str(row[0])


def orders_of(cursor: Cursor, account: str) -> list[OrderRow]:
    """An account's orders, newest first."""
    rows = cursor.execute(
        "SELECT " + _COLUMNS + " FROM payment_order WHERE account = %s"
        " ORDER BY created_s DESC, order_id DESC",
        (account,),
    )
    return [OrderRow(*row) for row in rows]


def waiting_orders(cursor: Cursor, now_s: int, limit: int = 500) -> list[OrderRow]:
    """Orders about which the partner is to be asked: debits that are open, and top-ups whose time
    is over."""
    rows = cursor.execute(
        "SELECT " + _COLUMNS + " FROM payment_order WHERE state = 'open' AND next_s <= %s"
        " AND (kind = 'debit' OR expires_s <= %s) ORDER BY next_s, order_id LIMIT %s",
        (now_s, now_s, limit),
    )
    return [OrderRow(*row) for row in rows]


def claim_order(cursor: Cursor, order_id: str, now_s: int, wait_s: int) -> bool:
    """Whether the partner may be asked about an open order now; then nobody else asks so soon."""
    row = cursor.execute(
        "UPDATE payment_order SET next_s = %s WHERE order_id = %s AND state = 'open'"
        " AND next_s <= %s RETURNING 1",
        (now_s + wait_s, order_id, now_s),
    ).fetchone()
    return row is not None


def put_off(cursor: Cursor, order_id: str, now_s: int, waits: tuple[int, ...]) -> None:
    """What the partner answered cannot be booked: ask again after a wait that grows with each such
    answer; the last one is repeated."""
    cursor.execute(
        "UPDATE payment_order SET refusals = refusals + 1, next_s = %s"
        " + (%s::bigint[])[least(refusals + 1, %s)] WHERE order_id = %s",
        (now_s, list(waits), len(waits), order_id),
    )


def keep_url(cursor: Cursor, order_id: str, url: str) -> None:
    """Where an open order is paid."""
    cursor.execute("UPDATE payment_order SET pay_url = %s WHERE order_id = %s", (url, order_id))


def move_order(cursor: Cursor, order_id: str, state: OrderState, at_s: int) -> None:
    """Give an order another state; the caller has asked whether it may."""
    cursor.execute("UPDATE payment_order SET state = %s WHERE order_id = %s", (state, order_id))
    _step(cursor, order_id, state, at_s)


def keep_payment(cursor: Cursor, order_id: str, partner_no: str, paid_s: int, at_s: int) -> None:
    """Mark an order as paid by a partner's trade."""
    cursor.execute(
        "UPDATE payment_order SET partner_no = %s, paid_s = %s WHERE order_id = %s",
        (partner_no, paid_s, order_id),
    )
    move_order(cursor, order_id, "paid", at_s)


def open_and_of_day(
    cursor: Cursor, account: str, from_s: int, now_s: int
) -> tuple[int, int, int, int]:
    """Of an account's top-ups: how many are open, their sum, the sum of all since `from_s` that are
    open or paid, and how many orders it ever had."""
    row = cursor.execute(
        "SELECT count(*) FILTER (WHERE state = 'open' AND expires_s > %s),"
        " coalesce(sum(amount_fen) FILTER (WHERE state = 'open' AND expires_s > %s), 0),"
        " coalesce(sum(amount_fen) FILTER (WHERE created_s >= %s AND (state = 'paid'"
        " OR (state = 'open' AND expires_s > %s))), 0), count(*)"
        " FROM payment_order WHERE account = %s AND kind = 'top_up'",
        (now_s, now_s, from_s, now_s, account),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])


def open_debit(cursor: Cursor, account: str) -> bool:
    """Whether a debit of an account is not known yet."""
    return (
        cursor.execute(
            "SELECT 1 FROM payment_order WHERE account = %s AND kind = 'debit' AND state = 'open'",
            (account,),
        ).fetchone()
        is not None
    )


def debits_of(cursor: Cursor, account: str) -> int:
    """How many debits an account ever had."""
    row = cursor.execute(
        "SELECT count(*) FROM payment_order WHERE account = %s AND kind = 'debit'", (account,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def _step(cursor: Cursor, order_id: str, state: str, at_s: int) -> None:
    cursor.execute(
        "INSERT INTO payment_step SELECT %s, count(*) + 1, %s, %s FROM payment_step"
        " WHERE order_id = %s",
        (order_id, state, at_s, order_id),
    )
