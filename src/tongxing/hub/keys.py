"""The hub's own keys: which one signs what, and how one takes the place of another.

The register in the books says which public key a window asks for; the private halves are given by
whoever opens the house. Two persons decide a change, and nothing is ever signed with another key
than the one that is due.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tongxing.checkpoint import SuccessionRing, Verifier, verifier_of
from tongxing.checkpoint.succession import KeyChange, Succession, short, sign_change, window_before
from tongxing.hub.rows import is_name
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import days as day_table
from tongxing.hub.store import hub_keys as table
from tongxing.hub.store import windows as window_table
from tongxing.hub.store.hub_keys import KeyRow
from tongxing.hub.windows import window_of
from tongxing.kernel.payments import is_same_person
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages import KeyRing, SigningKey

Find = Callable[[], Sequence[SigningKey]]


class HubKeys:
    """The private keys at hand, the one that came first first. `find` looks for them again, when
    one is due that was laid down only after the house was opened."""

    def __init__(self, keys: Sequence[SigningKey], find: Find | None = None) -> None:
        self._keys = list(keys)
        self._find = find

    @property
    def first(self) -> SigningKey:
        """The key that signs while nothing is signed yet."""
        return self._keys[0]

    def due(self, cursor: Cursor, window_id: str) -> SigningKey:
        """The key for all that is said in a window. Raises Problem(HUB_KEY_MISSING)."""
        succession = known_keys(cursor)
        if succession is None:
            return self.first
        return self.private(succession.key_of(window_id))

    def private(self, wanted: Verifier) -> SigningKey:
        """The private half of a key. Raises Problem(HUB_KEY_MISSING)."""
        found = self._among(wanted)
        if found is None and self._find is not None:
            self._keys = list(self._find())
            found = self._among(wanted)
        if found is None:
            raise Problem("HUB_KEY_MISSING", key=short(wanted))
        return found

    def _among(self, wanted: Verifier) -> SigningKey | None:
        return next((key for key in self._keys if verifier_of(key) == wanted), None)


OwnKey = SigningKey | HubKeys
"""What a house signs with: one key, or as many as it has had."""


def own_keys(key: OwnKey) -> HubKeys:
    """The same as keys in order."""
    return key if isinstance(key, HubKeys) else HubKeys([key])


def known_keys(cursor: Cursor) -> Succession | None:
    """The succession in the books; None while nothing is signed. Raises Problem for books that
    somebody altered."""
    found = table.load_succession(cursor)
    if isinstance(found, Refusal):
        raise Problem(found.code, "hub_key_change", **found.values)
    return found


def keys_in_force(cursor: Cursor, keys: HubKeys) -> Succession:
    """The same; while nothing is signed, the key that will sign first."""
    return known_keys(cursor) or Succession(verifier_of(keys.first))


def own_ring_of(store: HubStore, keys: HubKeys) -> KeyRing:
    """What opens a message that this house sealed."""
    with store.reading() as cursor:
        known = keys_in_force(cursor, keys)
    return SuccessionRing(lambda: known)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a person says: the new key, the window it begins with ("" in an emergency: the first
    that is not closed), and whether the old one was lost."""

    key: SigningKey
    from_window: str
    is_emergency: bool


class KeyDesk:
    """Changes of the hub's own key, for the people who answer for it."""

    def __init__(self, store: HubStore, keys: HubKeys, rules: Rulebook) -> None:
        self._store, self._keys, self._rules = store, keys, rules

    def register(self) -> list[KeyRow]:
        """All changes, those that wait for a second person too."""
        with self._store.reading() as cursor:
            return table.load_changes(cursor)

    def change(self, new: NewKey, by: str, now_s: int) -> KeyRow | Refusal:
        """Write down what one person says; when a second one says the same, sign it. A planned
        change is signed by both keys, an emergency by the new one alone.

        Refuses HUB_PERSON, HUB_KEY_WINDOW (not a later window than the one of now and than that of
        the last change), HUB_KEY_USED, HUB_KEY_TWO_PERSONS. Raises Problem(HUB_KEY_MISSING) when
        the old key has to sign and is not here.
        """
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        with self._store.changing() as cursor:
            known = keys_in_force(cursor, self._keys)
            wanted = self._wanted(cursor, known, new, by, now_s)
            if isinstance(wanted, Refusal):
                return wanted
            waits = [row for row in table.load_changes(cursor) if not row.confirmed_by]
            if not waits or waits[0][:5] != wanted[:5]:
                table.propose(cursor, wanted, now_s)
                return wanted
            if is_same_person(waits[0].proposed_by, by):
                return Refusal("HUB_KEY_TWO_PERSONS", values={"person": by})
            note = self._signed(known, new, waits[0], by, self._now(cursor, now_s))
            more = known.with_change(note)
            assert not isinstance(more, Refusal), more
            table.confirm(cursor, wanted.number, by, note, now_s)
            return waits[0]._replace(confirmed_by=by)

    def _wanted(
        self, cursor: Cursor, known: Succession, new: NewKey, by: str, now_s: int
    ) -> KeyRow | Refusal:
        current = self._now(cursor, now_s)
        last = known.changes[-1].from_window if known.changes else ""
        begins = new.from_window
        if new.is_emergency:
            begins = max(min(day_table.first_open_window(cursor) or current, current), last)
        elif begins <= max(last, current):
            values = {"window": begins, "after": max(last, current)}
            return Refusal("HUB_KEY_WINDOW", values=values)
        public = verifier_of(new.key)
        if public in (known.first, *(change.new for change in known.changes)):
            return Refusal("HUB_KEY_USED", values={"key": short(public)})
        number, old = len(known.changes) + 1, known.last.text
        return KeyRow(number, begins, old, public.text, new.is_emergency, by, "")

    def _signed(self, known: Succession, new: NewKey, row: KeyRow, by: str, current: str) -> bytes:
        until = window_before(row.from_window)
        if row.is_emergency:
            until = max(until, current)
        change = KeyChange(
            number=row.number,
            from_window=row.from_window,
            old_until=until,
            old=known.last,
            new=verifier_of(new.key),
            is_emergency=row.is_emergency,
            persons=(row.proposed_by, by),
        )
        old = [] if row.is_emergency else [self._keys.private(known.last)]
        return sign_change(change, *old, new.key)

    def _now(self, cursor: Cursor, now_s: int) -> str:
        """The window in which something said now is told."""
        return window_of(max(now_s, window_table.last_closed_cutoff(cursor)), self._rules)
