"""Both ends of the exchange: a hub's interface for members, a city's line to its hub."""

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from tongxing.api.desks import wall_clock
from tongxing.city import City, acquirer_member, issuer_member
from tongxing.city.hub_line import HttpLine, HubAddress, HubDealings
from tongxing.city.hub_line.store import LetterBook
from tongxing.hub import Hub, HubStore, NetworkGround, load_rulebook
from tongxing.hub.evidence import Witness
from tongxing.hub.exchange import ExchangeDesk, MemberKeys, MemberRing, Spool
from tongxing.hub_api import HubDesks, create_hub_app
from tongxing.messages import KeyRing, SigningKey
from tongxing.network import load_registry
from tongxing.signed_http import HttpKey
from tongxing.storage import Database
from tongxing.web.surrounding import LOOPBACK


@dataclass(frozen=True)
class HubSite:
    """What a hub's interface is made of. `sealing` is the hub's own key, `spool` the folder for
    files that are not complete, `hosts` the names it is reached under."""

    keys: MemberKeys
    sealing: SigningKey
    spool: Path
    hosts: Collection[str] = LOOPBACK
    witness: Witness | None = None


@contextmanager
def hub_interface(
    database: Database, site: HubSite, clock: Callable[[], int] = wall_clock
) -> Iterator[FastAPI]:
    """The interface for members over the hub's books, which are brought up to date. Raises Problem
    as `Database.connect` does."""
    ring, rules = MemberRing(site.keys, clock), load_rulebook()
    ground = NetworkGround(load_registry())

    def open_hub() -> Hub:
        return Hub(HubStore(database), site.sealing, ring, rules, ground, site.witness)

    desk = ExchangeDesk(database, open_hub, site.sealing, ring, rules)
    try:
        spool = Spool(site.spool)
        yield create_hub_app(
            HubDesks(desk, site.keys, spool, site.sealing, site.hosts, clock=clock)
        )
    finally:
        desk.close()


@contextmanager
def city_dealings(
    database: Database,
    city: str,
    secret: SigningKey,
    key_id: str,
    hub: HubAddress,
    tries: int,
    clock: Callable[[], int] = wall_clock,
) -> Iterator[tuple[HubDealings, LetterBook]]:
    """A city's dealings with a hub over HTTPS. `secret` is the city's message key, with which its
    acquirer seals manifests and both its members sign requests."""
    trusted = KeyRing({hub.key_id: hub.public.public_bytes_raw()})
    key = HttpKey(key_id, secret.private)
    members = (acquirer_member(city), issuer_member(city))
    house = City(city, database, SigningKey(members[0], secret.private), trusted, None)
    letters = LetterBook(database, city)
    lines = {
        member: HttpLine(hub, member, key, clock, secrets.token_bytes, time.sleep, tries)
        for member in members
    }
    try:
        yield HubDealings(house, letters, lines), letters
    finally:
        for line in lines.values():
            line.close()
        letters.close()
        house.close()
