"""What time it is at a gate: from the city's signed answers, carried on by a clock nobody can set.

The machine's own clock is looked at once, when the gate starts, and believed only if it fits the
last good time that lies on disk: one that has been reset to 2000, or set ahead by years, is not.
From then on time runs with the monotonic clock, which never jumps, and each signed answer of the
city puts it right. Its error is a band that grows until the next answer.

The machine's clock is nobody's word: only time that the city has confirmed is kept as good. An
answer always wins, also over what is kept: it is good for one numbered heartbeat and for 20
seconds, so no thief can keep one back or say it again.

A gate that does not know the time keeps on working with cards, says in every tap how wide its band
was, and opens to no account's code, for a code is only as good as the time it is checked against.
Time never runs back within an epoch of the journal: a small lead is waited out, standing still; a
large one ends the epoch. Pure: all readings are arguments.
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal

KEPT = "clock"
"""Where the journal keeps the last good time."""


@dataclass(frozen=True, slots=True)
class ClockRules:
    """Seconds. `band_most_s` is the widest band in which codes are still taken; `start_band_s` what
    a machine's own clock may be off at best after a start; `off_most_s` how long a gate may have
    been off for its clock to be believed. A lead up to `wait_most_s` is waited out. `drift_ppm` is
    how fast either clock may be wrong; `round_trip_most_s` makes slower answers useless.
    """

    band_most_s: int = 90
    start_band_s: int = 30
    off_most_s: int = 45 * DAY_S
    wait_most_s: int = 120
    drift_ppm: int = 60
    round_trip_most_s: int = 20
    keep_every_s: int = 600


class GoodTime(Struct, frozen=True, forbid_unknown_fields=True):
    """The last time that was known to be good, as it lies on disk. Earlier software kept, too,
    what the machine's clock alone had said."""

    time_s: int


_ENCODER, _DECODER = Encoder(), Decoder(GoodTime)

Found = Literal["believed", "no_good_time", "behind", "far_ahead"]
"""What became of the machine's own clock at the start."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a city's answer did: by how much this clock was wrong (negative: it was ahead),
    whether it was so far ahead that the journal has to begin an epoch before time may go back, and
    by how much the time kept as good was ahead (0: by no more than the widest band)."""

    off_s: float
    ends_epoch: bool
    kept_ahead_s: int = 0


class GateClock:
    """The time at a gate. `mono_s` is a reading of the monotonic clock, the same one everywhere."""

    def __init__(
        self, wall_s: float, mono_s: float, kept: bytes | None, rules: ClockRules | None = None
    ) -> None:
        """At a start, with what the journal keeps under `KEPT`."""
        self.rules = ClockRules() if rules is None else rules
        good_s = _good_time(kept)
        self.found = self._look(wall_s, good_s)
        believed = self.found == "believed"
        self._time_s = wall_s if believed or good_s is None else float(good_s)
        self._mono_s = mono_s
        self._band_s: float | None = None
        if believed and good_s is not None:
            off_s = wall_s - good_s
            self._band_s = self.rules.start_band_s + off_s * self.rules.drift_ppm / 1_000_000
        self._shown_s = float(good_s or 0)
        self._kept_s = good_s or 0
        self.is_confirmed = False
        """Whether the city has said the time since the start."""

    def _look(self, wall_s: float, good_s: int | None) -> Found:
        if good_s is None:
            return "no_good_time"
        if wall_s < good_s:
            return "behind"
        return "far_ahead" if wall_s > good_s + self.rules.off_most_s else "believed"

    def now_s(self, mono_s: float) -> int:
        """The time, never before one that was shown earlier."""
        self._shown_s = max(self._shown_s, self._reckoned_s(mono_s))
        return int(self._shown_s)

    def band_s(self, mono_s: float) -> int | None:
        """How far the time shown may be off, rounded up; None when nobody knows."""
        if self._band_s is None:
            return None
        drift_s = (mono_s - self._mono_s) * self.rules.drift_ppm / 1_000_000
        lead_s = max(self._shown_s - self._reckoned_s(mono_s), 0.0)
        return -int(-(self._band_s + drift_s + lead_s) // 1)

    def refusal(self, mono_s: float) -> Refusal | None:
        """Why no account's code may be taken now: GATE_CLOCK_UNSURE."""
        band_s = self.band_s(mono_s)
        if band_s is not None and band_s <= self.rules.band_most_s:
            return None
        return Refusal("GATE_CLOCK_UNSURE")

    def heard(self, city_s: float, asked_mono_s: float, mono_s: float) -> Correction | Refusal:
        """The city has said what time it is, signed, in answer to what was asked at that moment.

        It holds whatever was kept before; `to_keep` gives it at once where that was ahead. Refuses
        CITY_TIME_SLOW when it was too long on its way.
        """
        round_trip_s = mono_s - asked_mono_s
        if not 0 <= round_trip_s <= self.rules.round_trip_most_s:
            return Refusal("CITY_TIME_SLOW", values={"seconds": round(round_trip_s, 1)})
        true_s = city_s + round_trip_s / 2
        kept_ahead_s = self._kept_s - true_s
        if kept_ahead_s > 0:
            self._kept_s = 0
        off_s = true_s - self._reckoned_s(mono_s)
        self._time_s, self._mono_s = true_s, mono_s
        self._band_s = round_trip_s / 2 + 1
        self.is_confirmed = True
        ends_epoch = self._shown_s - true_s > self.rules.wait_most_s
        if ends_epoch:
            self._shown_s = true_s
        is_told = kept_ahead_s > self.rules.band_most_s
        return Correction(off_s, ends_epoch, int(kept_ahead_s) if is_told else 0)

    def to_keep(self, mono_s: float) -> bytes | None:
        """What the journal should keep now; None when it need not: too soon, not confirmed, or not
        good any more."""
        now_s = int(self._reckoned_s(mono_s))
        if not self.is_confirmed or self.refusal(mono_s) is not None:
            return None
        if now_s < self._kept_s + self.rules.keep_every_s:
            return None
        self._kept_s = now_s
        return _ENCODER.encode(GoodTime(now_s))

    def _reckoned_s(self, mono_s: float) -> float:
        return self._time_s + (mono_s - self._mono_s)


def _good_time(kept: bytes | None) -> int | None:
    if kept is None:
        return None
    try:
        return _DECODER.decode(kept).time_s
    except (DecodeError, ValidationError, UnicodeDecodeError):
        return None
