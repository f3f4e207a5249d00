"""Both ends of the exchange: a hub's interface for members, a city's line to its hub."""

import logging
import secrets
import threading
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
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey
from tongxing.network import load_registry
from tongxing.signed_http import HttpKey
from tongxing.storage import Database
from tongxing.web.surrounding import LOOPBACK

REREAD_S = 5.0
_log = logging.getLogger("tongxing.front")


@dataclass(frozen=True)
class HubSite:
    """What a hub's interface is made of. `sealing` is the hub's own key, `spool` the folder for
    files that are not complete, `hosts` the names it is reached under. `reread` gives the keys as
    they stand in their file now, so that one that was lost ends without a restart."""

    keys: MemberKeys
    sealing: SigningKey
    spool: Path
    hosts: Collection[str] = LOOPBACK
    witness: Witness | None = None
    reread: Callable[[], MemberKeys | Refusal] | None = None


@contextmanager
def hub_interface(
    database: Database,
    site: HubSite,
    clock: Callable[[], int] = wall_clock,
    reread_s: float = REREAD_S,
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
        with _rereading(site, reread_s):
            yield create_hub_app(
                HubDesks(desk, site.keys, spool, site.sealing, site.hosts, clock=clock)
            )
    finally:
        desk.close()


@contextmanager
def _rereading(site: HubSite, every_s: float) -> Iterator[None]:
    """Look at the file of keys every so often; one that cannot be read changes nothing and is told
    to the log."""
    over, reread = threading.Event(), site.reread
    if reread is None:
        yield
        return

    def run() -> None:
        while not over.wait(every_s):
            found = reread()
            if isinstance(found, Refusal):
                _log.warning("the members' keys stay as they were: %s", found.message("en"))
            else:
                site.keys.take_over(found)

    thread = threading.Thread(target=run, name="member-keys", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


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
