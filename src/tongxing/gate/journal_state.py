"""How a journal stands, for whoever watches over it from afar."""

import sqlite3
from dataclasses import dataclass

from tongxing.gate.journal_file import standing
from tongxing.messages import TapRef
from tongxing.messages.fleet import TerminalCount

_WAITING = (
    "SELECT (SELECT COALESCE(SUM(last - first + 1), 0) FROM batch WHERE acknowledged_s IS NULL)"
    " + (SELECT COUNT(*) FROM tap WHERE position > (SELECT COALESCE(MAX(last), 0) FROM batch))"
)
_NAMED = (
    "SELECT sha256 FROM batch WHERE acknowledged_s IS NULL AND sha256 IS NOT NULL"
    " ORDER BY first LIMIT ?"
)
_CAUSE = "SELECT cause FROM epoch WHERE epoch = ?"
_POSITION_MAX = 2**63 - 1
_SPAN = (
    "SELECT e.first, (SELECT COALESCE(MIN(n.first) - 1, ?) FROM epoch AS n WHERE n.first > e.first)"
    " FROM epoch AS e WHERE e.epoch = ?"
)
_HAS_RECEIPT = (
    "SELECT 1 FROM tap JOIN batch ON position BETWEEN batch.first AND batch.last"
    " WHERE terminal_id = ? AND seq = ? AND position BETWEEN ? AND ?"
    " AND acknowledged_s IS NOT NULL LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class JournalState:
    """Taps without a receipt, the hashes of sealed batches among them (oldest first), the last
    number of each terminal in the epoch that runs, and why that began (`epochs.Cause`)."""

    waiting_taps: int
    waiting_batches: list[str]
    counts: list[TerminalCount]
    cause: str


def state_of(connection: sqlite3.Connection, named_most: int) -> JournalState:
    """The state of an open journal; at most so many batches are named."""
    (waiting,) = connection.execute(_WAITING).fetchone()
    named = [str(name) for (name,) in connection.execute(_NAMED, (named_most,))]
    found = standing(connection)
    counts = [
        TerminalCount(terminal, found.epoch, last)
        for terminal, last in sorted(found.numbers.items())
    ]
    (cause,) = connection.execute(_CAUSE, (found.epoch,)).fetchone()
    return JournalState(int(waiting), named, counts, str(cause))


def has_receipt(connection: sqlite3.Connection, ref: TapRef) -> bool:
    """Whether a tap that is still here was acknowledged once."""
    span = connection.execute(_SPAN, (_POSITION_MAX, ref.epoch)).fetchone()
    if span is None:
        return False
    found = connection.execute(_HAS_RECEIPT, (ref.terminal_id, ref.seq, *span)).fetchone()
    return found is not None
