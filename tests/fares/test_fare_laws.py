"""Laws that hold for every tariff we carry, every rider and every row of rides, drawn at random."""

from collections import defaultdict
from datetime import date
from functools import cache

import pytest
from drawn_travels import BOOKS, HOUR_S, LAST_S, RELIEFS, Travel, aims, on_top, riders, travels
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.fares import (
    BaseFare,
    CityFares,
    FarePortion,
    FareState,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
    TariffBook,
    load_book,
    load_city_fares,
    price,
)
from tongxing.fares.counters import period_key
from tongxing.fares.pricing import settle
from tongxing.fares.rules import (
    AnyRule,
    CombineSetting,
    CounterRule,
    PercentRelief,
    RoundingSetting,
    TimeRelief,
    TransferRelief,
)
from tongxing.fares.tariff import Tariff, TariffFile, make_book
from tongxing.kernel.clock import at
from tongxing.network.transport import load_network

# --- a single price -------------------------------------------------------------------------------


@pytest.mark.req("R-401")
@settings(max_examples=150, deadline=None)
@given(travels())
def test_lines_add_up_to_a_charge_between_nothing_and_the_fare(travel: Travel) -> None:
    for journey, _, quote in travel.quotes():
        amounts = [line.amount_fen for line in quote.lines]
        assert sum(amounts) == quote.charge_fen
        assert on_top(journey) <= quote.charge_fen <= quote.fare_fen + on_top(journey)
        assert quote.fare_fen == journey.base.fare_fen
        so_far = 0
        for amount in amounts:
            so_far += amount
            assert so_far >= 0, "no line takes off more than is left"


@settings(max_examples=150, deadline=None)
@given(travels())
def test_a_relief_is_at_most_its_cap_its_leg_and_its_fare(travel: Travel) -> None:
    for journey, before, quote in travel.quotes():
        taken: dict[str, int] = defaultdict(int)
        for line in quote.lines:
            rule = travel.book.rules.get(line.rule)
            if isinstance(rule, RELIEFS):
                assert -quote.fare_fen <= line.amount_fen <= 0
                assert rule in travel.tariff(journey).rules
                taken[line.rule] -= line.amount_fen
        for name, fen in taken.items():
            rule = travel.book.rules[name]
            if isinstance(rule, TransferRelief):
                assert before.anchor is not None
                limits = {"first_fare": before.anchor.nominal_fen, "none": fen}
                limits["first_paid"] = before.anchor.paid_fen
                assert fen <= min(rule.relief_fen, limits[rule.limit])
            if isinstance(rule, PercentRelief | TimeRelief):
                exact = quote.fare_fen * (10_000 - rule.rate_bp)
                assert fen * 10_000 <= exact + 10_000 * quantum_of(travel.tariff(journey))


def quantum_of(tariff: Tariff) -> int:
    return max(
        (one.quantum_fen for one in tariff.rules if isinstance(one, RoundingSetting)), default=1
    )


@cache
def without(city: str, rule_id: str) -> TariffBook:
    """The same tariffs as if one rule had never been made."""
    book = BOOKS[city]
    rules = tuple(rule for rule in book.rules.values() if rule.id != rule_id)
    return make_book(
        TariffFile(city=book.city, name_zh=book.name_zh, name_en=book.name_en, rule=rules)
    )


@settings(max_examples=120, deadline=None)
@given(travels(most=4))
def test_no_relief_makes_its_own_ride_dearer(travel: Travel) -> None:
    for journey, before, quote in travel.quotes():
        for line in quote.lines:
            rule = travel.book.rules.get(line.rule)
            if isinstance(rule, RELIEFS):
                other = without(travel.book.city, rule.id).at(journey.ride.entered_s)
                assert other is not None
                dearer = journey.price(other, travel.rider, before)
                assert quote.charge_fen <= dearer.charge_fen, line


def a_rule(kind: type[AnyRule], **fields: object) -> AnyRule:
    return kind(
        id=str(fields.pop("id", kind.__name__)), from_day=date(2020, 1, 1),
        confidence="illustrative", sources=("none",), **fields,
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    fare_fen=st.integers(0, 2_000),
    rates=st.lists(st.integers(1, 10_000), min_size=1, max_size=3),
    quantum_fen=st.sampled_from([1, 5, 10, 50, 100]),
    how=st.sampled_from(["half_up", "half_even", "up", "down"]),
    combine=st.sampled_from(["lowest", "multiply"]),
)
def test_rounding_to_a_quantum_never_makes_a_relieved_fare_dearer(
    fare_fen: int, rates: list[int], quantum_fen: int, how: str, combine: str
) -> None:
    rules = [a_rule(PercentRelief, id=f"P{n}", rate_bp=rate) for n, rate in enumerate(rates)]
    rules.append(a_rule(RoundingSetting, quantum_fen=quantum_fen, how=how))
    rules.append(a_rule(CombineSetting, how=combine))
    book = make_book(TariffFile(city="990002", name_zh="", name_en="", rule=tuple(rules)))
    portion = FarePortion("s", "given", fare_fen, -1)
    base = BaseFare((portion,), (PriceLine("base", "given", fare_fen, {}),), fare_fen)
    ride = RideFacts(mode="bus", entered_s=at(date(2026, 3, 10), 8))
    quote = settle(book.versions[0], base, ride, Rider(), FareState())
    assert 0 <= quote.charge_fen <= fare_fen
    assert sum(line.amount_fen for line in quote.lines) == quote.charge_fen


# --- memory ---------------------------------------------------------------------------------------


def counters_of(tariff: Tariff, system: str, rider: Rider) -> set[str]:
    """The counters a local rider's money counts for in a fare system, read from the rules."""
    return {
        f"{tariff.city}.{rule.counter_name}"
        for rule in tariff.rules
        if isinstance(rule, CounterRule)
        and rule.applies_to(system, rider.medium_kind, rider.product)
    }


@pytest.mark.req("R-402")
@settings(max_examples=150, deadline=None)
@given(travels())
def test_counters_are_the_sum_of_what_was_charged_in_their_period(travel: Travel) -> None:
    if not travel.rider.issuer_is_local:
        return
    paid: dict[tuple[str, int], int] = defaultdict(int)
    paid.update({(one.name, one.month): one.paid_fen for one in travel.begins.counters})
    for journey, _, quote in travel.quotes():
        tariff = travel.tariff(journey)
        systems = [portion.system for portion in journey.base.portions]
        if len(systems) > 1:
            continue
        for name in counters_of(tariff, systems[0], travel.rider):
            charged_s = journey.ride.exited_s or journey.ride.entered_s
            paid[name, period_key(name, charged_s)] += quote.charge_fen
    if any(len(journey.base.portions) > 1 for journey in travel.journeys):
        return
    last = travel.quotes()[-1][2].state
    for counter in last.counters:
        assert counter.paid_fen == paid[counter.name, counter.month], counter
    moved = {counter.name for counter in last.counters}
    charged_s = travel.journeys[-1].ride.exited_s or travel.journeys[-1].ride.entered_s
    for name, period in paid:
        assert name in moved or period < period_key(name, charged_s)


@settings(max_examples=100, deadline=None)
@given(travels())
def test_a_pack_gives_no_more_rides_than_it_had(travel: Travel) -> None:
    used: dict[str, int] = defaultdict(int)
    for journey, before, quote in travel.quotes():
        lines = [line for line in quote.lines if line.kind == "pack"]
        for line in lines[:1]:
            name = f"{travel.book.city}.{line.values['pack']}"
            used[name] += 1
            assert any(
                pack.name == name and journey.ride.entered_s <= pack.until_s
                for pack in before.packs
            )
        rides_before = sum(pack.rides_left for pack in before.packs)
        left = sum(pack.rides_left for pack in quote.state.packs)
        gone = sum(
            pack.rides_left for pack in before.packs if pack.until_s < journey.ride.entered_s
        )
        if not journey.half:
            assert left == rides_before - gone - bool(lines)
    for name, times in used.items():
        bought = [pack.rides_left for pack in travel.begins.packs if pack.name == name]
        assert times <= sum(bought)


@pytest.mark.req("R-007")
@settings(max_examples=60, deadline=None)
@given(travels(), st.randoms(use_true_random=False))
def test_two_media_never_touch_each_other(travel: Travel, random) -> None:
    """However the rides of a card and a code are mixed in time, each pays as if it were alone."""
    alone = [quote for _, _, quote in travel.quotes()]
    states_now = {"card": travel.begins, "code": travel.begins}
    mixed: dict[str, list[Quote]] = {"card": [], "code": []}
    waiting = {"card": list(travel.journeys), "code": list(travel.journeys)}
    while any(waiting.values()):
        medium = random.choice([name for name, left in waiting.items() if left])
        journey = waiting[medium].pop(0)
        quote = journey.price(travel.tariff(journey), travel.rider, states_now[medium])
        states_now[medium] = quote.state
        mixed[medium].append(quote)
    assert mixed == {"card": alone, "code": alone}


# --- one price everywhere -------------------------------------------------------------------------


@pytest.mark.req("R-403")
@settings(max_examples=60, deadline=None)
@given(travels(), st.data())
def test_the_same_ride_has_the_same_price_on_any_machine_and_after_any_other(
    travel: Travel, data: st.DataObject
) -> None:
    """Nothing but the arguments decides: not what was priced before, nor by which copy."""
    first = travel.quotes()
    book = read_or_load(travel.book)
    order = data.draw(st.permutations(range(len(first))))
    for index in order:
        journey, before, quote = first[index]
        tariff = book.at(journey.ride.entered_s)
        assert tariff is not None
        assert journey.price(tariff, travel.rider, before) == quote


def read_or_load(book: TariffBook) -> TariffBook:
    """Another copy of the same tariffs, read anew, with nothing worked out yet."""
    return make_book(
        TariffFile(
            city=book.city,
            name_zh=book.name_zh,
            name_en=book.name_en,
            rule=tuple(book.rules.values()),
        )
    )


NETWORKED = {code: load_city_fares(code) for code in ("110000", "500000")}


@pytest.mark.req("R-403")
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_gate_that_has_priced_nothing_yet_asks_what_the_centre_asks(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(sorted(NETWORKED)))
    centre = NETWORKED[code]
    gate = CityFares(load_network(code), load_book(code))
    stations = sorted(
        station
        for line in centre.network.lines.values()
        if line.mode == "rail"
        for station in line.stations
    )
    entered_s = data.draw(st.integers(at(date(2026, 1, 1)), LAST_S))
    ride = RideFacts(
        mode="rail",
        origin=data.draw(st.sampled_from(stations)),
        destination=data.draw(st.sampled_from(stations)),
        entered_s=entered_s,
        exited_s=entered_s + data.draw(st.integers(0, 5 * HOUR_S)),
        missing=data.draw(st.sampled_from(["", "", "exit"])),
    )
    rider = data.draw(riders(data.draw(st.sampled_from([one for _, one in aims()]))))
    for _ in range(2):
        assert price(gate, ride, rider, FareState()) == price(centre, ride, rider, FareState())
