"""Both ends of the exchange: a hub's interface for members, a city's line to its hub."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from fastapi import FastAPI

from tongxing.api.desks import wall_clock
from tongxing.checkpoint import SuccessionRing
from tongxing.city import City, acquirer_member, issuer_member
from tongxing.city.hub_line import (
    HttpLine,
    HubAddress,
    HubDealings,
    RegisterBook,
    RegisterDealings,
)
from tongxing.city.hub_line.store import LetterBook
from tongxing.hub import Hub, HubStore, NetworkGround, load_rulebook
from tongxing.hub.evidence import Witness
from tongxing.hub.exchange import ExchangeDesk, MemberKeys, MemberRing, Spool
from tongxing.hub.keys import OwnKey
from tongxing.hub_api import HubDesks, create_hub_app
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages import SigningKey
from tongxing.network import load_registry
from tongxing.signed_http import HttpKey
from tongxing.storage import Database
from tongxing.web.surrounding import LOOPBACK

REREAD_S = 5.0
_log = logging.getLogger("tongxing.front")


@dataclass(frozen=True)
class HubSite:
    """What a hub's interface is made of. `sealing` is the hub's own key (or its keys), `spool` the
    folder for files that are not complete, `hosts` the names it is reached under. `reread` gives
    the members' keys as they stand in their file now, so that one that was lost ends without a
    restart; the hub's own key is looked up as often."""

    keys: MemberKeys
    sealing: OwnKey
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
        signing = _SigningNow(desk, clock)
        with _rereading(site, signing, reread_s):
            yield create_hub_app(HubDesks(desk, site.keys, spool, signing, site.hosts, clock=clock))
    finally:
        desk.close()


class _SigningNow:
    """The key that the hub signs its answers with, as the books last said. Raises Problem."""

    def __init__(self, desk: ExchangeDesk, clock: Callable[[], int]) -> None:
        self._desk, self._clock = desk, clock
        self._key = desk.own_key(clock())

    def __call__(self) -> HttpKey:
        return self._key

    def look_again(self) -> None:
        """Ask the books; one that is away or a key that is not there changes nothing."""
        try:
            self._key = self._desk.own_key(self._clock())
        except (Problem, psycopg.Error) as error:
            _log.warning("the hub's own key stays as it was: %s", error)


@contextmanager
def _rereading(site: HubSite, signing: _SigningNow, every_s: float) -> Iterator[None]:
    """Look at the file of keys and the hub's own every so often; a file that cannot be read changes
    nothing and is told to the log."""
    over, reread = threading.Event(), site.reread
    if reread is None:
        yield
        return

    def run() -> None:
        while not over.wait(every_s):
            signing.look_again()
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
    *,
    with_registers: bool = True,
) -> Iterator[tuple[HubDealings, LetterBook]]:
    """A city's dealings with a hub over HTTPS. `secret` is the city's message key, with which its
    acquirer seals manifests, and acquirer, issuer and city sign requests and seal registers, each
    in its own name. Without `with_registers` somebody else carries these."""
    key = HttpKey(key_id, secret.private)
    members = (acquirer_member(city), issuer_member(city))
    letters, book = LetterBook(database, city), RegisterBook(database, city)
    hub = replace(hub, trust=letters.trust_in(hub.trust.known, clock))
    trusted = SuccessionRing(lambda: hub.trust.known)
    house = City(city, database, SigningKey(members[0], secret.private), trusted, None)
    lines = {
        name: HttpLine(hub, name, key, clock, secrets.token_bytes, time.sleep, tries)
        for name in (*members, city)
    }
    registers = None
    if with_registers:
        own = SigningKey(city, secret.private)
        registers = RegisterDealings(book, own, lines, members[1], trusted)
    try:
        of_members = {member: lines[member] for member in members}
        yield HubDealings(house, letters, of_members, registers), letters
    finally:
        for line in lines.values():
            line.close()
        book.close()
        letters.close()
        house.close()
