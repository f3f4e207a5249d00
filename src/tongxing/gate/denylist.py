"""The deny list inside a gate: exact answers in microseconds, about eight bytes for each entry.

A city's list may name ten million media and a gate is a small machine: the numbers are packed
(`packed`), and what changed since the list last came whole lies beside them. The list is signed and
versioned; whatever cannot be believed leaves the list that is in force untouched (B105). A deny
list must never grow older, and must never deny a medium that is not on it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from msgspec import Raw, Struct
from msgspec.json import Decoder
from msgspec.structs import replace

from tongxing.gate.packed import Packed, Packer, Pair
from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.messages import DenyDelta, DenyEntry, DenyList, KeyRing
from tongxing.messages.envelope import Believed, believe, read_body
from tongxing.messages.list_check import MODULUS, entries_sum, written
from tongxing.messages.lists import DENY, Second

UNKNOWN_REASON = "MEDIUM_DENIED"
"""What a gate says of an entry whose reason is not on this gate's list of reasons (yet)."""

ASK_WHOLE = frozenset({"LIST_DELTA_GAP", "LIST_DELTA_MISMATCH"})
"""The refusals after which a gate asks for the whole list."""

_AT_ONCE = 32_768
_SLICE_BYTES = 1 << 20
_BETWEEN = b'"],["'


class _Unread(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `DenyList` whose entries are still the bytes that came: as objects, they would take more
    than a gate has."""

    city: str
    version: int
    published_s: int
    entries: Raw
    notices: list[DenyEntry] = []
    not_before_s: Second = 0
    not_after_s: Second = 0


_LISTS = Decoder(_Unread)
_DELTAS = Decoder(DenyDelta)
_ENTRIES = Decoder(list[DenyEntry])


class ListHead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a list beside its entries: `total` is the sum behind its check."""

    city: str
    version: int = 0
    published_s: int = 0
    notices: tuple[DenyEntry, ...] = ()
    count: int = 0
    total: int = 0
    not_before_s: int = 0
    not_after_s: int = 0


@dataclass(frozen=True, slots=True)
class Edits:
    """What changed since the list last came whole, in `deltas` steps: pairs that are there now, by
    number, and pairs that are there no longer."""

    added: Mapping[str, tuple[str, ...]]
    removed: frozenset[Pair]
    deltas: int = 0

    def __len__(self) -> int:
        return sum(map(len, self.added.values())) + len(self.removed)


NO_EDITS = Edits({}, frozenset())


class DenyIndex:
    """One version of a city's deny list, ready to be asked. Never changes after it is built.

    Version 0 is the empty list of a gate that has not been given one yet. The list is a set of
    pairs of medium and reason.
    """

    def __init__(
        self,
        city: str,
        version: int = 0,
        entries: Iterable[DenyEntry] = (),
        notices: Iterable[DenyEntry] = (),
        published_s: int = 0,
    ) -> None:
        packer, rest = Packer(), iter(entries)
        while some := list(islice(rest, _AT_ONCE)):
            packer.add([one.medium_no for one in some], [one.reason for one in some])
        packed = packer.finish()
        head = ListHead(
            city=city,
            version=version,
            published_s=published_s,
            notices=tuple(notices),
            count=packed.count(),
            total=packed.total(),
        )
        self._assemble(head, packed, NO_EDITS)

    def _assemble(self, head: ListHead, packed: Packed, edits: Edits) -> None:
        self.city = head.city
        self.version = head.version
        self.head = head
        self.packed = packed
        self.edits = edits
        self._notices = {
            entry.medium_no: entry.reason for entry in head.notices if entry.reason in all_reasons()
        }

    @classmethod
    def of(cls, deny: DenyList) -> "DenyIndex":
        """The index of a list that has already been checked."""
        index = cls(deny.city, deny.version, deny.entries, deny.notices, deny.published_s)
        index.head = replace(
            index.head, not_before_s=deny.not_before_s, not_after_s=deny.not_after_s
        )
        return index

    @classmethod
    def assembled(cls, head: ListHead, packed: Packed, edits: Edits = NO_EDITS) -> "DenyIndex":
        """An index of parts that belong together."""
        index = cls.__new__(cls)
        index._assemble(head, packed, edits)
        return index

    def __len__(self) -> int:
        return self.head.count

    def reason(self, medium_no: str) -> str:
        """The reason code for which this medium is denied, "" when it is not. Of several it is the
        first by name, and one that this gate can say comes before one that it cannot."""
        found = self._reasons(medium_no)
        if not found:
            return ""
        return min((code for code in found if code in all_reasons()), default=UNKNOWN_REASON)

    def notice(self, medium_no: str) -> str:
        """The code of what the holder of this medium is told beside an open lane, "" for nothing;
        a code that this gate does not know yet is not said. There are few, for a few days each."""
        return self._notices.get(medium_no, "")

    def changed(self, delta: DenyDelta) -> "DenyIndex | Refusal":
        """The list that a delta from exactly this version leads to, this one left as it is.

        Refuses LIST_DELTA_MISMATCH when an entry to be taken out is not here, one to be put in is
        here already, or the whole is not what the city says that it is afterwards.
        """
        added, removed = dict(self.edits.added), set(self.edits.removed)
        gone = [(entry.medium_no, entry.reason) for entry in delta.removed]
        come = [(entry.medium_no, entry.reason) for entry in delta.added]
        for number, reason in gone:
            if reason in added.get(number, ()):
                added[number] = tuple(code for code in added[number] if code != reason)
            elif (number, reason) not in removed and reason in self.packed.reasons(number):
                removed.add((number, reason))
            else:
                return _mismatch(delta, number)
        for pair in come:
            number, reason = pair
            if pair in removed:
                removed.discard(pair)
            elif reason in added.get(number, ()) or reason in self.packed.reasons(number):
                return _mismatch(delta, number)
            else:
                added[number] = (*added.get(number, ()), reason)
        head = ListHead(
            city=self.city,
            version=delta.version,
            published_s=delta.published_s,
            notices=tuple(delta.notices),
            count=len(self) + len(come) - len(gone),
            total=(self.head.total + entries_sum(come) - entries_sum(gone)) % MODULUS,
            not_before_s=delta.not_before_s,
            not_after_s=delta.not_after_s,
        )
        if (head.count, written(head.total)) != (delta.count, delta.check):
            return _mismatch(delta, f"{head.count}/{written(head.total)}")
        left = {number: listed for number, listed in added.items() if listed}
        edits = Edits(left, frozenset(removed), self.edits.deltas + 1)
        return self.assembled(head, self.packed, edits)

    def folded(self) -> "DenyIndex":
        """The same list with its edits packed in. For a moment the changed arrays exist twice."""
        if not self.edits.deltas:
            return self
        added = [(number, code) for number, listed in self.edits.added.items() for code in listed]
        packed = self.packed.with_edits(added, self.edits.removed)
        return self.assembled(self.head, packed)

    def _reasons(self, number: str) -> list[str]:
        found = self.packed.reasons(number)
        if not self.edits.deltas:
            return found
        left = [reason for reason in found if (number, reason) not in self.edits.removed]
        return [*left, *self.edits.added.get(number, ())]


@dataclass(frozen=True, slots=True)
class ListChange:
    """A list that may take the place of the one in force; with the delta by which it came."""

    deny: DenyIndex
    delta: DenyDelta | None = None


def read_deny_list(
    message: bytes, keys: KeyRing, current: DenyIndex, now_s: int | None = None
) -> ListChange | Refusal | None:
    """The list that a signed `DenyList` or `DenyDelta` makes of `current`; None when it is the one
    that is in force already.

    Refuses what `unseal` refuses, LIST_OTHER_CITY, LIST_ROLLBACK for a lower version, LIST_CHANGED
    for other content under the version in force, and for a delta LIST_DELTA_GAP when it starts from
    another version and what `DenyIndex.changed` refuses; where a time is given, LIST_NOT_YET and
    LIST_EXPIRED for a newer one outside its days. After any refusal `current` stays in force; after
    one of `ASK_WHOLE` the whole list is needed.
    """
    change = _read(message, keys, current)
    if now_s is None or not isinstance(change, ListChange):
        return change
    return _outside_its_days(change.deny.head, now_s) or change


def _outside_its_days(head: ListHead, now_s: int) -> Refusal | None:
    values = {"name": DENY, "version": head.version}
    if now_s < head.not_before_s:
        return Refusal("LIST_NOT_YET", head.city, values)
    if 0 < head.not_after_s <= now_s:
        return Refusal("LIST_EXPIRED", head.city, values)
    return None


def _read(message: bytes, keys: KeyRing, current: DenyIndex) -> ListChange | Refusal | None:
    believed = believe(message, ("DenyList", "DenyDelta"), keys)
    if isinstance(believed, Refusal):
        return believed
    if believed.kind == "DenyDelta":
        return _read_delta(believed, current)
    unread = read_body(believed.body, _LISTS)
    if isinstance(unread, Refusal):
        return unread
    refusal = _older(believed.sender, unread.city, unread.version, current)
    if refusal is not None:
        return refusal
    deny = _read_whole(unread)
    if isinstance(deny, Refusal):
        return deny
    if deny.version > current.version:
        return ListChange(deny)
    return _same(deny.head, current)


def _read_delta(believed: Believed, current: DenyIndex) -> ListChange | Refusal | None:
    delta = read_body(believed.body, _DELTAS)
    if isinstance(delta, Refusal):
        return delta
    refusal = _older(believed.sender, delta.city, delta.version, current)
    if refusal is not None:
        return refusal
    if delta.version == current.version:
        told = replace(
            current.head,
            published_s=delta.published_s,
            notices=tuple(delta.notices),
            count=delta.count,
            not_before_s=delta.not_before_s,
            not_after_s=delta.not_after_s,
        )
        if delta.check == written(current.head.total):
            return _same(told, current)
        return _changed(current)
    if delta.from_version != current.version:
        values = {"since": delta.from_version, "current": current.version}
        return Refusal("LIST_DELTA_GAP", believed.sender, values)
    deny = current.changed(delta)
    return deny if isinstance(deny, Refusal) else ListChange(deny, delta)


def _older(sender: str, city: str, version: int, current: DenyIndex) -> Refusal | None:
    if city != current.city:
        return Refusal("LIST_OTHER_CITY", sender, {"expected": current.city, "found": city})
    if version < current.version:
        return Refusal("LIST_ROLLBACK", sender, {"current": current.version, "found": version})
    return None


def _same(head: ListHead, current: DenyIndex) -> Refusal | None:
    return None if head == current.head else _changed(current)


def _changed(current: DenyIndex) -> Refusal:
    return Refusal("LIST_CHANGED", current.city, {"version": current.version})


def _mismatch(delta: DenyDelta, detail: str) -> Refusal:
    values = {"since": delta.from_version, "version": delta.version, "detail": detail}
    return Refusal("LIST_DELTA_MISMATCH", delta.city, values)


def _read_whole(unread: _Unread) -> DenyIndex | Refusal:
    """The index of a list, its entries read slice by slice."""
    packer = Packer()
    for part in _slices(memoryview(unread.entries)):
        entries = read_body(part, _ENTRIES)
        if isinstance(entries, Refusal):
            break
        packer.add([one.medium_no for one in entries], [one.reason for one in entries])
    else:
        packed = packer.finish()
        head = ListHead(
            city=unread.city,
            version=unread.version,
            published_s=unread.published_s,
            notices=tuple(unread.notices),
            count=packed.count(),
            total=packed.total(),
            not_before_s=unread.not_before_s,
            not_after_s=unread.not_after_s,
        )
        return DenyIndex.assembled(head, packed)
    # The slices may have been cut where they must not be, inside a strange number.
    whole = read_body(bytes(unread.entries), _ENTRIES)
    if isinstance(whole, Refusal):
        return whole
    fields = {name: getattr(unread, name) for name in DenyList.__struct_fields__}
    return DenyIndex.of(DenyList(**{**fields, "entries": whole}))


def _slices(text: memoryview) -> Iterator[bytes]:
    """A JSON array of entries as several smaller arrays, cut between two of its entries."""
    at, opening = 0, b""
    while True:
        part = bytes(text[at : at + _SLICE_BYTES])
        cut = part.rfind(_BETWEEN) if at + len(part) < len(text) else -1
        if cut < 0:
            yield opening + bytes(text[at:])
            return
        yield opening + part[: cut + 2] + b"]"
        at, opening = at + cut + 3, b"["
