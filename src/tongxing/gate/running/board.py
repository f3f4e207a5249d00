"""What each lane's screen shows at this moment, for whoever draws it.

The newest thing wins, and goes by itself after a few seconds: nothing of a passenger stays, and of
a medium's number no more than its last four characters is ever here. Any thread may write, any may
read; listeners are only told that something has changed.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from tongxing.deciding.entering import ENTRY_REASONS
from tongxing.deciding.facts import Decision
from tongxing.gate.lane import Announcement, announce, for_staff
from tongxing.gate.orders import NORMAL, OPEN_ALL, Mode
from tongxing.gate.reading.code import UNREAD
from tongxing.kernel.reasons import LANGUAGES, Refusal, reason

Sign = Literal["idle", "open", "refused", "notice", "trouble"]
OPEN_S, REFUSED_S, NOTICE_S, CALL_S = 4.0, 8.0, 6.0, 120.0
STAFF_S = 60.0
"""How long staff may read what they are asked to do about somebody."""
_SHOWN_DIGITS = 4
_NOTHING_ASKED: dict[str, str] = {}


class Said(Struct, frozen=True):
    """One language's words: the large line, what to do, the voice, and what is told beside it."""

    text: str = ""
    next: str = ""
    voice: str = ""
    more: tuple[str, ...] = ()


class View(Struct, frozen=True, kw_only=True):
    """Everything a screen shows. `left_ms` is how long `sign` still stands; 0 for as long as it
    is so. `changes_ms` is when any of it goes by itself, 0 for never. Amounts are fen, None where
    there is none. `kind` is that of the tap (an entry, an exit), `order` how the city has ordered
    passengers to be treated. `staff` is what staff are asked to do about whoever was last here: for
    their screen, never for the lane's."""

    terminal: str
    number: int
    sign: Sign
    reason: str = ""
    said: dict[str, Said] = {}
    fare_fen: int | None = None
    taken_fen: int | None = None
    balance_fen: int | None = None
    medium: str = ""
    troubles: tuple[dict[str, str], ...] = ()
    offline: bool = False
    called: bool = False
    order: Mode = NORMAL
    kind: str = ""
    staff: dict[str, str] = {}
    left_ms: int = 0
    changes_ms: int = 0


@dataclass
class _Lane:
    shown: View
    until: float = 0.0
    called_until: float = 0.0
    staff: dict[str, str] = field(default_factory=dict)
    staff_until: float = 0.0
    troubles: dict[str, Refusal] = field(default_factory=dict)


class Board:
    """The screens of one site, by terminal. `clock` gives seconds that only run forward."""

    def __init__(
        self, terminals: Iterable[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._lanes = {
            name: _Lane(View(terminal=name, number=0, sign="idle")) for name in terminals
        }
        self._listeners: list[Callable[[], None]] = []
        self._offline = True
        self._order: Mode = NORMAL
        self._number = 0

    @property
    def terminals(self) -> tuple[str, ...]:
        """The terminals, in the order of the configuration."""
        return tuple(self._lanes)

    def decided(self, terminal: str, decision: Decision) -> None:
        """Show a decision; called after the journal has it. Beside a condition of entry no balance
        is ever shown. Before a door that stands open to all nobody sees a cross: what was refused
        is not counted, and whoever it was goes through."""
        if not decision.opened and self._stands_open(terminal):
            standing = _standing(terminal, "open", Refusal("LANE_OPEN_ALL"))
            self._put(terminal, OPEN_S, standing, _NOTHING_ASKED)
            return
        purse, taken_fen, left_fen = decision.purse, None, None
        if purse is not None and decision.reason not in ENTRY_REASONS:
            taken_fen = purse.taken_fen if decision.opened else None
            left_fen = purse.balance_before_fen - purse.taken_fen
        self._put(
            terminal,
            OPEN_S if decision.opened else REFUSED_S,
            View(
                terminal=terminal,
                number=0,
                sign="open" if decision.opened else "refused",
                reason=decision.reason,
                said={name: _said(announce(decision, name)) for name in LANGUAGES},
                fare_fen=decision.charge_fen or None,
                taken_fen=taken_fen,
                balance_fen=left_fen,
                medium=_last_four(decision.token_after.medium_no),
                kind=decision.kind,
            ),
            {name: for_staff(decision, name) for name in LANGUAGES},
        )

    def notice(self, terminal: str, refusal: Refusal) -> None:
        """Show something that is no decision: nothing was presented, nothing was taken."""
        said = {name: _said((_told(refusal, name),)) for name in LANGUAGES}
        view = View(terminal=terminal, number=0, sign="notice", reason=refusal.code, said=said)
        self._put(terminal, NOTICE_S, view)

    def trouble(self, terminal: str, part: str, refusal: Refusal | None) -> None:
        """A part of a lane (a reader, its door) is in trouble, or no more."""
        with self._lock:
            troubles = self._lanes[terminal].troubles
            before = troubles.get(part)
            if before == refusal:
                return
            if refusal is None:
                del troubles[part]
            else:
                troubles[part] = refusal
        self._tell()

    def contact(self, online: bool) -> None:
        """Whether the city answered the last time; before anything was asked it has not."""
        with self._lock:
            if self._offline != online:
                return
            self._offline = not online
        self._tell()

    def order(self, mode: Mode) -> None:
        """How the city has ordered passengers to be treated; the screens between two of them say
        so."""
        with self._lock:
            if self._order == mode:
                return
            self._order = mode
        self._tell()

    def call(self, terminal: str, wanted: bool = True) -> None:
        """A passenger asks for somebody, or somebody has come."""
        with self._lock:
            self._lanes[terminal].called_until = self._clock() + CALL_S if wanted else 0.0
        self._tell()

    def view(self, terminal: str) -> View:
        """What this screen shows now. Raises KeyError for a terminal of another site."""
        with self._lock:
            lane, now = self._lanes[terminal], self._clock()
            left_ms, staff_ms, called_ms = (
                max(0, int((until - now) * 1000))
                for until in (lane.until, lane.staff_until, lane.called_until)
            )
            shown = lane.shown if left_ms else self._resting(lane)
            return View(
                terminal=terminal,
                number=lane.shown.number,
                sign=shown.sign,
                reason=shown.reason,
                said=shown.said,
                fare_fen=shown.fare_fen,
                taken_fen=shown.taken_fen,
                balance_fen=shown.balance_fen,
                medium=shown.medium,
                troubles=tuple({"part": p, "code": r.code} for p, r in lane.troubles.items()),
                offline=self._offline,
                called=called_ms > 0,
                kind=shown.kind,
                order=self._order,
                staff=lane.staff if staff_ms else {},
                left_ms=left_ms,
                changes_ms=min((ms for ms in (left_ms, staff_ms, called_ms) if ms), default=0),
            )

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Be told of every change, in whatever thread makes it; call what comes back to stop."""
        with self._lock:
            self._listeners.append(changed)

        def stop() -> None:
            with self._lock:
                if changed in self._listeners:
                    self._listeners.remove(changed)

        return stop

    def _stands_open(self, terminal: str) -> bool:
        with self._lock:
            return self._is_open(self._lanes[terminal])

    def _is_open(self, lane: _Lane) -> bool:
        """Whether the door stands open by order, as far as the door says."""
        return self._order == OPEN_ALL and "door" not in lane.troubles

    def _resting(self, lane: _Lane) -> View:
        """Between two passengers: ready, or what the city has ordered, or what keeps the lane from
        being ready. A reader that is in trouble keeps nobody from an open door."""
        name, troubles = lane.shown.terminal, lane.troubles
        if self._order == "manual":
            return _standing(name, "notice", Refusal("GATE_MANUAL"))
        if self._is_open(lane):
            return _standing(name, "open", Refusal("LANE_OPEN_ALL"))
        if troubles:
            return _standing(name, "trouble", next(iter(troubles.values())))
        return View(terminal=name, number=0, sign="idle")

    def _put(
        self, terminal: str, for_s: float, view: View, staff: dict[str, str] | None = None
    ) -> None:
        with self._lock:
            lane = self._lanes[terminal]
            self._number += 1
            lane.shown = _numbered(view, self._number)
            lane.until = self._clock() + for_s
            if staff is not None:
                is_asked = any(staff.values())
                lane.staff = staff if is_asked else {}
                lane.staff_until = self._clock() + STAFF_S if is_asked else 0.0
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for changed in listeners:
            changed()


def _standing(terminal: str, sign: Sign, refusal: Refusal) -> View:
    """What a screen shows for as long as it is so."""
    said = {language: _said((_told(refusal, language),)) for language in LANGUAGES}
    return View(terminal=terminal, number=0, sign=sign, reason=refusal.code, said=said)


def _numbered(view: View, number: int) -> View:
    fields = {name: getattr(view, name) for name in view.__struct_fields__}
    return View(**(fields | {"number": number}))


def _said(words: tuple[Announcement, ...]) -> Said:
    first, *rest = words
    return Said(first.text, first.next_step, first.voice, tuple(one.text for one in rest))


def _told(refusal: Refusal, language: str) -> Announcement:
    found = reason(refusal.code)
    voice = found.voice_zh if language == "zh" else found.voice_en
    return Announcement(refusal.message(language), refusal.next_step(language), voice)


def _last_four(medium_no: str) -> str:
    return "" if medium_no == UNREAD else medium_no[-_SHOWN_DIGITS:]
