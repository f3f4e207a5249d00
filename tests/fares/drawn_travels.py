"""Draws what one medium may do in one city, for the laws that hold for everybody.

Base fares are asked of the price lists with drawn metres, so that cities without a network of their
own are held to the same laws; an invented city brings the kinds of rule that no real one has yet.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from tongxing.fares import (
    BaseFare,
    Counter,
    FarePortion,
    FareState,
    Pack,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
    TariffBook,
    book_codes,
    load_book,
)
from tongxing.fares.counters import period_key
from tongxing.fares.pricing import settle, settle_half
from tongxing.fares.rules import (
    AnyRule,
    BandFare,
    FlatFare,
    FreeRide,
    MonthRelief,
    PackRelief,
    PercentRelief,
    SliceRelief,
    TimeRelief,
    TransferRelief,
)
from tongxing.fares.tariff import Tariff, read_book
from tongxing.kernel.clock import CHINA_OFFSET_S, at

RELIEFS = (
    PercentRelief, SliceRelief, TimeRelief, MonthRelief, FreeRide, PackRelief, TransferRelief,
)  # fmt: skip
INVENTED = Path(__file__).parent / "rides" / "990001.toml"
BOOKS = {
    book.city: book for book in (*map(load_book, book_codes()), read_book(INVENTED.read_bytes()))
}
LAST_S = at(date(2027, 12, 31))
HOUR_S, DAY_S = 3600, 86_400
FARES = (FlatFare, BandFare)


@dataclass(frozen=True)
class Journey:
    """One ride with its base fare known, maybe a half trip, maybe with something on top."""

    ride: RideFacts
    base: BaseFare
    surcharge: PriceLine | None
    half: bool

    def price(self, tariff: Tariff, rider: Rider, state: FareState) -> Quote:
        if self.half:
            return settle_half(tariff, self.base, self.ride, rider, state)
        return settle(tariff, self.base, self.ride, rider, state, self.surcharge)


@dataclass(frozen=True)
class Travel:
    """What one medium did in one city, in order of time."""

    book: TariffBook
    rider: Rider
    begins: FareState
    journeys: tuple[Journey, ...]

    def tariff(self, journey: Journey) -> Tariff:
        found = self.book.at(journey.ride.entered_s)
        assert found is not None
        return found

    def quotes(self) -> list[tuple[Journey, FareState, Quote]]:
        """Each journey with the state before it and its quote."""
        state, found = self.begins, []
        for journey in self.journeys:
            quote = journey.price(self.tariff(journey), self.rider, state)
            found.append((journey, state, quote))
            state = quote.state
        return found


@cache
def aims() -> list[tuple[str, AnyRule]]:
    """The rules that a travel may be drawn for, each with its city."""
    return [
        (city, rule)
        for city, book in BOOKS.items()
        for rule in book.rules.values()
        if isinstance(rule, RELIEFS)
    ]


def systems_of(tariff: Tariff, aim: AnyRule) -> list[str]:
    """Fare systems that the rule is for; those with a price list where it is for all."""
    known = [system for system, rule in tariff.bases.items() if isinstance(rule, FARES)]
    return sorted(aim.systems) or sorted(known) or [""]


@st.composite
def riders(draw: st.DrawFn, aim: AnyRule) -> Rider:
    """Mostly someone whom the rule is for, now and then a visitor or someone with cash."""
    visiting = draw(st.sampled_from([False, False, False, False, True]))
    return Rider(
        medium_kind=draw(st.sampled_from([*aim.media, *aim.media, "cash"])),
        product=draw(st.sampled_from([*aim.products, *aim.products, "ordinary"])),
        scheme=draw(st.sampled_from(["t_union", "city_union"])) if visiting else "",
        issuer="310000",
        issuer_is_local=not visiting,
    )


@st.composite
def bases(draw: st.DrawFn, tariff: Tariff, aim: AnyRule) -> BaseFare:
    of_aim = st.sampled_from(systems_of(tariff, aim))
    systems = draw(st.lists(of_aim, min_size=1, max_size=2, unique=True))
    portions = []
    for system in systems:
        rule = tariff.base(system)
        fen = draw(st.integers(0, 3_000))
        if isinstance(rule, FARES) and draw(st.booleans()):
            fen = rule.fare(draw(st.integers(0, 120_000)))
        portions.append(FarePortion(system, "given" if rule is None else rule.id, fen, -1))
    lines = tuple(PriceLine("base", one.rule, one.fare_fen, {}) for one in portions)
    return BaseFare(tuple(portions), lines, sum(one.fare_fen for one in portions))


def next_half_past_six(time_s: int) -> int:
    return time_s + (6 * HOUR_S + HOUR_S // 2 - time_s - CHINA_OFFSET_S) % DAY_S


@st.composite
def journeys(draw: st.DrawFn, book: TariffBook, aim: AnyRule, after_s: int) -> Journey:
    waits = st.one_of(st.integers(0, HOUR_S + 60), st.integers(0, 3 * DAY_S))
    entered_s = after_s + draw(waits)
    modes = ["rail", "bus", "bus", "ferry"]
    if isinstance(aim, TimeRelief) and draw(st.booleans()):
        entered_s = next_half_past_six(after_s)
    if isinstance(aim, TransferRelief) and draw(st.booleans()):
        entered_s = after_s + draw(st.integers(aim.min_gap_s, min(aim.window_s, HOUR_S)))
        modes = sorted({mode for pair in aim.pairs for mode in pair.split("-")})
    tariff = book.at(entered_s)
    assert tariff is not None
    stays = st.one_of(st.just(0), st.integers(0, 4 * HOUR_S))
    mode = draw(st.sampled_from(modes))
    ride = RideFacts(
        mode=mode,
        line=draw(st.sampled_from(["", "1", "2"])),
        vehicle=draw(st.sampled_from(["", "v1", "v2"])),
        place=book.city,
        origin=draw(st.sampled_from(["", "tuqiao"])),
        entered_s=entered_s,
        exited_s=entered_s + draw(stays) if mode == "rail" else 0,
        missing=draw(st.sampled_from(["", "", "", "", "", "exit"])),
    )
    on_top = draw(st.sampled_from([0, 0, 0, 900]))
    surcharge = PriceLine("overtime", "OVER", on_top, {}) if on_top else None
    return Journey(ride, draw(bases(tariff, aim)), surcharge, half=bool(ride.missing))


@st.composite
def states(draw: st.DrawFn, book: TariffBook, aim: AnyRule, time_s: int) -> FareState:
    """What the medium brings along: a counter about to reach a step, a pack about to end."""
    if isinstance(aim, MonthRelief | FreeRide):
        name = f"{book.city}.{aim.counter_name}"
        marks = aim.reach if isinstance(aim, MonthRelief) else aim.rides
        mark = draw(st.sampled_from(marks)) + draw(st.integers(-3, 1))
        paid_fen = mark + 3 * draw(st.integers(-200, 1)) if mark > 100 else mark * 100
        rides = mark if mark <= 100 else 12
        counter = Counter(name, period_key(name, time_s), max(0, paid_fen), max(0, rides))
        return FareState(counters=(counter,))
    if isinstance(aim, PackRelief):
        until_s = time_s + draw(st.integers(0, 10 * DAY_S))
        rides = draw(st.integers(1, 3))
        return FareState(packs=(Pack(f"{book.city}.{aim.pack}", until_s, rides),))
    return FareState()


@st.composite
def travels(draw: st.DrawFn, most: int = 8) -> Travel:
    """Up to `most` rides of one medium, drawn so that one rule of the city has its say."""
    kind = draw(st.sampled_from(RELIEFS))
    city, aim = draw(st.sampled_from([pair for pair in aims() if isinstance(pair[1], kind)]))
    book = BOOKS[city]
    first_s = max(at(aim.from_day), at(date(2010, 1, 1)))
    last_s = LAST_S if aim.last_day is None else at(aim.last_day)
    time_s = draw(st.integers(first_s, max(first_s, last_s)))
    begins = draw(states(book, aim, time_s))
    rider, found = draw(riders(aim)), []
    for _ in range(draw(st.integers(1, most))):
        found.append(draw(journeys(book, aim, time_s)))
        time_s = max(found[-1].ride.exited_s, found[-1].ride.entered_s)
    return Travel(book, rider, begins, tuple(found))


def on_top(journey: Journey) -> int:
    """The fen that come on top of the fare, untouched by any relief."""
    return 0 if journey.half or journey.surcharge is None else journey.surcharge.amount_fen
