"""One writer of a register at a time, who first clears away what a killed one left.

The lock is the system's own: it ends with the process that holds it. Only `register` uses this.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fasteners import InterProcessLock

from tongxing.kernel.files import PART

_one_thread = threading.Lock()


@contextmanager
def only_writer(folder: Path, wait_s: float) -> Iterator[bool]:
    """Hold the folder's lock; yields False when another writer kept it for `wait_s` seconds."""
    lock = InterProcessLock(str(folder / ".lock"))
    if not _one_thread.acquire(timeout=wait_s):
        yield False
        return
    try:
        held = bool(lock.acquire(timeout=wait_s))
        try:
            yield held
        finally:
            if held:
                lock.release()
    finally:
        _one_thread.release()


def sweep(folder: Path) -> None:
    """Remove what a killed writer left half-written. Only for who holds the lock."""
    for part in folder.glob(f"*{PART}"):
        part.unlink(missing_ok=True)
