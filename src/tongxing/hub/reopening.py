"""Half taps told in the order in which they came: a trip whose money has moved is opened again by
the tap that was missing.

All that is known at a moment says which trips there are (`half_taps`). What was booked by then and
is told otherwise now is revised at that moment, as a city revises its trips: the true tap wins, and
only the difference moves. A trip keeps its name over its revisions. Pure; the answer depends on
when taps came, never on the order in which they are given.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from tongxing.hub.half_taps import Declaration, HalfTap, PairedTrip, pair_half_taps, refused
from tongxing.hub.terms import HalfTripTerms


@dataclass(frozen=True, slots=True)
class Telling:
    """What a trip was at the moment at which its money moved: revision `number` of the trip that
    was `first` told so. `received_s` is when it could be told, `at_s` when its money moves. Of a
    withdrawn one (`is_void`) `trip` is what it was, and nothing of it stands."""

    first: PairedTrip
    number: int
    trip: PairedTrip
    received_s: int
    at_s: int
    is_void: bool = False


def tell(
    taps: Iterable[HalfTap], declarations: Iterable[Declaration], terms: HalfTripTerms
) -> list[Telling]:
    """Every telling of every trip, each half tap in one at least, in order of the first tap's time.

    A tap that came too late for its trip to be opened again is told alone, as refused.
    """
    said: dict[str, list[Declaration]] = defaultdict(list)
    for word in declarations:
        said[word.tap_id].append(word)
    found, in_time = [], []
    for tap in taps:
        if terms.is_too_late(tap.tapped_s, tap.received_s):
            trip = refused(tap)
            found.append(Telling(trip, 1, trip, tap.received_s, trip.at_s))
        else:
            in_time.append(tap)
    for near in _near(in_time, terms):
        words = [word for tap in near for word in said[tap.tap_id]]
        found += _Told(words, terms).all_of(near)
    return sorted(found, key=_order)


def _order(telling: Telling) -> tuple[int, str, int]:
    tap = telling.first.taps[0]
    return tap.tapped_s, tap.tap_id, telling.number


def _near(taps: Iterable[HalfTap], terms: HalfTripTerms) -> Iterator[list[HalfTap]]:
    """The taps of an account, cut wherever at no moment an entry can have been of one ride with an
    exit after the cut: no entry before it is near enough in time, or an entry right behind it was
    known before any exit that follows. So each tap is looked at again with its neighbours alone."""
    ordered = sorted(taps, key=lambda tap: (tap.account, tap.tapped_s, tap.tap_id))
    exits_s = _first_exits(ordered)
    group: list[HalfTap] = []
    last_entry: HalfTap | None = None
    for tap, exit_s in zip(ordered, exits_s, strict=True):
        is_entry = tap.direction == "ENTRY"
        reaches = (
            last_entry is not None
            and last_entry.account == tap.account
            and tap.tapped_s - last_entry.tapped_s <= terms.travel_max_s
        )
        if group and (not reaches or (is_entry and tap.received_s <= exit_s)):
            yield group
            group, last_entry = [], None
        group.append(tap)
        last_entry = tap if is_entry else last_entry
    if group:
        yield group


def _first_exits(ordered: Sequence[HalfTap]) -> list[float]:
    """For each tap, when the first of its account's exits from there on was received."""
    found: list[float] = []
    following: HalfTap | None = None
    first_s = inf
    for tap in reversed(ordered):
        if following is None or following.account != tap.account:
            first_s = inf
        if tap.direction == "EXIT":
            first_s = min(first_s, tap.received_s)
        found.append(first_s)
        following = tap
    return found[::-1]


@dataclass(slots=True)
class _Booked:
    """A trip in the books: its newest telling, and whether that was told otherwise since."""

    newest: Telling
    facts: tuple[object, ...]
    is_loose: bool = False

    def shares_a_tap(self, trip: PairedTrip) -> bool:
        return not _ids(self.newest.trip).isdisjoint(_ids(trip))


@dataclass(slots=True)
class _Told:
    """What is known of some taps, moment by moment."""

    words: Sequence[Declaration]
    terms: HalfTripTerms
    known: dict[str, HalfTap] = field(default_factory=dict)
    booked: list[_Booked] = field(default_factory=list)
    found: list[Telling] = field(default_factory=list)

    def all_of(self, taps: Sequence[HalfTap]) -> list[Telling]:
        moments = sorted({tap.received_s for tap in taps})
        for number, moment_s in enumerate(moments):
            self.known |= {tap.tap_id: tap for tap in taps if tap.received_s == moment_s}
            following = moments[number + 1 : number + 2]
            self._take(moment_s, following[0] if following else None)
        return self.found

    def _take(self, moment_s: int, until_s: int | None) -> None:
        """What is told at a moment, and what of it moves money before the next tap comes."""
        trips = self._trips(moment_s)
        standing = {one.facts for one in self.booked if not one.is_loose}
        due = [
            trip
            for trip in trips
            if _facts(trip) not in standing and (until_s is None or trip.at_s < until_s)
        ]
        for trip in sorted(due, key=lambda trip: trip.at_s):
            one = next(
                (one for one in self.booked if one.is_loose and one.shares_a_tap(trip)), None
            )
            if one is None:
                self._book(
                    _Booked(Telling(trip, 1, trip, trip.received_s, trip.at_s), _facts(trip))
                )
                continue
            if trip.at_s > moment_s:
                self._withdraw(one, moment_s)
            newest = one.newest
            one.newest = Telling(newest.first, newest.number + 1, trip, trip.received_s, trip.at_s)
            one.facts, one.is_loose = _facts(trip), False
            self.found.append(one.newest)
        for one in self.booked:
            if one.is_loose:
                self._withdraw(one, moment_s)

    def _trips(self, moment_s: int) -> list[PairedTrip]:
        """The trips that there are by now. Taps of a trip that is not among them any more are set
        free: what becomes of them begins at this moment."""
        trips = pair_half_taps(self.known.values(), self.words, self.terms)
        now = {_facts(trip) for trip in trips}
        told_otherwise = [one for one in self.booked if not one.is_loose and one.facts not in now]
        for one in told_otherwise:
            one.is_loose = True
            for tap_id in _ids(one.newest.trip):
                self.known[tap_id] = replace(self.known[tap_id], received_s=moment_s)
        if told_otherwise:
            return pair_half_taps(self.known.values(), self.words, self.terms)
        return trips

    def _book(self, one: _Booked) -> None:
        self.booked.append(one)
        self.found.append(one.newest)

    def _withdraw(self, one: _Booked, moment_s: int) -> None:
        """Nothing of a trip stands for now; it goes on under its name once it is told again."""
        newest = one.newest
        if not newest.is_void:
            one.newest = Telling(
                newest.first, newest.number + 1, newest.trip, moment_s, moment_s, is_void=True
            )
            self.found.append(one.newest)


def _ids(trip: PairedTrip) -> set[str]:
    return {tap.tap_id for tap in trip.taps}


def _facts(trip: PairedTrip) -> tuple[object, ...]:
    """What a trip says, but for the moments at which it was known."""
    return (*(tap.tap_id for tap in trip.taps), trip.origin, trip.destination, trip.ending)
