"""The discount bars promise what the gate then charges: asked of the real tariffs, ride by ride."""

from datetime import date

import pytest

from tongxing.city.progress import Progress, packs_of, period_ends_s, progress_of
from tongxing.fares import FareState, RideFacts, Rider, load_book, load_city_fares, price
from tongxing.fares.counters import with_account
from tongxing.fares.model import Counter, Pack
from tongxing.fares.tariff import read_book
from tongxing.kernel.clock import at

CHONGQING, BEIJING, GUANGZHOU = "500000", "110000", "440100"
DAY = date(2026, 3, 17)
NOON = at(DAY, 12)


def asked(city: str, state: FareState, kind: str = "card", product: str = "ordinary",
          now_s: int = NOON) -> dict[str, Progress]:  # fmt: skip
    tariff = load_book(city).at(now_s)
    assert tariff is not None
    return {one.rule: one for one in progress_of(tariff, kind, product, state, now_s)}


def paid(city: str, fen: int, rides: int = 1, counter: str = "rail", month: int = 202603,
         ) -> FareState:  # fmt: skip
    return FareState((Counter(f"{city}.{counter}", month, fen, rides),))


@pytest.mark.req("R-006", "R-019")
def test_what_is_left_to_the_next_step_and_what_it_gives() -> None:
    found = asked(CHONGQING, paid(CHONGQING, 8_160))["CQ-MONTH"]
    assert (found.reached, found.left, found.rate_bp) == (8_160, 1_840, 9_000)
    assert found.next is not None and (found.next.reach, found.next.rate_bp) == (10_000, 7_000)
    assert found.resets_s == at(date(2026, 4, 1))
    assert found.counts == "paid" and found.period == "month" and not found.shared


def test_a_step_is_reached_to_the_fen() -> None:
    before = asked(CHONGQING, paid(CHONGQING, 9_999))["CQ-MONTH"]
    reached = asked(CHONGQING, paid(CHONGQING, 10_000))["CQ-MONTH"]
    assert (before.left, before.rate_bp) == (1, 9_000)
    assert (reached.left, reached.rate_bp) == (10_000, 7_000)
    last = asked(CHONGQING, paid(CHONGQING, 20_000))["CQ-MONTH"]
    assert (last.left, last.next, last.rate_bp) == (None, None, 5_000)


def test_last_months_money_counts_for_nothing() -> None:
    found = asked(CHONGQING, paid(CHONGQING, 15_000, month=202602))["CQ-MONTH"]
    assert (found.reached, found.left) == (0, 10_000)


@pytest.mark.req("R-007")
def test_card_and_code_come_with_their_own_bars() -> None:
    card = asked(CHONGQING, paid(CHONGQING, 9_000), "card")["CQ-MONTH"]
    code = asked(CHONGQING, FareState(), "code")["CQ-MONTH"]
    assert (card.left, code.left) == (1_000, 10_000)


def test_the_first_bar_of_beijing_gives_nothing_before_its_first_step() -> None:
    found = asked(BEIJING, paid(BEIJING, 9_000))["BJ-MONTH"]
    assert (found.rate_bp, found.left) == (10_000, 1_000)
    assert found.next is not None and found.next.rate_bp == 8_000


def test_a_step_that_ends_the_relief_is_told_as_it_is() -> None:
    found = asked(BEIJING, paid(BEIJING, 39_000))["BJ-MONTH"]
    assert (found.rate_bp, found.left) == (5_000, 1_000)
    assert found.next is not None and found.next.rate_bp == 10_000


def test_rides_are_counted_where_the_rule_counts_rides() -> None:
    then_s = at(date(2022, 3, 17), 12)
    state = FareState((Counter(f"{GUANGZHOU}.transit", 202203, 4_000, 13),))
    found = asked(GUANGZHOU, state, now_s=then_s)["GZ-OLD"]
    assert (found.counts, found.reached, found.left) == ("rides", 13, 2)


def test_the_free_ride_is_counted_with_itself() -> None:
    found = asked(CHONGQING, paid(CHONGQING, 9_000, 38), "code", "frequent")["CQ-FREQ"]
    assert (found.kind, found.left) == ("free_ride", 2)
    assert found.next is not None and found.next.reach == 40
    after = asked(CHONGQING, paid(CHONGQING, 9_000, 40), "code", "frequent")["CQ-FREQ"]
    assert after.next is not None and after.next.reach == 50
    assert "CQ-FREQ" not in asked(CHONGQING, paid(CHONGQING, 0, 38), "card", "frequent")


def test_a_rule_that_gives_its_holder_nothing_is_not_told() -> None:
    assert asked(CHONGQING, paid(CHONGQING, 9_000), product="elder") == {}
    student = asked(CHONGQING, paid(CHONGQING, 9_000), product="student")
    assert "CQ-MONTH" not in student, "half price is always as good as the last step"


def test_packs_are_told_while_they_last() -> None:
    tariff = load_city_fares(CHONGQING).tariff_at(NOON)
    until_s = at(DAY, 24) - 1
    state = FareState(packs=(Pack(f"{CHONGQING}.rail-32", until_s, 7),))
    [held] = packs_of(tariff, "card", "ordinary", state, NOON)
    assert (held.rule, held.rides_left, held.rides, held.until_s) == ("CQ-32", 7, 32, until_s)
    assert packs_of(tariff, "card", "ordinary", state, until_s + 1) == ()
    empty = FareState(packs=(Pack(f"{CHONGQING}.rail-32", until_s, 0),))
    assert packs_of(tariff, "card", "ordinary", empty, NOON) == ()


CAPPED = b"""
city = "440100"
name_zh = "a"
name_en = "b"
[[rule]]
id = "T-CAP"
kind = "cap"
from = 2020-01-01
counter = "all"
cap_fen = 1200
period = "day"
per = "account"
confidence = "illustrative"
sources = ["none"]
[[rule]]
id = "T-WEEK"
kind = "month"
from = 2020-01-01
counter = "all"
counts = "rides"
period = "week"
reach = [10]
rates_bp = [10000, 8000]
confidence = "illustrative"
sources = ["none"]
"""


def test_a_cap_of_the_day_and_steps_of_the_week_reset_when_they_should() -> None:
    tariff = read_book(CAPPED).at(NOON)
    assert tariff is not None
    own = FareState((Counter("440100.all:week", 20260316, 900, 9),))
    shared = FareState((Counter("440100.all:day@account", 20260317, 900, 9),))
    cap, week = progress_of(tariff, "card", "ordinary", with_account(own, shared), NOON)
    assert (cap.kind, cap.left, cap.shared) == ("cap", 300, True)
    assert cap.resets_s == at(date(2026, 3, 18))
    assert (week.left, week.resets_s) == (1, at(date(2026, 3, 23)))


def test_december_ends_with_the_year() -> None:
    assert period_ends_s("month", at(date(2026, 12, 31), 23, 59, 59)) == at(date(2027, 1, 1))


@pytest.mark.parametrize("kind", ["card", "code"])
@pytest.mark.req("R-006")
def test_each_next_ride_costs_what_the_bar_said(kind: str) -> None:
    """Ride until past the last step: before each ride the bar tells its rate, after it the money
    that the ride really cost."""
    fares = load_city_fares(CHONGQING)
    rider = Rider(medium_kind=kind, scheme=f"local:{CHONGQING}", issuer=CHONGQING)
    state, rates = FareState(), []
    for number in range(60):
        ride_s = at(date(2026, 3, 2 + number // 5), 8 + 2 * (number % 5))
        told = asked(CHONGQING, state, kind, now_s=ride_s)["CQ-MONTH"]
        facts = RideFacts(
            mode="rail",
            place=CHONGQING,
            origin="chaotianmen",
            destination="shapingba",
            entered_s=ride_s,
            exited_s=ride_s + 1_800,
        )
        quote = price(fares, facts, rider, state)
        assert quote.charge_fen == quote.fare_fen * told.rate_bp // 10_000
        after = asked(CHONGQING, quote.state, kind, now_s=ride_s)["CQ-MONTH"]
        assert after.reached == told.reached + quote.charge_fen
        rates.append(told.rate_bp)
        state = quote.state
    assert sorted(set(rates)) == [5_000, 7_000, 9_000] and rates == sorted(rates, reverse=True)
