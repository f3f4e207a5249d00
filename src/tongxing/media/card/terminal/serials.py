"""The numbers a security module gives to its transactions: rising, never used twice.

A number is used up before it is handed out, also when the power goes. Gaps are normal; a repeated
number would let one transaction pass for another.
"""

from typing import Protocol

SERIAL_MAX = 0xFFFF_FFFF


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
