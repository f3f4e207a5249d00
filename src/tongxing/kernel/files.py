"""Files that are there whole or not at all, also after a power cut.

A file is written beside its place, flushed to the disk and moved there in one step. The only
other module of the room that writes there is `compiling`, and its code can be lost without harm.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

Buffer = bytes | bytearray | memoryview

PART = ".part"
"""How the name of a file ends that is still being written."""


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Put a file in its place in one step; it is on the disk when this returns.

    A `private` file can be read by its owner only, from its first byte on. Raises OSError when the
    disk or the folder refuses, and for a place taken by anything but a regular file: a device, a
    folder or a link is never replaced.
    """
    write_pieces(path, (content,), private=private)


def write_pieces(path: Path, pieces: Iterable[Buffer], *, private: bool = False) -> None:
    """`write_whole` for content that is too large to be put together first."""
    _refuse_irregular(path)
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    if private:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
    with part.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)


def _refuse_irregular(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        code = errno.EISDIR if stat.S_ISDIR(mode) else errno.EPERM
        raise OSError(code, os.strerror(code), str(path))


def sync_folder(folder: Path) -> None:
    """Put the names of a folder on the disk; Windows does that by itself."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
