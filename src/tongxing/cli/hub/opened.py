"""The clearing house of this home, as its own commands open it: books, keys, members, folders.

Who is cleared stands in ``<home>/hub/hub.toml``, whose signatures are believed in
``<home>/hub/members.toml``; the hub's own key lies sealed in the folder of keys, as a city's does.
"""

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tongxing.cli.books import HUB as SCHEMA
from tongxing.cli.books import books_at, hub_books
from tongxing.cli.common import granted, settings
from tongxing.front.keys import FOLDER, PASSPHRASE_FILE, VAULT
from tongxing.front.message_key import message_key_of, message_keys_of
from tongxing.hub import Hub, HubStore, Member, MemberCity, NetworkGround, load_rulebook, members_of
from tongxing.hub.evidence import NoWitness, Witness
from tongxing.hub.exchange.keys import MemberRing, read_member_keys
from tongxing.hub.keys import HubKeys, own_ring_of
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.running import DayDesk, Folders
from tongxing.hub.signatures import SignatureWitness
from tongxing.kernel.reasons import Problem
from tongxing.media.code.trusting import parse_roots
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.providers import sm2
from tongxing.media.keys.vault_file import unseal
from tongxing.messages import HUB_SENDER, KeyRing, SigningKey
from tongxing.network import load_registry
from tongxing.simulation.runbook import MARKER

SETTINGS, MEMBER_KEYS, ROOTS = "hub.toml", "members.toml", "roots.json"


class _City(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    acquires: bool = True


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    city: list[_City]


@dataclass(frozen=True, slots=True)
class OpenedHub:
    """A clearing house at work, and what its desks are made from."""

    store: HubStore
    hub: Hub
    key: HubKeys
    trusted: KeyRing
    rules: Rulebook
    folders: Folders
    checks_signatures: bool

    def day_desk(self) -> DayDesk:
        """The desk of its settlement days."""
        return DayDesk(self.store, self.hub, self.key, self.trusted, self.rules, self.folders)

    def own_ring(self) -> KeyRing:
        """What opens a message that it sealed itself."""
        return own_ring_of(self.store, self.key)


def hub_folder() -> Path:
    """Where the hub's settings and folders lie. Raises Problem(OPEN_SIMULATED) for the home of a
    simulated run, whose hub is worked by the simulation alone."""
    home = settings().home
    if settings().dsn is None and (home / MARKER).exists():
        raise Problem("OPEN_SIMULATED", str(home))
    return home / "hub"


def members_named() -> list[Member]:
    """The members of ``hub.toml``: an issuer for each city, and an acquirer where rides are
    presented. Raises Problem(HUB_SETTINGS, HUB_FILE_MISSING)."""
    path = hub_folder() / SETTINGS
    registry = load_registry()
    try:
        named = msgspec.convert(tomllib.loads(_content(path).decode("utf-8")), _File).city
        unknown = [city.code for city in named if registry.place(city.code) is None]
        if unknown:
            raise ValueError(f"code {unknown[0]}")
        cities = [
            MemberCity(
                city.code,
                registry.place_name(city.code, "zh"),
                registry.place_name(city.code, "en"),
                city.acquires,
            )
            for city in named
        ]
    except (ValueError, KeyError) as error:  # the libraries' own errors are among them
        detail = str(error).partition("\n")[0]
        raise Problem("HUB_SETTINGS", str(path), detail=detail) from error
    return members_of(cities)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Problem("HUB_FILE_MISSING", file=str(path)) from error


@contextmanager
def hub_store(*, new: bool = False) -> Iterator[HubStore]:
    """The hub's books; with `new` they are made when there are none. Raises as `hub_books`."""
    hub_folder()
    if not new:
        with hub_books(settings().dsn, settings().home) as store:
            yield store
        return
    with books_at(settings().dsn, settings().home) as database:
        store = HubStore(database, SCHEMA)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def opened_hub(now_s: int) -> Iterator[OpenedHub]:
    """The clearing house, with its keys as they hold now. Raises Problem."""
    folder = hub_folder()
    path = folder / MEMBER_KEYS
    trusted = MemberRing(granted(read_member_keys(_content(path), str(path))), lambda: now_s)
    key, rules, witness = hub_keys(), load_rulebook(), hub_witness()
    with hub_store() as store:
        hub = Hub(store, key, trusted, rules, NetworkGround(load_registry()), witness)
        checks = not isinstance(witness, NoWitness)
        yield OpenedHub(store, hub, key, trusted, rules, Folders(folder), checks)


def hub_key() -> SigningKey:
    """The hub's own key, out of ``$TONGXING_KEYS/HUB/messages.key``. Raises Problem."""
    return granted(message_key_of(HUB_SENDER, os.environ))


def hub_keys() -> HubKeys:
    """The same with what lies beside it (``messages-….key``), which is opened when it is needed.
    Raises Problem."""
    return HubKeys([hub_key()], lambda: granted(message_keys_of(HUB_SENDER, os.environ)))


def hub_witness() -> Witness:
    """Whoever checks cards' and codes' signatures: with the vault and the roots beside the hub's
    own key, where they are. Raises Problem for a vault that does not open."""
    folder = Path(os.environ.get(FOLDER, "")) / HUB_SENDER
    if not (folder / VAULT).exists():
        return NoWitness()
    passphrase = Path(os.environ.get(PASSPHRASE_FILE, "")).read_text(encoding="utf-8").strip()
    vault = granted(unseal((folder / VAULT).read_bytes(), passphrase))
    roots = granted(parse_roots((folder / ROOTS).read_bytes(), sm2()))
    return SignatureWitness(vault, Trust(roots=roots))
