"""How taps leave a journal: in batches that stay as they are until their receipt, then a while."""

import sqlite3

from tongxing.kernel.reasons import Refusal
from tongxing.messages import Receipt
from tongxing.messages.taps import BATCH_TAPS_MAX

_OPEN_BATCHES = "SELECT first, last FROM batch WHERE acknowledged_s IS NULL ORDER BY first LIMIT ?"
_UNBATCHED = (
    "SELECT MIN(position), MAX(position) FROM (SELECT position FROM tap WHERE position >"
    " (SELECT COALESCE(MAX(last), 0) FROM batch) ORDER BY position LIMIT ?)"
)
_FORGETTABLE = (
    "SELECT first, last FROM batch"
    " WHERE acknowledged_s <= ? AND first < (SELECT MAX(first) FROM batch)"
)


def open_ranges(connection: sqlite3.Connection, limit: int) -> list[tuple[int, int]]:
    """The positions of the oldest batches without a receipt; taps in none are put into new ones."""
    ranges: list[tuple[int, int]] = connection.execute(_OPEN_BATCHES, (limit,)).fetchall()
    while len(ranges) < limit:
        made = _new_batch(connection)
        if made is None:
            break
        ranges.append(made)
    return ranges


def _new_batch(connection: sqlite3.Connection) -> tuple[int, int] | None:
    connection.execute("BEGIN IMMEDIATE")
    first, last = connection.execute(_UNBATCHED, (BATCH_TAPS_MAX,)).fetchone()
    if first is not None:
        connection.execute("INSERT INTO batch (first, last) VALUES (?, ?)", (first, last))
    connection.execute("COMMIT")
    return None if first is None else (first, last)


def acknowledge(
    connection: sqlite3.Connection, receipt: Receipt, now_s: int, site: str
) -> int | Refusal:
    """Note a receipt; how many taps it newly covers."""
    known = connection.execute(
        "SELECT first, last, acknowledged_s FROM batch WHERE sha256 = ?", (receipt.batch_sha256,)
    ).fetchone()
    if known is None:
        return Refusal("RECEIPT_UNKNOWN", site, {"batch": receipt.batch_sha256[:16]})
    first, last, acknowledged_s = known
    count = last - first + 1
    if receipt.accepted != count:
        return Refusal("RECEIPT_MISMATCH", site, {"expected": count, "found": receipt.accepted})
    if acknowledged_s is not None:
        return 0
    connection.execute("UPDATE batch SET acknowledged_s = ? WHERE first = ?", (now_s, first))
    return int(count)


def forget(connection: sqlite3.Connection, due_s: int) -> int:
    """Delete the taps whose receipt came by then, but for the newest batch; how many.

    Batch by batch, each in a transaction of its own: the log stays small, for on a full disk that
    is all the room there is.
    """
    count = 0
    for first, last in connection.execute(_FORGETTABLE, (due_s,)).fetchall():
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM tap WHERE position BETWEEN ? AND ?", (first, last))
        connection.execute("DELETE FROM batch WHERE first = ?", (first,))
        connection.execute("COMMIT")
        count += last - first + 1
    return count
