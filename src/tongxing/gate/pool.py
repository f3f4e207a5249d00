"""A bounded set of open journal files: one process may run the gates of a whole city.

Each open journal takes three file handles (the file, its log, the log's index), so the pool keeps
within the process's limit and closes the one that has rested longest. Closing loses nothing: every
tap is on disk before its gate opens.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from tongxing.kernel.reasons import Refusal

HANDLES_PER_JOURNAL = 3
HANDLES_FOR_OTHERS = 256
_CAPACITY_MAX = 2_000
_LIMIT_UNKNOWN = 1_024


class ConnectionPool:
    """Open connections by path, the least recently used closed first. For one thread."""

    def __init__(self, capacity: int | None = None) -> None:
        self.capacity = capacity if capacity is not None else capacity_within(_handle_limit())
        if self.capacity < 1:
            raise ValueError("a pool needs room for one connection")
        self._open: OrderedDict[Path, sqlite3.Connection] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def get(
        self, path: Path, connect: Callable[[], sqlite3.Connection | Refusal]
    ) -> sqlite3.Connection | Refusal:
        """The open connection of `path`, or a new one from `connect`."""
        found = self._open.get(path)
        if found is not None:
            self._open.move_to_end(path)
            return found
        while len(self._open) >= self.capacity:
            self._open.popitem(last=False)[1].close()
        made = connect()
        if not isinstance(made, Refusal):
            self._open[path] = made
        return made

    def drop(self, path: Path) -> None:
        """Close the connection of one journal, if it is open."""
        found = self._open.pop(path, None)
        if found is not None:
            found.close()

    def close(self) -> None:
        """Close them all."""
        while self._open:
            self._open.popitem()[1].close()


def capacity_within(handle_limit: int) -> int:
    """How many journals may be open under a limit of file handles, leaving room for the rest."""
    spare = handle_limit - min(HANDLES_FOR_OTHERS, handle_limit // 2)
    return max(1, min(_CAPACITY_MAX, spare // HANDLES_PER_JOURNAL))


def _handle_limit() -> int:
    try:
        import resource
    except ImportError:  # Windows keeps no such limit for files opened by SQLite
        return _LIMIT_UNKNOWN
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _LIMIT_UNKNOWN if soft == resource.RLIM_INFINITY else soft
