"""The hub's keys one after another: who introduced each, and from which window on it holds.

A change is a signed note. Both keys sign a planned one; when the old key was lost the new one alone
does, and the note says so: nobody has to believe that by itself, so a member that only knows the
old key refuses it until a person has brought the new one by another way. Pure.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from tongxing.checkpoint.notes import Verifier, open_note, read_verifier, sign_note
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey

PLANNED, EMERGENCY = "planned", "emergency"
FILE_CHARS_MAX = 1 << 16
_TEXT = re.compile(
    r"(?P<hub>[^\s+/]+)/key/(?P<number>[1-9][0-9]{0,3})\n"
    r"from (?P<since>W[0-9]{8})\n"
    r"old until (?P<until>W[0-9]{8})\n"
    r"old (?P<old>[^\s]+)\n"
    r"new (?P<new>[^\s]+)\n"
    r"(?P<kind>planned|emergency) (?P<first>[!-~]{1,64}) (?P<second>[!-~]{1,64})\n"
)


@dataclass(frozen=True, slots=True)
class KeyChange:
    """Change `number` of a hub's key: `new` signs the windows from `from_window` on. Letters of
    windows up to `old_until` may have been sealed with `old` still. Two persons decided it."""

    number: int
    from_window: str
    old_until: str
    old: Verifier
    new: Verifier
    is_emergency: bool
    persons: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Succession:
    """A hub's first key and its changes in order, each with the note that says it."""

    first: Verifier
    changes: tuple[KeyChange, ...] = ()
    notes: tuple[bytes, ...] = ()

    @property
    def last(self) -> Verifier:
        """The newest key, whether its first window has come or not."""
        return self.changes[-1].new if self.changes else self.first

    @property
    def text(self) -> str:
        """The file `hub.vkey`: the first key's line, then the notes. It only grows."""
        return f"{self.first.text}\n" + "".join(f"\n{note.decode()}" for note in self.notes)

    def has(self, key: Verifier) -> bool:
        """Whether it is one of the keys."""
        return key in self._all()

    def called(self, key: Verifier) -> str:
        """What a key is called where answers are signed: the first by the hub's name alone."""
        return key.name if key == self.first else short(key)

    def key_of(self, window_id: str) -> Verifier:
        """The key that signs a window's checkpoint."""
        begun = [change.new for change in self.changes if change.from_window <= window_id]
        return begun[-1] if begun else self.first

    def keys_of_letter(self, window_id: str) -> list[Verifier]:
        """The keys with which a letter of a window may be sealed; "" for one that names none."""
        if not window_id:
            lost = [change.old for change in self.changes if change.is_emergency]
            keys = [self.first, *(change.new for change in self.changes)]
            return [key for key in keys if key not in lost]
        still = [change.old for change in self.changes if change.from_window <= window_id]
        ends = [change.old_until for change in self.changes if change.from_window <= window_id]
        late = [key for key, until in zip(still, ends, strict=True) if window_id <= until]
        return [self.key_of(window_id), *late]

    def keys_on(self, day: date) -> list[Verifier]:
        """The keys with which the hub may sign what it says on a day. A window begins on the day
        before its own, so two keys may hold on these two; one that was lost never does."""
        found = [self.first]
        for change in self.changes:
            changes_on = _day_of(change.from_window)
            assert changes_on is not None
            if change.is_emergency or day > changes_on:
                found = []
            if change.is_emergency or day >= changes_on - timedelta(days=1):
                found.append(change.new)
        return found

    def with_change(self, note: bytes) -> "Succession | Refusal":
        """The same with one change more. Refuses KEY_CHANGE_MALFORMED, and KEY_NOT_INTRODUCED for
        a note that does not follow the last key or lacks a signature it needs."""
        change = _read_change(note)
        if change is None:
            return Refusal("KEY_CHANGE_MALFORMED")
        values = {"key": short(change.new), "number": change.number}
        before = self.changes[-1].from_window if self.changes else ""
        is_later = change.from_window > before
        follows = (
            change.number == len(self.changes) + 1
            and change.old == self.last
            and not self.has(change.new)
            and (is_later or (change.is_emergency and change.from_window == before))
        )
        signers = [change.new] if change.is_emergency else [change.old, change.new]
        if not follows or any(isinstance(open_note(note, one), Refusal) for one in signers):
            return Refusal("KEY_NOT_INTRODUCED", values=values)
        return Succession(self.first, (*self.changes, change), (*self.notes, note))

    def learned(self, offered: "Succession") -> "Succession | Refusal":
        """What others say of the same hub's keys, if our last key is among them and introduced
        all that came after it, one after another. It vouches for those before it.

        Refuses KEY_NOT_INTRODUCED, and KEY_EMERGENCY for one that only a person can vouch for.
        """
        keys = offered._all()
        if self.last not in keys:
            return Refusal("KEY_NOT_INTRODUCED", values={"key": short(offered.last), "number": "-"})
        for change in offered.changes[keys.index(self.last) :]:
            if change.is_emergency:
                return Refusal("KEY_EMERGENCY", values={"key": short(change.new)})
        return offered

    def _all(self) -> list[Verifier]:
        return [self.first, *(change.new for change in self.changes)]


class SuccessionRing(KeyRing):
    """Opens what a hub sealed, by the key of the window that it names. `now` gives the succession
    as it is known at the moment."""

    def __init__(self, now: Callable[[], Succession]) -> None:
        super().__init__({})
        self._now = now

    def verify(self, sender: str, signature: bytes, signed: bytes) -> bool:
        """Whether a key that holds for the window of these bytes signed exactly them."""
        keys = self._now().keys_of_letter(_window_in(signed))
        rings = (KeyRing({key.name: key.public}) for key in keys)
        return any(ring.verify(sender, signature, signed) for ring in rings)


def sign_change(change: KeyChange, *keys: SigningKey) -> bytes:
    """The note of a change, signed by each of these keys."""
    head = f"{change.old.name}/key/{change.number}\nfrom {change.from_window}\n"
    kind = EMERGENCY if change.is_emergency else PLANNED
    text = (
        f"{head}old until {change.old_until}\nold {change.old.text}\nnew {change.new.text}\n"
        f"{kind} {' '.join(change.persons)}\n"
    )
    notes = [sign_note(text, key) for key in keys]
    return notes[0] + b"".join(note.rpartition(b"\n\n")[2] for note in notes[1:])


def read_succession(text: str) -> Succession | Refusal:
    """The keys of the file `hub.vkey`; one line alone is a key that was never changed.

    Refuses VERIFIER_MALFORMED, KEY_CHANGE_MALFORMED and KEY_NOT_INTRODUCED.
    """
    line, *parts = text.strip().split("\n\n")
    first = read_verifier(line)
    if isinstance(first, Refusal):
        return first
    if len(parts) % 2:
        return Refusal("KEY_CHANGE_MALFORMED")
    found = Succession(first)
    for said, signatures in zip(parts[::2], parts[1::2], strict=True):
        more = found.with_change(f"{said}\n\n{signatures}\n".encode())
        if isinstance(more, Refusal):
            return more
        found = more
    return found


def window_before(window_id: str) -> str:
    """The window of the day before. Raises ValueError for what names none."""
    day = _day_of(window_id)
    if day is None:
        raise ValueError(window_id)
    return f"W{day - timedelta(days=1):%Y%m%d}"


def short(key: Verifier) -> str:
    """A key as people compare it: its name and id."""
    return f"{key.name}+{key.key_id.hex()}"


def _read_change(note: bytes) -> KeyChange | None:
    try:
        match = _TEXT.fullmatch(note.rpartition(b"\n\n")[0].decode() + "\n")
    except UnicodeDecodeError:
        return None
    if match is None or _day_of(match["since"]) is None or _day_of(match["until"]) is None:
        return None
    old, new = read_verifier(match["old"]), read_verifier(match["new"])
    if isinstance(old, Refusal) or isinstance(new, Refusal):
        return None
    if {match["hub"]} != {old.name, new.name} or match["first"] == match["second"]:
        return None
    return KeyChange(
        int(match["number"]),
        match["since"],
        match["until"],
        old,
        new,
        match["kind"] == EMERGENCY,
        (match["first"], match["second"]),
    )


def _day_of(window_id: str) -> date | None:
    try:
        return datetime.strptime(window_id, "W%Y%m%d").date()
    except ValueError:
        return None


class _Windowed(msgspec.Struct):
    window_id: str = ""


_WINDOWED = msgspec.json.Decoder(_Windowed)


def _window_in(signed: bytes) -> str:
    """The window that a sealed body names, "" for one that names none. What is read here decides
    nothing but which key has to have signed it."""
    try:
        return _WINDOWED.decode(signed.partition(b"\n")[2]).window_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
