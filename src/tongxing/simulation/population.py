"""Who travels in a city: passengers of every kind, with their media, money, homes and work places.

Passenger number n of a city is the same person in every run of a seed, whatever the day or the
faults. Shares are data (data/city_*.toml); this module only deals them out.
"""

from dataclasses import dataclass
from random import Random

from tongxing.kernel.money import split_largest_remainder
from tongxing.messages.taps import MediumKind, account_token
from tongxing.simulation.numbers import account_number, card_number
from tongxing.simulation.places import BusHop, CityMap
from tongxing.simulation.scenario import CityScenario, Kind, Scenario, Wallet
from tongxing.simulation.seeds import pick, reseed

_SERIALS_PER_CITY = 100_000_000


@dataclass(frozen=True, slots=True)
class Anchors:
    """The places of a passenger's life: rail stations, and the bus rides between them."""

    home: str
    work: str
    feeder: BusHop | None = None
    onward: BusHop | None = None
    county: BusHop | None = None


@dataclass(frozen=True, slots=True)
class Medium:
    """One medium in a wallet."""

    medium_no: str
    medium_kind: MediumKind


@dataclass(frozen=True, slots=True)
class Passenger:
    """One simulated person, who travels in `city`. `account` is "" for an anonymous purse."""

    passenger_id: str
    city: str
    kind: Kind
    wallet: Wallet
    account: str
    media: tuple[Medium, ...]
    opening_fen: int
    month_so_far_fen: int
    rides_so_far: int
    anchors: Anchors

    @property
    def rider_id(self) -> str:
        """Whose money pays: the account, or the card itself."""
        return self.account or self.media[0].medium_no

    @property
    def lost_media(self) -> tuple[Medium, ...]:
        """What the passenger has reported lost, and somebody now tries to ride with."""
        return self.media if self.kind.reported_lost else ()


def shares_of_cities(scenario: Scenario, passengers: int) -> dict[str, int]:
    """How many of the passengers travel in each city; adds up to `passengers`."""
    counts = split_largest_remainder(passengers, [city.share for city in scenario.cities])
    return {city.code: count for city, count in zip(scenario.cities, counts, strict=True)}


def people_of(
    scenario: Scenario, city_map: CityMap, code: str, count: int, seed: int
) -> list[Passenger]:
    """The `count` passengers of one city, kind after kind."""
    city = scenario.city(code)
    place = scenario.cities.index(city)
    by_kind = split_largest_remainder(count, [kind.share for kind in city.kinds])
    source = Random(0)
    people: list[Passenger] = []
    for kind, number in zip(city.kinds, by_kind, strict=True):
        wallets = sorted(kind.wallets)
        running, total = [], 0
        for name in wallets:
            total += kind.wallets[name]
            running.append(total)
        for _ in range(number):
            ordinal = len(people) + 1
            reseed(source, seed, "passenger", code, ordinal)
            wallet = scenario.wallets[wallets[pick(source, running)]]
            serial = place * _SERIALS_PER_CITY + ordinal
            people.append(_passenger(scenario, city, city_map, kind, wallet, serial, source))
    return people


def _passenger(
    scenario: Scenario,
    city: CityScenario,
    city_map: CityMap,
    kind: Kind,
    wallet: Wallet,
    serial: int,
    source: Random,
) -> Passenger:
    prefixes = scenario.issuing[wallet.issuer].number_prefixes
    account = account_number(prefixes["account"], serial) if wallet.funding == "account" else ""
    card_prefix = prefixes.get(wallet.scheme.partition(":")[0], "")
    media = tuple(
        Medium(
            account_token(account)
            if medium_kind == "code"
            else card_number(wallet.scheme, card_prefix, serial),
            medium_kind,
        )
        for medium_kind in wallet.media
    )
    low, high = kind.opening_fen or wallet.opening_fen
    return Passenger(
        passenger_id=f"{city.code}-{serial % _SERIALS_PER_CITY:07d}",
        city=city.code,
        kind=kind,
        wallet=wallet,
        account=account,
        media=media,
        opening_fen=source.randrange(low, high + 1),
        month_so_far_fen=source.randrange(kind.month_so_far_fen[0], kind.month_so_far_fen[1] + 1),
        rides_so_far=source.randrange(kind.rides_so_far[0], kind.rides_so_far[1] + 1),
        anchors=_anchors(kind, city_map, source),
    )


def _anchors(kind: Kind, city_map: CityMap, source: Random) -> Anchors:
    """Homes beside a bus line for those who change between bus and rail, anywhere for others."""
    legs = {leg for journey in kind.journeys for leg in journey.legs}
    feeder = city_map.bus_hop(source) if "bus" in legs else None
    onward = city_map.bus_hop(source) if "bus" in legs else None
    county = None
    for way in ("county_bus", "t_union_bus"):
        if way in legs:
            county = city_map.bus_hop(source, way)
    home = feeder.rail if feeder is not None and feeder.rail else city_map.busy_station(source)
    return Anchors(home, city_map.partner(source, home), feeder, onward, county)
