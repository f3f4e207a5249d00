"""A lock on the environment: shared by all who use it, held alone by whoever makes it.

The lock belongs to the open file. It is handed on to the program we turn into, and the system lets
go of it when that program ends, however it ends. It never outlives a crash.
"""

import os
import sys
from pathlib import Path

from door.words import step

if sys.platform != "win32":
    import fcntl


class EnvironmentLock:
    """The lock file `path`.

    In a folder that cannot be written nobody can replace anything, and there is no lock; nor is
    there one on Windows, where a program in use cannot be replaced anyway.
    """

    def __init__(self, path: Path) -> None:
        self._file: int | None = None
        if sys.platform == "win32":
            return
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
            return
        os.set_inheritable(self._file, True)

    def share(self) -> None:
        """Use the environment together with others; waits while somebody makes it."""
        if sys.platform != "win32":
            self._take(fcntl.LOCK_SH)

    def own(self) -> None:
        """Be the only one; waits until nobody else uses the environment."""
        if sys.platform != "win32":
            self._take(fcntl.LOCK_EX)

    def _take(self, operation: int) -> None:
        if self._file is None or sys.platform == "win32":
            return
        try:
            fcntl.flock(self._file, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            step("waiting")
            fcntl.flock(self._file, operation)
        except OSError:  # a file system without locks
            self._file = None
