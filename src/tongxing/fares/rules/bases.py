"""Base fares: what a ride costs before anything is taken off.

Flat, by distance, station to station, by a meter (taxi) or by the length of the stay (bicycle).
"""

from bisect import bisect_left
from datetime import time

from tongxing.fares.model import RideFacts
from tongxing.fares.rules.common import FULL_BP, Rule, demand
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S
from tongxing.kernel.money import round_half_up


class FlatFare(Rule, frozen=True, tag="flat"):
    """One fare for every ride."""

    fare_fen: int

    def __post_init__(self) -> None:
        demand(self, self.fare_fen >= 0, "a fare is not negative")

    @property
    def highest_fen(self) -> int:
        """The most a ride can cost where no distance is known."""
        return self.fare_fen

    def fare(self, metres: int, ride: RideFacts | None = None) -> int:
        return self.fare_fen


class BandFare(Rule, frozen=True, tag="bands"):
    """A price list by distance.

    `fares_fen[i]` holds up to and including `edges_m[i]` plus the grace. Beyond the last edge
    either one more fare stands in the list, or every `then_every_m` begun adds `then_add_fen`.
    `cap_fen` (0: none) is the most that is ever asked.
    """

    edges_m: tuple[int, ...]
    fares_fen: tuple[int, ...]
    then_every_m: int = 0
    then_add_fen: int = 0
    grace_m: int = 0
    cap_fen: int = 0

    def __post_init__(self) -> None:
        demand(self, bool(self.edges_m), "a price list has at least one band")
        demand(self, list(self.edges_m) == sorted(set(self.edges_m)), "the bands must rise")
        demand(self, list(self.fares_fen) == sorted(self.fares_fen), "the fares must not fall")
        demand(self, all(fare >= 0 for fare in self.fares_fen), "a fare is not negative")
        expected = len(self.edges_m) + (0 if self.then_every_m else 1)
        demand(self, len(self.fares_fen) == expected, f"{expected} fares belong to these bands")

    def fare(self, metres: int, ride: RideFacts | None = None) -> int:
        """The fare of a distance in metres, in fen."""
        counted = max(0, metres - self.grace_m)
        band = bisect_left(self.edges_m, counted)
        if band < len(self.edges_m):
            return self._capped(self.fares_fen[band])
        if not self.then_every_m:
            return self._capped(self.fares_fen[-1])
        steps = -((self.edges_m[-1] - counted) // self.then_every_m)
        return self._capped(self.fares_fen[-1] + steps * self.then_add_fen)

    @property
    def highest_fen(self) -> int:
        """The most a ride can cost where no distance is known: the last fare of the list."""
        return self._capped(self.fares_fen[-1])

    def _capped(self, fare_fen: int) -> int:
        return min(fare_fen, self.cap_fen) if self.cap_fen else fare_fen


class PairFare(Rule, frozen=True, tag="pairs"):
    """Fares stated station to station; where a pair stands here, no price list is asked.

    Each row is (station, station, fen) and holds in both directions, unless `one_way` says that
    it holds in the order written only.
    """

    rows: tuple[tuple[str, str, int], ...]
    one_way: bool = False

    def __post_init__(self) -> None:
        demand(self, all(fen >= 0 for _, _, fen in self.rows), "a fare is not negative")


class MeterFare(Rule, frozen=True, kw_only=True, tag="meter"):
    """What a meter asks (taxi): a start that covers `start_m`, then so much per kilometre.

    Metres run at a crawl cost `slow_bp` of the kilometre's price on top. The night's prices hold
    for rides that begin in it (its end excluded); the sum is rounded half up to the fen.
    """

    start_fen: int
    start_m: int
    per_km_fen: int
    night_start_fen: int
    night_per_km_fen: int
    night_from: time
    night_until: time
    slow_bp: int = 0

    def __post_init__(self) -> None:
        amounts = (self.start_fen, self.per_km_fen, self.night_start_fen, self.night_per_km_fen)
        demand(self, all(fen >= 0 for fen in amounts), "a fare is not negative")
        demand(self, self.start_m >= 0 and self.slow_bp >= 0, "a measure is not negative")

    def fare(self, metres: int, ride: RideFacts | None = None) -> int:
        """The fare of so many metres, of which the ride says how many were slow and when."""
        night = ride is not None and self._is_night(ride.entered_s)
        start_fen = self.night_start_fen if night else self.start_fen
        per_km_fen = self.night_per_km_fen if night else self.per_km_fen
        slow_m = 0 if ride is None else ride.slow_metres
        scaled = per_km_fen * (max(0, metres - self.start_m) * FULL_BP + slow_m * self.slow_bp)
        return start_fen + round_half_up(scaled, 1000 * FULL_BP)

    @property
    def highest_fen(self) -> int:
        """What is asked of a ride whose meter was not read: its start, by night."""
        return max(self.start_fen, self.night_start_fen)

    def _is_night(self, time_s: int) -> bool:
        second = (time_s + CHINA_OFFSET_S) % DAY_S
        first, end = _second(self.night_from), _second(self.night_until)
        return first <= second < end if first < end else second >= first or second < end


class DurationFare(Rule, frozen=True, kw_only=True, tag="duration"):
    """A price by the length of the stay (bicycle): `fares_fen[i]` up to and including
    `edges_s[i]` seconds, then `then_add_fen` for every `then_every_s` begun; at most `cap_fen`
    (0: no limit)."""

    edges_s: tuple[int, ...]
    fares_fen: tuple[int, ...]
    then_every_s: int
    then_add_fen: int
    cap_fen: int = 0

    def __post_init__(self) -> None:
        demand(self, bool(self.edges_s), "a price list has at least one step")
        demand(self, len(self.fares_fen) == len(self.edges_s), "one fare for each step")
        demand(self, list(self.edges_s) == sorted(set(self.edges_s)), "the steps must rise")
        demand(self, list(self.fares_fen) == sorted(self.fares_fen), "the fares must not fall")
        demand(self, self.fares_fen[0] >= 0 and self.then_add_fen >= 0, "a fare is not negative")
        demand(self, self.then_every_s > 0, "a period is more than nothing")

    def fare(self, metres: int, ride: RideFacts | None = None) -> int:
        """The fare of the ride's stay; without a ride, that of the shortest."""
        stay_s = 0 if ride is None else max(0, ride.exited_s - ride.entered_s)
        step = bisect_left(self.edges_s, stay_s)
        if step < len(self.edges_s):
            fare_fen = self.fares_fen[step]
        else:
            begun = -((self.edges_s[-1] - stay_s) // self.then_every_s)
            fare_fen = self.fares_fen[-1] + begun * self.then_add_fen
        return min(fare_fen, self.cap_fen) if self.cap_fen else fare_fen

    @property
    def highest_fen(self) -> int:
        """What a ride without an end costs: the cap, or a whole day."""
        return self.cap_fen or self.fare(0, RideFacts(mode="", exited_s=DAY_S))


def _second(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second
