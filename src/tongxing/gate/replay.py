"""Was this display of a code shown before? Which register answers, and what it remembers.

Three can know: the city's register, the station's, and the validator's own memory. All that can be
reached are told and asked at once, so that none has a hole when another goes away; the highest one
that answers in time gives the mode its name. The less the mode sees, the more may pass: another
validator's display passes at most once at each validator that is cut off, and is flagged as soon as
a register hears of it (docs/gate-faults.md has the bounds).

Nothing in here waits, or asks a clock or a network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["CENTRAL", "STATION", "VALIDATOR"]
MODES: tuple[Mode, ...] = ("CENTRAL", "STATION", "VALIDATOR")
"""Which register answers, the one that sees most first."""

KEPT_AFTER_END_S = 86_400
"""How long a register remembers a display that has ended: validators that were cut off tell late,
and what passed twice must still be found."""
_SWEEP_EVERY_S = 600


@dataclass(frozen=True, slots=True)
class Display:
    """One display of a code: the account's token, when it was made, and until when it is good."""

    medium_no: str
    issued_s: int
    ends_s: int


class DisplayRegister:
    """What a station's or the city's register remembers: who was first with each display."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, int], tuple[str, int]] = {}
        self._sweep_s = 0

    def __len__(self) -> int:
        return len(self._first)

    def first(self, display: Display, claimer: str, now_s: int) -> str:
        """Who was first with this display: `claimer`, if nobody has claimed it before. To claim it
        again, doubled on its way or late, changes nothing."""
        if now_s >= self._sweep_s:
            self._sweep(now_s)
        key = display.medium_no, display.issued_s
        ends_s = min(display.ends_s, now_s + KEPT_AFTER_END_S)
        return self._first.setdefault(key, (claimer, ends_s))[0]

    def withdraw(self, display: Display, claimer: str) -> None:
        """No lane has opened for it at whoever was first with it: it may pass elsewhere. What
        another has claimed stays."""
        key = display.medium_no, display.issued_s
        if key in self._first and self._first[key][0] == claimer:
            del self._first[key]

    def _sweep(self, now_s: int) -> None:
        self._sweep_s = now_s + _SWEEP_EVERY_S
        since_s = now_s - KEPT_AFTER_END_S
        self._first = {key: seen for key, seen in self._first.items() if seen[1] >= since_s}


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """How long a gate waits for a register, and when it stops waiting for it.

    After `misses_most` answers in a row that did not come in time, nobody waits for that register
    until it has answered again; it is still told of every display.
    """

    budget_ms: Mapping[Mode, int] = field(default_factory=lambda: {"CENTRAL": 150, "STATION": 40})
    misses_most: int = 3


@dataclass(frozen=True, slots=True)
class ModeChanged:
    """From now on another register answers; `because` is the register that went or came back."""

    before: Mode
    after: Mode
    because: Mode
    at_s: int


@dataclass(frozen=True, slots=True)
class PassedTwice:
    """A display opened lanes here and at `elsewhere`: no register could be asked in time. It is
    for whoever settles the account."""

    display: Display
    elsewhere: str
    at_s: int


ReplayEvent = ModeChanged | PassedTwice


class ReplayModes:
    """Which registers answer, and so in which mode a gate is. Starts in the best that there is."""

    def __init__(self, registers: Sequence[Mode], rules: ReplayRules | None = None) -> None:
        self.rules = ReplayRules() if rules is None else rules
        self._misses: dict[Mode, int] = {
            mode: 0 for mode in MODES if mode in registers and mode != "VALIDATOR"
        }

    @property
    def mode(self) -> Mode:
        """The highest register that answers."""
        return next((mode for mode in self._misses if self.is_waited_for(mode)), "VALIDATOR")

    def is_waited_for(self, register: Mode) -> bool:
        """Whether a gate holds a passenger up for this register's answer."""
        return self._misses[register] < self.rules.misses_most

    def answered(self, register: Mode, at_s: int) -> ModeChanged | None:
        """It has answered, late or in time."""
        return self._noted(register, 0, at_s)

    def missed(self, register: Mode, at_s: int) -> ModeChanged | None:
        """It was waited for, and nothing came."""
        return self._noted(register, self._misses[register] + 1, at_s)

    def _noted(self, register: Mode, misses: int, at_s: int) -> ModeChanged | None:
        before = self.mode
        self._misses[register] = misses
        after = self.mode
        return None if before == after else ModeChanged(before, after, register, at_s)
