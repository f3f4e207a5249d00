"""Taps out of a journal's file, each checked, without holding more than is asked for."""

import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

from msgspec.json import Decoder

from tongxing.gate.journal_file import EPOCH_MAX, corrupt
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap

_DECODER = Decoder(Tap)
_BETWEEN = (
    "SELECT position, crc, CAST(body AS BLOB) FROM tap WHERE position BETWEEN ? AND ?"
    " ORDER BY position LIMIT ?"
)
_WAITING = (
    "SELECT first, last FROM batch WHERE acknowledged_s IS NULL"
    " UNION ALL SELECT COALESCE(MAX(last), 0) + 1, ? FROM batch ORDER BY first"
)
_NEWEST = (
    "SELECT COALESCE(MIN(position), 0) FROM (SELECT position FROM tap ORDER BY 1 DESC LIMIT ?)"
)
_ALL = -1


def read(
    connection: sqlite3.Connection,
    path: Path,
    span: tuple[int, int],
    take: Callable[[int, Tap], None],
    limit: int = _ALL,
) -> Refusal | None:
    """Hand over the taps of these positions, oldest first, each with its position.
    Refuses JOURNAL_CORRUPT."""
    for position, crc, body in connection.execute(_BETWEEN, (*span, limit)):
        if zlib.crc32(body) != crc:
            return corrupt(path, "a tap does not match its checksum")
        take(position, _DECODER.decode(body))
    return None


def between(
    connection: sqlite3.Connection, path: Path, span: tuple[int, int]
) -> list[Tap] | Refusal:
    """The taps of these positions, oldest first. Refuses JOURNAL_CORRUPT."""
    taps: list[Tap] = []
    refusal = read(connection, path, span, lambda _, tap: taps.append(tap))
    return taps if refusal is None else refusal


def newest(connection: sqlite3.Connection, path: Path, limit: int) -> list[Tap] | Refusal:
    """The last taps, oldest first. Refuses JOURNAL_CORRUPT."""
    (first,) = connection.execute(_NEWEST, (limit,)).fetchone()
    return between(connection, path, (first, EPOCH_MAX)) if limit else []


def unsent(connection: sqlite3.Connection, path: Path, limit: int) -> list[Tap] | Refusal:
    """The oldest taps that no receipt covers. Refuses JOURNAL_CORRUPT."""
    taps: list[Tap] = []
    for span in waiting_spans(connection):
        left = limit - len(taps)
        refusal = read(connection, path, span, lambda _, tap: taps.append(tap), left)
        if refusal is not None:
            return refusal
    return taps


def read_waiting(
    connection: sqlite3.Connection, path: Path, take: Callable[[int, Tap], None]
) -> Refusal | None:
    """Hand over the taps that no receipt covers, oldest first. Refuses JOURNAL_CORRUPT."""
    for span in waiting_spans(connection):
        refusal = read(connection, path, span, take)
        if refusal is not None:
            return refusal
    return None


def waiting_spans(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """The positions without a receipt, oldest first; the last span is that of taps in no batch, and
    may hold none."""
    return connection.execute(_WAITING, (EPOCH_MAX,)).fetchall()
