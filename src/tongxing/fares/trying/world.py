"""What a passenger can do in one city under one tariff: rides, their prices, ways to break them.

It answers the search's questions (what does this ride cost, where could it be cut, which cheap
ride begins and ends here) by asking the real pricing. It decides nothing about gains.
"""

from dataclasses import dataclass, field, replace
from datetime import date

from tongxing.fares.city import CityFares, price
from tongxing.fares.counters import parted, with_account
from tongxing.fares.model import FareState, Quote, RideFacts, Rider
from tongxing.fares.rules import FlatFare, TurnBack
from tongxing.fares.tariff import Tariff, TariffBook
from tongxing.fares.trying.drawn import drawn_network, off_network
from tongxing.kernel.clock import at
from tongxing.network.transport import CityNetwork, Line

BOARDING_S = 180
_KNOWN_MONTH = date(2026, 3, 1)
_SECONDS_PER_KM = 100
_WALK_M_PER_KS = 1_200
"""Metres walked in a thousand seconds."""


@dataclass(frozen=True, slots=True)
class Course:
    """A ride without its times: mode, line (not on rail), ends, metres and how long it takes.

    `taps` is 1 where a single tap is the whole ride.
    """

    mode: str
    line: str
    origin: str
    destination: str
    metres: int
    stay_s: int
    taps: int = 2
    place: str = ""

    def ride(self, entered_s: int, exited_s: int) -> RideFacts:
        """The ride as its taps tell it."""
        single = self.taps == 1
        return RideFacts(
            mode=self.mode,
            line=self.line,
            place=self.place,
            origin=self.origin,
            destination="" if single else self.destination,
            entered_s=entered_s,
            exited_s=entered_s if single else exited_s,
            metres=self.metres if self.mode == "taxi" else -1,
        )


@dataclass(frozen=True, slots=True)
class World:
    """One city under one tariff version, whatever the day. `drawn`: the map is invented."""

    fares: CityFares
    tariff: Tariff
    drawn: bool
    _prices: dict[tuple[RideFacts, Rider, FareState], Quote] = field(default_factory=dict)
    _fillers: dict[str, tuple[tuple[Course, ...], ...]] = field(default_factory=dict)
    _cuts: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def network(self) -> CityNetwork:
        return self.fares.network

    @property
    def off_network_modes(self) -> tuple[str, ...]:
        """Modes without lines: taxis by their meter, bicycles by the time."""
        found = dict.fromkeys(system for system in self.tariff.bases if self._off_network(system))
        return tuple(found)

    def _off_network(self, system: str) -> bool:
        return off_network(system, self.tariff.base(system)) and self.fares.runs_off_network(system)

    def price(
        self, ride: RideFacts, rider: Rider, state: FareState, account: FareState
    ) -> tuple[Quote, FareState, FareState]:
        """The quote of a ride, and the states of the medium and of its account after it."""
        quote = price(self.fares, ride, rider, with_account(state, account))
        own, shared = parted(quote.state)
        return quote, own, shared

    def course(self, origin: str, destination: str, line: str = "") -> Course | None:
        """The ride between two stops, by rail unless a line is named; None if there is none."""
        if line:
            return self._on_line(self.network.lines[line], origin, destination)
        chain = self.fares.chain(self.tariff, origin, destination)
        if chain is None:
            return None
        place = self.network.stations[origin].place
        return Course(
            "rail", "", origin, destination, chain.metres, travel_s(chain.metres), place=place
        )

    def base_fen(self, course: Course) -> int:
        """The fare of a course before all reliefs, by day."""
        ride = course.ride(at(self.tariff.from_day, 12), at(self.tariff.from_day, 12))
        base = self.fares.base_fare(self.tariff, ride)
        return 0 if base is None else base.fare_fen

    def cuts(self, origin: str, destination: str) -> tuple[str, ...]:
        """Stations where a rail ride could be cut in two, the cheapest base fares first."""
        key = (origin, destination)
        if key not in self._cuts:
            self._cuts[key] = self._find_cuts(origin, destination)
        return self._cuts[key]

    def fillers(self, station: str) -> tuple[tuple[Course, ...], ...]:
        """Cheap things to ride that begin and end at a station: each is a unit of courses.

        To the nearest station and back, in and out of the station itself, and the cheapest line
        with one tap.
        """
        if station not in self._fillers:
            self._fillers[station] = tuple(self._find_fillers(station))
        return self._fillers[station]

    def _on_line(self, line: Line, origin: str, destination: str) -> Course | None:
        path = self.network.path_on_line(line.id, origin, destination)
        if path is None:
            return None
        taps = 1 if line.single_tap else 2
        return Course(
            line.mode, line.id, origin, destination, path.metres, travel_s(path.metres), taps,
            line.place,
        )  # fmt: skip

    def _find_cuts(self, origin: str, destination: str) -> tuple[str, ...]:
        direct = self.fares.chain(self.tariff, origin, destination)
        if direct is None:
            return ()
        found = []
        for middle in self.network.router.nodes_at:
            first = self.fares.chain(self.tariff, origin, middle)
            if middle in (origin, destination) or first is None:
                continue
            if first.metres > direct.metres + NEAR_DETOUR_M:
                continue
            second = self.fares.chain(self.tariff, middle, destination)
            if second is None:
                continue
            detour_m = first.metres + second.metres - direct.metres
            if detour_m <= NEAR_DETOUR_M:
                found.append((first.fare_fen + second.fare_fen, detour_m, first.metres, middle))
        return tuple(middle for _, _, _, middle in sorted(found))

    def _find_fillers(self, station: str) -> list[tuple[Course, ...]]:
        units: list[tuple[Course, ...]] = []
        if station in self.network.router.nodes_at:
            units += self._rail_fillers(station)
        flat = [
            line
            for line in self.network.lines.values()
            if line.single_tap and isinstance(self.tariff.base(line.fare_system), FlatFare)
        ]
        if flat:
            line = min(flat, key=self._flat_fen)
            course = self._on_line(line, line.stations[0], line.stations[1])
            if course is not None:
                walk_s = course.metres * 1_000 // _WALK_M_PER_KS
                units.append((replace(course, stay_s=course.stay_s + walk_s),))
        return units

    def _rail_fillers(self, station: str) -> list[tuple[Course, ...]]:
        reach = [
            (self.fares.chain(self.tariff, station, end), end)
            for end in self.network.router.nodes_at
            if end != station
        ]
        near = [(chain.fare_fen, chain.metres, end) for chain, end in reach if chain is not None]
        units: list[tuple[Course, ...]] = []
        for _, _, end in sorted(near)[:1]:
            there, back = self.course(station, end), self.course(end, station)
            if there is not None and back is not None:
                units.append((there, back))
        limits = [rule.within_s for rule in self.tariff.rules if isinstance(rule, TurnBack)]
        round_trip = self.course(station, station)
        if round_trip is not None:
            units.append((replace(round_trip, stay_s=max(limits, default=0) + 60),))
            if limits:
                units.append((replace(round_trip, stay_s=BOARDING_S),))
        return units

    def _flat_fen(self, line: Line) -> int:
        rule = self.tariff.base(line.fare_system)
        return rule.fare(0) if isinstance(rule, FlatFare) else 0


NEAR_DETOUR_M = 1_500
"""How much longer the way over a cut may be."""


def travel_s(metres: int) -> int:
    """How long a ride of so many metres takes, with waiting: 36 km/h and three minutes."""
    return BOARDING_S + metres * _SECONDS_PER_KM // 1_000


def fixed_book(book: TariffBook, tariff: Tariff) -> TariffBook:
    """A book in which one version holds on every day there ever was."""
    return replace(book, versions=(tariff,), _starts_s=(0,))


def newest_version(book: TariffBook) -> Tariff:
    """The last version with which some rule begins: what a file is about, even where a rule of it
    is known to end some day. Raises LookupError for a book without versions."""
    for tariff in reversed(book.versions):
        if any(rule.from_day == tariff.from_day for rule in tariff.rules):
            return tariff
    raise LookupError(f"{book.city}: no tariff at all")


def trying_day(tariff: Tariff, on: date | None = None) -> date:
    """The first day of the month that plans are made for: that of `on`, else the first whole
    month of the version, but none before the working days that everyone knows."""
    if on is not None:
        return on.replace(day=1)
    first = max(tariff.from_day, _KNOWN_MONTH)
    if tariff.last_day is not None and tariff.last_day < _KNOWN_MONTH:
        first = tariff.from_day
    if first.day == 1:
        return first
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def make_world(book: TariffBook, tariff: Tariff, network: CityNetwork | None) -> World:
    """The world of one tariff version; without a network, one is drawn."""
    drawn = network is None
    found = drawn_network(tariff) if network is None else network
    return World(CityFares(found, fixed_book(book, tariff)), tariff, drawn)
