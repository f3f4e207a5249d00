"""The deny list inside a gate: exact answers in constant time, about 40 bytes for each entry.

A city's list may name millions of media and a gate is a small machine, so the numbers lie in one
block of bytes behind an open-addressed table instead of in millions of objects. The list is whole,
signed and versioned; whatever cannot be believed leaves the list that is in force untouched (B105).
A deny list must never grow older, and must never deny a medium that is not on it.
"""

from array import array
from collections.abc import Iterable

from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.messages import DenyEntry, DenyList, KeyRing, unseal

UNKNOWN_REASON = "MEDIUM_DENIED"
"""What a gate says of an entry whose reason is not on this gate's list of reasons (yet)."""

_FREE = 0
_UINT32 = "I"


class DenyIndex:
    """One version of a city's deny list, ready to be asked. Never changes after it is built.

    Version 0 is the empty list of a gate that has not been given one yet.
    """

    def __init__(
        self,
        city: str,
        version: int = 0,
        entries: Iterable[DenyEntry] = (),
        notices: Iterable[DenyEntry] = (),
    ) -> None:
        self.city = city
        self.version = version
        self._notices = {
            entry.medium_no: entry.reason for entry in notices if entry.reason in all_reasons()
        }
        self._numbers = bytearray()
        self._starts = array(_UINT32, [0])
        self._codes: list[str] = []
        self._code_of = bytearray()
        for entry in entries:
            self._numbers += entry.medium_no.encode()
            self._starts.append(len(self._numbers))
            self._code_of.append(self._code_index(entry.reason))
        self._slots = self._table()

    @classmethod
    def of(cls, deny: DenyList) -> "DenyIndex":
        """The index of a list that has already been checked."""
        return cls(deny.city, deny.version, deny.entries, deny.notices)

    def __len__(self) -> int:
        return len(self._code_of)

    def reason(self, medium_no: str) -> str:
        """The reason code for which this medium is denied, "" when it is not."""
        if not self._code_of:
            return ""
        found = self._find(medium_no.encode(errors="replace"))
        return "" if found is None else self._codes[self._code_of[found]]

    def notice(self, medium_no: str) -> str:
        """The code of what the holder of this medium is told beside an open lane, "" for nothing;
        a code that this gate does not know yet is not said. There are few, for a few days each."""
        return self._notices.get(medium_no, "")

    def _find(self, number: bytes) -> int | None:
        slots, mask = self._slots, len(self._slots) - 1
        place = hash(number) & mask
        while (entry := slots[place]) != _FREE:
            if self._number(entry - 1) == number:
                return entry - 1
            place = (place + 1) & mask
        return None

    def _number(self, entry: int) -> bytearray:
        return self._numbers[self._starts[entry] : self._starts[entry + 1]]

    def _table(self) -> "array[int]":
        """Entry numbers plus one, at the place their hash asks for; never more than half full."""
        size = 8
        while size < 2 * len(self):
            size *= 2
        slots = array(_UINT32, [_FREE]) * size
        for entry in range(len(self)):
            place = hash(bytes(self._number(entry))) & (size - 1)
            while slots[place] != _FREE:
                place = (place + 1) & (size - 1)
            slots[place] = entry + 1
        return slots

    def _code_index(self, code: str) -> int:
        known = code if code in all_reasons() else UNKNOWN_REASON
        if known not in self._codes:
            self._codes.append(known)
        return self._codes.index(known)


def read_deny_list(message: bytes, keys: KeyRing, current: DenyIndex) -> DenyList | Refusal:
    """The list in a signed message, when it may replace `current`.

    Refuses what `unseal` refuses, LIST_OTHER_CITY, and LIST_ROLLBACK for a lower version. The
    version in force may come again; the caller need not load it twice. After any refusal
    `current` stays in force.
    """
    opened = unseal(message, DenyList, keys)
    if isinstance(opened, Refusal):
        return opened
    sender, deny = opened
    if deny.city != current.city:
        return Refusal("LIST_OTHER_CITY", sender, {"expected": current.city, "found": deny.city})
    if deny.version < current.version:
        return Refusal("LIST_ROLLBACK", sender, {"current": current.version, "found": deny.version})
    return deny
