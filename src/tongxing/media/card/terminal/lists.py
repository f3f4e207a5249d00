"""The lists a terminal carries: whose cards it takes, and which cards it does not.

A list is whole, sorted and versioned, or a change from one version to a later one. A terminal never
goes back to an older list and never mixes two. Looking up is a binary search over packed bytes, so
ten million cards need 140 MB and no object each.
"""

from bisect import bisect_left
from collections.abc import Iterable

import msgspec

from tongxing.kernel.reasons import Refusal

ISSUER_BYTES = 4
IIN_DIGITS = 6
NUMBER_BYTES = 10
_ENTRY_BYTES = ISSUER_BYTES + NUMBER_BYTES


class Issuer(msgspec.Struct, frozen=True, order=True):
    """An issuer whose cards are taken: its 4-byte code, and if told, the IINs of its cards."""

    code: bytes
    iins: tuple[str, ...] = ()


class IssuerList(msgspec.Struct, frozen=True):
    """The white list of issuers, sorted by code. `version` rises with every change."""

    version: int
    issuers: tuple[Issuer, ...]

    def find(self, code: bytes) -> Issuer | None:
        """The entry of a 4-byte issuer code."""
        at = bisect_left(self.issuers, code, key=lambda issuer: issuer.code)
        found = self.issuers[at] if at < len(self.issuers) else None
        return found if found is not None and found.code == code else None


def make_issuers(version: int, issuers: Iterable[Issuer]) -> IssuerList:
    """A white list. Raises ValueError for a code of another length, or one that comes twice."""
    found = tuple(sorted(issuers))
    codes = [issuer.code for issuer in found]
    if any(len(code) != ISSUER_BYTES for code in codes) or len(set(codes)) != len(codes):
        raise ValueError("an issuer stands once in the list, with a code of 4 bytes")
    return IssuerList(version, found)


class DeniedList(msgspec.Struct, frozen=True):
    """The black list: one entry of 14 bytes a card (issuer code, number), sorted, in one piece."""

    version: int
    packed: bytes

    def __len__(self) -> int:
        return len(self.packed) // _ENTRY_BYTES

    def __contains__(self, entry: object) -> bool:
        if not isinstance(entry, bytes) or len(entry) != _ENTRY_BYTES:
            return False
        at = bisect_left(range(len(self)), entry, key=self._entry)
        return at < len(self) and self._entry(at) == entry

    def _entry(self, at: int) -> bytes:
        return self.packed[at * _ENTRY_BYTES : (at + 1) * _ENTRY_BYTES]

    def __repr__(self) -> str:
        return f"DeniedList(version {self.version}, {len(self)} cards)"


class DeniedChange(msgspec.Struct, frozen=True):
    """What turns version `since` of the black list into version `version`."""

    since: int
    version: int
    added: tuple[bytes, ...]
    removed: tuple[bytes, ...]

    def __repr__(self) -> str:
        counts = f"+{len(self.added)} -{len(self.removed)}"
        return f"DeniedChange({self.since} to {self.version}, {counts})"


def denied_entry(issuer8: bytes, number10: bytes) -> bytes:
    """How a card stands in the black list: its issuer's first 4 bytes, then its number."""
    return issuer8[:ISSUER_BYTES] + number10


def make_denied(version: int, entries: Iterable[bytes]) -> DeniedList:
    """A whole black list. Raises ValueError for an entry that has not 14 bytes."""
    found = sorted(set(entries))
    if any(len(entry) != _ENTRY_BYTES for entry in found):
        raise ValueError("an entry of the black list has 14 bytes")
    return DeniedList(version, b"".join(found))


def newer(current: DeniedList, found: DeniedList) -> DeniedList | Refusal:
    """The list to go on with when a whole one arrives.

    Refuses LIST_ROLLBACK for an older version, LIST_CHANGED for the same one with other content.
    """
    if found.version < current.version:
        return _rollback(current, found.version)
    if found.version == current.version and found.packed != current.packed:
        return Refusal("LIST_CHANGED", values={"version": found.version})
    return found


def changed(current: DeniedList, change: DeniedChange) -> DeniedList | Refusal:
    """The list after a change. Refuses LIST_ROLLBACK for one that leads back, LIST_GAP for one that
    starts from another version or from another content: ask for the whole list then."""
    if change.version <= current.version:
        return _rollback(current, change.version)
    entries = set(_rows(current.packed))
    added, removed = set(change.added), set(change.removed)
    fits = change.since == current.version and removed <= entries and not added & entries
    if not fits or any(len(entry) != _ENTRY_BYTES for entry in added):
        values = {"since": change.since, "current": current.version}
        return Refusal("LIST_GAP", values=values)
    return make_denied(change.version, entries - removed | added)


def _rollback(current: DeniedList, found: int) -> Refusal:
    return Refusal("LIST_ROLLBACK", values={"found": found, "current": current.version})


def _rows(packed: bytes) -> list[bytes]:
    return [packed[at : at + _ENTRY_BYTES] for at in range(0, len(packed), _ENTRY_BYTES)]
