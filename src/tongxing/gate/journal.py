"""The gate's memory of what it did: a tap is in here, on disk, before a lane opens.

Each tap gets its identity here: terminal, epoch of this storage, and the terminal's next number,
assigned in the very transaction that writes it, so numbers have no gap and no number is used twice.
A tap leaves only some time after a receipt for exactly the batch that carried it (truth 8).

A journal that cannot write says so as a `Refusal`, and its gates stay shut. It must never weaken a
setting, skip a number, or delete what no receipt covers.
"""

import sqlite3
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from msgspec.json import Encoder
from msgspec.structs import replace

from tongxing.gate import journal_batches, journal_file, journal_reading
from tongxing.gate.ballast import Ballast
from tongxing.gate.epochs import Cause, Custody, ahead, write_slip
from tongxing.gate.journal_file import EPOCH_MAX, JournalSettings
from tongxing.gate.journal_resend import Resend, resend_from
from tongxing.gate.journal_state import JournalState, had_receipt, state_of
from tongxing.gate.pool import ConnectionPool
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Receipt, Tap, TapRef
from tongxing.messages.fleet import TapRange

Result = TypeVar("Result")

UNNUMBERED = 0
_ROOM_CHECK_EVERY = 64

_ENCODER = Encoder(order="deterministic")

_NEXT_SEQ = (
    "INSERT INTO terminal VALUES (?, 1)"
    " ON CONFLICT (terminal_id) DO UPDATE SET last_seq = last_seq + 1"
    " RETURNING last_seq, (SELECT epoch FROM storage)"
)
_INSERT = "INSERT INTO tap (terminal_id, seq, crc, body) VALUES (?, ?, ?, ?)"
_DISCARD = "DELETE FROM kept WHERE name = ?"


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    """Taps that travel together until their receipt comes; `first` is the batch's name in here."""

    first: int
    taps: list[Tap]


def unnumbered(terminal_id: str) -> TapRef:
    """The place holder of an identity that the journal will assign."""
    return TapRef(terminal_id, UNNUMBERED, UNNUMBERED)


class Journal:
    """The taps of one site, in one file that all its terminals share. For one thread.

    Several processes may have the same file open; each append takes the file's write lock.
    Every method that reads or writes refuses with JOURNAL_FULL, JOURNAL_CORRUPT or
    JOURNAL_UNAVAILABLE when the file does; a refused write has written nothing.
    """

    def __init__(
        self, path: Path, site: str, epoch: int, settings: JournalSettings, pool: ConnectionPool
    ) -> None:
        """Use `Journal.open`, which checks the file first."""
        self.path = path
        self.site = site
        self.epoch = epoch
        self._settings = settings
        self._pool = pool
        self._ballast = Ballast(path, settings.ballast_bytes)
        self._custody: Custody | None = None
        self._broken: Refusal | None = None
        self._until_room_check = 0

    @classmethod
    def open(
        cls,
        path: Path,
        site: str,
        new_epoch: int,
        settings: JournalSettings | None = None,
        pool: ConnectionPool | None = None,
        custody: Custody | None = None,
    ) -> "Journal | Refusal":
        """Open the journal of `site`, reading all of it once, or create it with `new_epoch`.

        `new_epoch` (1 to 2^63 - 1) is used when there is no journal yet, and when `custody` shows
        no right to go on with the epoch it has (`epochs`); the caller draws it, at random in the
        field, from the seed in a simulation. Without `custody` nobody copies journals. Refuses
        UNSAFE_DURABILITY, JOURNAL_CORRUPT, JOURNAL_LAYOUT, JOURNAL_OTHER_SITE, JOURNAL_FULL,
        JOURNAL_UNAVAILABLE.
        """
        if not 1 <= new_epoch <= EPOCH_MAX:
            raise ValueError("an epoch lies between 1 and 2^63 - 1")
        settings = JournalSettings() if settings is None else settings
        pool = ConnectionPool(1) if pool is None else pool
        owner = cls._adopted(path, site, new_epoch, settings, pool, custody)
        full = isinstance(owner, Refusal) and owner.code == "JOURNAL_FULL"
        if full and Ballast(path, settings.ballast_bytes).release():
            owner = cls._adopted(path, site, new_epoch, settings, pool, custody)
        if isinstance(owner, Refusal):
            return owner
        journal = cls(path, site, owner.epoch, settings, pool)
        journal._custody = custody
        journal._ballast.lay()
        return journal

    @staticmethod
    def _adopted(
        path: Path,
        site: str,
        new_epoch: int,
        settings: JournalSettings,
        pool: ConnectionPool,
        custody: Custody | None,
    ) -> journal_file.Storage | Refusal:
        connection = pool.get(path, lambda: journal_file.connect(path, settings))
        if isinstance(connection, Refusal):
            return connection
        owner = journal_file.adopt(connection, path, site, new_epoch)
        if custody is not None and not isinstance(owner, Refusal):
            owner = journal_file.take_over(connection, path, owner, new_epoch, custody)
        if isinstance(owner, Refusal):
            pool.drop(path)
        return owner

    def append(self, tap: Tap, settles: str = "") -> Tap | Refusal:
        """Number the tap and write it; returns it, with its identity, after it is on disk.

        `settles` names something reserved that this tap settles: it goes in the same transaction,
        and room for the tap has been left.

        `tap.ref` is `unnumbered(terminal_id)`. After a refusal no number has been used.
        """
        if tap.ref.seq != UNNUMBERED:
            raise ValueError(f"tap {tap.ref} has an identity already")
        return self._using(lambda connection: self._append(connection, tap, settles), bool(settles))

    def unsent(self, limit: int) -> list[Tap] | Refusal:
        """The oldest taps that no receipt covers, in the order in which they were written."""
        return self._using(lambda connection: journal_reading.unsent(connection, self.path, limit))

    def outgoing(self, limit: int) -> list[OutgoingBatch] | Refusal:
        """The oldest batches without a receipt, at most `limit` of them.

        Taps not in a batch yet are put into new ones. A batch once made keeps its taps until its
        receipt comes, so that sending it again is sending the same bytes.
        """
        return self._using(lambda connection: self._outgoing(connection, limit), True)

    def note_sent(self, batch: OutgoingBatch, sha256: str) -> Refusal | None:
        """Remember, before it leaves, the hash of the message that carries a batch."""
        return self._using(
            lambda connection: self._execute(
                connection,
                "UPDATE batch SET sha256 = ? WHERE first = ? AND sha256 IS NOT ?",
                (sha256, batch.first, sha256),
            ),
            True,
        )

    def acknowledge(self, receipt: Receipt, now_s: int) -> int | Refusal:
        """Take a receipt whose signature holds; the number of taps it newly covers.

        A second receipt for the same batch covers nothing new. Refuses RECEIPT_UNKNOWN when no
        batch has this hash, and RECEIPT_MISMATCH when it speaks of another number of taps.
        """
        return self._using(
            lambda connection: journal_batches.acknowledge(connection, receipt, now_s, self.site),
            True,
        )

    def resend_from(self, ref: TapRef) -> Resend | Refusal:
        """The city was restored from a backup and lacks this tap and what came after it: send
        again what is still here. Refuses EPOCH_UNKNOWN."""
        return self._using(lambda connection: resend_from(connection, ref, self.site), True)

    def heed_marks(self, marks: Mapping[str, TapRef], new_epoch: int) -> list[str] | Refusal:
        """Compare with the highest tap the city holds of each terminal. If it holds more of this
        epoch than was ever written here, an old image has been put back: a new epoch begins. The
        terminals that show it."""
        return self._using(lambda connection: self._heed(connection, marks, new_epoch))

    def state(self, named_most: int) -> JournalState | Refusal:
        """How much waits, and how far the numbers have come; at most so many batches are named."""
        return self._using(lambda connection: state_of(connection, named_most))

    def had_receipt(self, asked: TapRange) -> bool | Refusal:
        """Whether any of these taps is still here and was acknowledged once."""
        return self._using(lambda connection: had_receipt(connection, asked))

    def forget(self, now_s: int) -> int | Refusal:
        """Delete taps whose receipt is older than the retention; how many there were.

        The newest batch always stays, so that positions in the file are never used again.
        """
        self._until_room_check = 0
        due_s = now_s - self._settings.retention_s
        count = self._using(lambda connection: journal_batches.forget(connection, due_s), True)
        if not isinstance(count, Refusal) and not self._ballast.is_laid():
            refusal = self.shrink()
            return count if refusal is None else refusal
        return count

    def shrink(self) -> Refusal | None:
        """Give the room of forgotten taps back to the disk, and lay the ballast again."""
        refusal = self._using(journal_file.shrink)
        if refusal is None:
            self._ballast.lay()
        return refusal

    def keep(self, name: str, body: bytes) -> Refusal | None:
        """Store a message the site must not lose, such as the deny list in force."""
        return self._using(
            lambda connection: self._execute(
                connection,
                "INSERT INTO kept VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET crc = excluded.crc, body = excluded.body",
                (name, zlib.crc32(body), body),
            )
        )

    def newest(self, limit: int) -> list[Tap] | Refusal:
        """The last taps written, at most `limit`, in the order in which they were written."""
        return self._using(lambda connection: journal_reading.newest(connection, self.path, limit))

    def read_after(self, position: int, take: Callable[[int, Tap], None]) -> Refusal | None:
        """Hand over one by one the taps written after a position (`JournalState.newest`; 0 for all
        that are still here), oldest first, each with its own."""
        span = position + 1, EPOCH_MAX
        return self._using(
            lambda connection: journal_reading.read(connection, self.path, span, take)
        )

    def read_waiting(self, take: Callable[[int, Tap], None]) -> Refusal | None:
        """Hand over one by one the taps that no receipt covers, oldest first."""
        return self._using(
            lambda connection: journal_reading.read_waiting(connection, self.path, take)
        )

    def reserve(self, name: str, body: bytes) -> Refusal | None:
        """Store something that a tap will settle, while the journal still has room for that tap."""
        full = self._using(lambda connection: self._no_room(connection))
        return full if full is not None else self.keep(name, body)

    def kept(self, name: str) -> bytes | Refusal | None:
        """The message stored under a name, None when there is none."""
        return self._using(lambda connection: self._kept(connection, name))

    def kept_names(self, prefix: str) -> list[str] | Refusal:
        """The names under which something is kept that begin so, in order."""
        return self._using(
            lambda connection: [
                str(name)
                for (name,) in connection.execute("SELECT name FROM kept ORDER BY name")
                if name.startswith(prefix)
            ]
        )

    def discard(self, name: str) -> Refusal | None:
        """Forget what is kept under a name; nothing happens when there is nothing."""
        return self._using(lambda connection: self._execute(connection, _DISCARD, (name,)), True)

    def close(self) -> None:
        """Close the file; the journal opens it again when it is next used."""
        self._pool.drop(self.path)

    def begin_epoch(self, new_epoch: int, cause: Cause) -> Refusal | None:
        """Count from 1 again, under an epoch just drawn: what this file says from here on follows
        on nothing before it."""
        return self._using(lambda connection: self._begin(connection, new_epoch, cause))

    def sign_off(self) -> Refusal | None:
        """Close the file for good and leave the slip with which this device may go on later."""
        standing = self._using(journal_file.standing)
        if isinstance(standing, Refusal):
            return standing
        self.close()
        self._broken = Refusal("JOURNAL_SIGNED_OFF", str(self.path))
        if self._custody is None:
            return None
        try:
            write_slip(self._custody.slip, standing, self._custody.device)
        except OSError as error:
            return journal_file.unavailable(self.path, error)
        return None

    def _using(
        self, work: Callable[[sqlite3.Connection], Result | Refusal], may_use_ballast: bool = False
    ) -> Result | Refusal:
        """Do `work` on the open file; when the disk is full, with the ballast's room if it may.

        After anything worse than a full disk or a lock held too long the journal is done with until
        it has been opened, and so checked, again."""
        if self._broken is not None:
            return self._broken
        answer = self._once(work)
        full = isinstance(answer, Refusal) and answer.code == "JOURNAL_FULL"
        if not (full and may_use_ballast and self._ballast.release()):
            return answer
        self._until_room_check = 0
        return self._once(work)

    def _once(self, work: Callable[[sqlite3.Connection], Result | Refusal]) -> Result | Refusal:
        connection = self._pool.get(
            self.path, lambda: journal_file.connect(self.path, self._settings)
        )
        if isinstance(connection, Refusal):
            return connection
        try:
            return work(connection)
        except sqlite3.Error as error:
            journal_file.roll_back(connection)
            refusal = journal_file.refusal_of(error, self.path)
            if not journal_file.may_pass(error):
                self._broken = refusal
                self._pool.drop(self.path)
            return refusal

    def _append(self, connection: sqlite3.Connection, tap: Tap, settles: str) -> Tap | Refusal:
        if self._until_room_check == 0 and not settles:
            full = self._no_room(connection)
            if full is not None:
                return full
            self._until_room_check = _ROOM_CHECK_EVERY
        terminal_id = tap.ref.terminal_id
        connection.execute("BEGIN IMMEDIATE")
        seq, epoch = connection.execute(_NEXT_SEQ, (terminal_id,)).fetchone()
        numbered = replace(tap, ref=TapRef(terminal_id, epoch, seq))
        body = _ENCODER.encode(numbered)
        connection.execute(_INSERT, (terminal_id, seq, zlib.crc32(body), body))
        if settles:
            connection.execute(_DISCARD, (settles,))
        connection.execute("COMMIT")
        self._until_room_check = max(self._until_room_check - 1, 0)
        return numbered

    def _no_room(self, connection: sqlite3.Connection) -> Refusal | None:
        if journal_file.has_room(connection, self.path, self._settings) and self._ballast.lay():
            return None
        return Refusal("JOURNAL_FULL", str(self.path))

    def _heed(
        self, connection: sqlite3.Connection, marks: Mapping[str, TapRef], new_epoch: int
    ) -> list[str]:
        standing = journal_file.standing(connection)
        terminals = ahead(standing, marks)
        if terminals:
            self._begin(connection, new_epoch, "city_knows_more")
        return terminals

    def _begin(self, connection: sqlite3.Connection, new_epoch: int, cause: Cause) -> None:
        device = journal_file.standing(connection).device
        if self._custody is not None:
            device = self._custody.device
        journal_file.begin_epoch(connection, new_epoch, device, cause)
        self.epoch = new_epoch

    def _outgoing(
        self, connection: sqlite3.Connection, limit: int
    ) -> list[OutgoingBatch] | Refusal:
        batches = []
        for first, last in journal_batches.open_ranges(connection, limit):
            taps = journal_reading.between(connection, self.path, (first, last))
            if isinstance(taps, Refusal):
                return taps
            batches.append(OutgoingBatch(first, taps))
        return batches

    def _kept(self, connection: sqlite3.Connection, name: str) -> bytes | Refusal | None:
        row = connection.execute(
            "SELECT crc, CAST(body AS BLOB) FROM kept WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            return None
        crc, body = row
        if zlib.crc32(body) != crc:
            return journal_file.corrupt(self.path, f"{name} does not match its checksum")
        return bytes(body)

    def _execute(
        self, connection: sqlite3.Connection, statement: str, values: tuple[object, ...]
    ) -> None:
        connection.execute(statement, values)
