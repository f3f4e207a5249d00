"""A city whose accounts may show codes, phones with keys, and a gate that believes the issuer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random

from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.city.codes import (
    Asked,
    Authorised,
    CodeDesk,
    CodeIssuer,
    SimulatedRoot,
    simulated_issuer,
)
from tongxing.city.office import Office
from tongxing.city.proofs import prove_city
from tongxing.deciding import Decision
from tongxing.deciding.facts import Role, ValidatorFacts
from tongxing.fares import load_city_fares
from tongxing.gate import Journal, MediaSetup, PlaceCodes, Site, SiteSetup
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import SoftwareSam
from tongxing.media.code.issue import refresh
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.providers import private_key, simulated_signer
from tongxing.messages import HUB_SENDER, KeyRing, SigningKey, Tap, TapBatch, seal
from tongxing.network.registry import load_registry
from tongxing.storage import Database

CHONGQING = "500000"
DAY = date(2026, 3, 17)
EIGHT = clock.at(DAY, 8)
DAY_S = clock.DAY_S
LOCAL = "local:500000"
ISSUER_ID, PLATFORM = "01016900", "50016900"

ANNA, BEN = "5000100000000014", "5000100000000022"
"""Anna has a card bound to her account, Ben has none."""
CARD = "3104920100000000014"

CITY_KEY = SigningKey.from_secret(f"CITY-{CHONGQING}", b"c" * 32)
HUB_KEY = SigningKey.from_secret(HUB_SENDER, b"h" * 32)
SITE_KEY = SigningKey.from_secret("SITE-1", b"s" * 32)
KEYS = KeyRing({key.sender: key.public_bytes() for key in (CITY_KEY, HUB_KEY, SITE_KEY)})


@dataclass
class Somebody:
    """What the people's room says of an account's holder."""

    level: int = 1
    opened_s: int = EIGHT - 365 * DAY_S
    closed_s: int | None = None


@dataclass
class Folk:
    """Stands for the people's room."""

    known: dict[str, Somebody]

    def standing_of(self, account: str) -> Somebody | None:
        return self.known.get(account)


def draws(seed: int) -> Callable[[int], bytes]:
    """Bytes that no test can tell from unpredictable ones, the same every time."""
    return Random(seed).randbytes


ISSUER, ROOT = simulated_issuer(draws(1), ISSUER_ID, PLATFORM, DAY)


@dataclass
class Handset:
    """A phone of the tests: its id and key, and what it was granted."""

    account: str
    number: int = 1
    held: dict[str, Authorised] = field(default_factory=dict)

    @property
    def device_id(self) -> str:
        return f"{self.number:032x}"

    @property
    def private(self) -> bytes:
        return private_key(draws(self.number + 1_000))

    @property
    def public(self) -> bytes:
        return simulated_signer().public_of(self.private)

    def answer(self, nonce: str, code_type: str = "ride") -> bytes:
        """The proof that it holds its key."""
        asked = Asked(self.account, self.device_id, code_type, self.public, nonce)
        return simulated_signer().sign(self.private, asked.words)

    def ask(self, desk: CodeDesk, now_s: int, code_type: str = "ride") -> Authorised | Refusal:
        """Ask for an authorisation, as the page does."""
        nonce = desk.nonce(self.account, now_s)
        assert isinstance(nonce, str), nonce
        proof = self.answer(nonce, code_type)
        found = desk.authorise(
            self.account, self.device_id, code_type, self.public, nonce, proof, now_s
        )
        if isinstance(found, Authorised):
            self.held[code_type] = found
        return found

    def show(self, now_s: int, code_type: str = "ride") -> bytes:
        """A display of what it was granted."""
        raw = refresh(
            self.held[code_type].authorisation,
            lambda message: simulated_signer().sign(self.private, message),
            now_s,
        )
        assert isinstance(raw, bytes)
        return raw


@dataclass
class World:
    """The city, its people, and the desk."""

    database: Database
    city: City
    folk: Folk
    desk: CodeDesk
    office: Office

    def deny(self, medium_no: str, reason: str) -> None:
        with self.office.writing() as cursor:
            cursor.execute(
                "UPDATE medium SET denied = %s WHERE medium_no = %s", (reason, medium_no)
            )

    def proofs_hold(self) -> None:
        with self.office.reading() as cursor:
            assert all(proof.holds for proof in prove_city(cursor, CHONGQING))

    def count(self, table: str) -> int:
        with self.office.reading() as cursor:
            row = cursor.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert row is not None
        return int(row[0])


def open_world(database: Database, issuer: CodeIssuer = ISSUER) -> World:
    """Chongqing with Anna and Ben, who have been passengers for a year."""
    fares = load_city_fares(CHONGQING)
    city = City(CHONGQING, database, CITY_KEY, KEYS, fares)
    city.open_riders(
        [
            RiderOpening(
                ANNA,
                (
                    MediumOpening(CARD, "card", "t_union", "ordinary"),
                    MediumOpening(f"Q{ANNA}", "code", LOCAL, "ordinary"),
                ),
                balance_fen=5_000,
                limit_fen=2_000,
            ),
            RiderOpening(
                BEN,
                (MediumOpening(f"Q{BEN}", "code", LOCAL, "student"),),
                balance_fen=1_000,
                limit_fen=2_000,
            ),
        ],
        clock.at(DAY, 3),
    )
    office = Office(CHONGQING, database, fares)
    folk = Folk({ANNA: Somebody(), BEN: Somebody()})
    desk = CodeDesk(office, issuer, draws(2), folk)
    return World(database, city, folk, desk, office)


@dataclass
class Gate:
    """One station with an entry, a second entry and an exit."""

    site: Site
    journal: Journal

    def show(self, raw: bytes, now_s: int, terminal: str = "in") -> Decision:
        return self.site.present_code(raw, terminal, now_s)

    def taps(self) -> list[Tap]:
        taps = self.journal.unsent(1_000)
        assert not isinstance(taps, Refusal)
        return taps


def open_gate(folder: Path, root: SimulatedRoot = ROOT) -> Gate:
    """A gate that trusts this root and Chongqing's issuer of codes."""
    journal = Journal.open(folder / "site.sqlite", SITE_KEY.sender, 7)
    assert isinstance(journal, Journal), journal
    fares = load_city_fares(CHONGQING)
    line = fares.network.lines["rail-1"]

    def facts(terminal: str, role: Role, station: str) -> ValidatorFacts:
        return ValidatorFacts(
            terminal_id=terminal,
            city=CHONGQING,
            place=line.place,
            mode=line.mode,
            operator=line.operator,
            line="rail-1",
            station=station,
            vehicle="",
            role=role,
        )

    def no_module(_terminal: str) -> SoftwareSam:
        raise AssertionError("no card is held to this gate")

    setup = SiteSetup(
        city=CHONGQING,
        validators={
            "in": facts("in", "entry", "xiaoshizi"),
            "in2": facts("in2", "entry", "xiaoshizi"),
            "out": facts("out", "exit", "shapingba"),
        },
        fares=fares,
        registry=load_registry(),
        key=SITE_KEY,
        city_keys=KeyRing({CITY_KEY.sender: CITY_KEY.public_bytes()}),
        media=MediaSetup(
            sam_of=no_module,
            trust=Trust(roots={1: root.public}, issuers=frozenset({ISSUER_ID})),
            region="6900",
            institution=bytes.fromhex("11016900FFFFFFFF"),
            places=PlaceCodes(fares.network),
            issuers={ISSUER_ID: (LOCAL, CHONGQING)},
        ),
    )
    site = Site.open(setup, journal, lambda _terminal, _decision: None)
    assert isinstance(site, Site), site
    return Gate(site, journal)


def send(world: World, gate: Gate, at_s: int) -> None:
    """Bring the gate's taps into the city's books."""
    message = seal(TapBatch(site=SITE_KEY.sender, taps=gate.taps()), SITE_KEY)
    (answer,) = world.city.intake([message], at_s)
    assert not isinstance(answer, Refusal), answer


def granted(found: Authorised | Refusal) -> Authorised:
    assert isinstance(found, Authorised), found
    return found


def refused(found: object) -> str:
    assert isinstance(found, Refusal), found
    assert found.message("zh") and found.next_step("en")
    return found.code
