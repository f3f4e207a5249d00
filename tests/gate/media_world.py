"""A site with real readers, cards that can be torn from them, and the phones of passengers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import gate_world
from gate_world import site_key
from msgspec.structs import replace

import deciding_world
from deciding_world import CITIES, DAY, validator
from tongxing.deciding import Decision, MediumToken
from tongxing.fares import load_city_fares
from tongxing.gate import Journal, MediaSetup, PlaceCodes, Site, SiteSetup
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone
from tongxing.messages import DenyEntry, KeyRing, Tap
from tongxing.network.registry import load_registry
from tongxing.simulation.real_media import PlasticCard, RunMedia
from tongxing.simulation.scenario import load_scenario

MEDIA = RunMedia(7, load_scenario())
OPENED_S = at(DAY)
EIGHT = at(DAY, 8)
EXPIRES = date(2099, 12, 31)

CHANGTONG = replace(deciding_world.CARD, expires=EXPIRES)
BEIJING = replace(deciding_world.BEIJING_CARD, expires=EXPIRES)
TIANJIN = replace(deciding_world.TIANJIN_CARD, expires=EXPIRES)
ACCOUNT = replace(deciding_world.ACCOUNT_CARD, expires=EXPIRES)
CODE = replace(deciding_world.CODE, expires=EXPIRES)

NOTHING = -1


@dataclass
class TearingLink:
    """A card that leaves the field at command number `tear_at` (from 0; -1: it stays).

    `executed` says whether the card still heard that command, `heard` how many bytes of its answer
    the terminal got (NOTHING: the field was empty before the answer began).
    """

    card: PlasticCard
    tear_at: int = NOTHING
    executed: bool = True
    heard: int = NOTHING
    sent: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        number = len(self.sent)
        if number > self.tear_at >= 0:
            raise CardGone
        self.sent.append(command)
        torn = number == self.tear_at
        if torn and not self.executed:
            raise CardGone
        answer = self.card.chip.transmit(command)
        self.answers.append(answer)
        if torn and self.heard == NOTHING:
            raise CardGone
        return answer[: self.heard] if torn else answer


@dataclass
class World:
    """One site with two entries and an exit, and what its lanes were told."""

    site: Site
    journal: Journal
    told: list[Decision]

    def taps(self) -> list[Tap]:
        """Everything that the journal holds, in order."""
        taps = self.journal.unsent(100_000)
        assert not isinstance(taps, Refusal)
        return taps

    def hold(
        self,
        card: PlasticCard,
        terminal: str,
        now_s: int,
        tear_at: int = NOTHING,
        executed: bool = True,
        heard: int = NOTHING,
    ) -> tuple[Decision, TearingLink]:
        """Hold a card to a terminal, or tear it away."""
        card.enter_field()
        link = TearingLink(card, tear_at, executed, heard)
        return self.site.present_card(link, terminal, now_s), link


def open_world(
    folder: Path,
    where: tuple[str, str] = ("cq:rail-1:xiaoshizi", "cq:rail-1:shapingba"),
    change: Callable[[MediaSetup], MediaSetup] = lambda setup: setup,
    denied: tuple[str, ...] = (),
) -> World:
    """A site on a fresh journal, or on the one that is in `folder` already."""
    code = CITIES[where[0].partition(":")[0]]
    journal = Journal.open(folder / "site.sqlite", gate_world.SITE, 7)
    assert isinstance(journal, Journal), journal
    facts = [
        validator("entry", where[0], "in"),
        validator("entry", where[0], "in2"),
        validator("exit", where[1], "out"),
    ]
    fares, city_key, told = load_city_fares(code), site_key(code), list[Decision]()
    setup = SiteSetup(
        city=code,
        validators={one.terminal_id: one for one in facts},
        fares=fares,
        registry=load_registry(),
        key=site_key(gate_world.SITE),
        city_keys=KeyRing({code: city_key.public_bytes()}),
        media=change(MEDIA.setup(fares.network, PlaceCodes(fares.network), journal)),
    )
    site = Site.open(setup, journal, lambda _terminal, decision: told.append(decision))
    assert isinstance(site, Site), site
    if denied:
        entries = [DenyEntry(number, "MEDIUM_LOST") for number in denied]
        message = gate_world.deny_message(1, *entries, city=code, key=city_key)
        assert site.load_deny_list(message) is None
    return World(site, journal, told)


def new_card(token: MediumToken) -> PlasticCard:
    """The card of a token, as its issuer hands it out."""
    return MEDIA.card(token, OPENED_S)
