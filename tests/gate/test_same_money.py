"""Gate and city come to the same fen from the same taps, though neither can ask the other (R-403).

A purse is priced at the gate with the counters on the card; the city folds the taps afterwards, in
one go, with counters of its own. Any difference would be a FARE_DIFFERS for a person to look at.
"""

import pytest
from gate_world import BEIJING_CARD, CARD, DAY, TIANJIN_CARD, Street, validator
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.city.riding import RiderState, fold, order_key
from tongxing.fares import load_city_fares
from tongxing.gate.decide import tap_of
from tongxing.gate.facts import Role
from tongxing.gate.token import MediumToken
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
PRODUCTS = ["ordinary", "student", "elder", "child", "love_card"]


def opened_taps(
    token: MediumToken, steps: list[tuple[Role, str, int]]
) -> tuple[list[Tap], MediumToken]:
    """Play steps (role, place, seconds after the one before) and keep the taps that opened."""
    street, now_s, taps = Street({"card": token}), at(DAY, 5), []
    for number, (role, where, later_s) in enumerate(steps, 1):
        now_s += later_s
        before, facts = street.media["card"], validator(role, where)
        decision = street.tap("card", role, where, now_s)
        if decision.opened:
            ref = TapRef(facts.terminal_id, 1, number)
            taps.append(tap_of(before, facts, decision, ref, now_s, 0))
    return taps, street.media["card"]


def days_of(places: list[tuple[Role, str]]) -> st.SearchStrategy[list[tuple[Role, str, int]]]:
    step = st.tuples(st.sampled_from(places), st.integers(40, 9_000))
    return st.lists(step.map(lambda drawn: (*drawn[0], drawn[1])), max_size=40)


@pytest.mark.req("R-403")
@given(st.data(), st.sampled_from(PRODUCTS), st.sampled_from([CARD, BEIJING_CARD, TIANJIN_CARD]))
@settings(max_examples=150, deadline=None)
def test_the_city_books_exactly_what_the_gate_took(
    data: st.DataObject, product: str, card: MediumToken
) -> None:
    token = replace(card, product=product, balance_fen=100_000)
    city = "500000" if card is CARD else "110000"
    taps, after = opened_taps(token, data.draw(days_of(CHONGQING if card is CARD else BEIJING)))
    folded = fold(RiderState(), sorted(taps, key=order_key), load_city_fares(city), 0)
    state, trips = folded.state, folded.trips
    assert [trip.remark for trip in trips] == [""] * len(trips)
    assert sum(trip.charge_fen for trip in trips) == token.balance_fen - after.balance_fen
    assert state.fare_states.get(card.medium_no, after.fare_state(city)) == after.fare_state(city)
    assert (state.open is None) == (after.open_entry is None)


def test_the_comparison_would_notice_a_fen() -> None:
    taps, _ = opened_taps(
        CARD, [("entry", "cq:rail-1:xiaoshizi", 0), ("exit", "cq:rail-1:shapingba", 1_800)]
    )
    purse = taps[1].purse
    assert purse is not None
    taps[1] = replace(taps[1], purse=replace(purse, taken_fen=purse.taken_fen + 1))
    folded = fold(RiderState(), taps, load_city_fares("500000"), 0)
    assert [trip.remark for trip in folded.trips] == ["FARE_DIFFERS"]
