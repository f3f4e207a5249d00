"""Small things that the gate's tests are made of: validators, media, taps, and a table to play."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from deciding_world import DAY, validator
from tongxing.deciding.facts import Decision
from tongxing.fares import load_city_fares
from tongxing.gate.journal import Journal, OutgoingBatch, unnumbered
from tongxing.gate.journal_file import JournalSettings
from tongxing.gate.lane import LaneOutput
from tongxing.gate.pool import ConnectionPool
from tongxing.gate.site import Site, SiteSetup
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
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
