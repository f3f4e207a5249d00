"""A whole run: database, houses, days, checks, summary. What `demo` and `simulate` call.

Given the same plan it gives the same books and the same statement bytes. It begins only where no
other run works, and replaces only what a run made.
"""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from tongxing.kernel.clock import at
from tongxing.kernel.ids import digest
from tongxing.proving import prove_houses
from tongxing.simulation.carrier import Carrier
from tongxing.simulation.clearing import Clearing
from tongxing.simulation.comparison import (
    against_bank,
    against_cards,
    against_gates,
    against_held,
    against_oracle,
    against_signatures,
)
from tongxing.simulation.day import DayClock, Tell
from tongxing.simulation.faults import FaultCounts, FaultRates, load_rates
from tongxing.simulation.hosting import (
    Host,
    InlineHost,
    ProcessHost,
    ThreadHost,
    rarely_collecting,
)
from tongxing.simulation.house import House, HouseConfig, VerdictTotal
from tongxing.simulation.houses import Houses
from tongxing.simulation.hubdesk import HubDesk
from tongxing.simulation.papers import Papers
from tongxing.simulation.population import shares_of_cities
from tongxing.simulation.runbook import Parameters, RunBook
from tongxing.simulation.scenario import DATA, Scenario, load_scenario
from tongxing.simulation.street import Street, StreetConfig
from tongxing.simulation.summary import Checks, Summary, broken, summarise
from tongxing.simulation.timeline import Timeline
from tongxing.storage import Database


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate.

    `own_processes` lets cities use every core and houses be really killed; it changes nothing of
    what comes out. `real_media_bp` of the passengers, in basis points, carry real cards and codes.
    `rates` replaces the rates of data/faults.toml for the kinds in `faults`.
    """

    seed: int
    first_day: date
    days: int
    passengers: int
    faults: tuple[str, ...]
    own_processes: bool = True
    real_media_bp: int = 0
    rates: FaultRates | None = None

    def parameters(self) -> Parameters:
        """What makes the run what it is, for the run book."""
        return Parameters(
            seed=self.seed,
            date=self.first_day.isoformat(),
            days=self.days,
            passengers=self.passengers,
            faults=self.faults,
            real_media_bp=self.real_media_bp,
            data=_data_digest(),
        )


@dataclass(slots=True)
class _Watch:
    """Seconds of real time by stage; the only real clock here, and only for the summary."""

    tell: Tell
    seconds: dict[str, float] = field(default_factory=dict)
    _stage: str = ""
    _since: float = field(default_factory=time.monotonic)

    def begin(self, stage: str, news: object = None) -> None:
        now = time.monotonic()
        if self._stage:
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now
        self.tell(stage, news)


@dataclass(frozen=True, slots=True)
class Played:
    """The summary of a run, as plain values, and whether it was an earlier one's."""

    summary: dict[str, Any]
    again: bool

    @property
    def sound(self) -> bool:
        """Whether all that must hold did."""
        return bool(self.summary["sound"])


def play(plan: Plan, fresh: bool, database: Database, home: Path, tell: Tell) -> Played:
    """Run the plan, unless this very run has been finished here before and `fresh` is not asked.

    An unfinished run, or another one, is replaced; `tell` hears of it as "replacing". Raises
    Problem: RUN_ACTIVE, DATABASE_NOT_OURS, HOME_NOT_OURS, HOME_NOT_WRITABLE.
    """
    parameters = plan.parameters()
    book = RunBook(database, home)
    try:
        found = book.found()
        if found is not None:
            same = found.parameters == parameters.encoded()
            if found.summary is not None and same and not fresh and book.is_at_home(parameters):
                return Played(found.summary, again=True)
            tell("replacing", "finished" if found.finished else "unfinished")
        book.begin(parameters)
        summary = simulate(plan, database, home, tell).as_plain()
        book.finish(parameters, summary)
        return Played(summary, again=False)
    finally:
        book.close()


def simulate(plan: Plan, database: Database, home: Path, tell: Tell) -> Summary:
    """Run the plan into an empty database and home folder, check everything, and sum it up.

    `tell` hears the stages and, as stage "taps", how many more taps there were.
    """
    scenario, watch = load_scenario(), _Watch(tell)
    rates = plan.rates or load_rates(plan.faults)
    papers = Papers(home / "statements")
    timeline = Timeline(at(plan.first_day))
    watch.begin("opening")
    with ExitStack() as stack:
        stack.enter_context(rarely_collecting())
        houses = stack.enter_context(_houses(plan, scenario, database, home, rates, tell))
        desk_host = ThreadHost if plan.own_processes else InlineHost
        desk = desk_host(HubDesk, database.dsn, plan.seed, houses.codes, hear=_nobody)
        stack.callback(desk.close)
        post = Carrier(plan.seed, "hub", replace(rates, late_sites_ppm=0))
        clearing = Clearing(desk, plan.seed, houses, timeline, post, papers)
        clock = DayClock(
            scenario, houses, clearing, timeline, plan.first_day, plan.days, watch.begin
        )
        clock.open_houses()
        settled = clock.run()
        watch.begin("checking")
        verdicts = houses.ask_all(House.verdicts)
        checks = _check(clock, settled, verdicts, database)
        faults = FaultCounts()
        for counts in (post.counts, *(found.faults for found in clock.figures.values())):
            faults.merge(counts)
        summary = summarise(
            clock.figures,
            houses.ask_all(House.travelled),
            houses.ask_all(House.half_trips),
            verdicts,
            clearing.statements,
            clearing.figures,
            faults,
            papers.sha256,
            checks,
        )
    watch.begin("done")
    return replace(
        summary, seconds={stage: round(spent, 1) for stage, spent in watch.seconds.items()}
    )


@contextmanager
def _houses(
    plan: Plan,
    scenario: Scenario,
    database: Database,
    home: Path,
    rates: FaultRates,
    tell: Tell,
) -> Iterator[Houses]:
    """Every house of the run: streets where people travel, issuers beside this process's own work.

    However the run ends, no process of it stays behind.
    """

    def hear(taps: object) -> None:
        tell("taps", taps)

    streets: dict[str, Host[Street]] = {}
    issuers: dict[str, Host[House]] = {}
    houses = Houses(streets, issuers)
    try:
        for code, passengers in shares_of_cities(scenario, plan.passengers).items():
            config = StreetConfig(
                code=code,
                seed=plan.seed,
                passengers=passengers,
                first_day=plan.first_day,
                rates=rates,
                folder=home / "gates" / code,
                dsn=database.dsn,
                own_processes=plan.own_processes,
                days=plan.days,
                real_media_bp=plan.real_media_bp,
            )
            host = ProcessHost if plan.own_processes else InlineHost
            streets[code] = host(Street, config, hear=hear)
        for code in scenario.members:
            if code not in streets:
                house = HouseConfig(code, database.dsn, plan.seed, (), "connection")
                issuers[code] = InlineHost(House, house, hear=hear)
        yield houses
    except BaseException:
        houses.close(at_once=True)
        raise
    houses.close()


def _check(
    clock: DayClock,
    settled: bool,
    verdicts: Mapping[str, list[VerdictTotal]],
    database: Database,
) -> Checks:
    """Hold the books against the truths, the oracle, the cards and the bank."""
    houses, clearing = clock.houses, clock.clearing
    with ThreadPoolExecutor(1) as beside:  # the proofs take longest, so they go on beside the rest
        proving = beside.submit(prove_houses, database)
        expected = {code: answer.result() for code, answer in clock.expected.items()}
        payers, off_oracle = against_oracle(expected, _joined(houses.ask_all(House.charged_fen)))
        holders, off_held = against_held(expected, _joined(houses.ask_all(House.held_fen)))
        on_cards = _joined(houses.ask_streets(Street.purse_balances_fen))
        purses, off_cards = against_cards(on_cards, _joined(houses.ask_all(House.purses_fen)))
        accounts, off_bank = against_bank(
            _at_bank_fen(clock),
            {**_joined(houses.ask_all(House.at_bank_fen)), **clearing.at_bank_fen()},
        )
        signed = houses.ask_all(House.signatures)
        signatures, off_signed = against_signatures(signed)
        again = houses.ask_all(House.decide_again, clock.timeline.now_s)
        decided, off_gates = against_gates(again)
        proofs = proving.result()
    refusals = list(clearing.figures.refusals)
    for code, figures in sorted(clock.figures.items()):
        refusals += [f"{code}: {text}" for text in figures.uplink.refusals]
    held = [item for found in verdicts.values() for item in found if item.status == "held"]
    rejected = [item for found in verdicts.values() for item in found if item.status == "rejected"]
    return Checks(
        settled=settled,
        held_records=sum(item.records for item in held),
        held_fen=sum(item.delta_fen for item in held),
        rejected_records=sum(item.records for item in rejected),
        proofs=len(proofs),
        proofs_broken=broken(proofs),
        payers_compared=payers,
        purses_compared=purses,
        bank_accounts_compared=accounts,
        holders_compared=holders,
        signatures_checked=signatures,
        taps_decided_again=decided,
        differences=[*off_oracle, *off_held, *off_cards, *off_bank, *off_signed, *off_gates],
        refusals=refusals,
    )


def _nobody(news: object) -> None:
    """Hears what is of no interest."""


def _at_bank_fen(clock: DayClock) -> dict[str, int]:
    """What the bank says each party has, less what it had beside these books."""
    bank = clock.clearing.bank
    return {
        party: fen - clock.clearing.own_funds_fen.get(party, 0)
        for party, fen in bank.balances_fen.items()
    }


def _joined(by_city: dict[str, dict[str, int]]) -> dict[str, int]:
    """One mapping of several; a name stands in one of them only."""
    joined: dict[str, int] = {}
    for code in sorted(by_city):
        for name, fen in by_city[code].items():
            joined[name] = joined.get(name, 0) + fen
    return joined


def _data_digest() -> str:
    """Changes whenever the scenario's data do."""
    folder = files(DATA)
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml"))
    return digest(*(folder.joinpath(name).read_bytes() for name in names))
