"""A city served on loopback, its staff, and real devices: a journal, a site and an uplink each."""

import itertools
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import uvicorn
from msgspec.structs import replace

from tongxing.api import Interface, create_device_app
from tongxing.api.limits import Limits
from tongxing.city import City, MediumOpening, RiderOpening, schema_of
from tongxing.city.fleet import FleetDesk, Invitation
from tongxing.city.office import Office
from tongxing.city.staffing import Staff, StaffDesk
from tongxing.deciding import MediumToken, ValidatorFacts
from tongxing.deciding.facts import Role
from tongxing.fares import load_city_fares
from tongxing.front.devices import device_interface
from tongxing.gate import Journal, Site, SiteSetup
from tongxing.gate.identity import Identity, enrol
from tongxing.gate.link import Answer, Link
from tongxing.gate.pacing import Pace
from tongxing.gate.uplink import Stepped, Uplink, UplinkSetup
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey
from tongxing.network.registry import load_registry
from tongxing.simulation.queueing import queue_taps
from tongxing.storage import Database

CITY, OPERATOR = "500000", "OP-CQ-RAIL"
DAY = date(2026, 3, 17)
NOON_S = clock.at(DAY, 12)
CITY_KEY = SigningKey.from_secret(CITY, sha256(b"city").digest())
GENEROUS = Limits(burst=100_000, strangers_burst=100_000)
PURSE, ACCOUNT = "5000000000000007", "5000000000000001"
CARD = MediumToken(
    scheme="local:500000",
    medium_no=PURSE,
    medium_kind="card",
    issuer=CITY,
    product="ordinary",
    funding="purse",
    balance_fen=50_00,
)
ACCOUNT_CARD = MediumToken(
    scheme="local:500000",
    medium_no=ACCOUNT,
    medium_kind="card",
    issuer=CITY,
    product="ordinary",
    funding="account",
    balance_fen=0,
)


class FakeTime:
    """The time of everybody in a test; it passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = NOON_S

    def __call__(self) -> int:
        return self.now_s


@dataclass
class Town:
    """A city with two members of staff, and where its devices reach it."""

    database: Database
    address: str
    office: Office
    desk: FleetDesk
    maker: Staff
    checker: Staff
    clock: FakeTime
    interface: Interface
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def invited(self, site: str, *terminals: str, confirmed: bool = True) -> Invitation:
        """An invitation with its code, confirmed by the second person."""
        made = must(self.desk.invite(self.maker, site, OPERATOR, terminals, self.clock.now_s))
        if confirmed:
            must(self.desk.confirm(self.checker, made.number, self.clock.now_s))
        return made

    def enrolled(self, folder: Path, site: str, *terminals: str) -> Identity:
        """A device that has enrolled, living in `folder`."""
        return must(self.tries(folder, self.invited(site, *terminals).code))

    def tries(self, folder: Path, code: str, address: str = "") -> Identity | Refusal:
        """What becomes of a device that comes with a code."""
        return enrol(
            folder,
            address or self.address,
            code,
            CITY_KEY.public_bytes(),
            "test 1",
            self.clock.now_s,
            drawn(self),
        )

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the city's books."""
        with self.database.connect(schema_of(CITY)) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def taps(self) -> list[tuple[str, int]]:
        """The terminals and numbers of all taps that the city has."""
        rows = self.ask("SELECT terminal_id, seq FROM tap ORDER BY terminal_id, epoch, seq")
        return [(str(terminal), int(seq)) for terminal, seq in rows]


def drawn(town: Town) -> Callable[[int], bytes]:
    """Other bytes each time."""
    return lambda size: random.Random(f"draw {next(town.numbers)}").randbytes(size)


@contextmanager
def open_town(database: Database, limits: Limits = GENEROUS) -> Iterator[Town]:
    """The city, served until the block ends."""
    fake = FakeTime()
    office = Office(CITY, database, load_city_fares(CITY))
    staff = StaffDesk(office, lambda size: bytes(size))
    secret = "0123456789"
    maker = must(staff.enrol("M-1", "Maker", ("desk",), secret, "test", NOON_S))
    checker = must(staff.enrol("C-1", "Checker", ("supervisor",), secret, "test", NOON_S))
    numbers = itertools.count(1)
    desk = FleetDesk(office, lambda size: random.Random(next(numbers)).randbytes(size))
    open_riders(database)
    with (
        device_interface(database, CITY, CITY_KEY, fake, limits) as interface,
        served(create_device_app(interface)) as address,
    ):
        try:
            yield Town(database, address, office, desk, maker, checker, fake, interface)
        finally:
            office.close()


def open_riders(database: Database) -> None:
    """One account with a card, and one purse."""
    city = City(CITY, database, CITY_KEY, KeyRing({}), load_city_fares(CITY))
    card = MediumOpening(ACCOUNT, "card", "local:500000", "ordinary")
    purse = MediumOpening(PURSE, "card", "local:500000", "ordinary")
    riders = [
        RiderOpening("a1", (card,), 100_00, limit_fen=20_00),
        RiderOpening(PURSE, (purse,), 50_00, purse=True),
    ]
    city.open_riders(riders, clock.at(DAY, 3))
    city.close()


@contextmanager
def served(app: Any, **tls: Any) -> Iterator[str]:
    """An application on a free port of this machine; its address."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="wsproto", **tls)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        taken.close()


@dataclass
class Device:
    """An enrolled device with a gate each way, its journal, and its uplink."""

    identity: Identity
    folder: Path
    clock: FakeTime
    line: Any = None
    pace: Pace = field(default_factory=Pace)
    epoch: int = 77
    stations: dict[str, str] = field(default_factory=dict)
    site: Site = field(init=False)
    journal: Journal = field(init=False)
    uplink: Uplink = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Open journal and site, as after a restart."""
        facts, self.folder = self.identity.facts, Path(self.folder)
        self.journal = must(Journal.open(self.folder / "j.db", facts.device, self.epoch))
        roles = {terminal: "entry" if "IN" in terminal else "exit" for terminal in facts.terminals}
        setup = SiteSetup(
            city=CITY,
            validators={
                name: validator(name, role, self.stations.get(name, "xiaoshizi"))
                for name, role in roles.items()
            },
            fares=load_city_fares(CITY),
            registry=load_registry(),
            key=self.identity.key,
            city_keys=self.identity.city_keys,
        )
        self.site = must(Site.open(setup, self.journal, lambda _terminal, _decision: None))
        chance = random.Random(1).random
        uplink_setup = UplinkSetup(
            key=self.identity.key,
            city_keys=self.identity.city_keys,
            software="test 1",
            clock=self.clock,
            chance=chance,
            new_epoch=lambda: 99,
            pace=self.pace,
        )
        line = Link(facts.address) if self.line is None else self.line
        self.uplink = Uplink(uplink_setup, line)

    def restart(self) -> None:
        """End and begin again on the same disk."""
        self.uplink.close()
        self.journal.close()
        self.start()

    def step(self) -> Stepped:
        """One step of the uplink."""
        return self.uplink.step(lambda work: work(self.site))

    def later(self, seconds: int) -> Stepped:
        """A step after some time."""
        self.clock.now_s += seconds
        return self.step()

    def rides(self, count: int, terminal: str = "IN", medium: MediumToken = ACCOUNT_CARD) -> None:
        """So many media were held to a gate and opened it: the first as ever, the others copied
        from it in one go."""
        self.tap(medium, terminal)
        first = must(self.journal.newest(1))[0]
        self.journal.close()
        queue_taps(
            self.folder / "j.db",
            [replace(first, medium_no=f"7{number:015d}") for number in range(1, count)],
        )

    def tap(self, token: MediumToken, terminal: str = "IN") -> tuple[str, MediumToken]:
        """Hold a medium to a gate: the reason that was given, and the medium after."""
        decision, after = self.site.present(token, terminal, self.clock.now_s)
        return decision.reason, after

    def waiting(self) -> int:
        """Taps without a receipt."""
        return must(self.journal.state(0)).waiting_taps

    def close(self) -> None:
        """End."""
        self.uplink.close()
        self.journal.close()


def validator(terminal: str, role: str, station: str = "xiaoshizi") -> ValidatorFacts:
    """A gate of line 1."""
    line = load_city_fares(CITY).network.lines["rail-1"]
    return ValidatorFacts(
        terminal_id=terminal,
        city=CITY,
        place=line.place,
        mode=line.mode,
        operator=line.operator,
        line="rail-1",
        station=station,
        vehicle="",
        role=cast(Role, role),
    )


class Faulty:
    """A line that does to each message what it is told, then carries the rest as ever."""

    def __init__(self, address: str) -> None:
        self.link = Link(address)
        self.plan: list[str] = []
        self.sent: list[tuple[str, bytes]] = []

    def post(self, path: str, message: bytes) -> Answer:
        """Lose, double or cut off what is next in the plan."""
        self.sent.append((path, message))
        todo = self.plan.pop(0) if self.plan and path.endswith("batches") else ""
        if todo == "lost":
            return Answer(refusal=Refusal("UPLINK_AWAY"))
        answer = self.link.post(path, message)
        if todo == "doubled":
            answer = self.link.post(path, message)
        return Answer(refusal=Refusal("UPLINK_AWAY")) if todo == "cut" else answer

    def get(self, path: str, asking: bytes) -> Answer:
        """As ever."""
        return self.link.get(path, asking)


def must(found: Any) -> Any:
    """What was found, when it is no refusal."""
    assert not isinstance(found, Refusal), found
    return found


def code_of(answer: object) -> str:
    """The reason code of a refusal, "" for anything else."""
    return answer.code if isinstance(answer, Refusal) else ""
