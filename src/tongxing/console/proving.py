"""The truths, held against the live books for the pages: always the newest result there is.

Proving reads all books and takes longer than a page may, so it runs beside the pages, once per
state of the books, and a page shows the last result while a newer one is being made. Nothing is
proved twice for the same moment.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from tongxing.console.reading import Books, Snapshot
from tongxing.kernel.proofs import Proof
from tongxing.kernel.reasons import Problem
from tongxing.proving import PROOF_TIMEOUT_MS, prove_all

TRUTHS = range(1, 9)


@dataclass(frozen=True, slots=True)
class Proved:
    """The proofs over one moment of the books."""

    proofs: tuple[Proof, ...]
    moment: str
    took_ms: int

    @property
    def failing(self) -> tuple[Proof, ...]:
        """Those that do not hold; empty when all is well."""
        return tuple(proof for proof in self.proofs if not proof.holds)

    def of_truth(self, truth: int) -> tuple[Proof, ...]:
        """The proofs of one truth, of all houses."""
        return tuple(proof for proof in self.proofs if proof.truth == truth)


def prove(snapshot: Snapshot) -> list[Proof]:
    """Every proof of every house in the snapshot."""
    snapshot.cursor.execute(f"SET LOCAL statement_timeout TO {PROOF_TIMEOUT_MS:d}")
    return prove_all(snapshot.cursor, snapshot.schemas)


class ProofDesk:
    """Keeps the newest proofs of some books; `clock` measures how long they took."""

    def __init__(
        self,
        books: Books,
        prove: Callable[[Snapshot], list[Proof]] = prove,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._books = books
        self._prove = prove
        self._clock = clock
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="proofs")
        self._lock = Lock()
        self._running: Future[Proved] | None = None
        self._known: Proved | None = None

    def latest(self, moment: str, patience_s: float) -> Proved | None:
        """The newest result; one of `moment` when it is there within `patience_s`.

        None while the very first one is still being made.
        """
        running = self._refreshing(moment)
        if running is not None:
            with suppress(StillRunning, Problem):  # a page is not lost because proving is
                return running.result(patience_s)
        return self._known

    def fresh(self) -> Proved:
        """A result over the books as they are now, however long it takes."""
        return self._worker.submit(self._run).result()

    def begin(self) -> None:
        """Start proving, so that the first reader need not wait."""
        self._refreshing("")

    def close(self) -> None:
        """Stop; a result that is being made is still finished."""
        self._worker.shutdown()

    def _refreshing(self, moment: str) -> Future[Proved] | None:
        """The run that will bring a newer result; None when none is needed."""
        with self._lock:
            if self._known is not None and self._known.moment == moment:
                return None
            if self._running is None or self._running.done():
                self._running = self._worker.submit(self._run)
            return self._running

    def _run(self) -> Proved:
        with self._books.snapshot() as snapshot:
            known = self._known
            if known is not None and known.moment == snapshot.moment:
                return known
            started = self._clock()
            proofs = tuple(self._prove(snapshot))
            took_ms = round((self._clock() - started) * 1000)
        self._known = Proved(proofs, snapshot.moment, took_ms)
        return self._known
