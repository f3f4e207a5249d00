"""Opens a feed, a zip file or a folder, without trusting it: no paths followed, no bomb unpacked.

Nothing is ever extracted. Files are read line by line and counted while they are read, so a size
that the archive claims is never believed. This module knows bytes; it must never know a field.
"""

import errno
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tongxing.kernel.reasons import Problem

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError,
    RuntimeError, ValueError, OverflowError,
)  # fmt: skip
_TORN = (None, errno.EINVAL)
"""What an OSError says when a torn archive sends the reader to a place that cannot be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a feed is read at most, so that a hostile one can fill neither disk nor memory.

    Sizes are bytes after unpacking; `rows` is of one file.
    """

    files: int = 200
    archive_bytes: int = 512 * 2**20
    total_bytes: int = 2 * 2**30
    line_bytes: int = 2**18
    rows: int = 10_000_000


@dataclass(slots=True)
class Container:
    """The files of a feed by name. `lines` reads one of them; each is read once, front to back."""

    limits: Limits
    _openers: Mapping[str, Callable[[], IO[bytes]]]
    _read_bytes: int = field(default=0)

    @property
    def names(self) -> frozenset[str]:
        """The names of the files that lie at the top of the feed."""
        return frozenset(self._openers)

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, each with its ending.

        Raises Problem(FEED_TOO_LARGE, FEED_DAMAGED).
        """
        try:
            with self._openers[name]() as stream:
                while line := stream.readline(self.limits.line_bytes + 1):
                    self._count(name, len(line))
                    yield line
        except _DAMAGED as error:
            raise Problem("FEED_DAMAGED", name) from error
        except OSError as error:
            if error.errno not in _TORN:
                raise
            raise Problem("FEED_DAMAGED", name) from error

    def _count(self, name: str, size: int) -> None:
        self._read_bytes += size
        if size > self.limits.line_bytes or self._read_bytes > self.limits.total_bytes:
            raise Problem("FEED_TOO_LARGE", name, limit=f"{self.limits.total_bytes:,}")


@contextmanager
def opened(path: Path, limits: Limits | None = None) -> Iterator[Container]:
    """The files of a feed while the block lasts.

    Raises Problem: FILE_NOT_FOUND, FEED_NOT_A_FEED (neither zip nor folder), FEED_UNSAFE
    (encrypted, a link, two files of one name, a path that leaves the archive), FEED_TOO_LARGE,
    FEED_DAMAGED.
    """
    limits = limits or Limits()
    if path.is_dir():
        yield Container(limits, _of_folder(path, limits))
        return
    if not path.exists():
        raise Problem("FILE_NOT_FOUND", str(path))
    if path.stat().st_size > limits.archive_bytes:
        raise Problem("FEED_TOO_LARGE", str(path), limit=f"{limits.archive_bytes:,}")
    try:
        if not zipfile.is_zipfile(path):
            raise Problem("FEED_NOT_A_FEED", str(path))
        archive = zipfile.ZipFile(path)
    except _DAMAGED as error:
        raise Problem("FEED_DAMAGED", str(path)) from error
    except OSError as error:
        if error.errno not in _TORN:
            raise
        raise Problem("FEED_DAMAGED", str(path)) from error
    with archive:
        yield Container(limits, _of_archive(archive, limits))


def _of_folder(path: Path, limits: Limits) -> dict[str, Callable[[], IO[bytes]]]:
    found: dict[str, Callable[[], IO[bytes]]] = {}
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise Problem("FEED_UNSAFE", entry.name)
            if entry.is_file():
                found[entry.name] = _file(entry.path)
            if len(found) > limits.files:
                raise Problem("FEED_TOO_LARGE", str(path), limit=f"{limits.files:,}")
    return found


def _file(path: str) -> Callable[[], IO[bytes]]:
    return lambda: Path(path).open("rb")


def _of_archive(archive: zipfile.ZipFile, limits: Limits) -> dict[str, Callable[[], IO[bytes]]]:
    entries = archive.infolist()
    if len(entries) > limits.files or sum(one.file_size for one in entries) > limits.total_bytes:
        raise Problem("FEED_TOO_LARGE", archive.filename or "", limit=f"{limits.total_bytes:,}")
    found: dict[str, Callable[[], IO[bytes]]] = {}
    for entry in entries:
        name = entry.filename
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or not parts[0] or ":" in parts[0] or entry.flag_bits & 0x1:
            raise Problem("FEED_UNSAFE", name)
        if len(parts) > 1:
            continue
        if name in found:
            raise Problem("FEED_UNSAFE", name)
        found[name] = _member(archive, entry)
    return found


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(entry)
