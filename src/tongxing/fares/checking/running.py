"""Runs one case: its city's tariffs, the state of each medium, one event after the other.

Where a case names two stations, the city's network gives the base fare; otherwise the case gives
it, or metres for the price list. Nothing here decides a price.
"""

from dataclasses import dataclass, field
from itertools import product

from msgspec.structs import replace

from tongxing.fares.checking import reading
from tongxing.fares.checking.before import states_before
from tongxing.fares.checking.casefile import Event, FileCase, UnreadCase
from tongxing.fares.checking.comparing import (
    Difference,
    Outcome,
    compare,
    compare_totals,
    sum_of,
)
from tongxing.fares.checking.unclear import CaseUnclear
from tongxing.fares.city import CityFares, price, price_from
from tongxing.fares.counters import parted, with_account
from tongxing.fares.explain import explain
from tongxing.fares.model import (
    BaseFare,
    FarePortion,
    FareState,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
)
from tongxing.fares.packs import buy_pack
from tongxing.fares.refusals import pricing_refusal
from tongxing.fares.rules import ACCOUNT_MARK, BaseRule, FlatFare, MinimumSetting, PackRelief
from tongxing.fares.tariff import Tariff, TariffBook
from tongxing.fares.visitors import T_UNION, open_to_visitors
from tongxing.kernel.clock import calendar_date, month_key
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES
from tongxing.network.registry import load_registry

_TWO_TAPS = ("rail", "taxi", "bicycle")


@dataclass(frozen=True, slots=True)
class Charge:
    """What one event cost, what the case says it costs (None: it does not say), and, where the
    two differ, the price lines in words, by language."""

    found_fen: int | None
    expected_fen: int | None
    words: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The outcome of one case: no differences means it holds."""

    id: str
    title: str
    differences: tuple[Difference, ...]
    charges: tuple[Charge, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.differences


@dataclass(slots=True)
class _Running:
    """One case being run: its city's fares, the state of each medium, what rides cost so far."""

    case: FileCase
    city: str
    fares: CityFares
    states: dict[str, FareState] = field(default_factory=dict)
    entered_s: int = 0
    last_s: dict[str, int] = field(default_factory=dict)
    rides: int = 0
    owed_fen: int = 0


def check_case(case: FileCase | UnreadCase, book: TariffBook | None = None) -> CaseResult:
    """Run one case, with the city's own tariffs or with those of `book`."""
    if isinstance(case, UnreadCase):
        return CaseResult(case.id, case.title, (_unclear(case.words),))
    try:
        running = _Running(case, *reading.city_and_fares(case.city, book))
        first_s, _ = reading.times(case.events[0], 0, 0)
        running.states = states_before(case, running.fares.book, month_key(first_s))
        found = [_run_event(running, event) for event in case.events]
    except CaseUnclear as unclear:
        return CaseResult(case.id, case.title, (_unclear(unclear.words),))
    if isinstance(case.expect, tuple):
        differences = compare(case.expect, found)
        wanted = [one.charge_fen for one in case.expect]
    else:
        every = [one for event in found for one in event]
        differences = compare_totals(case.expect, every)
        wanted = [None] * len(found)
        total_fen = case.expect.get("total_fen")
        if isinstance(total_fen, int):
            sums = Charge(sum_of(every), total_fen, {})
            return CaseResult(case.id, case.title, tuple(differences), (sums,))
    charges = tuple(
        _charge(running, outcomes[-1], expected, bool(differences))
        for outcomes, expected in zip(found, wanted, strict=True)
    )
    return CaseResult(case.id, case.title, tuple(differences), charges)


def _unclear(words: dict[str, str]) -> Difference:
    return Difference("unclear", words["en"], "", words)


def _charge(running: _Running, outcome: Outcome, expected: object, differs: bool) -> Charge:
    found = outcome.facts.get("charge_fen")
    lines = outcome.quote.lines if differs and outcome.quote is not None else ()
    words = {
        language: tuple(explain(line, language, running.fares) for line in lines)
        for language in LANGUAGES
    }
    return Charge(
        found if isinstance(found, int) else None,
        expected if isinstance(expected, int) else None,
        words if lines else {},
    )


def _run_event(running: _Running, event: Event) -> list[Outcome]:
    """What an event gives, once per repetition, by the names that a case expects."""
    if running.case.kind == "acceptance":
        return [Outcome(_answer(running, event))]
    found = []
    for _ in range(event.repeat):
        entered_s, exited_s = reading.times(event, running.rides, running.entered_s)
        if entered_s < running.last_s.get(event.card or event.medium, 0):
            raise CaseUnclear(f"t {event.t}", "order")
        running.last_s[event.card or event.medium] = entered_s
        running.entered_s, running.rides = entered_s, running.rides + 1
        if event.action == "buy_pack":
            found.append(Outcome(_buy_pack(running, event, entered_s)))
        elif event.action:
            found.append(Outcome(_half_trip(running, event)))
        else:
            found.append(_priced(running, event, entered_s, exited_s))
    return found


def _buy_pack(running: _Running, event: Event, bought_s: int) -> dict[str, object]:
    """The pack of a rule, bought for this medium; it costs what the rule says."""
    rule = running.fares.book.rules.get(event.pack)
    if not isinstance(rule, PackRelief):
        raise CaseUnclear(f"pack {event.pack}")
    key = event.card or reading.rider_of(running.case, event, running.fares.book).medium_kind
    bought = buy_pack(running.city, rule, running.states.get(key, FareState()), bought_s)
    if isinstance(bought, Refusal):
        return {"result": "refused", "reason": bought.code.lower()}
    running.states[key] = bought
    return {"charge_fen": rule.price_fen, "result": "accepted"}


def _priced(running: _Running, event: Event, entered_s: int, exited_s: int) -> Outcome:
    mode = reading.mode_of(event.mode)
    rider = reading.rider_of(running.case, event, running.fares.book)
    if not rider.issuer_is_local and not open_to_visitors(rider.scheme, running.city, mode):
        return Outcome({"result": "refused", "reason": "visitor_mode_not_offered"})
    tariff = running.fares.book.at(entered_s)
    if tariff is None:
        raise CaseUnclear(str(calendar_date(entered_s)), "no_tariff", begins=_begins(running))
    if not rider.issuer_is_local and tariff.visitor_policy(rider.scheme) == "refused":
        return Outcome({"result": "refused", "reason": "visitor_refused"})
    key = event.card or rider.medium_kind
    account = running.states.get(ACCOUNT_MARK, FareState())
    state = with_account(running.states.get(key, FareState()), account)
    taps = _ride(running, event, mode, entered_s, exited_s)
    ride = _cheapest(running.fares, tariff, taps, event)
    quote = _quote(running, event, tariff, ride, rider, state)
    running.states[key], shared = parted(quote.state)
    running.states[ACCOUNT_MARK] = shared
    return Outcome(_facts(quote), quote)


def _begins(running: _Running) -> str:
    """The first day of the tariff that was asked, to tell a wrong file from a wrong day."""
    book = running.fares.book
    first = min((version.from_day for version in book.versions), default=None)
    return f"{book.name_zh or book.city}: {first or '–'}"


def _ride(running: _Running, event: Event, mode: str, entered_s: int, exited_s: int) -> RideFacts:
    taxi = mode == "taxi" and event.dist_m is not None
    return RideFacts(
        mode=mode,
        line=event.line,
        vehicle=event.vehicle,
        place=reading.place_of(running.city, event.scope),
        entered_s=entered_s,
        exited_s=exited_s if event.t_out or mode in _TWO_TAPS else 0,
        missing=event.missing,
        metres=event.dist_m if taxi and event.dist_m is not None else -1,
        slow_metres=event.slow_m,
    )


def _cheapest(fares: CityFares, tariff: Tariff, ride: RideFacts, event: Event) -> RideFacts:
    """The ride between its stations; of two stations of one name those that make it cheaper."""
    origins = reading.stations_of(fares.network, event.origin or event.entry_station, ride.mode)
    ends = reading.stations_of(fares.network, event.end or event.exit_station, ride.mode)
    rides = [
        replace(ride, origin=origin, destination=end) for origin, end in product(origins, ends)
    ]
    priced = [(fares.base_fare(tariff, one), one) for one in rides if one.origin]
    known = [(base.fare_fen, one) for base, one in priced if base is not None]
    return min(known, key=lambda found: found[0])[1] if known else rides[0]


def _quote(
    running: _Running, event: Event, tariff: Tariff, ride: RideFacts, rider: Rider, state: FareState
) -> Quote:
    """By the network where the case leaves it to it, else from the base fare it gives."""
    fares = running.fares
    by_network = event.base is None and (event.dist_m is None or ride.mode == "taxi")
    on_rails = ride.mode == "rail" and bool(fares.network.stations) and not event.missing
    if by_network and on_rails and bool(ride.origin) != bool(ride.destination):
        raise CaseUnclear(f"{event.origin or event.end}", "both_ends")
    by_network = by_network and not _is_flat(running, event, tariff, ride)
    if by_network or event.missing:
        refusal = pricing_refusal(fares, ride, rider)
        if refusal is not None:
            raise CaseUnclear(_said(refusal))
        return price(fares, ride, rider, state)
    if event.base is not None and (event.dist_m is not None or event.base < 0):
        raise CaseUnclear(f"base {event.base}", "one_base")
    if event.dist_m is not None and event.dist_m < 0:
        raise CaseUnclear(f"dist_m {event.dist_m}")
    portion = _portion(running, event, tariff, ride.mode)
    line = PriceLine("base", portion.rule, portion.fare_fen, {})
    base = BaseFare((portion,), (line,), portion.fare_fen)
    try:
        return price_from(fares, tariff, base, ride, rider, state)
    except LookupError as missing:
        raise CaseUnclear(str(missing)) from missing


def _said(refusal: Refusal) -> str:
    """A refusal in a few words; a ride without stations lacks its fare or its metres."""
    if refusal.code == "FARES_NO_METER":
        return "FARES_NO_METER (base | dist_m | from, to)"
    known = ", ".join(str(value) for value in refusal.values.values() if value != "–")
    return f"{refusal.code} {known}".strip()


def _facts(quote: Quote) -> dict[str, object]:
    counters = quote.state.counters
    paid_fen = max((counter.paid_fen for counter in counters), default=0)
    overtime_fen = sum(line.amount_fen for line in quote.lines if line.kind == "overtime")
    return {
        "charge_fen": quote.charge_fen,
        "base_fare_fen": quote.fare_fen,
        "relief_fen": quote.fare_fen + overtime_fen - quote.charge_fen,
        "overtime_fen": overtime_fen,
        "transfer_relief": any(line.kind == "transfer" for line in quote.lines),
        "month_rail_spend_after_fen": paid_fen,
        "spend_after": paid_fen,
        "rides_after": max((counter.rides for counter in counters), default=0),
        "result": "accepted",
    }


def _half_trip(running: _Running, event: Event) -> dict[str, object]:
    """Boarding without alighting: owed from now on, and collected at the next boarding."""
    if event.action == "board":
        tariff = running.fares.book.at(running.entered_s)
        rule = None if tariff is None else _base_rule(running, tariff, event.mode, event.mode)
        if rule is None:
            raise CaseUnclear(f"mode {event.mode}", "no_fare")
        if event.board_km > event.line_km:
            raise CaseUnclear(f"board_km {event.board_km} > line_km {event.line_km}")
        farther_km = max(event.board_km, event.line_km - event.board_km)
        running.owed_fen = rule.fare(farther_km * 1000)
        return {"charge_fen": 0}
    if event.action == "next_board":
        owed_fen, running.owed_fen = running.owed_fen, 0
        return {"charge_fen": owed_fen}
    raise CaseUnclear(f"action {event.action}")


def _answer(running: _Running, event: Event) -> dict[str, object]:
    """A question of acceptance: by the registry, or what a purse may be let in or pay with."""
    registry = load_registry()
    entered_s, _ = reading.times(event, running.rides, running.entered_s)
    day = calendar_date(entered_s)
    if event.charge_fen:
        scheme = event.scheme or T_UNION
        overdraft = registry.permission(scheme, "overdraft", day)
        balance_fen = event.balance_fen or 0
        short = event.charge_fen > balance_fen
        if isinstance(overdraft, Refusal) or (short and overdraft.answer == "no"):
            return {"result": "refused", "balance_after_fen": balance_fen}
        return {"result": "accepted", "balance_after_fen": balance_fen - event.charge_fen}
    if event.balance_fen is not None:
        return _let_in(running, event, entered_s, event.balance_fen)
    issuer = event.issuer or reading.another_member(event.scheme, running.city)
    mode = reading.mode_of(event.mode)
    answer = registry.acceptance(event.scheme, issuer, running.city, mode, day)
    if answer.accepted:
        return {"result": "accepted"}
    return {"result": "refused", "reason": answer.reason.lower()}


def _let_in(running: _Running, event: Event, entered_s: int, balance_fen: int) -> dict[str, object]:
    """Whether a purse holds enough to be let in."""
    mode = reading.mode_of(event.mode)
    tariff = running.fares.book.at(entered_s)
    system = reading.system_of(running.fares, mode, event.mode)
    needed_fen = 0
    if tariff is not None:
        rider = reading.rider_of(running.case, event, running.fares.book)
        plan = tariff.plan(system, mode, "", rider)
        minimum: MinimumSetting | None = None if plan.travels_free else plan.minimum
        rule = tariff.base(system)
        if minimum is not None and minimum.balance != "lowest":
            needed_fen = minimum.balance
        elif minimum is not None and rule is not None:
            needed_fen = rule.fare(0)
    result = "refused" if balance_fen < needed_fen else "accepted"
    return {"result": result, "balance_after_fen": balance_fen}


def _portion(running: _Running, event: Event, tariff: Tariff, mode: str) -> FarePortion:
    system = reading.system_of(running.fares, mode, event.mode, event.line)
    if event.base is not None:
        return FarePortion(system, "given", event.base, -1)
    rule = tariff.base(system)
    if isinstance(rule, FlatFare):
        return FarePortion(system, rule.id, rule.fare_fen, -1)
    if rule is None or event.dist_m is None:
        raise CaseUnclear(f"mode {event.mode}", "no_measure")
    return FarePortion(system, rule.id, rule.fare(event.dist_m), event.dist_m)


def _is_flat(running: _Running, event: Event, tariff: Tariff, ride: RideFacts) -> bool:
    """Whether a ride that names no place and no line has one fare, wherever it goes."""
    if ride.mode == "rail" or ride.line or ride.origin or ride.destination:
        return False
    return isinstance(_base_rule(running, tariff, ride.mode, event.mode), FlatFare)


def _base_rule(running: _Running, tariff: Tariff, mode: str, named: str) -> BaseRule | None:
    return tariff.base(reading.system_of(running.fares, mode, named))
