"""Runs the cases of a fare-case file against the tariffs, and says where they differ.

Every ride goes through the same steps as a ride of a passenger; only its base fare may be given by
the case. A case that names something unknown here counts as a difference, never as passed.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from msgspec import UNSET

from tongxing.fares.casefile import Event, Expected, FileCase
from tongxing.fares.model import (
    BaseFare,
    Counter,
    FarePortion,
    FareState,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
)
from tongxing.fares.pricing import settle
from tongxing.fares.rules import BaseRule
from tongxing.fares.tariff import (
    Tariff,
    TariffBook,
    TariffFile,
    book_codes,
    load_book,
    make_book,
)
from tongxing.fares.visitors import T_UNION, open_to_visitors
from tongxing.kernel.clock import CHINA, calendar_date, instant, month_key
from tongxing.kernel.reasons import Refusal
from tongxing.network.registry import load_registry
from tongxing.network.transport import CityNetwork, city_codes, load_network

_ANY_CITY = "000000"
_ORDINARY_DAY = "2026-03-10"
_FIRST_SLOT = datetime(2026, 3, 1, 9, tzinfo=CHINA)
_SLOT_HOURS, _SLOTS_A_DAY = 3, 4
_STAY = timedelta(minutes=30)
_MODES = {"metro": "rail"}
_MEDIA = {"yuchangxing_code": "code", "student_card": "card"}
_PRODUCTS = (("student", "student"), ("爱心", "love_card"), ("love", "love_card"))
_PARTS = {"central_urban": "02", "county_town": "23"}


class CaseUnclear(Exception):
    """A case that names something this checker does not know; never leaves this module."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one thing of a case gave, and what the case expects; `what` is "unclear" for a case
    that could not be run, with the reason in `found`."""

    what: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The outcome of one case: no differences means it holds."""

    id: str
    title: str
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        return not self.differences


@dataclass(slots=True)
class _Running:
    """One case being run: its city's tariffs, the state of each medium, what rides cost so far."""

    case: FileCase
    city: str
    book: TariffBook
    network: CityNetwork | None
    states: dict[str, FareState] = field(default_factory=dict)
    entered_s: int = 0
    rides: int = 0
    owed_fen: int = 0


def check(case: FileCase) -> CaseResult:
    """Run one case."""
    try:
        running = _start(case)
        found = [_run_event(running, event) for event in case.events]
        differences = (
            _compare(case.expect, found)
            if isinstance(case.expect, tuple)
            else _compare_totals(case.expect, [one for event in found for one in event])
        )
    except CaseUnclear as unclear:
        differences = [Difference("unclear", str(unclear), "")]
    return CaseResult(case.id, case.title, tuple(differences))


def _start(case: FileCase) -> _Running:
    code = _ANY_CITY if case.city == "any" else _city(case.city)
    if code in book_codes():
        book = load_book(code)
    else:
        book = make_book(TariffFile(city=code, name_zh=code, name_en=code, rule=()))
    network = load_network(code) if code in city_codes() else None
    running = _Running(case, code, book, network)
    _set_states(running)
    return running


def _city(name: str) -> str:
    """The code of a city by name; a prefecture goes before a county of the same name."""
    registry = load_registry()
    for place in (registry.find_city(name, "prefecture"), registry.find_city(name)):
        if not isinstance(place, Refusal):
            return place.code
    raise CaseUnclear(f"city {name}")


def _set_states(running: _Running) -> None:
    """The counters a case begins with: ``"card 2026-03 rail spend fen": 9900`` and the like."""
    before = running.case.state_before
    rides = int(before.get("rides this month", 0))
    spent: dict[str, tuple[int, int]] = {"card": (0, 0), "code": (0, 0)}
    for words, value in before.items():
        parts = words.split()
        if parts[-2:] == ["spend", "fen"]:
            medium = parts[0] if parts[0] in spent else "card"
            months = [int(part.replace("-", "")) for part in parts if part[:2] == "20"]
            spent[medium] = (months[0] if months else 0, int(value))
        elif words not in ("rides this month", "registered frequent rider"):
            raise CaseUnclear(f"state_before {words}")
    first_s, _ = _times(running, running.case.events[0])
    for medium, (month, paid_fen) in spent.items():
        counters = tuple(
            Counter(f"{running.city}.{name}", month or month_key(first_s), paid_fen, rides)
            for name in ("rail", "transit")
        )
        running.states[medium] = FareState(counters=counters if paid_fen or rides else ())


def _run_event(running: _Running, event: Event) -> list[dict[str, object]]:
    """What an event gives, once per repetition, by the names that a case expects."""
    if running.case.kind == "acceptance":
        return [_answer(running, event)]
    found = []
    for _ in range(event.repeat):
        entered_s, exited_s = _times(running, event)
        running.entered_s, running.rides = entered_s, running.rides + 1
        if event.action:
            found.append(_half_trip(running, event))
        else:
            found.append(_priced(running, event, entered_s, exited_s))
    return found


def _priced(running: _Running, event: Event, entered_s: int, exited_s: int) -> dict[str, object]:
    mode = _MODES.get(event.mode, event.mode.partition("_")[0])
    rider = _rider(running, event)
    if not rider.issuer_is_local and not open_to_visitors(rider.scheme, running.city, mode):
        return {"result": "refused", "reason": "visitor_mode_not_offered"}
    tariff = running.book.at(entered_s)
    if tariff is None:
        raise CaseUnclear(f"no tariff at {calendar_date(entered_s)}")
    portion = _portion(running, event, tariff, mode)
    base = BaseFare(
        (portion,), (PriceLine("base", portion.rule, portion.fare_fen, {}),), portion.fare_fen
    )
    ride = RideFacts(
        mode=mode,
        line=event.line,
        vehicle=event.vehicle,
        place=running.city[:4] + _PARTS.get(event.scope, "00"),
        origin=_station(running, event.entry_station),
        entered_s=entered_s,
        exited_s=exited_s if mode == "rail" else 0,
    )
    medium = rider.medium_kind
    quote = settle(tariff, base, ride, rider, running.states.get(medium, FareState()))
    running.states[medium] = quote.state
    return _facts(quote)


def _facts(quote: Quote) -> dict[str, object]:
    paid_fen = max((counter.paid_fen for counter in quote.state.counters), default=0)
    return {
        "charge_fen": quote.charge_fen,
        "base_fare_fen": quote.fare_fen,
        "transfer_relief": any(line.kind == "transfer" for line in quote.lines),
        "month_rail_spend_after_fen": paid_fen,
        "spend_after": paid_fen,
    }


def _half_trip(running: _Running, event: Event) -> dict[str, object]:
    """Boarding without alighting: owed from now on, and collected at the next boarding."""
    if event.action == "board":
        tariff = running.book.at(running.entered_s)
        rule = None if tariff is None else _base_rule(running, tariff, event.mode, event.mode)
        if rule is None:
            raise CaseUnclear(f"no fare for {event.mode}")
        farther_km = max(event.board_km, event.line_km - event.board_km)
        running.owed_fen = rule.fare(farther_km * 1000)
        return {"charge_fen": 0}
    if event.action == "next_board":
        owed_fen, running.owed_fen = running.owed_fen, 0
        return {"charge_fen": owed_fen}
    raise CaseUnclear(f"action {event.action}")


def _answer(running: _Running, event: Event) -> dict[str, object]:
    """A question of acceptance: by the registry, or whether a purse may go below zero."""
    registry = load_registry()
    entered_s, _ = _times(running, event)
    if event.balance_fen or event.charge_fen:
        scheme, day = event.scheme or T_UNION, calendar_date(entered_s)
        overdraft = registry.permission(scheme, "overdraft", day)
        short = event.charge_fen > event.balance_fen
        if isinstance(overdraft, Refusal) or (short and overdraft.answer == "no"):
            return {"result": "refused", "balance_after_fen": event.balance_fen}
        rest_fen = event.balance_fen - event.charge_fen
        return {"result": "accepted", "balance_after_fen": rest_fen}
    issuer = _another_member(event.scheme, running.city)
    mode = _MODES.get(event.mode, event.mode)
    answer = registry.acceptance(event.scheme, issuer, running.city, mode, calendar_date(entered_s))
    if answer.accepted:
        return {"result": "accepted"}
    return {"result": "refused", "reason": answer.reason.lower()}


def _another_member(scheme: str, city: str) -> str:
    """The first place of the scheme that is not the city, so that its card is a visitor's."""
    registry = load_registry()
    for code in registry.places:
        if code != city and scheme in registry.entries(code):
            return code
    raise CaseUnclear(f"scheme {scheme}")


def _portion(running: _Running, event: Event, tariff: Tariff, mode: str) -> FarePortion:
    system, rule = _system(running, mode, event.mode), None
    if event.base is None:
        rule = _base_rule(running, tariff, mode, event.mode)
        if rule is None or event.dist_m is None:
            raise CaseUnclear(f"neither base nor dist_m for {event.mode}")
        return FarePortion(system, rule.id, rule.fare(event.dist_m), event.dist_m)
    return FarePortion(system, "given", event.base, -1)


def _base_rule(running: _Running, tariff: Tariff, mode: str, named: str) -> BaseRule | None:
    return tariff.base(_system(running, mode, named))


def _system(running: _Running, mode: str, named: str) -> str:
    """The fare system a case means: the main one of the mode, or one named by its words."""
    systems = _systems(running, mode)
    words = set(named.split("_")[1:])
    for system in systems:
        if not words or words == set(system.split("-")):
            return system
    if words:
        raise CaseUnclear(f"mode {named}")
    return mode


def _systems(running: _Running, mode: str) -> list[str]:
    if running.network is not None:
        lines = running.network.lines.values()
        here = {line.fare_system for line in lines if line.mode == mode}
        return [system for system in running.network.fare_systems if system in here]
    wanted = "metro" if mode == "rail" else mode
    named = {system for rule in running.book.rules.values() for system in rule.systems}
    return [wanted] if wanted in named else []


def _rider(running: _Running, event: Event) -> Rider:
    text = f"{running.case.rider} {event.medium}"
    product = next((product for word, product in _PRODUCTS if word in text), "ordinary")
    if running.case.state_before.get("registered frequent rider"):
        product = "frequent"
    return Rider(
        medium_kind=_MEDIA.get(event.medium, event.medium),
        product=product,
        scheme=event.scheme,
        issuer_is_local=not event.visitor,
    )


def _station(running: _Running, name: str) -> str:
    if not name:
        return ""
    found = () if running.network is None else running.network.find_stations(name, "rail")
    if not found:
        raise CaseUnclear(f"station {name}")
    return found[0].id


def _times(running: _Running, event: Event) -> tuple[int, int]:
    """Entry and exit of an event; rides without a time lie hours apart, so none is a transfer."""
    if event.t or event.date:
        entered = _moment(event.t or f"{event.date}T09:00")
    elif event.minutes_after:
        entered = datetime.fromtimestamp(running.entered_s, CHINA)
        entered += timedelta(minutes=event.minutes_after)
    else:
        days, slot = divmod(running.rides, _SLOTS_A_DAY)
        entered = _FIRST_SLOT + timedelta(days=days, hours=slot * _SLOT_HOURS)
    left = _moment(event.t_out) if event.t_out else entered + _STAY
    return instant(entered), instant(left)


def _moment(text: str) -> datetime:
    full = text if "T" in text else f"{_ORDINARY_DAY}T{text}"
    try:
        return datetime.fromisoformat(full).replace(tzinfo=CHINA)
    except ValueError as error:
        raise CaseUnclear(f"time {text}") from error


def _compare(
    expected: tuple[Expected, ...], found: list[list[dict[str, object]]]
) -> list[Difference]:
    differences = []
    for number, (wanted, given) in enumerate(zip(expected, found, strict=True), start=1):
        for name in wanted.__struct_fields__:
            value = getattr(wanted, name)
            if name == "note" or value is UNSET or (name == "charge_fen" and value is None):
                continue
            if given[-1].get(name) != value:
                seen = str(given[-1].get(name))
                differences.append(Difference(f"{number}. {name}", seen, str(value)))
    return differences


def _compare_totals(
    expected: dict[str, int | tuple[int, ...]], found: list[dict[str, object]]
) -> list[Difference]:
    """Totals over all rides: the sum, the base fares, and how many rides ran at each rate."""
    charges = [one["charge_fen"] for one in found]
    given: dict[str, object] = {
        "total_fen": sum(charge for charge in charges if isinstance(charge, int)),
        "base_fare_fen": tuple(one.get("base_fare_fen") for one in found),
    }
    differences = [
        Difference(name, str(given[name]), str(wanted))
        for name, wanted in expected.items()
        if name in given and given[name] != wanted
    ]
    wanted_runs = [count for name, count in expected.items() if name not in given and count]
    runs = [len(list(group)) for _, group in groupby(charges)]
    if wanted_runs and runs != wanted_runs:
        differences.append(Difference("rides at each rate", str(runs), str(wanted_runs)))
    return differences
