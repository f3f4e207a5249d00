"""What must hold for every ride of every rider: sums, bounds, memory that survives a round trip."""

from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.fares import (
    CityFares,
    FareState,
    Quote,
    RideFacts,
    Rider,
    explain,
    load_city_fares,
    price,
)
from tongxing.fares.rules import BandFare, SliceRelief, TransferRelief
from tongxing.fares.shares import sliced
from tongxing.kernel.clock import at, month_key

CITIES = {city: load_city_fares(city) for city in ("500000", "110000")}
FIRST_S, LAST_S = at(date(2014, 12, 28)), at(date(2027, 12, 31))
PRODUCTS = ["ordinary", "student", "love_card", "elder", "frequent", "month_pass", "?"]


def riders() -> st.SearchStrategy[Rider]:
    return st.builds(
        Rider,
        medium_kind=st.sampled_from(["card", "code", "cash"]),
        product=st.sampled_from(PRODUCTS),
        scheme=st.sampled_from(["local:500000", "t_union", "city_union"]),
        issuer=st.just("310000"),
        issuer_is_local=st.booleans(),
    )


@st.composite
def rides(draw: st.DrawFn, fares: CityFares, after_s: int) -> RideFacts:
    """A ride that begins at most a day after the last one, or (rarely) before it."""
    line = draw(st.sampled_from(list(fares.network.lines.values())))
    entered_s = after_s + draw(st.integers(-600, 86_400))
    end = draw(st.sampled_from(line.stations))
    if line.mode == "rail" and draw(st.booleans()):
        end = draw(st.sampled_from(list(fares.network.stations)))
    return RideFacts(
        mode=line.mode,
        line="" if line.mode == "rail" else line.id,
        vehicle=draw(st.sampled_from(["", "v1", "v2"])),
        place=line.place,
        origin=draw(st.sampled_from(line.stations)),
        destination="" if line.single_tap else end,
        entered_s=entered_s,
        exited_s=0 if line.single_tap else entered_s + draw(st.integers(0, 20_000)),
        missing=draw(st.sampled_from(["", "", "", "exit", "entry"])),
    )


@st.composite
def travels(draw: st.DrawFn) -> tuple[CityFares, Rider, list[RideFacts]]:
    """Up to twelve rides of one medium, mostly in order of time."""
    fares = CITIES[draw(st.sampled_from(sorted(CITIES)))]
    time_s = draw(st.integers(FIRST_S + 86_400, LAST_S))
    found = []
    for _ in range(draw(st.integers(1, 12))):
        found.append(draw(rides(fares, time_s)))
        time_s = max(time_s, found[-1].exited_s or found[-1].entered_s)
    return fares, draw(riders()), found


def priced(fares: CityFares, rider: Rider, found: list[RideFacts]) -> list[tuple[RideFacts, Quote]]:
    state, quotes = FareState(), []
    for ride in found:
        try:
            quote = price(fares, ride, rider, state)
        except LookupError:  # a line that did not run yet on that day
            continue
        quotes.append((ride, quote))
        state = quote.state
    return quotes


@settings(max_examples=150, deadline=None)
@given(travels())
@pytest.mark.req("R-401")
def test_lines_add_up_and_no_charge_is_negative_or_above_the_fare(travel):
    for _, quote in priced(*travel):
        assert sum(line.amount_fen for line in quote.lines) == quote.charge_fen
        extra = sum(line.amount_fen for line in quote.lines if line.kind == "overtime")
        assert 0 <= extra <= quote.charge_fen <= quote.fare_fen + extra
        for line in quote.lines:
            base = line.kind in ("base", "highest", "overtime")
            assert (line.amount_fen >= 0) if base else (line.amount_fen <= 0), line


@settings(max_examples=100, deadline=None)
@given(travels())
def test_a_transfer_relief_is_never_above_its_cap_or_the_first_fare(travel):
    fares, _, _ = travel
    for _, quote in priced(*travel):
        for line in quote.lines:
            if line.kind == "transfer":
                rule = fares.book.rules[line.rule]
                assert isinstance(rule, TransferRelief)
                assert 0 <= -line.amount_fen <= min(rule.relief_fen, int(line.values["first_fen"]))
                assert 0 <= int(line.values["gap_s"]) <= rule.window_s
                assert quote.state.anchor is None


@settings(max_examples=100, deadline=None)
@given(travels())
def test_the_fare_state_survives_json_and_prices_the_same_after_it(travel):
    fares, rider, found = travel
    state = FareState()
    for ride in found:
        try:
            quote = price(fares, ride, rider, state)
        except LookupError:
            continue
        carried = msgspec.json.decode(msgspec.json.encode(state), type=FareState)
        assert carried == state
        assert price(fares, ride, rider, carried) == quote
        assert msgspec.json.decode(msgspec.json.encode(quote), type=Quote) == quote
        state = quote.state


@settings(max_examples=60, deadline=None)
@given(travels())
def test_every_line_has_words_in_both_languages(travel):
    fares, _, _ = travel
    for _, quote in priced(*travel):
        for line in quote.lines:
            words = {language: explain(line, language, fares) for language in ("zh", "en")}
            assert all(text and "{" not in text for text in words.values())
            assert words["zh"] != words["en"]


@settings(max_examples=100, deadline=None)
@given(travels())
def test_counters_hold_one_month_and_what_was_paid_in_it(travel):
    before = FareState()
    for ride, quote in priced(*travel):
        names = [counter.name for counter in quote.state.counters]
        assert len(names) == len(set(names))
        newest = max((counter.month for counter in before.counters), default=0)
        for counter in quote.state.counters:
            assert counter.paid_fen >= 0 and counter.rides >= 0
            assert counter.month >= min(newest or counter.month, month_key(ride.entered_s))
            old = next((one for one in before.counters if one.name == counter.name), None)
            if old is not None and old.month == counter.month:
                assert 0 <= counter.paid_fen - old.paid_fen <= quote.charge_fen
        before = quote.state


@given(
    st.lists(st.integers(1, 100_000), min_size=1, max_size=6, unique=True),
    st.integers(0, 30_000),
    st.integers(0, 200),
    st.integers(0, 200_000),
)
def test_a_price_list_never_falls_with_distance_and_grants_its_grace(edges, every, grace, metres):
    edges.sort()
    count = len(edges) + (0 if every else 1)
    rule = BandFare(
        id="A", from_day=date(2020, 1, 1), confidence="illustrative", sources=("none",),
        edges_m=tuple(edges), fares_fen=tuple(200 + 100 * step for step in range(count)),
        then_every_m=every, then_add_fen=100 if every else 0, grace_m=grace,
    )  # fmt: skip
    assert rule.fare(metres) <= rule.fare(metres + 1)
    for edge, fare in zip(rule.edges_m, rule.fares_fen, strict=False):
        assert rule.fare(edge + grace) == fare
    beyond = edges[-1] + grace
    if every:
        assert rule.fare(beyond + every) == rule.fares_fen[-1] + 100
        assert rule.fare(beyond + every + 1) == rule.fares_fen[-1] + 200


@given(st.integers(0, 5_000))
def test_slices_add_up_to_what_each_slice_pays(fare_fen):
    rule = SliceRelief(
        id="A", from_day=date(2020, 1, 1), confidence="illustrative", sources=("none",),
        upto_fen=(300, 600), rates_bp=(8000, 7500, 6500),
    )  # fmt: skip
    by_fen = sum(8000 if fen < 300 else 7500 if fen < 600 else 6500 for fen in range(fare_fen))
    assert sliced(rule, fare_fen) == by_fen
