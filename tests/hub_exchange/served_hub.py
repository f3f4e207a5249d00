"""A hub at its counter for members, served on loopback: two cities, their keys, a clock to turn."""

import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.types import ASGIApp

sys.path.insert(0, str(Path(__file__).parents[1] / "hub"))

from hub_world import DAY, HUB_KEY, KEYS_OF, MEMBERS, RULES, PlainGround, Sender

from tongxing.hub import Hub, HubStore
from tongxing.hub.exchange import ExchangeDesk, MemberKeys, MemberRing, Spool, read_member_keys
from tongxing.hub_api import HubDesks, HubLimits, create_hub_app
from tongxing.kernel.clock import at
from tongxing.signed_http import HttpKey
from tongxing.storage import Database
from tongxing.web.serving import Tls

NOON_S = at(DAY, 30)
ACQ, ISS, OTHER = "ACQ-990100", "ISS-990100", "ACQ-990200"
SECRETS = {"a": b"a" * 32, "b": b"b" * 32, "old": b"o" * 32}


def key_file() -> bytes:
    """City A's key, City B's, one of A's that has run out; each sender's sealing key as well."""

    def row(key_id: str, members: Sequence[str], public: bytes, until_s: int) -> str:
        names = ", ".join(f'"{member}"' for member in members)
        times = [datetime.fromtimestamp(one, UTC).isoformat() for one in (at(DAY), until_s)]
        return (
            f'[[key]]\nid = "{key_id}"\nmembers = [{names}]\npublic = "{public.hex()}"\n'
            f"from = {times[0]}\nuntil = {times[1]}\n"
        )

    def public(name: str) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(SECRETS[name]).public_key().public_bytes_raw()

    far_s = at(DAY, 24 * 300)
    rows = [
        row("a", (ACQ, ISS, "990100"), public("a"), far_s),
        row("b", (OTHER, "ISS-990200"), public("b"), far_s),
        row("old", (ACQ, ISS), public("old"), NOON_S - 1),
    ]
    for member in (ACQ, OTHER):
        rows.append(row(f"seal/{member}", (member,), KEYS_OF[member].public_bytes(), far_s))
    return "".join(rows).encode()


@dataclass
class Clock:
    """Shows what it is set to."""

    now_s: int = NOON_S

    def __call__(self) -> int:
        return self.now_s


@dataclass
class ServedHub:
    """One hub with its interface. `senders` are the acquirers and their chains."""

    database: Database
    folder: Path
    clock: Clock
    desks: HubDesks
    address: str = ""
    senders: dict[str, Sender] = field(
        default_factory=lambda: {name: Sender(name) for name in KEYS_OF}
    )

    def hub(self) -> Hub:
        """The house beside its counter, for what staff do."""
        return open_hub(self.database)

    def close_window(self, window_id: str, now_s: int) -> None:
        """What staff do at the cut-off."""
        hub = self.hub()
        found = hub.close_window(window_id, now_s)
        hub.close()
        assert not hasattr(found, "code"), found

    def rows(self) -> int:
        """How many record files are booked."""
        with HubStore(self.database).reading() as cursor:
            found = cursor.execute("SELECT count(*) FROM record_file").fetchone()
        assert found is not None
        return int(found[0])


def open_hub(database: Database) -> Hub:
    """The clearing house of the tests, its members enrolled."""
    keys = read_member_keys(key_file(), "keys")
    assert isinstance(keys, MemberKeys), keys
    ring = MemberRing(keys, lambda: NOON_S)
    hub = Hub(HubStore(database), HUB_KEY, ring, RULES, PlainGround())
    assert hub.enrol(MEMBERS, at(DAY)) is None
    return hub


@contextmanager
def open_desks(
    database: Database, folder: Path, limits: HubLimits | None = None
) -> Iterator[ServedHub]:
    """The counter and all it needs, not served yet."""
    keys = read_member_keys(key_file(), "keys")
    assert isinstance(keys, MemberKeys), keys
    clock = Clock()
    open_hub(database).close()  # members join before anybody asks
    desk = ExchangeDesk(
        database, lambda: open_hub(database), HUB_KEY, MemberRing(keys, lambda: NOON_S), RULES
    )
    own = HttpKey(HUB_KEY.sender, HUB_KEY.private)
    desks = HubDesks(
        desk, keys, Spool(folder), lambda: own, limits=limits or HubLimits(), clock=clock
    )
    try:
        yield ServedHub(database, folder, clock, desks)
    finally:
        desk.close()


@contextmanager
def served(app: ASGIApp, tls: Tls | None = None) -> Iterator[str]:
    """An application on a free port of loopback, until the block ends."""
    taken = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=2,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None else tls.key,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        taken.close()


@contextmanager
def open_hub_site(
    database: Database, folder: Path, limits: HubLimits | None = None
) -> Iterator[ServedHub]:
    """The hub, served."""
    with open_desks(database, folder, limits) as hub, served(create_hub_app(hub.desks)) as address:
        hub.address = address
        yield hub
