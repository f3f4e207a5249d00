"""One city's street on virtual time: its passengers and gates, and the link to its house.

A street lives until the instant it is told to, and says what has happened by then. It can run in a
process of its own, so that cities travel side by side.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Concatenate, ParamSpec, TypeVar

from tongxing.city import OpenGates as Notice
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import BUSINESS_DAY_CUT_S, at, business_day_end, month_key
from tongxing.network import load_registry
from tongxing.network.transport import load_network
from tongxing.simulation.carrier import Carrier
from tongxing.simulation.faults import FaultCounts, FaultRates
from tongxing.simulation.forgotten import STAFF, Forgotten, ForgottenFigures
from tongxing.simulation.hosting import Host, HouseDied, InlineHost, ProcessHost, Report, ThreadHost
from tongxing.simulation.house import Death, House, HouseConfig
from tongxing.simulation.itineraries import DayPlanner, Ride
from tongxing.simulation.opening import opening_counters, rider_openings, token_of
from tongxing.simulation.oracle import Close, Expected, Saying, expected_after_days
from tongxing.simulation.places import CityMap
from tongxing.simulation.population import Passenger, people_of
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.scenario import load_scenario
from tongxing.simulation.seeds import reseed
from tongxing.simulation.sites import Readers, Shard, ShardConfig, site_names
from tongxing.simulation.timeline import Timeline
from tongxing.simulation.travel import Travel, TravelFigures, Traveller
from tongxing.simulation.uplink import Uplink, UplinkFigures

Params = ParamSpec("Params")
Result = TypeVar("Result")

SHARDS_LEAST, SHARDS_MOST = 4, 24
"""So many sites may wait for the disk at the same time: more of them on a slower disk."""

LOW_ACCOUNT_FEN = 4_000
"""With less than this in the morning, passengers are told on their phone, and pay money in."""

_REPORT_EVERY_S = 900
_FILES_WANTED = 8_192
_PROBES = 9


@dataclass(frozen=True, slots=True)
class StreetConfig:
    """What a street is made from; plain values, so that it can be made in another process.

    `real_media_bp` of the passengers, in basis points, carry real cards and codes.
    """

    code: str
    seed: int
    passengers: int
    first_day: date
    rates: FaultRates
    folder: Path
    dsn: str
    own_processes: bool
    days: int = 1
    real_media_bp: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """Who has settled in: the own passengers' money, and the passengers with others' cards."""

    float_fen: int
    visitors: list[Passenger]


@dataclass(frozen=True, slots=True)
class StreetFigures:
    """What has happened in a city so far. `quiet` is whether every tap has its receipt."""

    travel: TravelFigures = field(default_factory=TravelFigures)
    uplink: UplinkFigures = field(default_factory=UplinkFigures)
    faults: FaultCounts = field(default_factory=FaultCounts)
    forgotten: ForgottenFigures = field(default_factory=ForgottenFigures)
    sites: int = 0
    quiet: bool = True


class Street:
    """The passengers and gates of one city."""

    def __init__(self, config: StreetConfig, hear: Report) -> None:
        self._config = config
        self._hear = hear
        self._scenario = load_scenario()
        self._city = self._scenario.city(config.code)
        network = load_network(config.code)
        self._map = CityMap(network, self._city)
        self._names = site_names(network, self._city)
        self._timeline = Timeline(at(config.first_day))
        config.folder.mkdir(parents=True, exist_ok=True)
        self._shards = self._start_shards()
        self._uplink = Uplink(
            self._timeline,
            self._shards,
            Carrier(config.seed, config.code, config.rates),
            self._scenario.rhythm,
            config.rates,
            self._start_house,
        )
        self._forgotten = Forgotten(
            config.code,
            config.seed,
            self._scenario.half_trips,
            self._map,
            self._timeline,
            business_day_end(config.first_day + timedelta(days=config.days - 1)),
            self._tell,
            self._announce,
        )
        readers = Readers(network, self._city)
        self._media = RunMedia(config.seed, self._scenario)
        self._travel = Travel(
            network,
            self._timeline,
            readers,
            self._uplink,
            self._forgotten,
            self._media,
            config.seed,
        )
        self._travellers: list[Traveller] = []
        self._reported_taps = 0

    def settle_in(self, opened_s: int) -> Settled:
        """Bring the passengers into being; the city's own are opened in its books, with the lost
        media reported, and the others are returned for their issuers."""
        config, month = self._config, month_key(opened_s)
        people = people_of(self._scenario, self._map, config.code, config.passengers, config.seed)
        for person in people:
            tokens = [token_of(person, medium, self._city, month) for medium in person.media]
            is_real = self._media.is_real(person.passenger_id, config.real_media_bp)
            real = [self._media.of(token, opened_s) for token in tokens] if is_real else []
            self._travellers.append(Traveller(person, tokens, real))
        own = rider_openings(people, config.code, {config.code: self._city}, month)
        self.ask_house(House.open_riders, own, opened_s)
        lost = [medium.medium_no for person in people for medium in person.lost_media]
        for refusal in self.ask_house(House.report_lost, lost):
            self._uplink.note("opening", refusal)
        return Settled(
            float_fen=sum(opening.balance_fen for opening in own),
            visitors=[person for person in people if person.wallet.issuer != config.code],
        )

    def ask_house(
        self,
        method: Callable[Concatenate[House, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Call the city's house, which is started again if it lies dead."""
        try:
            return self._uplink.house.call(method, *args, **kwargs)
        except HouseDied:
            self._uplink.revive()
            return self._uplink.house.call(method, *args, **kwargs)

    def begin_day(self, day: date) -> int:
        """Plan everybody's rides of the day, and what the link will do and suffer; how many taps
        that will be if every gate opens."""
        config, draw = self._config, Random(0)
        opens_s = at(day) + BUSINESS_DAY_CUT_S
        self._uplink.plan_day(config.seed, config.code, self._names, opens_s)
        vehicles = self._city.vehicles_per_line
        planner = DayPlanner(self._map, self._scenario.movement, vehicles)
        planned_taps = 0
        with_account: list[Ride] = []
        for index, traveller in enumerate(self._travellers):
            reseed(draw, config.seed, "day", config.code, index, day)
            rides = planner.plan(traveller.passenger, day, draw)
            planned_taps += sum(2 if ride.exits_s else 1 for ride in rides)
            self._travel.set_out(traveller, rides)
            with_account += rides if traveller.passenger.account else []
        number = (day - config.first_day).days + 1
        if number > 1:
            self._travel.top_up_accounts(self.ask_house(House.low_accounts, LOW_ACCOUNT_FEN))
        self._forgotten.plan_gates(number, day, with_account)
        return planned_taps

    def run_until(self, until_s: int) -> StreetFigures:
        """Let the city live until `until_s`; what has happened by then."""
        while self._timeline.now_s < until_s:
            self._timeline.run_until(min(until_s, self._timeline.now_s + _REPORT_EVERY_S))
            taps = self._travel.figures.taps
            self._hear(taps - self._reported_taps)
            self._reported_taps = taps
        return StreetFigures(
            travel=self._travel.figures,
            uplink=self._uplink.figures,
            faults=self._uplink.carrier.counts,
            forgotten=self._forgotten.figures,
            sites=len(self._uplink.sites),
            quiet=not self._uplink.uploading,
        )

    def expected(self, closes: Sequence[Close]) -> Expected:
        """What the oracle says this city's passengers should have paid after these closes."""
        month = month_key(at(self._config.first_day))
        sayings, notices = self._forgotten.sayings, self._forgotten.notices
        arrivals: dict[tuple[str, int], int] = {}
        if len(closes) > 1:  # one day alone decides nothing that rests on what had come in
            moments_s = [close.closed_s for close in closes] + [one.said_s for one in notices]
            speakers = sorted({saying.payer for saying in sayings})
            arrivals = self.ask_house(House.arrivals, speakers, moments_s)
        return expected_after_days(
            self._travel.truth,
            closes,
            opening_counters((item.passenger for item in self._travellers), month),
            placeholders=self._city.placeholder_fares_fen,
            arrivals=arrivals,
            sayings=sayings,
            notices=notices,
        )

    def purse_balances_fen(self) -> dict[str, int]:
        """What is on each stored-value card now, by card number; a real card is asked itself."""
        return {
            token.medium_no: traveller.purse_fen(medium)
            for traveller in self._travellers
            for medium, token in enumerate(traveller.tokens)
            if token.funding == "purse"
        }

    def close(self) -> None:
        """Close the journals and the house."""
        for shard in self._shards:
            shard.close()
        self._uplink.close()

    def _tell(self, saying: Saying, medium_no: str, left_at: str) -> str:
        """Say something of a half trip to the house."""
        name, known_s, said_s = saying.request_id, saying.known_s, saying.said_s
        if saying.by_staff:
            return self.ask_house(
                House.correct, name, STAFF, medium_no, known_s, left_at, saying.station, said_s
            )
        return self.ask_house(
            House.declare, name, medium_no, known_s, saying.station, saying.time_s, said_s
        )

    def _announce(self, notice: Notice) -> None:
        """Tell the house of open gates."""
        refusal = self.ask_house(House.open_gates, notice)
        if refusal is not None:
            self._uplink.note(notice.request_id, refusal)

    def _start_shards(self) -> list[Host[Shard]]:
        config = self._config
        if not config.own_processes:
            only = ShardConfig(config.code, config.seed, config.folder, 1)
            return [InlineHost(Shard, only, hear=self._hear)]
        _allow_many_files()
        # Read by one thread before there are more: what is made at first use is made here.
        load_city_fares(config.code)
        load_registry()
        count = shards_for(sync_micros(config.folder))
        shard = ShardConfig(config.code, config.seed, config.folder, count)
        return [ThreadHost(Shard, shard, hear=self._hear) for _ in range(count)]

    def _start_house(self) -> Host[House]:
        config = self._config
        death: Death = "process" if config.own_processes else "connection"
        house = HouseConfig(config.code, config.dsn, config.seed, self._names, death)
        if config.own_processes:
            return ProcessHost(House, house, hear=self._hear)
        return InlineHost(House, house, hear=self._hear)


def shards_for(sync_us: int) -> int:
    """How many shards keep a processor busy when one write to disk takes so many microseconds."""
    return max(SHARDS_LEAST, min(SHARDS_MOST, sync_us // 100))


def sync_micros(folder: Path) -> int:
    """What this folder's disk takes to make a small write durable, in microseconds (median)."""
    probe = folder / "sync-probe"
    taken = []
    with probe.open("wb") as file:
        for _ in range(_PROBES):
            file.write(bytes(4_096))
            file.flush()
            since = time.perf_counter_ns()
            os.fsync(file.fileno())
            taken.append((time.perf_counter_ns() - since) // 1_000)
    probe.unlink()
    return sorted(taken)[_PROBES // 2]


def _allow_many_files() -> None:
    """Let this process open as many journals as the system permits it to."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
