"""Notices and answers that were refused, and how many more came than are kept."""

from dataclasses import dataclass

from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Kept:
    """One refused notice or answer as it came; `headers` is "" for an answer."""

    content: str
    channel: str
    reason: str
    order_id: str
    headers: str
    body: bytes
    received_s: int


def keep(cursor: Cursor, row: Kept) -> None:
    """Keep it; the same again is counted."""
    cursor.execute(
        "INSERT INTO payment_quarantine (content, channel, reason, order_id, headers, body,"
        " received_s, last_seen_s) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (content) DO UPDATE SET times_seen = payment_quarantine.times_seen + 1,"
        " last_seen_s = excluded.last_seen_s",
        (
            row.content, row.channel, row.reason, row.order_id, row.headers, row.body,
            row.received_s, row.received_s,
        ),
    )  # fmt: skip


def count_again(cursor: Cursor, content: str, now_s: int) -> bool:
    """Whether it is kept already; then it is counted once more."""
    row = cursor.execute(
        "UPDATE payment_quarantine SET times_seen = times_seen + 1, last_seen_s = %s"
        " WHERE content = %s RETURNING 1",
        (now_s, content),
    ).fetchone()
    return row is not None


def has_room(cursor: Cursor, channel: str, reason: str, hour_s: int, most: int, now_s: int) -> bool:
    """Whether one more may be kept of an hour; it is counted as kept then, else as not kept."""
    cursor.execute(
        "INSERT INTO payment_unread VALUES (%s, %s, %s, 0, 0, %s, %s) ON CONFLICT DO NOTHING",
        (channel, reason, hour_s, now_s, now_s),
    )
    row = cursor.execute(
        "UPDATE payment_unread SET kept = kept + 1, last_s = %s WHERE channel = %s"
        " AND reason = %s AND hour_s = %s AND kept < %s RETURNING 1",
        (now_s, channel, reason, hour_s, most),
    ).fetchone()
    if row is None:
        cursor.execute(
            "UPDATE payment_unread SET beyond = beyond + 1, last_s = %s WHERE channel = %s"
            " AND reason = %s AND hour_s = %s",
            (now_s, channel, reason, hour_s),
        )
    return row is not None


def listed(cursor: Cursor, limit: int) -> list[tuple[str, str, str, int, int]]:
    """What was refused, newest first: channel, reason, order, when first, how often. What was only
    counted is one entry an hour."""
    rows = cursor.execute(
        "SELECT channel, reason, order_id, received_s, times_seen FROM payment_quarantine"
        " UNION ALL SELECT channel, reason, '', first_s, beyond FROM payment_unread"
        " WHERE beyond > 0 ORDER BY 4 DESC, 1, 2, 3, 5 LIMIT %s",
        (limit,),
    )
    return [(str(a), str(b), str(c), int(d), int(e)) for a, b, c, d, e in rows]
