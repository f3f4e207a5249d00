"""A city's network and tariffs together: base fares, highest fares, and the price of a ride.

Whatever does not depend on the rider or on earlier rides is worked out once and kept: the base
fare of a pair of stations, the highest fare from a station. The network never learns of money and
the pricing steps never learn of stations; this is the only place where the two meet.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from tongxing.fares.chains import Chain, chains_from, fares_within
from tongxing.fares.model import (
    BaseFare,
    FarePortion,
    FareState,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
    Values,
)
from tongxing.fares.pricing import settle, settle_half
from tongxing.fares.rules import BandFare, DurationFare, FlatFare, OvertimeCharge
from tongxing.fares.tariff import Tariff, TariffBook, load_book
from tongxing.network.transport import (
    DISTANCE_CONFIDENCE,
    CityNetwork,
    Line,
    Path,
    farther_terminus,
    load_network,
    metres_along,
)


@dataclass(frozen=True, slots=True)
class CityFares:
    """The fares of one city. Its dictionaries only remember what was already worked out."""

    network: CityNetwork
    book: TariffBook
    _chains: dict[tuple[str, str], dict[str, Chain]] = field(default_factory=dict)
    _bases: dict[tuple[str, str, str, str], BaseFare | None] = field(default_factory=dict)
    _dearest: dict[tuple[str, str, str, str], BaseFare] = field(default_factory=dict)
    _most: dict[tuple[str, str], int] = field(default_factory=dict)
    _off_network: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def tariff_at(self, time_s: int) -> Tariff:
        """The tariff in force at an instant. Raises LookupError before the city's first one."""
        tariff = self.book.at(time_s)
        if tariff is None:
            raise LookupError(f"{self.book.city}: no tariff is in force at {time_s}")
        return tariff

    def chain(self, tariff: Tariff, origin: str, destination: str) -> Chain | None:
        """How a rail ride is paid for, cheapest; None if it cannot be made or has no fare."""
        return self._chains_from(tariff, origin).get(destination)

    def path(self, origin: str, destination: str, time_s: int) -> Path | None:
        """The path that a rail ride is priced over, with its portions for sharing the revenue."""
        chain = self.chain(self.tariff_at(time_s), origin, destination)
        if chain is None:
            return None
        parts = [
            self.network.path_within(leg.system, leg.origin, leg.destination) for leg in chain.legs
        ]
        return Path(
            chain.metres, tuple(portion for part in parts if part for portion in part.portions)
        )

    def base_fare(self, tariff: Tariff, ride: RideFacts) -> BaseFare | None:
        """The fare of a whole ride before reliefs; None if the city knows no such ride."""
        system = self.off_network_system(ride.mode, ride.line)
        if system is not None:
            return self._off_network_base(tariff, ride, system)
        line = "" if ride.mode == "rail" else ride.line
        key = (tariff.id, line, ride.origin, ride.destination)
        if key not in self._bases:
            if ride.mode == "rail":
                base = self._rail_base(tariff, ride.origin, ride.destination)
            else:
                base = self._line_base(tariff, ride)
            self._bases[key] = base
        return self._bases[key]

    def home_system(self, mode: str, line: str, station: str) -> str:
        """The fare system a tap belongs to: its line's, or the first one that stops there.

        Raises LookupError when the city has no line of that mode.
        """
        known = self.network.lines.get(line)
        if known is not None and known.mode == mode:
            return known.fare_system
        here = self.network.stations.get(station)
        lines: Iterable[Line] = self.network.lines.values()
        if here is not None:
            lines = [self.network.lines[name] for name in here.lines] or lines
        systems = {one.fare_system for one in lines if one.mode == mode}
        for system in self.network.fare_systems:
            if system in systems:
                return system
        off_network = self.off_network_system(mode, line)
        if off_network is not None:
            return off_network
        raise LookupError(f"{self.network.code}: nothing of mode {mode} at {station or line}")

    def off_network_system(self, mode: str, line: str = "") -> str | None:
        """The fare system of a mode of which the network has no line: that of a taxi, or of any
        ride in a city whose network is not known. None where the network has lines of the mode,
        or no rule knows a system for it.

        A `line` that is a system's name says which one; else it is the one named like the mode
        (rail: metro), or the first one whose name begins with it.
        """
        key = (mode, line)
        if key not in self._off_network:
            self._off_network[key] = self._find_off_network(mode, line)
        return self._off_network[key]

    def runs_off_network(self, mode: str) -> bool:
        """Whether rides of a mode are priced without the network."""
        return self.off_network_system(mode) is not None

    def dearest(self, tariff: Tariff, mode: str, line: str, station: str) -> BaseFare:
        """The highest base fare of any ride from a station; of any at all if it is not known.

        Whatever can be ridden without leaving the gates counts, so that a hold of this covers the
        ride, unless the city keeps it to the tap's own fare system. Raises LookupError when
        nothing that runs there has a fare.
        """
        key = (tariff.id, mode, line, station)
        if key not in self._dearest:
            if mode == "rail" and self.off_network_system(mode, line) is None:
                self._dearest[key] = self._dearest_by_rail(tariff, line, station)
            else:
                self._dearest[key] = self._dearest_on_line(tariff, mode, line, station)
        return self._dearest[key]

    def most_within(self, tariff: Tariff, system: str) -> int:
        """The highest rail fare between any two stations of one fare system, in fen; the last one
        of its list where no line is known. 0 for a system that states no list."""
        key = (tariff.id, system)
        if key not in self._most:
            if any(line.fare_system == system for line in self.network.lines.values()):
                self._most[key] = self._dearest_within(tariff, system, "").fare_fen
            else:
                rule = tariff.base(system)
                self._most[key] = 0 if rule is None else rule.highest_fen
        return self._most[key]

    def _chains_from(self, tariff: Tariff, origin: str) -> dict[str, Chain]:
        found = self._chains.get((tariff.id, origin))
        if found is None:
            found = chains_from(self.network, tariff, origin)
            self._chains[tariff.id, origin] = found
        return found

    def _rail_base(self, tariff: Tariff, origin: str, destination: str) -> BaseFare | None:
        chain = self.chain(tariff, origin, destination)
        if chain is None:
            return None
        lines = tuple(
            self._base_line(tariff, portion, leg.origin, leg.destination, "")
            for portion, leg in zip(_base_of(chain, ()).portions, chain.legs, strict=True)
        )
        return _base_of(chain, lines)

    def _line_base(self, tariff: Tariff, ride: RideFacts) -> BaseFare | None:
        line = self.network.lines.get(ride.line)
        rule = None if line is None else tariff.base(line.fare_system)
        if line is None or rule is None or line.mode != ride.mode:
            return None
        metres = -1
        if not isinstance(rule, FlatFare):
            path = self.network.path_on_line(line.id, ride.origin, ride.destination)
            if path is None:
                return None
            metres = path.metres
        portion = FarePortion(line.fare_system, rule.id, rule.fare(metres), metres)
        base_line = self._base_line(tariff, portion, ride.origin, ride.destination, line.id)
        return BaseFare((portion,), (base_line,), portion.fare_fen)

    def _find_off_network(self, mode: str, line: str) -> str | None:
        if any(one.mode == mode for one in self.network.lines.values()):
            return None
        systems = {name for rule in self.book.rules.values() for name in rule.systems}
        usual = (line, mode, "metro") if mode == "rail" else (line, mode)
        for name in usual:
            if name in systems:
                return name
        return min((name for name in systems if name.startswith(f"{mode}-")), default=None)

    def _off_network_base(self, tariff: Tariff, ride: RideFacts, system: str) -> BaseFare | None:
        """The fare of a ride that no line is known for: as stated for its two stations, by the
        metres it brings, by the length of the stay, or flat; None where metres are missing."""
        values: Values = {"system": system, "tariff": tariff.name}
        stated = tariff.pairs.get((system, ride.origin, ride.destination))
        rule = tariff.base(system)
        metres = -1
        if stated is not None:
            fare_fen, rule_id = stated
        elif rule is None or (isinstance(rule, BandFare) and ride.metres < 0):
            return None
        else:
            if isinstance(rule, DurationFare):
                values["stay_s"] = max(0, ride.exited_s - ride.entered_s)
            elif not isinstance(rule, FlatFare):
                metres = max(0, ride.metres)
                values |= {"meter": 1, "metres": metres, "slow_metres": ride.slow_metres}
            fare_fen, rule_id = rule.fare(metres, ride), rule.id
        line = PriceLine("base", rule_id, fare_fen, values)
        return BaseFare((FarePortion(system, rule_id, fare_fen, metres),), (line,), fare_fen)

    def _base_line(
        self, tariff: Tariff, portion: FarePortion, origin: str, destination: str, line: str
    ) -> PriceLine:
        known = [one for one in self.network.lines.values() if one.fare_system == portion.system]
        worst = max((one.distances for one in known), key=DISTANCE_CONFIDENCE.index)
        values: Values = {
            "system": portion.system, "metres": portion.metres, "distances": worst, "line": line,
            "origin": origin, "destination": destination, "tariff": tariff.name,
        }  # fmt: skip
        return PriceLine("base", portion.rule, portion.fare_fen, values)

    def _dearest_by_rail(self, tariff: Tariff, line: str, station: str) -> BaseFare:
        if tariff.half_trips_in_own_system:
            return self._dearest_within(tariff, self.home_system("rail", line, station), station)
        nodes = self.network.router.nodes_at
        starts = [station] if station in nodes else list(nodes)
        found = (chain for start in starts for chain in self._chains_from(tariff, start).values())
        best = max(found, key=_height, default=None)
        if best is None:
            raise LookupError(f"{self.network.code}: no rail ride has a fare in {tariff.id}")
        return _base_of(best, ())

    def _dearest_within(self, tariff: Tariff, system: str, station: str) -> BaseFare:
        """The dearest rail ride inside one fare system; a station outside it stands for any."""
        router = self.network.router
        starts = [station] if router.metres_from(station, system) else list(router.nodes_at)
        found = [
            (fare_fen, metres, rule)
            for start in starts
            for _, metres, fare_fen, rule in fares_within(self.network, tariff, system, start)
        ]
        if not found:
            raise LookupError(f"{self.network.code}: {system} has no fare in {tariff.id}")
        fare_fen, metres, rule = max(found)
        return BaseFare((FarePortion(system, rule, fare_fen, metres),), (), fare_fen)

    def _dearest_on_line(self, tariff: Tariff, mode: str, line: str, station: str) -> BaseFare:
        system = self.home_system(mode, line, station)
        rule = tariff.base(system)
        if rule is None:
            raise LookupError(f"{self.network.code}: {system} has no fare in {tariff.id}")
        lengths = [
            _longest(one, station)
            for one in self.network.lines.values()
            if one.fare_system == system and line in ("", one.id)
        ]
        metres = max(lengths) if lengths and isinstance(rule, BandFare) else -1
        fare_fen = rule.fare(metres) if lengths else rule.highest_fen
        portion = FarePortion(system, rule.id, fare_fen, metres)
        return BaseFare((portion,), (), portion.fare_fen)


@cache
def load_city_fares(city: str) -> CityFares:
    """Network and tariffs of a city by its division code, read once.

    Raises KeyError for a city that lacks one of the two.
    """
    return CityFares(load_network(city), load_book(city))


def price(fares: CityFares, ride: RideFacts, rider: Rider, state: FareState) -> Quote:
    """The price of one ride with the tariff in force at its entry, and the medium's new state.

    A half trip, or a ride between stations that nothing connects, costs the highest fare from the
    station that is known, without relief. Raises LookupError for a time or a mode that the city
    has no tariff for; `pricing_refusal` asks beforehand.
    """
    tariff = fares.tariff_at(ride.entered_s or ride.exited_s)
    base = None if ride.missing else fares.base_fare(tariff, ride)
    if base is None:
        return settle_half(tariff, _highest_base(fares, tariff, ride), ride, rider, state)
    return price_from(fares, tariff, base, ride, rider, state)


def price_from(
    fares: CityFares,
    tariff: Tariff,
    base: BaseFare,
    ride: RideFacts,
    rider: Rider,
    state: FareState,
) -> Quote:
    """The price of a whole ride whose base fare is known, with turning back and overtime."""
    if ride.exited_s and ride.origin and ride.origin == ride.destination:
        turned = _turned_back(tariff, base, ride, rider)
        if turned is not None:
            return Quote(base.fare_fen, 0, (*base.lines, turned), state, tariff.name)
    surcharge = _overtime(fares, tariff, base, ride, rider) if ride.exited_s else None
    return settle(tariff, base, ride, rider, state, surcharge)


def highest_fare(fares: CityFares, mode: str, line: str, station: str, time_s: int) -> int:
    """The most a ride from here can cost, in fen: a hold at entry, the charge of a missing exit."""
    return fares.dearest(fares.tariff_at(time_s), mode, line, station).fare_fen


def minimum_balance(
    fares: CityFares, mode: str, line: str, station: str, time_s: int, rider: Rider
) -> int:
    """What a purse must hold to be let in, in fen; 0 where the tap itself takes the charge."""
    tariff = fares.tariff_at(time_s)
    system = fares.home_system(mode, line, station)
    place = fares.network.stations[station].place if station in fares.network.stations else ""
    plan = tariff.plan(system, mode, place, rider)
    if plan.travels_free or plan.minimum is None:
        return 0
    if plan.minimum.balance != "lowest":
        return plan.minimum.balance
    rule = tariff.base(system)
    return 0 if rule is None else rule.fare(0)


def _highest_base(fares: CityFares, tariff: Tariff, ride: RideFacts) -> BaseFare:
    """The base fare of a ride of which one side is missing or makes no sense."""
    known = {"exit": ride.origin, "entry": ride.destination}.get(ride.missing)
    if known is None:
        known = ride.origin if ride.origin in fares.network.stations else ride.destination
    base = fares.dearest(tariff, ride.mode, ride.line, known)
    lines = []
    for portion in base.portions:
        values: Values = {
            "missing": ride.missing or "path", "station": known, "system": portion.system,
            "line": ride.line, "tariff": tariff.name,
        }  # fmt: skip
        lines.append(PriceLine("highest", portion.rule, portion.fare_fen, values))
    return BaseFare(base.portions, tuple(lines), base.fare_fen)


def _turned_back(tariff: Tariff, base: BaseFare, ride: RideFacts, rider: Rider) -> PriceLine | None:
    """In and out of one station in a short time is no ride at all, where the city says so: the
    fare stands on the record as always, and all of it comes off."""
    rule = tariff.plan(base.portions[0].system, ride.mode, ride.place, rider).turn_back
    stay_s = ride.exited_s - ride.entered_s
    if rule is None or not 0 <= stay_s <= rule.within_s:
        return None
    values: Values = {
        "stay_s": stay_s, "limit_s": rule.within_s, "station": ride.origin, "tariff": tariff.name,
    }  # fmt: skip
    return PriceLine("turn_back", rule.id, -base.fare_fen, values)


def _overtime(
    fares: CityFares, tariff: Tariff, base: BaseFare, ride: RideFacts, rider: Rider
) -> PriceLine | None:
    """What a stay beyond the limit adds; through several fare systems the longest limit holds.

    It is no fare, so no relief touches it, and free travel knows no overtime.
    """
    rule: OvertimeCharge | None = None
    for portion in base.portions:
        plan = tariff.plan(portion.system, ride.mode, ride.place, rider)
        if plan.travels_free:
            return None
        if plan.overtime is not None and (rule is None or plan.overtime.limit_s > rule.limit_s):
            rule = plan.overtime
    stay_s = ride.exited_s - ride.entered_s
    if rule is None or stay_s <= rule.limit_s:
        return None
    amount = rule.amount
    if amount == "highest":
        own = fares.off_network_system(ride.mode, ride.line)
        amount = fares.most_within(tariff, own or fares.home_system(ride.mode, "", ""))
    values: Values = {"stay_s": stay_s, "limit_s": rule.limit_s}
    return PriceLine("overtime", rule.id, amount, values)


def _longest(line: Line, stop: str) -> int:
    """Metres from a stop to the farther end; the whole line when the stop is not known."""
    if stop not in line.stations:
        return sum(line.metres)
    return metres_along(line, stop, farther_terminus(line, stop))


def _base_of(chain: Chain, lines: tuple[PriceLine, ...]) -> BaseFare:
    portions = tuple(
        FarePortion(leg.system, leg.rule, leg.fare_fen, leg.metres) for leg in chain.legs
    )
    return BaseFare(portions, lines, chain.fare_fen)


def _height(chain: Chain) -> tuple[int, int, tuple[tuple[str, int, int], ...]]:
    """Dearest first, then longest; what is still equal is told apart by the legs themselves."""
    parts = tuple((leg.system, leg.metres, leg.fare_fen) for leg in chain.legs)
    return chain.fare_fen, chain.metres, parts
