"""What passengers are told: the plain words behind the rarer lines of a price."""

from datetime import date

import pytest

from tongxing.fares import FareState, PriceLine, RideFacts, Rider, explain, load_city_fares, price
from tongxing.kernel.clock import at

CHONGQING = load_city_fares("500000")
EIGHT = at(date(2026, 3, 10), 8)


def said(ride: RideFacts, language: str, rider: Rider | None = None) -> list[str]:
    quote = price(CHONGQING, ride, rider or Rider(), FareState())
    return [explain(line, language, CHONGQING) for line in quote.lines]


def test_turning_back_says_how_long_and_how_much():
    ride = RideFacts(
        mode="rail",
        origin="chaotianmen",
        destination="chaotianmen",
        entered_s=EIGHT,
        exited_s=EIGHT + 600,
    )
    assert said(ride, "en")[1] == (
        "In and out of Chaotianmen after 10 min, free within 20 min: 2.00 yuan off"
        " [rule CQ-TURN, since 2011-08-01; from a weak source]"
    )
    assert said(ride, "zh")[1].startswith(
        "朝天门同站进出，停留 10 分钟（20 分钟以内免费），减 2.00 元"
    )


def test_a_placeholder_and_an_inferred_fare_say_so():
    cableway = RideFacts(mode="cableway", line="cableway-yangtze", entered_s=EIGHT)
    assert "占位" in said(cableway, "zh")[0] and "placeholder" in said(cableway, "en")[0]
    rail = RideFacts(
        mode="rail",
        origin="chaotianmen",
        destination="shapingba",
        entered_s=EIGHT,
        exited_s=EIGHT + 1800,
    )
    assert "推断，非官方公布" in said(rail, "zh")[0] and "估算" in said(rail, "zh")[0]
    assert "not officially published" in said(rail, "en")[0]
    assert "distance estimated" in said(rail, "en")[0]


def test_free_travel_is_called_free_and_not_nought_per_cent():
    ride = RideFacts(mode="bus", line="bus-401", entered_s=EIGHT)
    words = said(ride, "en", Rider(product="elder"))[1]
    assert words.startswith("Your class of card travels free: 1.00 yuan off")


@pytest.mark.parametrize(("amount_fen", "word"), [(50, "more"), (-50, "less")])
def test_a_gate_that_took_another_amount_is_told_openly(amount_fen, word):
    line = PriceLine("gate_difference", "purse", amount_fen, {})
    assert f"0.50 yuan {word}" in explain(line, "en", CHONGQING)
    assert "0.50 元" in explain(line, "zh", CHONGQING)


def test_a_kind_of_line_without_words_is_a_bug():
    with pytest.raises(KeyError):
        explain(PriceLine("weather", "", 0, {}), "en", CHONGQING)
