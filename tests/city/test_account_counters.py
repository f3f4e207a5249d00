"""A tariff may let all media of an account count together; the fold keeps that with the rider."""

from importlib.resources import files

import pytest

from street import CARD, CHONGQING, CODE, Taps, moment
from tongxing.city.riding import ACCOUNT, NEW_STATE, RiderState, fold
from tongxing.city.store.riders import decode_state, encode_state
from tongxing.fares import CityFares, load_city_fares
from tongxing.fares.tariff import read_book
from tongxing.messages import Tap


def together() -> CityFares:
    """Chongqing as if card and code of an account counted together for the steps of the month."""
    text = files("tongxing.fares").joinpath("data", CHONGQING, "tariff.toml").read_text("utf-8")
    said = 'counter = "rail"\ncounts = "paid"\n'
    assert said in text
    book = read_book(text.replace(said, said + 'per = "account"\n').encode())
    return CityFares(load_city_fares(CHONGQING).network, book)


def rides(count: int) -> list[Tap]:
    """Rides from Chaotianmen to Shapingba, by card and by code in turn."""
    make, taps = Taps(), []
    for number in range(count):
        day, ride = divmod(number, 4)
        medium, start_s = (CARD, CODE)[number % 2], moment("08:00") + day * 86_400 + ride * 9_000
        taps.append(make(start_s, medium, "entry", "chaotianmen"))
        taps.append(make(start_s + 2_400, medium, "exit", "shapingba"))
    return taps


def charges(fares: CityFares, count: int) -> list[int]:
    return [trip.charge_fen for trip in fold(NEW_STATE, rides(count), fares, 0).trips]


@pytest.mark.req("R-001")
def test_what_card_and_code_paid_counts_together_where_the_tariff_says_so() -> None:
    apart, joint = charges(load_city_fares(CHONGQING), 40), charges(together(), 40)
    assert set(apart) == {450}  # 20 rides each stay below 100 yuan
    assert joint[:23] == [450] * 23
    assert set(joint[23:]) == {350}  # 103.50 yuan were paid by then


def test_the_common_counter_is_kept_beside_the_media_and_survives_the_store() -> None:
    folded = fold(NEW_STATE, rides(4), together(), 0)
    counters = {key: state.counters for key, state in folded.state.fare_states.items()}
    assert [one.paid_fen for one in counters[ACCOUNT]] == [1_800]
    assert all(one.name.endswith("@account") for one in counters[ACCOUNT])
    assert not any(one.name.endswith("@account") for key in (CARD, CODE) for one in counters[key])
    assert decode_state(encode_state(folded.state)) == folded.state


def test_a_fold_may_rest_between_two_media() -> None:
    taps, fares = rides(30), together()
    first = fold(NEW_STATE, taps[:47], fares, 0)
    second = fold(first.state, taps[47:], fares, 0)
    assert [*first.trips, *second.trips] == fold(NEW_STATE, taps, fares, 0).trips


def test_a_state_that_was_written_before_half_trips_waited_is_still_read() -> None:
    assert decode_state('[null,{"m":{"counters":[]}}]').pending == ()
    assert isinstance(decode_state("[null,{}]"), RiderState)
