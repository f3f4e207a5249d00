"""How long a gate takes for a card, and how much of that is its own.

A card is held to the exit of one real site, directly or over a relay in this very process. The
time that the card takes to answer is the card's; the rest is ours: deciding, pricing, two durable
writes, the security module, and, where there is one, the relay. Clocks come in as arguments.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tongxing.deciding import Decision, MediumToken, Role
from tongxing.fares import load_city_fares
from tongxing.gate import Journal, PlaceCodes, Site, SiteSetup
from tongxing.kernel.clock import at, month_key
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.card.chip import SoftwareCard
from tongxing.media.card.readers import PoweredCard
from tongxing.media.card.readers.relay import serve_card
from tongxing.media.card.readers.tcp import open_tcp
from tongxing.network import load_registry
from tongxing.network.transport import load_network
from tongxing.simulation.keys import key_ring, signing_key
from tongxing.simulation.opening import token_of
from tongxing.simulation.places import CityMap
from tongxing.simulation.population import people_of
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.scenario import load_scenario
from tongxing.simulation.sites import Readers, station_site

Result = TypeVar("Result")

_RIDE_S, _BETWEEN_S = 1_500, 3_600
_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class ExitTime:
    """One exit in nanoseconds: all of it, what the card took of it, and how many commands."""

    whole_ns: int
    card_ns: int
    commands: int

    @property
    def own_ns(self) -> int:
        """What was not the card's."""
        return self.whole_ns - self.card_ns


class _TimedCard:
    """A software card that notes how long it takes to answer."""

    def __init__(self, card: SoftwareCard, clock_ns: Callable[[], int]) -> None:
        self._card, self._clock_ns = card, clock_ns
        self.taken_ns = self.commands = 0

    def transmit(self, command: bytes) -> bytes:
        since_ns = self._clock_ns()
        answer = self._card.transmit(command)
        self.taken_ns += self._clock_ns() - since_ns
        self.commands += 1
        return answer

    def reset(self) -> None:
        self._card.reset()


def measure_exits(
    folder: Path,
    city: str,
    seed: int,
    rounds: int,
    since_s: int,
    clock_ns: Callable[[], int],
    over_relay: bool = True,
) -> list[ExitTime]:
    """Exits of one purse card from one station, `rounds` of them, each after an entry.

    The journal lies in `folder`, which must be empty. Raises Problem when a gate does not open:
    nothing was measured.
    """
    media = RunMedia(seed, load_scenario())
    purse, origin, destination = _commuter(city, seed)
    journal = _whole(Journal.open(folder / "bench.sqlite", station_site(city, destination), 1))
    site, entry, exit_ = _site(city, seed, media, journal, (origin, destination))
    plastic = media.card(purse, since_s)
    card, found = _TimedCard(plastic.chip, clock_ns), []
    with ExitStack() as stack:
        link: PoweredCard = card
        if over_relay:
            relay = stack.enter_context(serve_card(card))
            link = stack.enter_context(_whole(open_tcp(*relay.address)))
        for number in range(rounds):
            now_s = since_s + number * _BETWEEN_S
            link.reset()
            _whole(_opened(site.present_card(link, entry, now_s)))
            link.reset()
            before_ns, commands, since_ns = card.taken_ns, card.commands, clock_ns()
            left = site.present_card(link, exit_, now_s + _RIDE_S)
            whole_ns = clock_ns() - since_ns
            charge_fen = _whole(_opened(left)).charge_fen
            found.append(ExitTime(whole_ns, card.taken_ns - before_ns, card.commands - commands))
            if charge_fen:
                media.top_up(plastic, charge_fen, f"bench-{number}", now_s + _RIDE_S + 60)
    journal.close()
    return found


def _commuter(city: str, seed: int) -> tuple[MediumToken, str, str]:
    """A purse of the city's own, and the two stations between which its holder travels."""
    scenario = load_scenario()
    here = scenario.city(city)
    for person in people_of(scenario, CityMap(load_network(city), here), city, _PEOPLE, seed):
        wallet, anchors = person.wallet, person.anchors
        if (wallet.funding, wallet.issuer, wallet.product) == ("purse", city, "ordinary"):
            month = month_key(at(scenario.first_day))
            return token_of(person, person.media[0], here, month), anchors.home, anchors.work
    raise ValueError(f"nobody in {city} carries a purse")


def _site(
    city: str, seed: int, media: RunMedia, journal: Journal, stations: tuple[str, str]
) -> tuple[Site, str, str]:
    """A site with an entry at one station and an exit at the other, and their terminals."""
    network = load_network(city)
    readers = Readers(network, load_scenario().city(city))
    roles: tuple[Role, Role] = ("entry", "exit")
    entry, exit_ = (
        readers.at(station, "", "", role)[0] for station, role in zip(stations, roles, strict=True)
    )
    setup = SiteSetup(
        city=city,
        validators={one.terminal_id: one for one in (entry, exit_)},
        fares=load_city_fares(city),
        registry=load_registry(),
        key=signing_key(seed, journal.site),
        city_keys=key_ring(seed, [city]),
        media=media.setup(network, PlaceCodes(network), journal),
    )
    site = _whole(Site.open(setup, journal, lambda _terminal, _decision: None))
    return site, entry.terminal_id, exit_.terminal_id


def _opened(decision: Decision) -> Decision | Refusal:
    return decision if decision.opened else Refusal(decision.reason, "bench", decision.values)


def _whole(answer: Result | Refusal) -> Result:
    if isinstance(answer, Refusal):
        raise Problem(answer.code, answer.where, **dict(answer.values))
    return answer
