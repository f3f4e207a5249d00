"""What a gate decides with, as its city's signed lists say it: tariffs, conditions of entry, whose
codes and cards are believed, old media, what is accepted where.

The software's own data hold until the first list of a name comes; from then on the newest list
holds, whatever a later software brings. A list is read beside the gate's own thread (`read_list`)
and taken in it (`DataLists.take`), in one commit of the journal. One that begins later waits, ready
to be used, for its time by the gate's clock. What has been in force is written down, so that a
clock that was reset does not bring an older one again; but only by time that the city has
confirmed, so that a clock that was ahead keeps no list of tomorrow in force once it is put right.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from tongxing.deciding.facts import EntryAtGate
from tongxing.entry import Policy
from tongxing.fares import CityFares, TariffBook
from tongxing.gate.journal import Journal
from tongxing.gate.reading.setup import MediaSetup
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import IssuerList
from tongxing.messages import DataList, KeyRing, unseal
from tongxing.messages.lists import DATA_NAMES, DataName
from tongxing.network.legacy import LegacyBook
from tongxing.network.registry import Registry
from tongxing.published import CodeTrust, Contents, read_content

WAITING_MOST = 4
"""Lists of one name that may wait for their time; a city lets one wait."""
_LIST, _IN_FORCE = "list:{}", "lists_in_force"
_LONG_AGO_S, _NEVER_S = -1, 2**62


class _Rows(msgspec.Struct, frozen=True, array_like=True):
    lists: list[DataList]


_ROWS, _VERSIONS = msgspec.msgpack.Decoder(_Rows), msgspec.json.Decoder(dict[str, int])


@dataclass(frozen=True, slots=True)
class GateData:
    """All that lists can change: the city's fares, terms of old media, what is accepted where, the
    condition of entry (None
    where nothing is asked), and how media are read (None at a site that takes tokens alone)."""

    fares: CityFares
    legacy: LegacyBook
    registry: Registry
    entry: EntryAtGate | None = None
    media: MediaSetup | None = None


EntryOf = Callable[[Sequence[Policy]], EntryAtGate | Refusal | None]
"""What a gate asks, as it is configured, of the policies of its city."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a gate has without any list: its city, the software's data, and what of its city's
    policies it asks; None where it asks nothing."""

    city: str
    data: GateData
    entry_of: EntryOf | None = None


@dataclass(frozen=True, slots=True)
class ReadyList:
    """A list that can be put in force: `change` makes a gate's data of those before."""

    listed: DataList
    change: Callable[[GateData], GateData]

    def has_begun(self, now_s: int) -> bool:
        """Whether its time has come."""
        return self.listed.not_before_s <= now_s

    def has_ended(self, now_s: int) -> bool:
        """Whether its last moment is over."""
        return 0 < self.listed.not_after_s <= now_s


def read_list(
    message: bytes,
    keys: KeyRing,
    name: DataName,
    held: Sequence[ReadyList],
    ground: Ground,
    now_s: int,
) -> ReadyList | Refusal | None:
    """The list that a signed message brings, read whole; None for the newest one `held` again.

    Touches nothing of the gate. Refuses what `unseal` refuses, LIST_OTHER_CITY, LIST_OTHER_NAME,
    LIST_ROLLBACK for a lower version, LIST_CHANGED for other content under the same one,
    LIST_EXPIRED, and LIST_UNFIT for a content that this gate cannot use.
    """
    opened = unseal(message, DataList, keys)
    if isinstance(opened, Refusal):
        return opened
    sender, listed = opened
    if listed.city != ground.city:
        return Refusal("LIST_OTHER_CITY", sender, {"expected": ground.city, "found": listed.city})
    if listed.name != name:
        return Refusal("LIST_OTHER_NAME", sender, {"expected": name, "found": listed.name})
    if held and listed.version <= held[-1].listed.version:
        return _not_newer(listed, held[-1].listed)
    ready = _ready(listed, ground)
    if not isinstance(ready, Refusal) and ready.has_ended(max(now_s, listed.not_before_s)):
        return Refusal("LIST_EXPIRED", sender, {"name": name, "version": listed.version})
    return ready


class DataLists:
    """The lists of one site, and what they make of its data: `data`, as it was when `at` was last
    asked. For the site's own thread, but for what says otherwise."""

    def __init__(
        self,
        journal: Journal,
        ground: Ground,
        held: Mapping[DataName, tuple[ReadyList, ...]],
        begun: Mapping[str, int],
        is_confirmed: Callable[[], bool],
    ) -> None:
        """Use `DataLists.open`."""
        self.ground = ground
        self._journal = journal
        self._held = dict(held)
        self._begun = dict(begun)
        self._is_confirmed = is_confirmed
        self.data = ground.data
        self._next_s = 0
        self._is_written = True

    @classmethod
    def open(
        cls, journal: Journal, ground: Ground, is_confirmed: Callable[[], bool] = lambda: True
    ) -> "DataLists | Refusal":
        """The lists that were kept; `is_confirmed` says whether the gate's clock is right by the
        city's word just now. Refuses what the journal refuses, and LIST_DAMAGED for one that is not
        what was kept or cannot be used: a gate must not go on with an older one."""
        kept = journal.kept(_IN_FORCE)
        if isinstance(kept, Refusal):
            return kept
        try:
            begun = _VERSIONS.decode(kept or b"{}")
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _damaged(journal, str(error))
        held: dict[DataName, tuple[ReadyList, ...]] = {}
        for name in DATA_NAMES:
            found = _load(journal, name, ground)
            if isinstance(found, Refusal):
                return found
            if begun.get(name, 0) and (not found or found[-1].listed.version < begun[name]):
                return _damaged(journal, f"{name} {begun[name]}")
            if found:
                held[name] = found
        return cls(journal, ground, held, begun, is_confirmed)

    def at(self, now_s: int) -> GateData:
        """What the gate decides with now: the same object until something changes. A list whose
        time has come is put in force, and that is written down once the time is confirmed; a disk
        that refuses it is asked again. Once the clock is put back, by the city alone, one that was
        in force only by the clock as it was waits again."""
        if now_s >= self._next_s or self._is_due():
            self._look(now_s)
        return self.data

    def take(self, ready: ReadyList, now_s: int) -> Refusal | None:
        """Keep a list that was read, and put it in force when its time has come.

        It takes the place of those that would begin no earlier. Refuses LIST_ROLLBACK and
        LIST_CHANGED, since another may have come meanwhile, LIST_WAITS when too many wait, and what
        the journal refuses; then nothing has changed.
        """
        name = ready.listed.name
        held = self._held.get(name, ())
        if held and ready.listed.version <= held[-1].listed.version:
            return _not_newer(ready.listed, held[-1].listed)
        left = self._left(ready, now_s)
        if len(left) > WAITING_MOST:
            return _waits(left[-1].listed)
        row = msgspec.msgpack.encode(_Rows([one.listed for one in (*left, ready)]))
        refusal = self._journal.keep(_LIST.format(name), row)
        if refusal is None:
            self._held = {**self._held, name: (*left, ready)}
            self._look(now_s)
        return refusal

    def held(self, name: DataName) -> tuple[ReadyList, ...]:
        """The lists of a name, by version: the one in force, if one is, then those that wait. From
        any thread."""
        return self._held.get(name, ())

    def versions(self, now_s: int) -> dict[str, int]:
        """The versions in force by name, and under ``NAME.next`` of the first that waits. From any
        thread."""
        found: dict[str, int] = {}
        for name, held in sorted(self._held.items()):
            now = self._in_force(name, now_s)
            if now is not None:
                found[name] = now.listed.version
            waiting = [one for one in held if not _is_begun(one, now)]
            if waiting:
                found[f"{name}.next"] = waiting[0].listed.version
        return found

    def expired(self, now_s: int) -> list[str]:
        """The names of those in force past their last moment. From any thread."""
        found = {str(name): self._in_force(name, now_s) for name in sorted(self._held)}
        return [name for name, one in found.items() if one is not None and one.has_ended(now_s)]

    def _in_force(self, name: DataName, now_s: int) -> ReadyList | None:
        """The newest one whose time has come, now or before."""
        least = self._begun.get(name, 0)
        for one in reversed(self._held.get(name, ())):
            if one.has_begun(now_s) or one.listed.version <= least:
                return one
        return None

    def _left(self, ready: ReadyList, now_s: int) -> tuple[ReadyList, ...]:
        """What stays beside a list that is taken: the one in force until then, and those that begin
        before it. By a clock that nobody has confirmed none has ended."""
        name, sure = ready.listed.name, self._is_confirmed()
        if sure and ready.has_begun(now_s):
            return ()
        now = self._in_force(name, now_s if sure else _LONG_AGO_S)
        least = 0 if now is None else now.listed.version
        return tuple(
            one
            for one in self._held.get(name, ())
            if one.listed.version == least
            or (one.listed.version > least and one.listed.not_before_s < ready.listed.not_before_s)
        )

    def _is_due(self) -> bool:
        return not self._is_written and self._is_confirmed()

    def _look(self, now_s: int) -> None:
        data, begun, next_s = self.ground.data, {}, _NEVER_S
        for name, held in self._held.items():
            now = self._in_force(name, now_s)
            if now is not None:
                data = now.change(data)
                begun[str(name)] = now.listed.version
            later = [one.listed.not_before_s for one in held if not _is_begun(one, now)]
            next_s = min([next_s, *later])
        self._is_written = self._is_written and begun == self._begun
        if self._is_due():
            told = msgspec.json.encode(begun, order="deterministic")
            self._is_written = self._journal.keep(_IN_FORCE, told) is None
            self._begun = begun
        self.data, self._next_s = data, next_s


def _is_begun(one: ReadyList, now: ReadyList | None) -> bool:
    return now is not None and one.listed.version <= now.listed.version


def _load(journal: Journal, name: DataName, ground: Ground) -> tuple[ReadyList, ...] | Refusal:
    row = journal.kept(_LIST.format(name))
    if row is None or isinstance(row, Refusal):
        return row or ()
    try:
        lists = _ROWS.decode(row).lists
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return _damaged(journal, str(error))
    versions = [one.version for one in lists]
    of = {(one.city, one.name) for one in lists}
    if of != {(ground.city, name)} or versions != sorted(set(versions)):
        return _damaged(journal, name)
    found = []
    for listed in lists:
        ready = _ready(listed, ground)
        if isinstance(ready, Refusal):
            return _damaged(journal, f"{name} {listed.version}: {ready.values.get('detail')}")
        found.append(ready)
    return tuple(found)


def _ready(listed: DataList, ground: Ground) -> ReadyList | Refusal:
    contents = read_content(listed.name, listed.content, ground.city, listed.version)
    if isinstance(contents, Refusal):
        return contents
    if contents.policies is not None:
        asked = None if ground.entry_of is None else ground.entry_of(contents.policies)
        if isinstance(asked, Refusal):
            detail = str(asked.values.get("value", asked.code))
            return Refusal("LIST_UNFIT", listed.name, {"name": listed.name, "detail": detail})
        return ReadyList(listed, lambda data: replace(data, entry=asked))
    return ReadyList(listed, _change(contents, ground))


def _change(contents: Contents, ground: Ground) -> Callable[[GateData], GateData]:
    if contents.book is not None:
        fares = _fares(contents.book, ground.data.fares)
        return lambda data: replace(data, fares=fares)
    legacy, registry = contents.legacy, contents.registry
    if legacy is not None:
        return lambda data: replace(data, legacy=legacy)
    if registry is not None:
        return lambda data: replace(data, registry=registry)
    return lambda data: _believing(data, contents.codes, contents.card_issuers)


def _fares(book: TariffBook, before: CityFares) -> CityFares:
    return CityFares(before.network, book)


def _believing(data: GateData, codes: CodeTrust | None, cards: IssuerList | None) -> GateData:
    media = data.media
    if media is None:
        return data
    if codes is not None:
        trust = msgspec.structs.replace(
            media.trust, roots=codes.roots, issuers=frozenset(codes.issuers)
        )
        media = replace(media, trust=trust, issuers=codes.issuers)
    if cards is not None:
        media = replace(media, card_issuers=cards)
    return replace(data, media=media)


def _not_newer(listed: DataList, newest: DataList) -> Refusal | None:
    if listed == newest:
        return None
    if listed.version == newest.version:
        return Refusal("LIST_CHANGED", listed.city, {"version": listed.version})
    values = {"current": newest.version, "found": listed.version}
    return Refusal("LIST_ROLLBACK", listed.city, values)


def _waits(listed: DataList) -> Refusal:
    return Refusal("LIST_WAITS", listed.city, {"name": listed.name, "version": listed.version})


def _damaged(journal: Journal, detail: str) -> Refusal:
    return Refusal("LIST_DAMAGED", str(journal.path), {"detail": detail})
