"""A station's gates with real readers, for cards and codes of a binding's world."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from binding_world import CITY, MEDIA, SITE, STATIONS, World, key_of

from tongxing.city import City
from tongxing.deciding import Decision, ValidatorFacts
from tongxing.fares import CityFares, load_city_fares
from tongxing.gate import Journal, PlaceCodes, Site, SiteSetup
from tongxing.media.card.link import CardLink
from tongxing.messages import KeyRing
from tongxing.network.registry import load_registry
from tongxing.simulation.real_media import PlasticCard


@dataclass
class Gates:
    """A station's gates with real readers: an entry and an exit on line 1, and what they said."""

    site: Site
    city: City
    told: list[Decision]

    def hold(self, card: CardLink | PlasticCard, terminal: str, now_s: int) -> Decision:
        """Hold a card to a gate."""
        link = card.enter_field() if isinstance(card, PlasticCard) else card
        return self.site.present_card(link, terminal, now_s)

    def upload(self, now_s: int) -> int:
        """Send every tap to the city, in order; how many were new there."""
        count = 0
        while (message := self.site.next_batch()) is not None:
            assert isinstance(message, bytes), message
            count += self.send(message, now_s)
        return count

    def send(self, message: bytes, now_s: int) -> int:
        [receipt] = self.city.intake([message], now_s)
        assert isinstance(receipt, bytes), receipt
        taken = self.site.take_receipt(receipt, now_s)
        assert isinstance(taken, int), taken
        return taken

    def hear_lists(self, now_s: int) -> None:
        """Take the city's newest deny list."""
        assert self.site.load_deny_list(self.city.publish_deny_list(now_s)) is None


def open_gates(world: World, folder: Path) -> Gates:
    """Gates of line 1 on a fresh journal."""
    journal = Journal.open(folder / "site.sqlite", SITE, 7)
    assert isinstance(journal, Journal), journal
    fares, told = load_city_fares(CITY), list[Decision]()
    facts = [_validator(fares, "entry", STATIONS[0], "in"), _validator(fares, "exit", STATIONS[1])]
    setup = SiteSetup(
        city=CITY,
        validators={one.terminal_id: one for one in facts},
        fares=fares,
        registry=load_registry(),
        key=key_of(SITE),
        city_keys=KeyRing({CITY: key_of(CITY).public_bytes()}),
        media=MEDIA.setup(fares.network, PlaceCodes(fares.network), journal),
    )
    site = Site.open(setup, journal, lambda _terminal, decision: told.append(decision))
    assert isinstance(site, Site), site
    return Gates(site, world.city, told)


def _validator(fares: CityFares, role: Any, station: str, name: str = "out") -> ValidatorFacts:
    line = fares.network.lines["rail-1"]
    return ValidatorFacts(
        name, CITY, line.place, line.mode, line.operator, "rail-1", station, "", role
    )
