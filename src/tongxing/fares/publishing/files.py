"""Files that are there whole or not at all, and one writer at a time.

A file is written beside its place, flushed to the disk and moved there in one step, so that a
power cut or a kill leaves the old one or the new one. The lock is the system's own: it ends with
the process that holds it. Only `register` uses this.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fasteners import InterProcessLock

PART = ".part"

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


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in its place in one step; it is on the disk when this returns.

    Raises OSError when the disk or the folder refuses.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names of a folder on the disk; Windows does that by itself."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove what a killed writer left half-written. Only for who holds the lock."""
    for part in folder.glob(f"*{PART}"):
        part.unlink(missing_ok=True)
