"""Everything that is served: the console, and each city's pages for passengers and staff.

Each city is a site of its own, on a port of its own. A simulated city opens with the run's keys and
with partners that are played; a real one with the keys and partners of its environment, and not at
all without them: then it is said why, and the console is served alone.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tongxing.cli.common import Words, listed, loopback_socket, note, say, settings
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.storage import Database

if TYPE_CHECKING:
    from tongxing.front import CityFront, CityKeys

WORDS = Words("faces")


@dataclass(frozen=True)
class PublicSite:
    """Where a proxy on this machine finds a city's site, and by which address and name the public
    finds the proxy."""

    port: int
    address: str
    host: str


NO_SITES: Mapping[str, PublicSite] = {}


@dataclass(frozen=True)
class _Site:
    """A city that is open: where, and its desks."""

    front: "CityFront"
    taken: socket.socket
    address: str
    hosts: tuple[str, ...]


def serve_all(
    database: Database,
    home: Path,
    taken: socket.socket,
    simulated: bool,
    public: Mapping[str, PublicSite] = NO_SITES,
) -> None:
    """Serve until Ctrl-C. The console is on the socket that is given, each city on a free port, or
    as `public` says, by its code.

    Raises Problem: why a city of `public` cannot be opened.
    """
    from tongxing.console import create_app
    from tongxing.front import ByPort, city_app
    from tongxing.front.clockwork import clockwork
    from tongxing.rider.desks import wall_clock
    from tongxing.web.serving import serve

    console = create_app(database, "simulated" if simulated else "")
    with ExitStack() as stack:
        sites, inbox = _open(stack, database, home, simulated, wall_clock, public)
        apps = {
            site.taken.getsockname()[1]: city_app(
                site.front,
                site.hosts,
                home=site.address,
                sandbox={"sms": f"{inbox}/"} if inbox else {},
            )
            for site in sites
        }
        stack.enter_context(clockwork([site.front for site in sites], wall_clock))

        def told(address: str) -> None:
            say(WORDS("console", address=address))
            for site in sites:
                _tell(site, home, simulated, wall_clock())
            if inbox:
                say(WORDS("sandbox", address=f"{inbox}/"))
            note(WORDS("how_to_stop"))

        serve(ByPort(console, apps), taken, told, [site.taken for site in sites])


def _open(
    stack: ExitStack,
    database: Database,
    home: Path,
    simulated: bool,
    clock: Callable[[], int],
    public: Mapping[str, PublicSite],
) -> tuple[list[_Site], str]:
    """The cities that can be opened, and where the sandbox shows messages ("" without one)."""
    from tongxing.front import open_city, partners_of
    from tongxing.partners.loading import chosen_partners
    from tongxing.sandbox import start_sandbox
    from tongxing.web.surrounding import LOOPBACK

    chosen = chosen_partners(os.environ)
    if isinstance(chosen, Refusal):
        raise Problem(chosen.code, chosen.where, **chosen.values)
    sandbox = None if chosen is not None else stack.enter_context(start_sandbox())
    _expect_books(database, public)
    sites = []
    for city, keys in _cities(database, home, simulated):
        site = public.get(city)
        if isinstance(keys, Refusal):
            if site is not None:
                raise Problem(keys.code, keys.where, **keys.values)
            _say_closed(city, keys)
            continue
        own = stack.enter_context(loopback_socket(0 if site is None else site.port, "--site"))
        local = "http://{}:{}".format(*own.getsockname()[:2])
        address, hosts = (local, LOOPBACK) if site is None else (site.address, (site.host,))
        settled = chosen if sandbox is None else sandbox.notifying(f"{local}/partners")
        assert settled is not None
        partners = partners_of(settled)
        if isinstance(partners, Refusal):
            raise Problem(partners.code, partners.where, **partners.values)
        publish = stack.enter_context(_publishing(database, home, city, simulated))
        front = open_city(database, city, keys, partners, clock(), publish)
        stack.callback(front.close)
        sites.append(_Site(front, own, address, hosts))
    return sites, "" if sandbox is None or not sites else sandbox.address


def _cities(
    database: Database, home: Path, simulated: bool
) -> Iterator[tuple[str, "CityKeys | Refusal"]]:
    """The cities with books here that have gates of their own, and their keys."""
    from tongxing.city.desk import schema_of
    from tongxing.fares import book_codes
    from tongxing.front.keys import keys_of
    from tongxing.simulation.doors import simulated_keys
    from tongxing.simulation.runbook import seed_at
    from tongxing.simulation.scenario import load_scenario

    there = set(database.schemas())
    seed = seed_at(home) if simulated else None
    for city in book_codes():
        if schema_of(city) not in there:
            continue
        if seed is None:
            yield city, keys_of(city, os.environ)
        else:
            yield city, simulated_keys(seed, load_scenario(), city)


def _expect_books(database: Database, public: Mapping[str, PublicSite]) -> None:
    """Raises Problem(NO_BOOKS_OF_CITY)."""
    from tongxing.city.desk import schema_of
    from tongxing.network.registry import load_registry

    there = set(database.schemas())
    for city in public:
        if schema_of(city) not in there:
            name = load_registry().place_name(city, settings().language)
            raise Problem("NO_BOOKS_OF_CITY", "--site", city=name)


def _say_closed(city: str, why: Refusal) -> None:
    language = settings().language
    note(WORDS("closed", city=city, why=why.message(language), next=why.next_step(language)))


@contextmanager
def _publishing(
    database: Database, home: Path, city: str, simulated: bool
) -> Iterator[Callable[[int], object] | None]:
    """Makes the next deny list of a city, whenever something was stopped; None, and said why, for a
    city that has no key to sign it with."""
    from tongxing.city import City
    from tongxing.front.message_key import message_key_of
    from tongxing.messages import KeyRing
    from tongxing.simulation.keys import signing_key
    from tongxing.simulation.runbook import seed_at

    key = signing_key(seed_at(home) or 0, city) if simulated else message_key_of(city, os.environ)
    if isinstance(key, Refusal):
        language = settings().language
        note(WORDS("no_lists", why=key.message(language), next=key.next_step(language)))
        yield None
        return
    house = City(city, database, key, KeyRing({}), None)
    one_at_a_time = threading.Lock()

    def publish(now_s: int) -> object:
        with one_at_a_time:
            return house.publish_deny_list(now_s)

    try:
        yield publish
    finally:
        house.close()


def _tell(site: _Site, home: Path, simulated: bool, now_s: int) -> None:
    from tongxing.network.registry import load_registry

    city, language = site.front.city, settings().language
    name = load_registry().place_name(city, language)
    say(WORDS("rider", city=name, address=f"{site.address}/rider/"))
    say(WORDS("counter", city=name, address=f"{site.address}/counter/"))
    if not simulated:
        return
    from tongxing.simulation.doors import prepare
    from tongxing.simulation.runbook import seed_at
    from tongxing.simulation.scenario import load_scenario

    found = prepare(site.front, seed_at(home) or 0, load_scenario(), home, now_s)
    if found.phones:
        say(WORDS("phones", phones=listed(found.phones)))
    for card in found.cards:
        say(WORDS("card", file=card, origin=site.address))
    for staff_id, secret in found.staff:
        say(WORDS("staff", staff_id=staff_id, secret=secret))
