"""One SQLite file per site, opened so that a commit survives a power cut, or not opened at all.

Everything a gate has opened to lies in this file until the city has promised to keep it. So the
file is only used with a write-ahead log and a full sync, is checked before its first use, and a
setting that could lose a committed tap is refused (3.1 of the durability contract: the popular
`synchronous=NORMAL` lost acknowledged rows in 274 of 360 power cuts).
"""

import errno
import logging
import os
import shutil
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

from tongxing.gate import journal_numbers
from tongxing.gate.epochs import Custody, Standing, cause_of_new_epoch, take_slip
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal

_log = logging.getLogger("tongxing.gate")

LAYOUT = 2
EPOCH_MAX = 2**63 - 1
SAFE_SYNCHRONOUS = {"FULL": 2, "EXTRA": 3}

_EPOCH_TABLE = (
    "CREATE TABLE epoch (first INTEGER PRIMARY KEY, epoch INTEGER NOT NULL UNIQUE,"
    " device TEXT NOT NULL, cause TEXT NOT NULL)"
)
"""The epochs of this file, each from the position of its first tap on. New in layout 2."""

_SCHEMA = (
    "CREATE TABLE storage (site TEXT NOT NULL, epoch INTEGER NOT NULL, layout INTEGER NOT NULL)",
    "CREATE TABLE terminal (terminal_id TEXT PRIMARY KEY, last_seq INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE tap (position INTEGER PRIMARY KEY, terminal_id TEXT NOT NULL,"
    " seq INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL)",
    "CREATE TABLE batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
    " sha256 TEXT UNIQUE, acknowledged_s INTEGER)",
    "CREATE TABLE kept (name TEXT PRIMARY KEY, crc INTEGER NOT NULL, body BLOB NOT NULL)"
    " WITHOUT ROWID",
    _EPOCH_TABLE,
)

_SPAN = (
    "SELECT e.first, (SELECT COALESCE(MIN(n.first) - 1, ?) FROM epoch AS n WHERE n.first > e.first)"
    " FROM epoch AS e WHERE e.epoch = ?"
)
_FIRST_FREE = "(SELECT COALESCE(MAX(position), 0) + 1 FROM tap)"


PAGE_BYTES = 1_024
CHECKPOINT_PAGES = 200
"""A tap is some 450 bytes: small pages, and a log that is soon written over in place instead of
growing, make a durable commit a third cheaper than the defaults (measured on ext4)."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Whose file it is; `epoch` is the one in which it counts now."""

    site: str
    epoch: int
    layout: int
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """How a site keeps its taps.

    `ballast_bytes` is the room that a file beside the journal keeps back.
    `retention_s` is how long a tap stays after the city's receipt, so that a city restored from a
    backup can ask for it again. A journal stops taking taps at nine tenths of `bytes_max`, or when
    the disk has less than `free_bytes_min` left: acknowledging and deleting need room too.
    """

    synchronous: str = "FULL"
    retention_s: int = 30 * DAY_S
    bytes_max: int = 4 * 1024**3
    free_bytes_min: int = 64 * 1024**2
    ballast_bytes: int = 4 * 1024**2
    busy_wait_s: int = 2


def connect(path: Path, settings: JournalSettings) -> sqlite3.Connection | Refusal:
    """A connection on which a commit is durable. Refuses UNSAFE_DURABILITY and what
    `refusal_of` names; never falls back to something weaker."""
    wanted = SAFE_SYNCHRONOUS.get(settings.synchronous)
    if wanted is None:
        return _unsafe(path, "synchronous", settings.synchronous, "FULL")
    try:
        connection = sqlite3.connect(path, timeout=settings.busy_wait_s, isolation_level=None)
    except sqlite3.Error as error:
        return refusal_of(error, path)
    refusal = _set_up(connection, path, settings, wanted)
    if refusal is not None:
        connection.close()
        return refusal
    return connection


def adopt(
    connection: sqlite3.Connection, path: Path, site: str, new_epoch: int
) -> Storage | Refusal:
    """Check the whole file and whose it is; a file without tables becomes the journal of `site`.

    Refuses JOURNAL_CORRUPT for a damaged file or something else, JOURNAL_LAYOUT for a newer one,
    JOURNAL_OTHER_SITE for another site's.
    """
    try:
        storage = _storage(connection, path, site, new_epoch)
        refusal = storage if isinstance(storage, Refusal) else _foreign(storage, path, site)
        damage = _damage(connection) if refusal is None else ""
    except sqlite3.Error as error:
        roll_back(connection)
        return refusal_of(error, path)
    if refusal is not None:
        return refusal
    return corrupt(path, damage) if damage else storage


def take_over(
    connection: sqlite3.Connection, path: Path, storage: Storage, new_epoch: int, custody: Custody
) -> Storage | Refusal:
    """Go on with the epoch if this device may, else begin a new one. The slip is used up first: a
    power cut in between costs an epoch and no number. Refuses JOURNAL_FULL, JOURNAL_UNAVAILABLE."""
    try:
        slip = take_slip(custody.slip)
        found = standing(connection)
        cause = cause_of_new_epoch(found, custody.device, slip)
        if storage.is_new:
            connection.execute("UPDATE epoch SET device = ?", (custody.device,))
        elif cause is not None:
            begin_epoch(connection, new_epoch, custody.device, cause)
            return replace(storage, epoch=new_epoch)
    except sqlite3.Error as error:
        roll_back(connection)
        return refusal_of(error, path)
    except OSError as error:
        return unavailable(path, error)
    return storage


def begin_epoch(connection: sqlite3.Connection, new_epoch: int, device: str, cause: str) -> None:
    """From the next tap on count from 1 under a new epoch. Raises ValueError for one that this
    file has had: an epoch is drawn once."""
    connection.execute("BEGIN IMMEDIATE")
    had = connection.execute("SELECT 1 FROM epoch WHERE epoch = ?", (new_epoch,)).fetchone()
    if had is not None:
        connection.execute("ROLLBACK")
        raise ValueError(f"epoch {new_epoch:x} has been used in this journal")
    connection.execute(
        f"INSERT INTO epoch VALUES ({_FIRST_FREE}, ?, ?, ?) ON CONFLICT (first) DO UPDATE SET"
        " epoch = excluded.epoch, device = excluded.device, cause = excluded.cause",
        (new_epoch, device, cause),
    )
    connection.execute("UPDATE storage SET epoch = ?", (new_epoch,))
    connection.execute("DELETE FROM terminal")
    connection.execute("COMMIT")


def standing(connection: sqlite3.Connection) -> Standing:
    """Where the journal stands."""
    site, epoch = connection.execute("SELECT site, epoch FROM storage").fetchone()
    (device,) = connection.execute("SELECT device FROM epoch WHERE epoch = ?", (epoch,)).fetchone()
    numbers = dict(connection.execute("SELECT terminal_id, last_seq FROM terminal"))
    return Standing(site, epoch, device, numbers)


def epoch_span(connection: sqlite3.Connection, epoch: int) -> tuple[int, int] | None:
    """The first and the last position that an epoch may have; None for one that this file has not
    had."""
    span: tuple[int, int] | None = connection.execute(_SPAN, (EPOCH_MAX, epoch)).fetchone()
    return span


def refusal_of(error: sqlite3.Error, path: Path) -> Refusal:
    """What a failing SQLite call means to a gate: JOURNAL_FULL, JOURNAL_CORRUPT or
    JOURNAL_UNAVAILABLE."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if is_full(error):
        return Refusal("JOURNAL_FULL", str(path))
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return corrupt(path, str(error))
    return unavailable(path, error)


def unavailable(path: Path, error: Exception) -> Refusal:
    """The journal, or what belongs to it, cannot be read or written."""
    _log.error("%s: %s", path, error)
    return Refusal("JOURNAL_UNAVAILABLE", str(path), {"detail": str(error)})


def may_pass(error: sqlite3.Error) -> bool:
    """Whether the same call may succeed later without anyone looking at the file."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return is_full(error) or code == sqlite3.SQLITE_BUSY


def is_full(error: sqlite3.Error) -> bool:
    """Whether a call failed for want of room, also of room for the log's index."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE


def corrupt(path: Path, detail: str) -> Refusal:
    """The file is not what was written. What was found is for the log: a lane does not show it."""
    _log.error("%s: %s", path, detail)
    return Refusal("JOURNAL_CORRUPT", str(path), {"detail": detail})


def has_room(connection: sqlite3.Connection, path: Path, settings: JournalSettings) -> bool:
    """Whether the journal may still take taps; reads three numbers, writes nothing. Pages that
    deleted taps have left are room too."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    unused = _unused(connection)
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    if (pages - unused) * page_bytes * 10 >= settings.bytes_max * 9:
        return False
    free = shutil.disk_usage(path.parent).free + unused * page_bytes
    return bool(free >= settings.free_bytes_min)


def shrink(connection: sqlite3.Connection) -> None:
    """Give the pages that deleted taps have left back to the disk, few at a time: the log, which
    needs room itself, stays small. A file made by layout 1 keeps them."""
    unused = _unused(connection)
    while unused:
        connection.execute(f"PRAGMA incremental_vacuum({CHECKPOINT_PAGES})").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        left = _unused(connection)
        if left >= unused:
            return
        unused = left


def _unused(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(pages)


def roll_back(connection: sqlite3.Connection) -> None:
    """Leave a transaction that failed; one that SQLite has already left is fine."""
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            connection.close()


def _set_up(
    connection: sqlite3.Connection, path: Path, settings: JournalSettings, wanted: int
) -> Refusal | None:
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # a new file's; an old one keeps its
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # so does this
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute(f"PRAGMA synchronous = {settings.synchronous}")
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute(f"PRAGMA max_page_count = {max(16, settings.bytes_max // page_bytes)}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("PRAGMA cell_size_check = ON")
    except sqlite3.Error as error:
        return refusal_of(error, path)
    if mode != "wal":
        return _unsafe(path, "journal_mode", mode, "wal")
    return None if synchronous == wanted else _unsafe(path, "synchronous", synchronous, wanted)


def _storage(
    connection: sqlite3.Connection, path: Path, site: str, new_epoch: int
) -> Storage | Refusal:
    """Read the owner's row, after creating the tables when there are none."""
    connection.execute("BEGIN IMMEDIATE")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO storage VALUES (?, ?, ?)", (site, new_epoch, LAYOUT))
        connection.execute("INSERT INTO epoch VALUES (1, ?, '', 'created')", (new_epoch,))
    elif "storage" in tables and "epoch" not in tables:
        _to_layout_2(connection)
    row = None
    if not tables or "storage" in tables:
        row = connection.execute("SELECT site, epoch, layout FROM storage").fetchone()
    connection.execute("COMMIT")
    if not tables:
        _sync_folder(path.parent)
    return (
        corrupt(path, "not a gate journal")
        if row is None
        else Storage(row[0], row[1], row[2], not tables)
    )


def _to_layout_2(connection: sqlite3.Connection) -> None:
    """A journal from before epochs could change within one file. Later ones are left alone."""
    if connection.execute("SELECT layout FROM storage").fetchone() != (1,):
        return
    connection.execute(_EPOCH_TABLE)
    connection.execute("INSERT INTO epoch SELECT 0, epoch, '', 'created' FROM storage")
    connection.execute("UPDATE storage SET layout = 2")


def _foreign(storage: Storage, path: Path, site: str) -> Refusal | None:
    """Why this program, or this site, may not use a journal that is otherwise whole."""
    if storage.layout != LAYOUT:
        return Refusal("JOURNAL_LAYOUT", str(path), {"found": storage.layout, "known": LAYOUT})
    if storage.site != site:
        return Refusal("JOURNAL_OTHER_SITE", str(path), {"expected": site, "found": storage.site})
    return None


def _damage(connection: sqlite3.Connection) -> str:
    """What is wrong with the pages, the indexes or the numbering, "" when nothing is."""
    (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if answer != "ok":
        return str(answer)
    terminal = journal_numbers.gap(connection)
    return f"the numbers of terminal {terminal} have a gap" if terminal else ""


def _sync_folder(folder: Path) -> None:
    """Make a new file's name as durable as its content, where folders can be synced."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EISDIR):
            return
        raise
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unsafe(path: Path, setting: str, found: object, safe: object) -> Refusal:
    values = {"setting": setting, "found": found, "safe": safe}
    return Refusal("UNSAFE_DURABILITY", str(path), values)
