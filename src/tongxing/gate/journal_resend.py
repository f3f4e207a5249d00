"""Taps that the city had acknowledged go out again, because it was restored from a backup.

A receipt from after the backup is void, and it may still be on its way. So what is sent again is
cut into other batches than before: a late receipt for one of the old ones then fits none of them.
(A single tap that was a batch by itself can only go as the same batch.)
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tongxing.gate.journal_file import epoch_span
from tongxing.kernel.reasons import Refusal
from tongxing.messages import TapRef
from tongxing.messages.taps import BATCH_TAPS_MAX

_TERMINALS_TAPS = "FROM tap WHERE terminal_id = ? AND position BETWEEN ? AND ?"
_OLDEST = f"SELECT COALESCE(MIN(seq), 0) {_TERMINALS_TAPS}"
_FROM = f"SELECT COALESCE(MIN(position), 0) {_TERMINALS_TAPS} AND seq >= ?"
_ACKNOWLEDGED = (
    "SELECT first, last FROM batch WHERE acknowledged_s IS NOT NULL AND last >= ?"
    " AND first <= ? ORDER BY first"
)


@dataclass(frozen=True, slots=True)
class Resend:
    """What a request to send again comes to: how many taps go out again, and the oldest number of
    the terminal that is still held (0 for none): what lies before it is here no longer."""

    taps: int
    oldest_seq: int


def resend_from(connection: sqlite3.Connection, ref: TapRef, site: str) -> Resend | Refusal:
    """Take back the receipts of all batches with taps of a terminal's epoch from a number on.

    Batches are whole: others' taps travel again with them, which harms nothing. Asked again before
    new receipts came, it changes nothing. Refuses EPOCH_UNKNOWN.
    """
    connection.execute("BEGIN IMMEDIATE")
    span = epoch_span(connection, ref.epoch)
    if span is None:
        connection.execute("ROLLBACK")
        return Refusal("EPOCH_UNKNOWN", site, {"epoch": f"{ref.epoch:x}"})
    (oldest,) = connection.execute(_OLDEST, (ref.terminal_id, *span)).fetchone()
    (since,) = connection.execute(_FROM, (ref.terminal_id, *span, ref.seq)).fetchone()
    old: list[tuple[int, int]] = []
    if since:
        old = connection.execute(_ACKNOWLEDGED, (since, span[1])).fetchall()
    for first, _ in old:
        connection.execute("DELETE FROM batch WHERE first = ?", (first,))
    for run in _runs(old):
        for cut in _cut_anew(run, set(old)):
            connection.execute("INSERT INTO batch (first, last) VALUES (?, ?)", cut)
    connection.execute("COMMIT")
    return Resend(sum(last - first + 1 for first, last in old), int(oldest))


def _runs(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges, those that touch made one."""
    runs: list[tuple[int, int]] = []
    for first, last in ranges:
        if runs and runs[-1][1] + 1 == first:
            runs[-1] = runs[-1][0], last
        else:
            runs.append((first, last))
    return runs


def _cut_anew(run: tuple[int, int], old: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    first, end = run
    while first <= end:
        last = min(first + BATCH_TAPS_MAX - 1, end)
        if last == end - 1 and (end, end) in old:
            last -= first < last
        if (first, last) in old and first < last:
            last -= 1
        yield first, last
        first = last + 1
