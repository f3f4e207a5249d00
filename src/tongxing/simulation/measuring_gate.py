"""What one decision of a gate costs, and what it adds to the disk's own time.

Decisions are made with whatever deny list is given, for cards of many passengers in and out of one
line, and for the codes of as many phones, each verified with its two signatures. Journalled
decisions go turn by turn with one bare durable insert into SQLite and one bare sync of a file, in
the same folder. Clocks come in as arguments.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from tongxing.deciding import GateContext, MediumToken
from tongxing.deciding import ValidatorFacts as Reader
from tongxing.deciding.decide import decide
from tongxing.fares import load_city_fares
from tongxing.gate import DenyIndex, Journal, MediaSetup, PlaceCodes
from tongxing.gate.reading.code import read_code
from tongxing.gate.site import Site, SiteSetup
from tongxing.kernel.clock import at, month_key
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardLink
from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.measuring import Sample, bare_signatures
from tongxing.network import load_registry
from tongxing.simulation.keys import key_ring, signing_key
from tongxing.simulation.opening import token_of
from tongxing.simulation.places import CityMap
from tongxing.simulation.population import people_of
from tongxing.simulation.real_media import Phone, RunMedia
from tongxing.simulation.scenario import load_scenario
from tongxing.simulation.sites import Readers, station_site

ClockNs = Callable[[], int]

_RIDE_S, _BETWEEN_S = 1_500, 3_600
_PEOPLE = 4_000
_PURSE_FEN = 10_000
_ROW_BYTES = 480
"""As many as a tap has in the journal."""


@dataclass(frozen=True, slots=True)
class Bench:
    """An entry and an exit of one line, and who travels there."""

    city: str
    seed: int
    readers: tuple[Reader, Reader]
    cards: tuple[MediumToken, ...]
    accounts: tuple[MediumToken, ...]
    since_s: int

    def context(self, deny: DenyIndex, now_s: int) -> GateContext:
        """What both readers know at a moment."""
        return GateContext(load_city_fares(self.city), load_registry(), deny, now_s)


@dataclass(frozen=True, slots=True)
class CodeCost:
    """Nanoseconds of the processor for each code; `bare_ns` for its two signatures alone, None
    where this machine has no OpenSSL with SM2; `known_ns` when the authorisation is known."""

    whole_ns: float
    known_ns: float
    bare_ns: float | None


@dataclass(frozen=True, slots=True)
class DiskTimes:
    """Decisions with their journal, bare inserts and bare syncs, turn by turn (ns)."""

    decided_ns: Sequence[int]
    inserted_ns: Sequence[int]
    synced_ns: Sequence[int]


def make_bench(city: str, seed: int, people: int) -> Bench:
    """The readers and passengers; at most `people` cards and as many accounts. Raises ValueError
    for a city in which nobody carries either."""
    scenario = load_scenario()
    here, day = scenario.city(city), scenario.first_day
    fares = load_city_fares(city)
    month = month_key(at(day))
    passengers = people_of(scenario, CityMap(fares.network, here), city, _PEOPLE, seed)
    ours = [one for one in passengers if one.wallet.issuer == city]
    purses = [one for one in ours if one.wallet.funding == "purse"]
    coded = [
        (one, medium)
        for one in ours
        for medium in one.media
        if one.wallet.funding == "account" and medium.medium_kind == "code"
    ]
    if not purses or not coded:
        raise ValueError(f"nobody in {city} carries a purse, or nobody shows a code")
    anchors = purses[0].anchors
    readers = Readers(fares.network, here)
    return Bench(
        city,
        seed,
        (
            readers.at(anchors.home, "", "", "entry")[0],
            readers.at(anchors.work, "", "", "exit")[0],
        ),
        tuple(token_of(one, one.media[0], here, month) for one in purses[:people]),
        tuple(token_of(one, medium, here, month) for one, medium in coded[:people]),
        at(day, 8),
    )


def time_cards(bench: Bench, deny: DenyIndex, rounds: int, clock_ns: ClockNs) -> list[int]:
    """Decisions for cards, an entry and an exit in turn, priced and paid; `rounds` rides.

    Raises ValueError when a lane stays shut: something else was measured.
    """
    entry, exit_ = bench.readers
    times_ns = []
    for number in range(rounds):
        now_s = bench.since_s + number // len(bench.cards) * _BETWEEN_S
        token = structs.replace(bench.cards[number % len(bench.cards)], balance_fen=_PURSE_FEN)
        for reader, when_s in ((entry, now_s), (exit_, now_s + _RIDE_S)):
            context = bench.context(deny, when_s)
            since_ns = clock_ns()
            decision = decide(token, reader, context)
            times_ns.append(clock_ns() - since_ns)
            if not decision.opened:
                raise ValueError(decision.reason)
            token = decision.token_after
    return times_ns


def time_codes(
    bench: Bench, deny: DenyIndex, rounds: int, clock_ns: ClockNs, done: Callable[[], None]
) -> CodeCost:
    """Codes read, verified and decided on at the entry, beside their bare signatures, turn by turn;
    each one's best round counts. `clock_ns` is the processor's. Raises ValueError when a lane stays
    shut."""
    media = RunMedia(bench.seed, load_scenario())
    phones = [media.phone(token) for token in bench.accounts]
    codes = tuple(phone.show(bench.since_s) for phone in phones if isinstance(phone, Phone))
    bare = bare_signatures(Sample(codes, media.trust))
    context, reader = bench.context(deny, bench.since_s + 1), bench.readers[0]

    def judging(authorisations: int) -> Callable[[], bool]:
        setup = _media_setup(bench, media, CodeCaches(authorisations=authorisations))

        def work() -> bool:
            for raw in codes:
                token, refusal = read_code(raw, reader, context, setup)
                if refusal is not None or not decide(token, reader, context).opened:
                    return False
            return True

        work()
        return work

    works = [judging(0), judging(len(codes)), *([] if bare is None else [bare])]
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for index, work in enumerate(works):
            since_ns = clock_ns()
            fine = work()
            best[index] = min(best[index], (clock_ns() - since_ns) / len(codes))
            if not fine:
                raise ValueError("a code of the sample opens no lane")
        done()
    return CodeCost(best[0], best[1], None if bare is None else best[2])


def time_disk(bench: Bench, folder: Path, rounds: int, clock_ns: ClockNs) -> DiskTimes:
    """Decisions that are on the disk when they return, beside what the disk itself takes.

    Raises ValueError when a lane stays shut, and what SQLite and the folder raise.
    """
    journal = Journal.open(folder / "gate.sqlite", station_site(bench.city, "bench"), 1)
    if isinstance(journal, Refusal):
        raise ValueError(journal.code)
    site, reader = _site(bench, journal), bench.readers[0]
    bare, row = _bare_table(folder / "bare.sqlite"), os.urandom(_ROW_BYTES)
    file = os.open(folder / "bare.bin", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def decided(number: int) -> None:
        card = bench.cards[number % len(bench.cards)]
        token = structs.replace(card, balance_fen=_PURSE_FEN)
        now_s = bench.since_s + number // len(bench.cards) * _BETWEEN_S
        if not site.present(token, reader.terminal_id, now_s)[0].opened:
            raise ValueError("a lane stays shut")

    def inserted(_: int) -> None:
        bare.execute("INSERT INTO row (body) VALUES (?)", (row,))

    def synced(_: int) -> None:
        os.write(file, row)
        os.fsync(file)

    times: tuple[list[int], list[int], list[int]] = ([], [], [])
    for number in range(rounds):
        pairs = list(zip(times, (decided, inserted, synced), strict=True))
        first = number % len(pairs)  # a sync also waits for what the one before it left over
        for into, work in pairs[first:] + pairs[:first]:
            since_ns = clock_ns()
            work(number)
            into.append(clock_ns() - since_ns)
    journal.close()
    bare.close()
    os.close(file)
    return DiskTimes(*times)


def _bare_table(path: Path) -> sqlite3.Connection:
    """A table with nothing about it but that a commit is durable."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE row (position INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return connection


def _site(bench: Bench, journal: Journal) -> Site:
    setup = SiteSetup(
        city=bench.city,
        validators={one.terminal_id: one for one in bench.readers},
        fares=load_city_fares(bench.city),
        registry=load_registry(),
        key=signing_key(bench.seed, journal.site),
        city_keys=key_ring(bench.seed, [bench.city]),
    )
    site = Site.open(setup, journal, lambda _terminal, _decision: None)
    if isinstance(site, Refusal):
        raise ValueError(site.code)
    return site


def _media_setup(bench: Bench, media: RunMedia, caches: CodeCaches) -> MediaSetup:
    """How the entry reads codes. It reads no cards, so it needs no journal for their numbers."""
    network = load_city_fares(bench.city).network

    def no_module(terminal_id: str) -> CardLink:
        raise ValueError(terminal_id)

    return MediaSetup(
        sam_of=no_module,
        trust=media.trust,
        region="",
        institution=b"",
        places=PlaceCodes(network),
        issuers=media.code_issuers,
        caches=caches,
    )
