"""The gates of a simulated city: which sites there are, what stands in them, opened when needed.

A station is a site, and so is every vehicle. The names are a pure function of the network, so that
a city can trust their keys before any of them has opened. Sites are dealt out to *shards*: one
shard works on its sites one call after the other, several shards wait for the disk side by side, as
several devices do. Which shard a site is in never shows in what it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tongxing.city import acquirer_member
from tongxing.deciding import Decision, MediumToken, Role, ValidatorFacts
from tongxing.fares import load_city_fares
from tongxing.gate import ConnectionPool, Journal, JournalSettings, PlaceCodes, Site, SiteSetup
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.card.chip import SoftwareCard
from tongxing.network import load_registry
from tongxing.network.transport import CityNetwork, Line, Station
from tongxing.simulation.hosting import Report
from tongxing.simulation.itineraries import vehicle_name
from tongxing.simulation.keys import key_ring, signing_key, storage_epoch
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.scenario import CityScenario, load_scenario


def station_site(city: str, station: str) -> str:
    """The name of a station's site."""
    return f"{city}-{station}"


def vehicle_site(city: str, vehicle: str) -> str:
    """The name of a vehicle's site."""
    return f"{city}-{vehicle}"


def site_names(network: CityNetwork, city: CityScenario) -> tuple[str, ...]:
    """Every site of the city, in order of name."""
    names: set[str] = set()
    for line in network.lines.values():
        if line.mode == "bus":
            for number in range(1, city.vehicles_per_line + 1):
                names.add(vehicle_site(city.code, vehicle_name(line.id, number)))
        else:
            names.update(station_site(city.code, station) for station in line.stations)
    return tuple(sorted(names))


class Readers:
    """The readers of a city, by where they are and which side of a ride they stand on."""

    def __init__(self, network: CityNetwork, city: CityScenario) -> None:
        self._network = network
        self._city = city
        self._known: dict[tuple[str, str, str, Role], list[ValidatorFacts]] = {}

    def at(self, station: str, line: str, vehicle: str, role: Role) -> list[ValidatorFacts]:
        """The readers on a vehicle that stands at a stop, or in a station. `line` is "" for rail,
        whose gates serve every line of the station."""
        key = (station, line, vehicle, role)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._make(*key)
        return found

    def _make(self, station: str, line: str, vehicle: str, role: Role) -> list[ValidatorFacts]:
        lines, place = self._network.lines, self._network.stations[station]
        if not line:
            line = next(name for name in place.lines if lines[name].mode == "rail")
        names = [role] if vehicle else [f"{line}-{role}-{lane}" for lane in self._lanes()]
        return [self._facts(name, lines[line], place, vehicle, role) for name in names]

    def _lanes(self) -> range:
        return range(1, self._city.lanes_per_side + 1)

    def _facts(
        self, name: str, line: Line, place: Station, vehicle: str, role: Role
    ) -> ValidatorFacts:
        code = self._city.code
        site = vehicle_site(code, vehicle) if vehicle else station_site(code, place.id)
        return ValidatorFacts(
            terminal_id=f"{site}.{name}",
            city=code,
            place=line.place,
            mode=line.mode,
            operator=line.operator,
            line=line.id,
            station=place.id,
            vehicle=vehicle,
            role=role,
        )


Shown = MediumToken | SoftwareCard | bytes
"""What a passenger holds to a reader: a token that stands for a medium, a card, a code's bytes."""


@dataclass(frozen=True, slots=True)
class ShardConfig:
    """What a shard is made from. `shards` share the process's file handles."""

    code: str
    seed: int
    folder: Path
    shards: int


class Shard:
    """Some of a city's sites, each opened at its first call and kept."""

    def __init__(self, config: ShardConfig, hear: Report) -> None:
        del hear  # a shard has nothing to report: its answers say everything
        self._config = config
        self._fares = load_city_fares(config.code)
        self._registry = load_registry()
        self._media = RunMedia(config.seed, load_scenario())
        self._places = PlaceCodes(self._fares.network)
        self._city_keys = key_ring(config.seed, [acquirer_member(config.code)])
        self._pool = ConnectionPool(max(1, ConnectionPool().capacity // config.shards))
        self._sites: dict[str, tuple[Site, dict[str, ValidatorFacts]]] = {}
        self._deny_list: bytes | None = None

    def present(self, name: str, facts: ValidatorFacts, shown: Shown, now_s: int) -> Decision:
        """Hold a medium to a reader of a site; on a vehicle the reader has come to its stop."""
        site, validators = self._site(name)
        if validators.get(facts.terminal_id) is not facts:
            validators[facts.terminal_id] = facts
        if isinstance(shown, bytes):
            return site.present_code(shown, facts.terminal_id, now_s)
        if isinstance(shown, SoftwareCard):
            return site.present_card(shown, facts.terminal_id, now_s)
        return site.present(shown, facts.terminal_id, now_s)[0]

    def next_batches(self, name: str, limit: int, now_s: int) -> list[bytes] | Refusal:
        """The site's next batches, with what became of torn cards that nobody came back with."""
        site = self._site(name)[0]
        reported = site.report_unconfirmed(now_s)
        return reported if isinstance(reported, Refusal) else site.next_batches(limit)

    def take_receipt(self, name: str, message: bytes, now_s: int) -> Refusal | None:
        taken = self._site(name)[0].take_receipt(message, now_s)
        return taken if isinstance(taken, Refusal) else None

    def load_deny_list(self, message: bytes, cut_off: Sequence[str]) -> list[tuple[str, Refusal]]:
        """Give every opened site the list, but for those that cannot be reached; who objected."""
        self._deny_list = message
        objections = []
        for name, (site, _) in self._sites.items():
            refusal = site.load_deny_list(message) if name not in cut_off else None
            if refusal is not None:
                objections.append((name, refusal))
        return objections

    def close(self) -> None:
        """Close every journal."""
        self._pool.close()

    def _site(self, name: str) -> tuple[Site, dict[str, ValidatorFacts]]:
        found = self._sites.get(name)
        if found is None:
            found = self._sites[name] = self._open(name)
        return found

    def _open(self, name: str) -> tuple[Site, dict[str, ValidatorFacts]]:
        config = self._config
        journal = Journal.open(
            config.folder / f"{name}.sqlite",
            name,
            storage_epoch(config.seed, name),
            JournalSettings(ballast_bytes=0),
            self._pool,
        )
        if isinstance(journal, Refusal):
            raise _problem(journal)
        validators: dict[str, ValidatorFacts] = {}
        setup = SiteSetup(
            city=config.code,
            validators=validators,
            fares=self._fares,
            registry=self._registry,
            key=signing_key(config.seed, name),
            city_keys=self._city_keys,
            media=self._media.setup(self._fares.network, self._places, journal),
        )
        site = Site.open(setup, journal, _no_lane)
        if isinstance(site, Refusal):
            raise _problem(site)
        if self._deny_list is not None:
            refusal = site.load_deny_list(self._deny_list)
            if refusal is not None:
                raise _problem(refusal)
        return site, validators


def _no_lane(terminal_id: str, decision: Decision) -> None:
    """A simulated lane has no door: the passenger sees the decision itself."""


def _problem(refusal: Refusal) -> Problem:
    return Problem(refusal.code, refusal.where, **dict(refusal.values))
