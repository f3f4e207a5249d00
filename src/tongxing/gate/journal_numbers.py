"""Are the taps of a journal all there that should be? Holes that forgetting has left are no damage.

Batches are forgotten each in its turn, and one that the city will not take stays between others.
So numbers may be missing where positions are; and a position may be missing only below the newest
batch, in no batch.
"""

import sqlite3
from dataclasses import dataclass, field
from itertools import pairwise

_GAP = (
    "SELECT s.terminal_id FROM"
    " (SELECT terminal_id, (SELECT MAX(first) FROM epoch WHERE first <= tap.position) AS began,"
    "  MIN(seq) AS low, MAX(seq) AS high, COUNT(*) AS held FROM tap GROUP BY 1, 2) AS s"
    " LEFT JOIN terminal AS t USING (terminal_id)"
    " WHERE s.high - s.low + 1 <> s.held OR s.began IS NULL"
    " OR (s.began = (SELECT MAX(first) FROM epoch) AND s.high IS NOT t.last_seq) LIMIT 1"
)
"""Finds any hole, and most files have none: then nothing else is read."""
_UNFORGOTTEN = (
    "SELECT first FROM batch WHERE last - first + 1 <>"
    " (SELECT COUNT(*) FROM tap WHERE position BETWEEN first AND last)"
    " UNION ALL SELECT newest + 1 FROM (SELECT COALESCE(MAX(last), 0) AS newest FROM batch)"
    " WHERE (SELECT COALESCE(MAX(position), newest) - newest FROM tap WHERE position > newest) <>"
    " (SELECT COUNT(*) FROM tap WHERE position > newest) LIMIT 1"
)
_TAPS = "SELECT position, terminal_id, seq FROM tap ORDER BY position"


def gap(connection: sqlite3.Connection) -> str:
    """The terminal of which numbers are missing that nobody has forgotten, "" when there is none.
    Of the taps it keeps one number for each terminal in memory."""
    found = connection.execute(_GAP).fetchone()
    if found is None:
        return ""
    if connection.execute(_UNFORGOTTEN).fetchone() is not None:
        return str(found[0])
    return _gap_beside_forgotten(connection)


@dataclass(slots=True)
class _Counted:
    """For each terminal of one epoch, its last number and how many taps were forgotten by then."""

    last: dict[str, tuple[int, int]] = field(default_factory=dict)

    def fits(self, terminal_id: str, seq: int, forgotten: int) -> bool:
        """Whether as many numbers are missing as can have been forgotten since; notes the tap."""
        before, by_then = self.last.get(terminal_id, (seq - 1, forgotten))
        self.last[terminal_id] = seq, forgotten
        return 0 <= seq - before - 1 <= forgotten - by_then


def _gap_beside_forgotten(connection: sqlite3.Connection) -> str:
    begins = [first for (first,) in connection.execute("SELECT first FROM epoch ORDER BY first")]
    counted, began, held, position = _Counted(), -1, 0, 0
    ends = dict(pairwise([-1, *begins, 2**63]))
    for position, terminal_id, seq in connection.execute(_TAPS):
        while position >= ends[began]:
            counted, began = _Counted(), ends[began]
        held += 1
        if began < 0 or not counted.fits(terminal_id, seq, position - held):
            return str(terminal_id)
    if began != begins[-1]:
        return ""
    given = dict(connection.execute("SELECT terminal_id, last_seq FROM terminal"))
    for terminal_id, (seq, forgotten) in counted.last.items():
        if not 0 <= given.get(terminal_id, 0) - seq <= position - held - forgotten:
            return terminal_id
    return ""
