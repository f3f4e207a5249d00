"""Gate and city come to the same fen from the same taps, though neither can ask the other (R-403).

A purse is priced at the gate with the counters on the card; the city folds the taps afterwards, in
one go, with counters of its own. Any difference would be a FARE_DIFFERS for a person to look at.
"""

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from deciding_world import BEIJING_CARD, CARD, DAY, TIANJIN_CARD, Street, context, validator
from tongxing.city.riding import RiderState, fold
from tongxing.deciding.decide import decide, tap_of
from tongxing.deciding.facts import Role
from tongxing.deciding.rides import ended_ride, half_trip, rider_of, single_tap
from tongxing.deciding.token import NO_FARE_STATE, MediumToken, OpenEntry
from tongxing.fares import load_city_fares, price
from tongxing.kernel.clock import at
from tongxing.messages import Tap, TapRef

CHONGQING: list[tuple[Role, str]] = [
    ("entry", "cq:rail-1:xiaoshizi"),
    ("exit", "cq:rail-1:shapingba"),
    ("entry", "cq:rail-2:linjiangmen"),
    ("exit", "cq:rail-1:lianglukou"),
    ("ride", "cq:bus-181:jiaochangkou-stop:B1"),
    ("ride", "cq:bus-401:shiqiaopu-stop:B2"),
    ("ride", "cq:lift-kaixuan:kaixuanlu-lift"),
]
BEIJING: list[tuple[Role, str]] = [
    ("entry", "bj:rail-1:xidan"),
    ("exit", "bj:rail-1:guomao"),
    ("exit", "bj:rail-1:tuqiao"),
    ("board", "bj:bus-1:wukesongqiaodong-stop:B7"),
    ("alight", "bj:bus-1:xidan-stop:B7"),
    ("board", "bj:bus-4:gongzhufen-stop:B9"),
    ("alight", "bj:bus-4:muxidi-stop:B9"),
]
BEGUN = OpenEntry("500000", "xiaoshizi", "rail-1", "rail", "500000", at(DAY, 8), "t")
RAIL_OUT = validator("exit", "cq:rail-1:shapingba")
PRODUCTS = ["ordinary", "student", "elder", "child", "love_card"]


def opened_taps(
    token: MediumToken, steps: list[tuple[Role, str, int]]
) -> list[tuple[Tap, MediumToken]]:
    """Play steps (role, place, seconds after the one before): each opened tap, and the medium."""
    street, now_s, taps = Street({"card": token}), at(DAY, 5), []
    for number, (role, where, later_s) in enumerate(steps, 1):
        now_s += later_s
        before, facts = street.media["card"], validator(role, where)
        decision = street.tap("card", role, where, now_s)
        if decision.opened:
            ref = TapRef(facts.terminal_id, 1, number)
            tap = tap_of(before, facts, decision, ref, now_s, 0)
            taps.append((tap, decision.token_after))
    return taps


def days_of(places: list[tuple[Role, str]]) -> st.SearchStrategy[list[tuple[Role, str, int]]]:
    """Up to 25 journeys: as often a proper ride as a lone tap anywhere."""
    lone = [[place] for place in places]
    into = [place for place in places if place[0] in ("entry", "board")]
    out = [place for place in places if place[0] in ("exit", "alight")]
    rides = [[first, last] for first in into for last in out]
    journeys = st.one_of(st.sampled_from(rides), st.sampled_from(lone))
    gaps = st.lists(st.integers(40, 9_000), min_size=50, max_size=50)
    flat = st.lists(journeys, min_size=8, max_size=25).map(
        lambda drawn: list(chain.from_iterable(drawn))
    )
    return st.tuples(flat, gaps).map(
        lambda drawn: [(*place, later_s) for place, later_s in zip(*drawn, strict=False)]
    )


@pytest.mark.req("R-403")
@given(st.data(), st.sampled_from(PRODUCTS), st.sampled_from([CARD, BEIJING_CARD, TIANJIN_CARD]))
@settings(max_examples=120, deadline=None)
def test_the_city_books_exactly_what_the_gate_took(
    data: st.DataObject, product: str, card: MediumToken
) -> None:
    """After every tap: the same money, the same counters, the same open ride."""
    city, places = ("500000", CHONGQING) if card is CARD else ("110000", BEIJING)
    before = replace(card, product=product, balance_fen=100_000)
    state = RiderState()
    for tap, after in opened_taps(before, data.draw(days_of(places))):
        folded = fold(state, [tap], load_city_fares(city), 0)
        state = folded.state
        assert [trip.remark for trip in folded.trips] == [""] * len(folded.trips)
        charged_fen = sum(trip.charge_fen for trip in folded.trips)
        assert charged_fen == before.balance_fen - after.balance_fen
        assert state.fare_states.get(card.medium_no, NO_FARE_STATE) == after.fare_state(city)
        assert (state.open is None) == (after.open_entry is None)
        before = after


def test_folding_the_whole_day_at_once_is_the_same_money() -> None:
    taps = opened_taps(CARD, [(*place, 1_000) for place in CHONGQING])
    folded = fold(RiderState(), [tap for tap, _ in taps], load_city_fares("500000"), 0)
    taken_fen = CARD.balance_fen - taps[-1][1].balance_fen
    assert sum(trip.charge_fen for trip in folded.trips) == taken_fen > 0


def test_the_comparison_would_notice_a_fen() -> None:
    steps: list[tuple[Role, str, int]] = [(*CHONGQING[0], 0), (*CHONGQING[1], 1_800)]
    taps = [tap for tap, _ in opened_taps(CARD, steps)]
    purse = taps[1].purse
    assert purse is not None
    taps[1] = replace(taps[1], purse=replace(purse, taken_fen=purse.taken_fen + 1))
    folded = fold(RiderState(), taps, load_city_fares("500000"), 0)
    assert [trip.remark for trip in folded.trips] == ["FARE_DIFFERS"]


@pytest.mark.req("R-403")
def test_the_gate_takes_what_the_tariff_says_for_the_same_facts() -> None:
    fares = load_city_fares("500000")
    inside = replace(CARD, open_entry=BEGUN)
    rider, state = rider_of(inside, RAIL_OUT), inside.fare_state("500000")
    now_s = at(DAY, 9)
    exit_ = decide(inside, RAIL_OUT, context(RAIL_OUT, now_s))
    quote = price(fares, ended_ride(BEGUN, RAIL_OUT, now_s), rider, state)
    assert (exit_.charge_fen, exit_.lines, exit_.tariff) == (
        quote.charge_fen, quote.lines, quote.tariff,
    )  # fmt: skip
    assert exit_.token_after.fare_state("500000") == quote.state
    bus = validator("ride", "cq:bus-181:jiaochangkou-stop:B1")
    ride = decide(inside, bus, context(bus, now_s))
    half = price(fares, half_trip(BEGUN, now_s), rider, state)
    flat = price(fares, single_tap(bus, now_s), rider, half.state)
    assert (ride.half_trip_fen, ride.charge_fen) == (half.charge_fen, flat.charge_fen)
