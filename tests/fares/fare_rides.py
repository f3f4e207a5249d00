"""Reads ride tables (``rides/*.txt``) and prices them: one line per ride, one case per heading.

The form is explained at the head of ``rides/chongqing.txt``. A line that cannot be read fails the
test, and a ride whose charge, counter or reliefs differ says which line it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from tongxing.fares import (
    BaseFare,
    CityFares,
    Counter,
    FarePortion,
    FareState,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
    TariffBook,
    load_book,
    load_city_fares,
    parted,
    price,
    with_account,
)
from tongxing.fares.city import price_from
from tongxing.fares.packs import buy_pack
from tongxing.fares.rules import FlatFare, PackRelief
from tongxing.fares.tariff import TariffFile, book_codes, make_book, read_book
from tongxing.kernel.clock import CHINA, instant
from tongxing.network.transport import city_codes, load_network

TABLES = Path(__file__).parent / "rides"
NO_RELIEFS = {"base", "highest", "count", "overtime", "calendar", "transfer_spent"}


@dataclass
class Case:
    """The rides of one heading, with the city and the fare systems that hold for it."""

    id: str
    title: str
    city: str = ""
    systems: dict[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)


def read_cases(table: str) -> list[Case]:
    """The cases of one table, in order; what stands before the first heading holds for all."""
    common = Case("", "")
    cases: list[Case] = []
    for raw in (TABLES / table).read_text(encoding="utf-8").splitlines():
        text = raw.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("["):
            name, _, title = text[1:].partition("]")
            cases.append(Case(name, title.strip(), common.city, dict(common.systems)))
            continue
        case = cases[-1] if cases else common
        word, _, rest = text.partition(" ")
        if word == "city":
            case.city = rest
        elif word == "req":
            case.requirements = tuple(rest.split())
        elif word == "system":
            case.systems.update(pair.split("=") for pair in rest.split())
        else:
            case.lines.append(text)
    return cases


def run(case: Case) -> list[str]:
    """Price a case; the differences found, one line each (none: the case holds)."""
    states: dict[str, FareState] = {}
    differences: list[str] = []
    for text in case.lines:
        if text.startswith("spent "):
            _spent(case, text.split()[1:], states)
            continue
        if text.startswith("pack "):
            _buys(case, text.split()[1:], states)
            continue
        for quote, expected in _ride(case, text, states):
            found = _seen(quote, expected)
            if found != expected:
                differences.append(f"[{case.id}] {text}: found {found}")
    return differences


def fen(text: str) -> int:
    """``4.50`` yuan as fen."""
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0"))


@cache
def _fares_of(city: str) -> CityFares:
    """The city's fares; an invented tariff stands in a network of Chongqing's."""
    if city in city_codes():
        return load_city_fares(city)
    return CityFares(load_network("500000"), book_of(city))


@cache
def book_of(city: str) -> TariffBook:
    """The city's tariffs, or an invented one of this folder; for a city known from the visitor
    table alone, one flat bus fare."""
    invented = TABLES / f"{city}.toml"
    if invented.exists():
        return read_book(invented.read_bytes())
    if city in book_codes():
        return load_book(city)
    flat = FlatFare(
        id="PLAIN",
        from_day=date(2010, 1, 1),
        fare_fen=200,
        confidence="illustrative",
        sources=("none",),
    )
    return make_book(TariffFile(city=city, name_zh=city, name_en=city, rule=(flat,)))


def _spent(case: Case, words: list[str], states: dict[str, FareState]) -> None:
    medium, month, paid, *more = words
    rides = int(dict(pair.split("=") for pair in more).get("rides", "0"))
    counter = Counter(f"{case.city}.rail", int(month.replace("-", "")), fen(paid), rides)
    states[medium] = FareState(counters=(counter,))


def _buys(case: Case, words: list[str], states: dict[str, FareState]) -> None:
    """``pack card CQ-32 2026-03-10``: the medium buys the pack of a rule on a day."""
    medium, name, day = words
    rule = book_of(case.city).rules[name]
    assert isinstance(rule, PackRelief)
    priced = replace(rule, price_fen=rule.price_fen or 0)
    state = buy_pack(case.city, priced, states.get(medium, FareState()), _instant(day, "08:00"))
    assert isinstance(state, FareState)
    states[medium] = state


def _ride(
    case: Case, text: str, states: dict[str, FareState]
) -> Iterator[tuple[Quote, dict[str, str]]]:
    facts, _, wanted = text.partition(" : ")
    head, *pairs = wanted.split()
    expected = {"charge": head} | dict(pair.split("=") for pair in pairs)
    words = facts.split()
    mode, times, known, times_over = words[0], [], {}, 1
    for word in words[1:]:
        if "=" in word:
            key, _, value = word.partition("=")
            known[key] = value
        elif word.startswith("x"):
            times_over = int(word[1:])
        else:
            times.append(word)
    entered_s, exited_s = _times(times)
    medium = known.get("by", "card")
    rider = _rider(medium)
    ride = RideFacts(
        mode=mode,
        line=known.get("line", ""),
        vehicle=known.get("vehicle", ""),
        place=known.get("place", case.city),
        origin=known.get("from", ""),
        destination=known.get("to", ""),
        entered_s=entered_s,
        exited_s=exited_s,
        metres=int(known.get("metres", "-1")),
        slow_metres=int(known.get("slow", "0")),
    )
    for _ in range(times_over):
        state = with_account(states.get(medium, FareState()), states.get("@", FareState()))
        quote = _price(case, known, ride, rider, state)
        states[medium], states["@"] = parted(quote.state)
        yield quote, expected


def _price(
    case: Case, known: dict[str, str], ride: RideFacts, rider: Rider, state: FareState
) -> Quote:
    if "fare" not in known and "m" not in known:
        return price(_fares_of(case.city), ride, rider, state)
    tariff = book_of(case.city).at(ride.entered_s)
    assert tariff is not None
    system = case.systems[ride.mode]
    rule = tariff.base(system)
    if "fare" in known:
        portion = FarePortion(system, "given", fen(known["fare"]), -1)
    else:
        assert rule is not None
        portion = FarePortion(system, rule.id, rule.fare(int(known["m"])), int(known["m"]))
    line = PriceLine("base", portion.rule, portion.fare_fen, {"metres": portion.metres})
    base = BaseFare((portion,), (line,), portion.fare_fen)
    return price_from(_fares_of(case.city), tariff, base, ride, rider, state)


def _rider(text: str) -> Rider:
    """``card``, ``code:frequent`` or ``card:ordinary@city_union/310000`` (a visitor)."""
    own, _, visiting = text.partition("@")
    kind, _, product = own.partition(":")
    scheme, _, issuer = visiting.partition("/")
    return Rider(
        medium_kind=kind,
        product=product or "ordinary",
        scheme=scheme,
        issuer=issuer,
        issuer_is_local=not visiting,
    )


def _times(words: list[str]) -> tuple[int, int]:
    """``2026-03-10 08:00`` or ``2026-03-10 23:40 > 2026-03-11 00:20`` as instants."""
    entry, _, exit_ = " ".join(words).partition(" > ")
    day, clock = entry.split()
    entered_s = _instant(day, clock)
    if not exit_:
        return entered_s, 0
    return entered_s, _instant(*exit_.split()) if " " in exit_ else _instant(day, exit_)


def _instant(day: str, clock: str) -> int:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    moment = timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
    start = date.fromisoformat(day)
    return instant(datetime(start.year, start.month, start.day, tzinfo=CHINA) + moment)


def _seen(quote: Quote, expected: dict[str, str]) -> dict[str, str]:
    """What the quote says of the things a line expects, in the table's own form."""
    assert sum(line.amount_fen for line in quote.lines) == quote.charge_fen
    seen = {"charge": f"{quote.charge_fen // 100}.{quote.charge_fen % 100:02d}"}
    if "total" in expected:
        paid = quote.state.counters[0].paid_fen
        seen["total"] = f"{paid // 100}.{paid % 100:02d}"
    if "left" in expected:
        seen["left"] = str(sum(pack.rides_left for pack in quote.state.packs))
    if "relief" in expected:
        reliefs = [line.rule for line in quote.lines if line.kind not in NO_RELIEFS]
        seen["relief"] = "+".join(reliefs) or "-"
    return seen


assert set(city_codes()) <= set(book_codes()), "every city with a network has tariffs"
