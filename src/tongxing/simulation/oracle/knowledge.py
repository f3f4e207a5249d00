"""What a city knew at a moment: the taps that had come in by then, and the rides they made.

Taps travel late, so a decision can rest on less than what happened. Whoever taps arrive in the
order they were made (nearly everybody) is paired once; the others are paired for each moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter

from tongxing.kernel.clock import DAY_S
from tongxing.simulation.oracle.atlas import Atlas
from tongxing.simulation.oracle.geography import City
from tongxing.simulation.oracle.journeys import Journey, Memory
from tongxing.simulation.oracle.pairing import Found, pair
from tongxing.simulation.oracle.truth import TruthEvent

HABIT_DAYS = 60
REOPEN_DAYS = 56

Arrivals = Mapping[tuple[str, int], int]
"""When a tap came in, by payer and second; a tap that is not named came in as it was made."""

_FOREVER_S = 1 << 60
_Place = tuple[str, str, str, bool]


class Knowledge:
    """What one city knows of everybody's taps, as time goes by."""

    def __init__(self, events: Sequence[TruthEvent], arrivals: Arrivals, atlas: Atlas) -> None:
        self._atlas = atlas
        self._arrivals = arrivals
        self._taps: dict[str, list[TruthEvent]] = {}
        for event in sorted(events, key=attrgetter("time_s")):
            if not self._came_too_late(event):
                self._taps.setdefault(event.payer, []).append(event)
        late = {payer for payer, _ in arrivals}
        self._late = [payer for payer in self._taps if payer in late]
        self._rides = {payer: pair(taps, _FOREVER_S)[0] for payer, taps in self._taps.items()}
        self.half_trippers = [
            payer
            for payer, taps in self._taps.items()
            if taps[0].funding == "account"
            and (payer in late or any(ride.is_half for ride in self._rides[payer]))
        ]
        self._whole: dict[_Place, list[Found]] = {}
        for payer, rides in self._rides.items():
            if payer not in late:
                _file(self._whole, rides)
        self._late_now: tuple[int, dict[_Place, list[Found]]] = (-1, {})
        self._fares_fen: dict[tuple[str, str, str, str, int], int] = {}

    @property
    def folded(self) -> list[TruthEvent]:
        """Every tap that moves money: all but an account's that came in after 56 days."""
        return list(chain.from_iterable(self._taps.values()))

    def city(self, code: str) -> City:
        return self._atlas.city(code)

    def taps(self, payer: str, now_s: int) -> list[TruthEvent]:
        """The payer's taps that are known, in order of time."""
        return [tap for tap in self._taps.get(payer, ()) if self._came_s(tap) <= now_s]

    def rides(self, payer: str, now_s: int, over_s: int) -> list[Found]:
        """The payer's rides by the taps that are known; days are over up to `over_s`."""
        return pair(self.taps(payer, now_s), over_s)[0]

    def whole_trips(
        self, known: TruthEvent, from_known: bool, now_s: int
    ) -> Iterator[tuple[TruthEvent, TruthEvent]]:
        """The payer's own whole trips of the last days that left (or reached) the known station."""
        for ride in self.rides(known.payer, now_s, now_s):
            if _place_of(ride, from_known) == _place(known, from_known) and _recent(ride, now_s):
                yield ride.first, ride.last

    def fares_fen(self, known: TruthEvent, from_known: bool, now_s: int) -> list[int]:
        """What everybody's whole trips of the last days cost before any relief, for those that left
        (or reached) the known station."""
        place = _place(known, from_known)
        rides = [ride for ride in self._whole.get(place, ()) if ride.last.time_s <= now_s]
        rides += self._of_late_ones(now_s).get(place, [])
        return [self._fare_fen(ride) for ride in rides if _recent(ride, now_s)]

    def _of_late_ones(self, now_s: int) -> dict[_Place, list[Found]]:
        """The whole trips, as they look now, of those whose taps came in late."""
        if self._late_now[0] != now_s:
            found: dict[_Place, list[Found]] = {}
            for payer in self._late:
                _file(found, self.rides(payer, now_s, now_s))
            self._late_now = now_s, found
        return self._late_now[1]

    def _fare_fen(self, ride: Found) -> int:
        first, last = ride.first, ride.last
        key = (first.mode, first.line, first.station, last.station, first.time_s)
        if key not in self._fares_fen:
            journey = Journey("both_taps", first, last, last.time_s)
            self._fares_fen[key] = self._atlas.price(journey, Memory()).fare_fen
        return self._fares_fen[key]

    def _came_s(self, tap: TruthEvent) -> int:
        return self._arrivals.get((tap.payer, tap.time_s), tap.time_s)

    def _came_too_late(self, tap: TruthEvent) -> bool:
        waited_s = self._came_s(tap) - tap.time_s
        return tap.funding == "account" and waited_s > REOPEN_DAYS * DAY_S


def _place(known: TruthEvent, from_known: bool) -> _Place:
    return known.mode, "" if known.mode == "rail" else known.line, known.station, from_known


def _place_of(ride: Found, from_known: bool) -> _Place | None:
    """Where a whole trip left (or arrived); None for a ride of one tap."""
    if ride.is_half or ride.how == "single_tap":
        return None
    return _place(ride.first if from_known else ride.last, from_known)


def _file(found: dict[_Place, list[Found]], rides: Sequence[Found]) -> None:
    """Put whole trips under both places at which they may be looked for."""
    for ride in rides:
        for from_known in (True, False):
            place = _place_of(ride, from_known)
            if place is not None:
                found.setdefault(place, []).append(ride)


def _recent(ride: Found, now_s: int) -> bool:
    return now_s - HABIT_DAYS * DAY_S <= ride.first.time_s < now_s
