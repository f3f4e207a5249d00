"""What riders owe, answered twice from the same taps: by the city's fold and by the oracle.

The gates open or refuse as gates do. For a purse the real decision is asked, so that the money on a
tap is the gate's; from an account a gate takes nothing, and it opens. What opened is put down once
as taps for the engine and once as the truth list for the oracle, and the rides of both come back in
one form.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import NamedTuple

from msgspec.structs import replace
from rider_days import GAPS_S, Rider, Spot, line_of

from tongxing.city.half_trips import Kind, Resolution
from tongxing.city.riding import RiderState, Trip, fold, order_key
from tongxing.city.terms import half_trip_terms
from tongxing.deciding import GateContext, MediumToken, Role, ValidatorFacts
from tongxing.deciding.decide import decide, tap_of
from tongxing.deciding.facts import KIND_OF, OPEN, Decision
from tongxing.fares import CityFares, Counter, FareState, load_city_fares
from tongxing.gate import DenyIndex
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S, business_date, business_day_end
from tongxing.messages import Tap, TapRef
from tongxing.network.registry import load_registry
from tongxing.simulation.oracle import (
    CityFacts,
    Expected,
    ExpectedRide,
    OpeningCounters,
    Ruling,
    TapKey,
    TruthEvent,
    expected_charges,
)
from tongxing.simulation.oracle.loader import load_facts
from tongxing.simulation.scenario import load_scenario

PURSE_FEN = 100_000
NOTHING: Mapping[str, CityFares] = {}
SAID: list[Kind] = ["declared", "habitual", "median", "disruption", "staff", "cleared", "maximum"]
PRICES_FEN = [0, 180, 300, 500, 1_000, 2_500]
_TOP_UP_BELOW_FEN = 30_000


class Ride(NamedTuple):
    """One ride as either side answers it."""

    payer: str
    city: str
    medium_no: str
    first_tap_s: int
    how: str
    fare_fen: int
    charge_fen: int


class Waiting(NamedTuple):
    """A half trip that waits to be resolved, as either side answers it."""

    payer: str
    city: str
    medium_no: str
    known_s: int
    missing: str
    held_fen: int


@dataclass
class Evidence:
    """What gates opened to for one rider, put down twice; the media as they are now; and what was
    said of each tap, should it turn out to be half a trip."""

    rider: Rider
    tokens: list[MediumToken]
    taps: list[Tap] = field(default_factory=list)
    truth: list[TruthEvent] = field(default_factory=list)
    said: list[Resolution] = field(default_factory=list)


def live(rider: Rider) -> Evidence:
    """Let a rider try every step in turn. A step waits, so no two taps fall in one second."""
    media = range(len(rider.wallet.media))
    walk = _Walk(Evidence(rider, [_token(rider, index) for index in media]))
    now_s = rider.starts_s
    for step in rider.steps:
        now_s += step.gap_s
        if step.clock_s >= 0:
            now_s += (step.clock_s - now_s - CHINA_OFFSET_S) % DAY_S
        walk.try_step(step.act, step.spot, step.medium % len(media), now_s)
    if rider.account:
        walk.evidence.said = _sayings(rider, walk.evidence.taps)
    return walk.evidence


def _sayings(rider: Rider, taps: Sequence[Tap]) -> list[Resolution]:
    """What somebody said of most of an account's taps that have two ends, true or not."""
    chance, said = Random(f"{rider.number} {len(taps)}"), []
    for tap in taps:
        if tap.kind == "ride" or chance.random() < 0.3:
            continue
        kind: Kind = chance.choice(SAID)
        rails = {spot.station for spot in rider.spots if line_of(spot).mode == "rail"}
        known = line_of(Spot(tap.city, tap.line, tap.station)).stations
        stations = sorted(rails) if tap.mode == "rail" else known
        is_stated = kind not in ("median", "maximum", "cleared")
        if kind == "disruption" and chance.random() < 0.5:
            is_stated = False
        away_s = chance.choice([-1, 0, *GAPS_S]) if kind != "maximum" else 0
        said.append(
            Resolution(
                request_id=f"{tap.ref}",
                tap=tap.ref,
                kind=kind,
                station=chance.choice(stations) if is_stated else "",
                time_s=tap.time_s + (away_s if tap.kind == "entry" else -away_s),
                amount_fen=chance.choice(PRICES_FEN) if kind == "median" else 0,
                decided_s=tap.time_s + DAY_S,
                decided_by="somebody",
            )
        )
    return said


def last_close(crowd: Iterable[Evidence]) -> int:
    """The end of the business day of the very last tap."""
    last_s = max((tap.time_s for evidence in crowd for tap in evidence.taps), default=0)
    return business_day_end(business_date(last_s))


def engine_answer(
    evidence: Evidence, closed_until_s: int, instead: Mapping[str, CityFares] = NOTHING
) -> tuple[list[Trip], list[Waiting]]:
    """The trips that the fold of each city finds for one rider, and the half trips that wait;
    `instead` of the right fares."""
    rider, trips, waiting = evidence.rider, [], []
    said = {one.tap: one for one in evidence.said}
    for city in rider.wallet.cities:
        taps = sorted((tap for tap in evidence.taps if tap.city == city), key=order_key)
        states = {number: fare_state(rider, city) for number in rider.medium_numbers}
        fares = instead.get(city) or load_city_fares(city)
        state = RiderState(None, states)
        terms = half_trip_terms(city)
        folded = fold(state, taps, fares, closed_until_s, None, said, terms)
        trips += folded.trips
        for half in folded.state.pending:
            known, payer = half.tap, rider.account
            number, known_s = known.medium_no, known.time_s
            waiting.append(Waiting(payer, city, number, known_s, half.missing, half.held_fen))
    return trips, waiting


def ride_of(rider: Rider, trip: Trip) -> Ride:
    tap = trip.last
    return Ride(
        payer=rider.account or tap.medium_no,
        city=tap.city,
        medium_no=tap.medium_no,
        first_tap_s=trip.entered_s,
        how=trip.how,
        fare_fen=trip.fare_fen,
        charge_fen=trip.charge_fen,
    )


def oracle_answer(
    crowd: Sequence[Evidence], closed_until_s: int
) -> tuple[dict[Ride, ExpectedRide], set[Waiting]]:
    """The rides that the oracle finds for all riders at once, each with what it says of it, and
    the half trips that it holds.

    The sums by payer that it gives beside them must be the sums of these rides.
    """
    answer = _asked(crowd, closed_until_s)
    rides = {
        Ride(
            payer=one.account or one.medium_no,
            city=one.city,
            medium_no=one.medium_no,
            first_tap_s=one.first_tap_s,
            how=one.how,
            fare_fen=one.fare_fen,
            charge_fen=one.charge_fen,
        ): one
        for one in answer.rides
    }
    assert len(rides) == len(answer.rides)
    assert totals(rides) == answer.by_payer_fen
    held = {
        Waiting(one.payer, one.city, one.medium_no, one.known_s, one.missing, one.held_fen)
        for one in answer.held
    }
    return rides, held


def _asked(crowd: Sequence[Evidence], closed_until_s: int) -> Expected:
    return expected_charges(
        [event for evidence in crowd for event in evidence.truth],
        closed_until_s,
        {
            number: _opening(evidence.rider)
            for evidence in crowd
            for number in evidence.rider.medium_numbers
            if evidence.rider.month
        },
        placeholders=placeholder_fares_fen(),
        cities=facts(),
        rulings=dict(ruling for evidence in crowd for ruling in _rulings(evidence)),
    )


def _rulings(evidence: Evidence) -> Iterable[tuple[TapKey, Ruling]]:
    """The same sayings in the oracle's words."""
    events = {tap.ref: event for tap, event in zip(evidence.taps, evidence.truth, strict=True)}
    for one in evidence.said:
        yield events[one.tap].key, Ruling(one.kind, one.station, one.time_s, one.amount_fen)


def totals(rides: Iterable[Ride]) -> dict[str, int]:
    """What each payer pays in all."""
    sums: Tally[str] = Tally()
    for ride in rides:
        sums[ride.payer] += ride.charge_fen
    return dict(sums)


@cache
def facts() -> dict[str, CityFacts]:
    """The oracle's own reading of the network files, kept because it is asked many times."""
    return {code: load_facts(code) for code in ("110000", "500000")}


@cache
def placeholder_fares_fen() -> dict[str, int]:
    """Fares that no source names; the simulation tells the oracle of them."""
    cities = load_scenario().cities
    return {key: fen for city in cities for key, fen in city.placeholder_fares_fen.items()}


def fare_state(rider: Rider, city: str) -> FareState:
    """What each medium of the rider has on its counter when the days begin."""
    if not rider.month:
        return FareState()
    counter = Counter(f"{city}.rail", rider.month, rider.spent_fen, rider.ridden)
    return FareState(counters=(counter,))


def _opening(rider: Rider) -> OpeningCounters:
    cities = rider.wallet.cities
    return OpeningCounters(
        rider.month,
        dict.fromkeys(cities, rider.spent_fen),
        dict.fromkeys(cities, rider.ridden),
    )


class _Walk:
    """One rider at the gates, and what is open as the rider believes it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._spots = evidence.rider.spots
        self._opened: Spot | None = None
        self._started = self._spots[0]

    def try_step(self, act: str, choice: int, medium: int, now_s: int) -> None:
        """Act as `Step` says."""
        spot, opened = self._spots[choice % len(self._spots)], self._opened
        if act == "stray" or (act in ("go", "turn") and opened is not None):
            if opened is not None and act != "stray":
                spot = opened if act == "turn" else self._way_out(opened, choice)
            self._end(spot, medium, now_s)
            return
        if act != "again":
            self._started = spot
        elif choice % 2:
            self._started = _other_vehicle(self._started)
        self._start(self._started, medium, now_s)

    def _start(self, spot: Spot, medium: int, now_s: int) -> None:
        if line_of(spot).single_tap:
            self._present(spot, "ride", medium, now_s)
        elif self._present(spot, "board" if spot.vehicle else "entry", medium, now_s):
            self._opened = spot

    def _end(self, spot: Spot, medium: int, now_s: int) -> None:
        role: Role = "alight" if spot.vehicle else "exit"
        if not line_of(spot).single_tap and self._present(spot, role, medium, now_s):
            self._opened = None

    def _way_out(self, opened: Spot, choice: int) -> Spot:
        """A stop of the same vehicle, or a station of the same city."""
        if opened.vehicle:
            stops = line_of(opened).stations
            return opened._replace(station=stops[choice % len(stops)])
        stations = [
            spot
            for spot in self._spots
            if spot.city == opened.city and line_of(spot).mode == "rail"
        ]
        return stations[choice % len(stations)]

    def _present(self, spot: Spot, role: Role, medium: int, now_s: int) -> bool:
        """Hold a medium to a reader; whether it opened."""
        evidence, where = self.evidence, _validator(spot, role)
        token = evidence.tokens[medium]
        decision = _decision(token, where, now_s)
        evidence.tokens[medium] = decision.token_after
        if decision.opened:
            ref = TapRef(f"R{evidence.rider.number}", 1, len(evidence.taps) + 1)
            evidence.taps.append(tap_of(token, where, decision, ref, now_s, 0))
            evidence.truth.append(_truth(evidence.rider, token, where, now_s))
        return decision.opened


def _other_vehicle(spot: Spot) -> Spot:
    if not spot.vehicle:
        return spot
    return spot._replace(vehicle=spot.vehicle[:-1] + ("b" if spot.vehicle[-1] == "a" else "a"))


def _decision(token: MediumToken, where: ValidatorFacts, now_s: int) -> Decision:
    fares = load_city_fares(where.city)
    if token.funding == "account":
        tariff = fares.tariff_at(now_s).name
        kind = KIND_OF[where.role]
        return Decision(outcome="opened", reason=OPEN, kind=kind, token_after=token, tariff=tariff)
    if token.balance_fen < _TOP_UP_BELOW_FEN:
        token = replace(token, balance_fen=PURSE_FEN)
    return decide(token, where, GateContext(fares, load_registry(), DenyIndex(where.city), now_s))


def _token(rider: Rider, index: int) -> MediumToken:
    wallet = rider.wallet
    kind, product = wallet.media[index]
    is_purse = wallet.funding == "purse"
    return MediumToken(
        scheme=wallet.scheme,
        medium_no=rider.medium_numbers[index],
        medium_kind="card" if kind == "card" else "code",
        issuer=wallet.issuer,
        product=product,
        funding="purse" if is_purse else "account",
        balance_fen=PURSE_FEN if is_purse else 0,
        fare_states={city: fare_state(rider, city) for city in wallet.cities},
    )


def _validator(spot: Spot, role: Role) -> ValidatorFacts:
    line = line_of(spot)
    return ValidatorFacts(
        terminal_id="G1",
        city=spot.city,
        place=line.place,
        mode=line.mode,
        operator=line.operator,
        line=line.id,
        station=spot.station,
        vehicle=spot.vehicle,
        role=role,
    )


def _truth(rider: Rider, token: MediumToken, where: ValidatorFacts, now_s: int) -> TruthEvent:
    return TruthEvent(
        time_s=now_s,
        kind=KIND_OF[where.role],
        city=where.city,
        place=where.place,
        mode=where.mode,
        line=where.line,
        station=where.station,
        vehicle=where.vehicle,
        passenger=f"P{rider.number}",
        account=rider.account,
        medium_no=token.medium_no,
        medium_kind=token.medium_kind,
        product=token.product,
        scheme=token.scheme,
        issuer=token.issuer,
        funding=token.funding,
    )
