"""What a passenger sees of their own trips, and how they end a half trip. Always of one account.

A trip of somebody else is as unknown as one that never was. Prices and repairs are decided by the
rooms that decide them for everybody; here they are only brought together for one person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tongxing.city import healing
from tongxing.city.explaining import Change, changes_of
from tongxing.city.half_trips import missing_end
from tongxing.city.healing import Resolved
from tongxing.city.office import Office
from tongxing.city.progress import PackHeld, Progress, packs_of, progress_of
from tongxing.city.reach import possible_times
from tongxing.city.riding import ACCOUNT, EMPTY_FARE_STATE, OpenEntry
from tongxing.city.store import habits, half_trips, passenger
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.half_trips import Waiting
from tongxing.city.store.passenger import MonthOfTrips, OwnMedium
from tongxing.city.terms import Terms, half_trip_terms
from tongxing.city.views import TripRow, TripSeen, find_trip
from tongxing.fares import CityFares, with_account
from tongxing.kernel.clock import at, calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap
from tongxing.network.transport import CityNetwork

TRIPS_MAX = 500

SuggestedBy = Literal["habit", "next_tap"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A station where the missing end probably was, and what speaks for it."""

    station: str
    by: SuggestedBy


@dataclass(frozen=True, slots=True)
class HalfSeen:
    """A half trip that waits for its passenger.

    `until_s` is when the clock decides instead. `stations` are those where the other end can have
    been, by line ("" for a single line's own); empty when nobody can say any more. `refusal` says
    why its passenger may not state it, None when they may.
    """

    trip_id: str
    tap: Tap
    missing: Literal["", "exit", "entry"]
    held_fen: int
    until_s: int
    suggestion: Suggestion | None
    stations: Mapping[str, tuple[str, ...]]
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is not settled: the open trip, the half trips that wait, and how many ends the passenger
    has stated of those that a month allows."""

    open: OpenEntry | None
    halves: tuple[Waiting, ...]
    used: int
    allowed: int

    @property
    def open_fen(self) -> int:
        """Held for the open trip."""
        return 0 if self.open is None else self.open.held_fen

    @property
    def halves_fen(self) -> int:
        """Held for half trips."""
        return sum(half.held_fen for half in self.halves)


@dataclass(frozen=True, slots=True)
class MediumProgress:
    """A medium with its discount bars and its ride packs."""

    medium: OwnMedium
    progress: tuple[Progress, ...]
    packs: tuple[PackHeld, ...]


@dataclass(frozen=True, slots=True)
class OwnTrip:
    """A trip with its price lines, its taps, and what each revision changed."""

    seen: TripSeen
    changes: tuple[Change, ...]


class PassengerDesk:
    """One city's trips, each for the eyes of its own passenger only."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def months(self, account: str) -> list[MonthOfTrips]:
        """The months with trips, newest first."""
        with self._office.reading() as cursor:
            return passenger.months_of(cursor, account)

    def trips(self, account: str, first: date) -> list[TripRow]:
        """The trips of the month that begins on `first`, newest first, at most TRIPS_MAX."""
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        with self._office.reading() as cursor:
            return passenger.trips_between(cursor, account, first, following, TRIPS_MAX)

    def trip(self, account: str, trip_id: str) -> OwnTrip | None:
        """One trip; None when the account has no such trip."""
        with self._office.reading() as cursor:
            if passenger.owner_of_trip(cursor, trip_id) != account:
                return None
            seen = find_trip(cursor, trip_id)
        return None if seen is None else OwnTrip(seen, changes_of(seen))

    def media(self, account: str) -> list[OwnMedium]:
        """The account's media, codes first."""
        with self._office.reading() as cursor:
            return passenger.media_of(cursor, account)

    def standing(self, account: str, now_s: int) -> Standing:
        """What is open and what waits."""
        terms = half_trip_terms(self._office.code).at(now_s)
        with self._office.reading() as cursor:
            state = passenger.state_of(cursor, account)
            halves = tuple(half_trips.waiting_of(cursor, account))
            used = _declared_this_month(cursor, account, now_s)
        return Standing(state.open, halves, used, terms.free_corrections)

    def progress(self, account: str, now_s: int) -> list[MediumProgress]:
        """The discount bars of each medium that gates take; empty for a city without tariffs."""
        if self._office.fares is None:
            return []
        tariff = self._office.fares.book.at(now_s)
        if tariff is None:
            return []
        with self._office.reading() as cursor:
            media = passenger.media_of(cursor, account)
            states = passenger.state_of(cursor, account).fare_states
        shared = states.get(ACCOUNT, EMPTY_FARE_STATE)
        found = []
        for medium in media:
            state = with_account(states.get(medium.medium_no, EMPTY_FARE_STATE), shared)
            kind = "code" if medium.medium_kind == "code" else "card"
            found.append(
                MediumProgress(
                    medium,
                    progress_of(tariff, kind, medium.product, state, now_s),
                    packs_of(tariff, kind, medium.product, state, now_s),
                )
            )
        return found

    def half_trip(self, account: str, trip_id: str, now_s: int) -> HalfSeen | Refusal:
        """A half trip as its passenger is asked about it. Refuses HALF_TRIP_UNKNOWN, also for one
        of somebody else."""
        fares = self._fares()
        with self._office.reading() as cursor:
            found = half_trips.find_waiting(cursor, trip_id)
            if found is None or found.rider_id != account:
                return Refusal("HALF_TRIP_UNKNOWN", trip_id[:16])
            book = half_trip_terms(self._office.code)
            terms = book.at(found.tap.time_s)
            habit = habits.figures_of(cursor, [found], book, now_s).habits.get(trip_id, "")
            neighbour = habits.neighbour_of(cursor, found)
            used = _declared_this_month(cursor, account, now_s)
        until_s = terms.decided_from_s(found.tap.time_s)
        possible = _possible(fares.network, terms, found.tap, neighbour, now_s)
        return HalfSeen(
            trip_id=trip_id,
            tap=found.tap,
            missing=missing_end(found.tap),
            held_fen=found.held_fen,
            until_s=until_s,
            suggestion=_suggestion(possible, habit, neighbour),
            stations=possible,
            refusal=_may_not(trip_id, terms, used, until_s, now_s),
        )

    def declare(
        self,
        account: str,
        request_id: str,
        half_trip: str,
        station: str,
        now_s: int,
    ) -> Resolved | Refusal:
        """The passenger states the missing end; see `healing.declare`. Refuses HALF_TRIP_UNKNOWN
        for a half trip of another account."""
        with self._office.alone() as cursor:
            if _owner_of_half(cursor, half_trip) != account:
                return Refusal("HALF_TRIP_UNKNOWN", half_trip[:16])
            return healing.declare(
                cursor, self._office.code, self._fares(), request_id, half_trip, station, None,
                now_s,
            )  # fmt: skip

    def _fares(self) -> CityFares:
        assert self._office.fares is not None, "a city without gates has no half trips"
        return self._office.fares


def _owner_of_half(cursor: Cursor, trip_id: str) -> str | None:
    found = half_trips.find_waiting(cursor, trip_id)
    return passenger.owner_of_trip(cursor, trip_id) if found is None else found.rider_id


def _declared_this_month(cursor: Cursor, account: str, now_s: int) -> int:
    first = calendar_date(now_s).replace(day=1)
    return half_trips.count_declared(cursor, account, at(first), now_s)


def _may_not(trip_id: str, terms: Terms, used: int, until_s: int, now_s: int) -> Refusal | None:
    if now_s >= until_s:
        return Refusal("HALF_TRIP_TOO_OLD", trip_id, {"days": terms.declare_days})
    if used >= terms.free_corrections:
        month = f"{calendar_date(now_s):%Y%m}"
        values = {"limit": terms.free_corrections, "month": month}
        return Refusal("HALF_TRIP_CORRECTIONS_USED", trip_id, values)
    return None


def _possible(
    network: CityNetwork, terms: Terms, known: Tap, neighbour: Tap | None, now_s: int
) -> dict[str, tuple[str, ...]]:
    """The stations where the missing end can have been, by line, in the order of the line."""
    modes = {"rail"} if known.mode == "rail" else set()
    lines = [
        line
        for line in network.lines.values()
        if line.mode in modes or (not modes and line.id == known.line)
    ]
    checked: dict[str, bool] = {known.station: False}
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        for station in line.stations:
            if station not in checked:
                times = possible_times(network, terms, known, station, neighbour, now_s)
                checked[station] = times is not None
        reached = tuple(station for station in line.stations if checked[station])
        if reached:
            found[line.id] = reached
    return found


def _suggestion(
    possible: Mapping[str, tuple[str, ...]], habit: str, neighbour: Tap | None
) -> Suggestion | None:
    everywhere = {station for stations in possible.values() for station in stations}
    if habit in everywhere:
        return Suggestion(habit, "habit")
    if neighbour is not None and neighbour.station in everywhere:
        return Suggestion(neighbour.station, "next_tap")
    return None
