"""How a journal stands, for whoever watches over it from afar."""

import sqlite3
from dataclasses import dataclass

from tongxing.gate.journal_file import epoch_span, standing
from tongxing.gate.journal_reading import waiting_spans
from tongxing.messages.fleet import TapRange, TerminalCount

_WAITING = (
    "SELECT (SELECT COALESCE(SUM(last - first + 1), 0) FROM batch WHERE acknowledged_s IS NULL)"
    " + (SELECT COUNT(*) FROM tap WHERE position > (SELECT COALESCE(MAX(last), 0) FROM batch))"
)
_NAMED = (
    "SELECT sha256, last - first + 1 FROM batch WHERE acknowledged_s IS NULL AND sha256 IS NOT NULL"
    " ORDER BY first LIMIT ?"
)
_NEWEST = "SELECT COALESCE(MAX(position), 0) FROM tap"
_CAUSE = "SELECT cause FROM epoch WHERE epoch = ?"
_HAD_RECEIPT = (
    "SELECT 1 FROM batch CROSS JOIN tap ON position BETWEEN batch.first AND batch.last"
    " WHERE acknowledged_s IS NOT NULL AND terminal_id = ? AND seq BETWEEN ? AND ?"
    " AND position BETWEEN ? AND ? LIMIT 1"
)
"""CROSS: batch by batch, so that every tap is read once at most."""


@dataclass(frozen=True, slots=True)
class JournalState:
    """Taps without a receipt, the hashes of sealed batches among them (oldest first) and how many
    taps each holds, the last number of each terminal in the epoch that runs, and why that began
    (`epochs.Cause`). `newest` is the position of the last tap written, 0 for none ever;
    `oldest_waiting` that from which taps may have no receipt."""

    waiting_taps: int
    waiting_batches: list[str]
    batch_taps: list[int]
    counts: list[TerminalCount]
    cause: str
    newest: int
    oldest_waiting: int


def state_of(connection: sqlite3.Connection, named_most: int) -> JournalState:
    """The state of an open journal; at most so many batches are named."""
    (waiting,) = connection.execute(_WAITING).fetchone()
    named = connection.execute(_NAMED, (named_most,)).fetchall()
    found = standing(connection)
    counts = [
        TerminalCount(terminal, found.epoch, last)
        for terminal, last in sorted(found.numbers.items())
    ]
    (cause,) = connection.execute(_CAUSE, (found.epoch,)).fetchone()
    (newest,) = connection.execute(_NEWEST).fetchone()
    oldest_waiting = waiting_spans(connection)[0][0]
    return JournalState(
        waiting_taps=int(waiting),
        waiting_batches=[str(name) for name, _ in named],
        batch_taps=[int(taps) for _, taps in named],
        counts=counts,
        cause=str(cause),
        newest=int(newest),
        oldest_waiting=oldest_waiting,
    )


def had_receipt(connection: sqlite3.Connection, asked: TapRange) -> bool:
    """Whether any of these taps is still here and was acknowledged once."""
    span = epoch_span(connection, asked.epoch)
    if span is None:
        return False
    numbers = asked.terminal_id, asked.first, asked.last
    return connection.execute(_HAD_RECEIPT, (*numbers, *span)).fetchone() is not None
