"""The serials of a terminal's software module, kept in its site's journal.

A block of numbers is written down before the first of them is used, so that a power cut skips
numbers and repeats none.
"""

from tongxing.gate.journal import Journal
from tongxing.kernel.reasons import Refusal

BLOCK = 256


class JournalSerials:
    """The counter of one terminal (`SerialCounter`). For the journal's thread."""

    def __init__(self, journal: Journal, terminal_id: str) -> None:
        self._journal = journal
        self._name = f"serial/{terminal_id}"
        self._last: int | None = None
        self._reserved = 0

    def next(self) -> int:
        """The next number. Raises OSError when the journal cannot take the reservation."""
        if self._last is None:
            self._last = self._reserved = self._kept()
        if self._last == self._reserved:
            self._reserve(self._last + BLOCK)
        self._last += 1
        return self._last

    def _kept(self) -> int:
        kept = self._journal.kept(self._name)
        if isinstance(kept, Refusal):
            raise OSError(kept.code)
        return 0 if kept is None else int.from_bytes(kept, "big")

    def _reserve(self, upto: int) -> None:
        refusal = self._journal.keep(self._name, upto.to_bytes(8, "big"))
        if refusal is not None:
            raise OSError(refusal.code)
        self._reserved = upto
