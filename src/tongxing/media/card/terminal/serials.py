"""The numbers a security module gives to its transactions: rising, never used twice.

A number is used up before it is handed out, also when the power goes. Gaps are normal; a repeated
number would let one transaction pass for another.
"""

import zlib
from pathlib import Path
from typing import Protocol

from fasteners import InterProcessLock

from tongxing.kernel.files import write_whole

SERIAL_MAX = 0xFFFF_FFFF
BLOCK = 256
_WORD = "tongxing-serials"
_LOCK = ".lock"


class SerialCounter(Protocol):
    """Gives the next serial. What was given once is never given again, also after a restart."""

    def next(self) -> int:
        """A number greater than every one before it; past SERIAL_MAX there is none to use.

        Raises OSError when it cannot be written down first.
        """


class MemorySerials:
    """Counts in memory, from `last` upwards: for tests and simulations only."""

    def __init__(self, last: int = 0) -> None:
        self._last = last

    def next(self) -> int:
        self._last += 1
        return self._last


class FileSerials:
    """Counts in a file, which says up to where numbers have been reserved, `block` at a time.

    A restart begins after the reserved numbers, so up to `block` of them are never used. Several
    processes may share the file; each reserves its own blocks. A file that is not there begins at
    1: whoever moves a module to another machine moves its file too. For one thread.
    """

    def __init__(self, path: Path, block: int = BLOCK) -> None:
        if block < 1:
            raise ValueError("a block has at least one number")
        self._path = path
        self._block = block
        self._next = 1
        self._reserved = 0

    def next(self) -> int:
        if self._next > self._reserved:
            self._reserve()
        serial = self._next
        self._next += 1
        return serial

    def _reserve(self) -> None:
        with InterProcessLock(self._path.with_name(self._path.name + _LOCK)):
            used = self._read()
            write_whole(self._path, _line(used + self._block))
        self._next, self._reserved = used + 1, used + self._block

    def _read(self) -> int:
        """The last number that may have been used. Raises OSError for a file that was altered: to
        guess would be to repeat a number."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return 0
        digits = content.split(b" ")[1] if content.count(b" ") == 2 else b""
        if not 0 < len(digits) <= 20 or not digits.isdigit() or content != _line(int(digits)):
            raise OSError(f"{self._path.name} does not say which serials have been used")
        return int(digits)


def _line(reserved: int) -> bytes:
    text = f"{_WORD} {reserved}"
    return f"{text} {zlib.crc32(text.encode()):08x}\n".encode()
