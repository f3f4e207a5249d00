"""How the half trips of accounts should end: who may state what, and what the clock decides.

Whatever is decided rests on what the city knew at that moment, so the pass goes through the days:
each saying, each notice of open gates and each night's close is judged on the taps that had come in
by then. What was judged stays; only the true tap undoes it, because then no half trip is left.

Passengers state the missing end within seven days of the business day, three times a month, and
only if a train could have brought them there. After that the clock decides: the fourth half trip
of a month costs the most; else the habit counts (three equal trips in sixty days), else the median
of what everybody rode for, the lower of two; where nobody rode, the most.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from tongxing.kernel.clock import DAY_S, month_key
from tongxing.simulation.oracle.knowledge import Knowledge
from tongxing.simulation.oracle.pairing import Found, day_end
from tongxing.simulation.oracle.truth import (
    Close,
    OpenGates,
    Ruling,
    RulingKind,
    Saying,
    TapKey,
    TruthEvent,
)

DECLARE_DAYS = 7
SELF_SERVICE_A_MONTH = 3
HALF_TRIPS_A_MONTH = 3
HABIT_TRIPS = 3
LONGEST_RIDE_S = 240 * 60
SPEED_KMH = 80
FAST_KMH: Mapping[str, int] = {"110000": 140}

NOT_HELD_AGAINST_RIDERS: frozenset[RulingKind] = frozenset({"staff", "cleared", "disruption"})


@dataclass(frozen=True, slots=True)
class Judged:
    """How half trips ended, by the tap that is known, and which sayings held, by their id."""

    rulings: Mapping[TapKey, Ruling]
    accepted: frozenset[str]


def judge(
    knowledge: Knowledge,
    sayings: Sequence[Saying],
    notices: Sequence[OpenGates],
    closes: Sequence[Close],
) -> Judged:
    """Go through the days in order; what is said at one second comes before a close at it."""
    judge_ = _Judge(knowledge)
    steps: list[tuple[int, int, Callable[[], None]]] = []
    for saying in sorted(sayings, key=attrgetter("said_s", "request_id")):
        steps.append((saying.said_s, 1, _then(judge_.hear, saying)))
    for notice in sorted(notices, key=attrgetter("said_s", "request_id")):
        steps.append((notice.said_s, 2, _then(judge_.open_gates, notice)))
    for close in closes:
        steps.append((close.closed_s, 3, _then(judge_.close, close)))
    for _, _, step in sorted(steps, key=lambda step: step[:2]):
        step()
    return Judged(judge_.rulings, frozenset(judge_.accepted))


class _Judge:
    """What has been ruled so far, and the notices that hold."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.rulings: dict[TapKey, Ruling] = {}
        self.accepted: set[str] = set()
        self._knows = knowledge
        self._notices: list[OpenGates] = []
        self._declared: dict[str, list[int]] = {}
        self._over_s = 0

    def hear(self, saying: Saying) -> None:
        """Somebody states how a half trip ended."""
        half = self._waiting(saying.payer, saying.known_s, saying.said_s)
        if half is None:
            return
        ruling = (
            self._by_staff(saying, half) if saying.by_staff else self._declared_by(saying, half)
        )
        if ruling is not None:
            self.accepted.add(saying.request_id)
            self.rulings[half.first.key] = ruling

    def open_gates(self, notice: OpenGates) -> None:
        """Gates stood open: what waits now is completed, and what comes in later at the closes."""
        self._notices.append(notice)
        self._explain(notice.said_s)

    def close(self, close: Close) -> None:
        """A business day is closed: notices first, then what is due."""
        self._over_s = max(self._over_s, close.over_s)
        self._explain(close.closed_s)
        due = [
            half
            for half in self._all_waiting(close.closed_s)
            if close.closed_s >= day_end(half.first) + DECLARE_DAYS * DAY_S
        ]
        decided = [(half, self._by_clock(half, close.closed_s)) for half in due]
        for half, ruling in decided:
            self.rulings[half.first.key] = ruling

    def _declared_by(self, saying: Saying, half: Found) -> Ruling | None:
        """What a passenger states, if it holds."""
        known, now_s = half.first, saying.said_s
        month = month_key(now_s)
        this_month = [one for one in self._declared.get(saying.payer, []) if one == month]
        if now_s >= day_end(known) + DECLARE_DAYS * DAY_S:
            return None
        if len(this_month) >= SELF_SERVICE_A_MONTH or saying.station == known.station:
            return None
        ruling = self._stated("declared", saying, half)
        if ruling is not None:
            self._declared.setdefault(saying.payer, []).append(month)
        return ruling

    def _by_staff(self, saying: Saying, half: Found) -> Ruling | None:
        """What staff do at the counter on another day: the ride to where the passenger says, if it
        can have been; without a word of it, what the clock would decide now."""
        if saying.station:
            return self._stated("staff", saying, half)
        return self._by_clock(half, saying.said_s)

    def _stated(self, kind: RulingKind, saying: Saying, half: Found) -> Ruling | None:
        times = self._times(half, saying.station, saying.said_s)
        if times is None:
            return None
        earliest_s, latest_s = times
        likely_s = earliest_s if half.how == "missing_exit" else latest_s
        time_s = likely_s if saying.time_s is None else saying.time_s
        if not earliest_s <= time_s <= latest_s:
            return None
        return Ruling(kind, saying.station, time_s)

    def _explain(self, now_s: int) -> None:
        """Complete what open gates explain: at the habit if it leads there, else for nothing."""
        if not self._notices:
            return
        explained = []
        for half in self._all_waiting(now_s):
            ruling = self._through_open_gates(half, now_s)
            if ruling is not None:
                explained.append((half, ruling))
        for half, ruling in explained:
            self.rulings[half.first.key] = ruling

    def _through_open_gates(self, half: Found, now_s: int) -> Ruling | None:
        for notice in self._notices:
            times = None
            if notice.city == half.first.city:
                times = self._times(half, notice.station, now_s)
            if times is None or times[0] > notice.until_s or times[1] < notice.from_s:
                continue
            habitual = self._habit(half, now_s) == notice.station
            if not habitual and not notice.free:
                continue
            first_s, last_s = max(times[0], notice.from_s), min(times[1], notice.until_s)
            time_s = first_s if half.how == "missing_exit" else last_s
            return Ruling("disruption", notice.station if habitual else "", time_s)
        return None

    def _by_clock(self, half: Found, now_s: int) -> Ruling:
        known = half.first
        if self._rank(half, now_s) > HALF_TRIPS_A_MONTH:
            return Ruling("maximum")
        habit = self._habit(half, now_s)
        way_s = self._way_s(half, habit) if habit else None
        if way_s is not None:
            away_s = way_s if half.how == "missing_exit" else -way_s
            return Ruling("habitual", habit, known.time_s + away_s)
        fares_fen = sorted(self._knows.fares_fen(known, half.how == "missing_exit", now_s))
        if not fares_fen:
            return Ruling("maximum")
        return Ruling("median", amount_fen=fares_fen[(len(fares_fen) - 1) // 2])

    def _rank(self, half: Found, now_s: int) -> int:
        """How manieth half trip of its calendar month this is, of those held against the rider."""
        known, rank = half.first, 0
        for one in self._halves(known.payer, now_s):
            ruling = self.rulings.get(one.first.key)
            if ruling is not None and ruling.kind in NOT_HELD_AGAINST_RIDERS:
                continue
            same_month = month_key(one.first.time_s) == month_key(known.time_s)
            rank += same_month and one.first.time_s <= known.time_s
        return rank

    def _habit(self, half: Found, now_s: int) -> str:
        """The other end of most of the payer's own whole trips from (or to) the known station."""
        from_known = half.how == "missing_exit"
        ends: dict[str, tuple[int, int]] = {}
        for entry, exit_ in self._knows.whole_trips(half.first, from_known, now_s):
            other = exit_.station if from_known else entry.station
            count, latest_s = ends.get(other, (0, 0))
            ends[other] = (count + 1, max(latest_s, entry.time_s))
        enough = [
            (-count, -latest_s, station)
            for station, (count, latest_s) in ends.items()
            if count >= HABIT_TRIPS
        ]
        return min(enough)[2] if enough else ""

    def _times(self, half: Found, station: str, now_s: int) -> tuple[int, int] | None:
        """From when until when the missing end can have been at a station; None: never."""
        known = half.first
        way_s = self._way_s(half, station)
        if way_s is None:
            return None
        next_to = self._neighbour(half, now_s)
        away_s = 0 if next_to is None else self._rail_s(known.city, station, next_to.station) or 0
        if half.how == "missing_exit":
            times = [known.time_s + LONGEST_RIDE_S, now_s]
            times += [] if next_to is None else [next_to.time_s - away_s]
            earliest_s, latest_s = known.time_s + way_s, min(times)
        else:
            times = [known.time_s - LONGEST_RIDE_S]
            times += [] if next_to is None else [next_to.time_s + away_s]
            earliest_s, latest_s = max(times), known.time_s - way_s
        return (earliest_s, latest_s) if earliest_s <= latest_s else None

    def _neighbour(self, half: Found, now_s: int) -> TruthEvent | None:
        """The payer's next tap after a missing exit, or the last one before a missing entry."""
        taps = self._knows.taps(half.first.payer, now_s)
        if half.how == "missing_exit":
            return taps[half.began + 1] if half.began + 1 < len(taps) else None
        return taps[half.began - 1] if half.began else None

    def _way_s(self, half: Found, station: str) -> int | None:
        """The least seconds between the known tap's station and another, by rail or on its line."""
        known = half.first
        if known.mode == "rail":
            return self._rail_s(known.city, known.station, station)
        stops_m = self._knows.city(known.city).line(known.line).stops_m
        if station not in stops_m:
            return None
        return _seconds(known.city, abs(stops_m[station] - stops_m[known.station]))

    def _rail_s(self, city: str, one: str, other: str) -> int | None:
        metres = self._knows.city(city).rails_m(one).get(other)
        return None if metres is None else _seconds(city, metres)

    def _halves(self, payer: str, now_s: int) -> Iterable[Found]:
        rides = self._knows.rides(payer, now_s, self._over_s)
        return (one for one in rides if one.is_half)

    def _waiting(self, payer: str, known_s: int, now_s: int) -> Found | None:
        for half in self._halves(payer, now_s):
            if half.first.time_s == known_s and half.first.key not in self.rulings:
                return half
        return None

    def _all_waiting(self, now_s: int) -> list[Found]:
        """The half trips that wait, oldest first."""
        found = [
            half
            for payer in self._knows.half_trippers
            for half in self._halves(payer, now_s)
            if half.first.key not in self.rulings
        ]
        return sorted(found, key=lambda half: half.first.time_s)


def _seconds(city: str, metres: int) -> int:
    """Whole seconds for a way at the city's highest speed, rounded up."""
    metres_an_hour = FAST_KMH.get(city, SPEED_KMH) * 1_000
    return (metres * 3_600 + metres_an_hour - 1) // metres_an_hour


def _then(step: Callable[..., None], what: object) -> Callable[[], None]:
    return lambda: step(what)
