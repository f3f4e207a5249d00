"""Room kept back on the disk, so that a full one does not silence a gate.

On a full disk even deleting and taking a receipt fail, for both are written down first. So beside
the journal lies a file of no content; when the disk is full it is given up, and what lets the gate
hand on its taps is done with its room. Opening lanes is not: taps are taken again only when the
ballast lies there again, in full.
"""

import os
import shutil
from pathlib import Path

from tongxing.kernel.files import sync_folder

SUFFIX = ".ballast"
_BLOCK = bytes(64 * 1024)


class Ballast:
    """The ballast of one journal; `size` 0 is none, and never missed."""

    def __init__(self, journal: Path, size: int) -> None:
        self.path = journal.with_name(journal.name + SUFFIX)
        self.size = size

    def is_laid(self) -> bool:
        """Whether all of the room is kept back."""
        try:
            return self.size == 0 or self.path.stat().st_size >= self.size
        except OSError:
            return False

    def lay(self) -> bool:
        """Keep the room back; whether there was enough. Of a failed try nothing stays."""
        if self.is_laid():
            return True
        try:
            if shutil.disk_usage(self.path.parent).free < self.size:
                return False
            with self.path.open("wb") as file:
                _fill(file.fileno(), self.size)
                os.fsync(file.fileno())
            sync_folder(self.path.parent)
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> bool:
        """Give the room up; whether there was any."""
        try:
            there = self.path.stat().st_size > 0
            self.path.unlink()
        except OSError:
            return False
        return there


def _fill(handle: int, size: int) -> None:
    """Really take the room: a file with a hole in it would keep nothing back."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
        return
    written = 0
    while written < size:
        written += os.write(handle, _BLOCK[: size - written])
