"""Small things that the gate's tests are made of: validators, media, taps, and a table to play."""

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import cast

from msgspec.structs import replace

from tongxing.fares import load_city_fares
from tongxing.gate.decide import decide
from tongxing.gate.denylist import DenyIndex
from tongxing.gate.facts import Decision, GateContext, Role, ValidatorFacts
from tongxing.gate.journal import Journal, OutgoingBatch, unnumbered
from tongxing.gate.journal_file import JournalSettings
from tongxing.gate.lane import LaneOutput
from tongxing.gate.pool import ConnectionPool
from tongxing.gate.recent import RecentTaps
from tongxing.gate.site import Site, SiteSetup
from tongxing.gate.token import MediumToken
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.messages import (
    DenyEntry,
    DenyList,
    KeyRing,
    PurseFacts,
    Receipt,
    SigningKey,
    Tap,
    TapBatch,
    seal,
    unseal,
)
from tongxing.network.registry import load_registry

SITE = "SITE-1"
DAY = date(2026, 3, 17)  # a Tuesday

CITIES = {"cq": "500000", "bj": "110000"}

CARD = MediumToken(
    scheme="local:500000",
    medium_no="4000000000000017",
    medium_kind="card",
    issuer="500000",
    product="ordinary",
    funding="purse",
    balance_fen=50_00,
)
"""A Changtong card with 50 yuan on it."""

BEIJING_CARD = replace(CARD, scheme="t_union", medium_no="3105170000000000017", issuer="110000")
TIANJIN_CARD = replace(CARD, scheme="t_union", medium_no="3104910000000000017", issuer="120000")
CODE = MediumToken(
    scheme="local:500000",
    medium_no="Q5000100000000014",
    medium_kind="code",
    issuer="500000",
    product="ordinary",
    funding="account",
    code_issued_s=at(DAY, 8),
    code_expires_s=at(DAY, 8) + 60,
)
"""A ride code, shown at eight for a minute."""

ACCOUNT_CARD = replace(CARD, medium_no="4000000000000025", funding="account", balance_fen=0)


def validator(role: Role, where: str, terminal: str = "G1") -> ValidatorFacts:
    """``cq:rail-1:xiaoshizi``, or with a vehicle ``bj:bus-1:wukesongqiaodong-stop:B7``."""
    city, line, station, *vehicle = where.split(":")
    network = load_city_fares(CITIES[city]).network
    known = network.lines[line]
    return ValidatorFacts(
        terminal_id=terminal,
        city=network.code,
        place=known.place,
        mode=known.mode,
        operator=known.operator,
        line=line,
        station=station,
        vehicle=vehicle[0] if vehicle else "",
        role=role,
    )


def context(
    facts: ValidatorFacts,
    now_s: int,
    deny: DenyIndex | None = None,
    recent: RecentTaps | None = None,
) -> GateContext:
    """What a gate of this city knows now."""
    return GateContext(
        load_city_fares(facts.city),
        load_registry(),
        DenyIndex(facts.city) if deny is None else deny,
        now_s,
        recent=RecentTaps() if recent is None else recent,
    )


@dataclass
class Street:
    """Media on their way through validators; what every station has just seen is kept apart."""

    media: dict[str, MediumToken]
    day: date = DAY
    recent: dict[tuple[str, str], RecentTaps] = field(default_factory=dict)

    def tap(self, medium: str, role: Role, where: str, now_s: int) -> Decision:
        """Hold a medium to a validator; an opened tap changes the medium and is remembered."""
        facts = validator(role, where)
        token = self.media[medium]
        recent = self.recent.setdefault((facts.station, facts.vehicle), RecentTaps())
        decision = decide(token, facts, context(facts, now_s, recent=recent))
        if decision.opened:
            recent.note(token, role, now_s)
        self.media[medium] = decision.token_after
        return decision

    def play(self, table: str) -> str:
        """Play the rows of a table and answer it with what really happened.

        A row: time (may carry seconds, or ``+1`` for the next day), role, place, medium; then what
        came of it: reason, charge, collected for an earlier ride, balance after.
        """
        rows = [line.split() for line in table.strip().splitlines()]
        return "\n".join("  ".join(self._row(row)) for row in rows)

    def _row(self, row: list[str]) -> list[str]:
        when, role, where, medium = row[:4]
        decision = self.tap(medium, cast(Role, role), where, self._instant(when))
        return [
            when,
            role,
            where,
            medium,
            decision.reason,
            yuan(decision.charge_fen),
            yuan(decision.half_trip_fen),
            yuan(self.media[medium].balance_fen),
        ]

    def _instant(self, when: str) -> int:
        clock, _, days = when.partition("+")
        hours, minutes, seconds = (*(int(part) for part in clock.split(":")), 0)[:3]
        return at(self.day, hours + 24 * int(days or 0), minutes, seconds)


def expected(table: str) -> str:
    """A table as `Street.play` writes it."""
    return "\n".join("  ".join(line.split()) for line in table.strip().splitlines())


def a_tap(terminal: str, time_s: int = 1_773_700_000) -> Tap:
    """An ordinary tap that has no number yet."""
    return Tap(
        ref=unnumbered(terminal),
        time_s=time_s,
        kind="exit",
        city="500000",
        place="500103",
        mode="rail",
        operator="OP-CQ-RAIL",
        line="rail-1",
        station="xiaoshizi",
        medium_no="3104000012345678901",
        medium_kind="card",
        scheme="t_union",
        issuer="110000",
        product="ordinary",
        funding="purse",
        purse=PurseFacts(7, 5_000, 360),
        outcome="opened",
        tariff="500000-20250730/0a1b2c3d",
        deny_list_version=3,
    )


def open_journal(
    folder: Path,
    site: str = SITE,
    epoch: int = 1,
    settings: JournalSettings | None = None,
    pool: ConnectionPool | None = None,
) -> Journal:
    """The journal of a site in a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal.open(folder / "j.db", site, epoch, settings, pool)
    assert not isinstance(journal, Refusal), journal
    return journal


def numbers_of(journal: Journal) -> list[int]:
    """The numbers of all taps without a receipt."""
    taps = journal.unsent(100_000)
    assert not isinstance(taps, Refusal), taps
    return [tap.ref.seq for tap in taps]


def site_key(name: str) -> SigningKey:
    """The key of a site or city, made from its name."""
    return SigningKey.from_secret(name, sha256(name.encode()).digest())


CITY_KEY = site_key("500000")
CITY_KEYS = KeyRing({"500000": CITY_KEY.public_bytes()})


@dataclass
class Station:
    """A site of Chongqing's line 1 at xiaoshizi, with a gate each way, and all its lanes heard."""

    folder: Path
    settings: JournalSettings | None = None
    heard: list[tuple[str, Decision]] = field(default_factory=list)
    lane: LaneOutput | None = None
    site: Site = field(init=False)
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Open the site, as after a restart."""
        self.journal = open_journal(self.folder, settings=self.settings)
        facts = [
            validator("entry", "cq:rail-1:xiaoshizi", "IN"),
            validator("exit", "cq:rail-1:xiaoshizi", "OUT"),
        ]
        setup = SiteSetup(
            city="500000",
            validators={one.terminal_id: one for one in facts},
            fares=load_city_fares("500000"),
            registry=load_registry(),
            key=site_key(SITE),
            city_keys=CITY_KEYS,
        )
        lane = self.lane or (lambda terminal, decision: self.heard.append((terminal, decision)))
        site = Site.open(setup, self.journal, lane)
        assert isinstance(site, Site), site
        self.site = site

    def restart(self) -> None:
        self.journal.close()
        self.start()


def receipt_of(message: bytes, key: SigningKey = CITY_KEY, **changes: object) -> bytes:
    """The city's receipt for a sealed batch."""
    opened = unseal(message, TapBatch, KeyRing({SITE: site_key(SITE).public_bytes()}))
    assert not isinstance(opened, Refusal), opened
    receipt = Receipt(
        site=opened[1].site,
        batch_sha256=sha256_hex(message),
        accepted=len(opened[1].taps),
        duplicates=0,
        quarantined=[],
    )
    return seal(replace(receipt, **changes), key)


def taps_in(message: bytes) -> list[Tap]:
    """The taps that a sealed batch carries."""
    opened = unseal(message, TapBatch, KeyRing({SITE: site_key(SITE).public_bytes()}))
    assert not isinstance(opened, Refusal), opened
    return opened[1].taps


def deny_message(
    version: int, *entries: DenyEntry, city: str = "500000", key: SigningKey = CITY_KEY
) -> bytes:
    """A signed deny list."""
    deny = DenyList(city=city, version=version, published_s=at(DAY), entries=list(entries))
    return seal(deny, key)


def code_of(answer: object) -> str:
    """The reason code of a refusal, "" for anything else."""
    return answer.code if isinstance(answer, Refusal) else ""


def plain_receipt(batch: OutgoingBatch, sha256: str, accepted: int | None = None) -> Receipt:
    count = len(batch.taps) if accepted is None else accepted
    return Receipt(site=SITE, batch_sha256=sha256, accepted=count, duplicates=0, quarantined=[])


def compose(journal: Journal, limit: int = 1) -> list[tuple[OutgoingBatch, str]]:
    """Compose batches and name them, as a site does before they leave."""
    batches = journal.outgoing(limit)
    assert not isinstance(batches, Refusal)
    named = [(batch, f"{batch.first:064x}") for batch in batches]
    for batch, name in named:
        assert journal.note_sent(batch, name) is None
    return named


def fill(journal: Journal, count: int, terminal: str = "G1") -> list[Tap]:
    taps = [journal.append(a_tap(terminal, time_s=index)) for index in range(count)]
    assert not any(isinstance(tap, Refusal) for tap in taps)
    return [tap for tap in taps if isinstance(tap, Tap)]
