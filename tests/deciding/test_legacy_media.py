"""An old M1 card at a gate: at home only, as long as its city says, and never for much."""

from dataclasses import replace as changed
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deciding_world import (
    ACCOUNT_CARD,
    BEIJING_CARD,
    CARD,
    CODE,
    DAY,
    ENTERED,
    IN,
    M1,
    OUT,
    TIANJIN_CARD,
    context,
    legacy_book,
    of_chongqing,
    validator,
)
from tongxing.deciding.decide import decide
from tongxing.deciding.facts import Decision, GateContext, ValidatorFacts
from tongxing.deciding.legacy import legacy_medium
from tongxing.deciding.token import MediumToken
from tongxing.gate.denylist import DenyIndex
from tongxing.gate.lane import announce
from tongxing.kernel.clock import at
from tongxing.messages import DenyEntry
from tongxing.network.legacy import LegacyBook, load_legacy

BUS = validator("ride", "cq:bus-181:jiaochangkou-stop:B1")
BEIJING_IN = validator("entry", "bj:rail-1:xidan")
NONE_IN_TIANJIN = """
[[terms]]
scheme = ""
city = "120000"
from = 2000-01-01
source = "x"
certain = true
accepted_until = 2000-01-01
"""
LAST_DAY = date(2026, 3, 17)


def tapped(
    token: MediumToken, facts: ValidatorFacts, now_s: int, book: LegacyBook | None = None
) -> Decision:
    known: GateContext = context(facts, now_s)
    return decide(token, facts, known if book is None else changed(known, legacy=book))


def test_where_rides_are_free_no_price_keeps_it_out() -> None:
    known = changed(context(OUT, at(DAY, 9)), legacy=of_chongqing(charge_max_fen=100))
    token = replace(M1, open_entry=ENTERED)
    assert decide(token, OUT, known).reason == "LEGACY_CHARGE_ABOVE_CAP"
    free = decide(token, OUT, changed(known, mode="free_ride"))
    assert (free.reason, free.token_after.balance_fen) == ("FREE_RIDE", token.balance_fen)
    asked = replace(token, issuer="110000")
    assert decide(asked, OUT, changed(known, mode="free_ride")).reason != "FREE_RIDE"


@pytest.mark.req("R-304")
def test_at_home_it_rides_like_any_purse() -> None:
    entered = tapped(M1, IN, at(DAY, 8))
    assert entered.opened and entered.token_after.trust == "legacy_untrusted"
    left = tapped(entered.token_after, OUT, at(DAY, 8, 30))
    same = tapped(replace(entered.token_after, trust="proven"), OUT, at(DAY, 8, 30))
    assert left.opened and left.charge_fen == same.charge_fen > 0
    assert tapped(M1, BUS, at(DAY, 8)).opened


@pytest.mark.req("R-304")
def test_it_is_taken_until_the_end_of_the_day_that_its_city_has_set() -> None:
    book = of_chongqing(accepted_until=LAST_DAY)
    assert tapped(M1, BUS, at(LAST_DAY, 23, 59, 59), book).opened
    after = tapped(M1, BUS, at(LAST_DAY, 24), book)
    assert after.reason == "LEGACY_SUPPORT_ENDED"
    [said] = announce(after, "en")
    assert "until 2026-03-17" in said.text and "service desk" in said.next_step
    assert tapped(CARD, BUS, at(LAST_DAY, 24), book).opened


@pytest.mark.req("R-304")
def test_city_union_ended_with_2018() -> None:
    card = replace(M1, scheme="city_union", issuer="310000", medium_no="2000000000000017")
    home = changed(BUS, city="310000", place="310000")
    for day, code in ((date(2018, 12, 31), ""), (date(2019, 1, 1), "LEGACY_SUPPORT_ENDED")):
        refusal = legacy_medium(card, home, context(BUS, at(day, 8)))
        assert (refusal.code if refusal else "") == code


@pytest.mark.req("R-303")
def test_it_is_never_a_visitor() -> None:
    assert tapped(TIANJIN_CARD, BEIJING_IN, at(DAY, 8)).opened
    refused = tapped(replace(TIANJIN_CARD, trust="legacy_untrusted"), BEIJING_IN, at(DAY, 8))
    assert refused.reason == "M1_CARD_REFUSED"
    assert "CPU" in announce(refused, "zh")[0].next_step
    at_home = replace(BEIJING_CARD, trust="legacy_untrusted")
    assert tapped(at_home, BEIJING_IN, at(DAY, 8)).opened


@pytest.mark.parametrize("token", [ACCOUNT_CARD, CODE])
def test_it_never_stands_for_an_account(token: MediumToken) -> None:
    assert tapped(token, IN, at(DAY, 8)).opened
    refused = tapped(replace(token, trust="legacy_untrusted"), IN, at(DAY, 8))
    assert refused.reason == "LEGACY_ON_ACCOUNT"


def test_a_balance_that_no_such_card_can_hold_is_not_believed() -> None:
    most = load_legacy().terms(M1.scheme, M1.issuer, DAY).balance_max_fen
    assert tapped(replace(M1, balance_fen=most), BUS, at(DAY, 8)).opened
    rich = replace(M1, balance_fen=most + 1)
    refused = tapped(rich, BUS, at(DAY, 8))
    assert refused.reason == "LEGACY_BALANCE_IMPLAUSIBLE"
    assert refused.token_after is rich and refused.purse is not None
    assert refused.purse.taken_fen == 0
    assert "200.00" in announce(refused, "en")[0].text
    assert tapped(replace(CARD, balance_fen=most + 1), BUS, at(DAY, 8)).opened


def test_a_ride_above_the_cap_is_not_taken_from_it() -> None:
    inside = replace(M1, open_entry=ENTERED)
    fare = tapped(inside, OUT, at(DAY, 8, 30)).charge_fen
    assert tapped(inside, OUT, at(DAY, 8, 30), of_chongqing(charge_max_fen=fare)).opened
    refused = tapped(inside, OUT, at(DAY, 8, 30), of_chongqing(charge_max_fen=fare - 1))
    assert refused.reason == "LEGACY_CHARGE_ABOVE_CAP"
    assert refused.token_after is inside
    proven = replace(inside, trust="proven")
    assert tapped(proven, OUT, at(DAY, 8, 30), of_chongqing(charge_max_fen=1)).opened


def test_what_is_collected_for_an_earlier_ride_is_a_ride_of_its_own() -> None:
    inside = replace(M1, open_entry=ENTERED)
    both = tapped(inside, BUS, at(DAY, 12))
    assert both.charge_fen and both.half_trip_fen > both.charge_fen
    at_most = of_chongqing(charge_max_fen=both.half_trip_fen)
    assert tapped(inside, BUS, at(DAY, 12), at_most).opened
    below = of_chongqing(charge_max_fen=both.half_trip_fen - 1)
    assert tapped(inside, BUS, at(DAY, 12), below).reason == "LEGACY_CHARGE_ABOVE_CAP"
    assert tapped(inside, IN, at(DAY, 12), below).reason == "LEGACY_CHARGE_ABOVE_CAP"


def test_what_the_issuer_says_of_this_very_card_is_heard_first() -> None:
    deny = DenyIndex("500000", 1, [DenyEntry(M1.medium_no, "CARD_REPLACED")])
    known = changed(context(BUS, at(DAY, 8), deny), legacy=of_chongqing(accepted_until=date.min))
    refused = decide(M1, BUS, known)
    assert refused.reason == "CARD_REPLACED"
    assert announce(refused, "zh")[0].voice == "此卡已换新，请使用新卡"


def test_the_reason_that_has_to_be_put_right_first_is_given() -> None:
    rich = replace(M1, balance_fen=90_000)
    visitor = replace(TIANJIN_CARD, trust="legacy_untrusted", balance_fen=90_000)
    ended = of_chongqing(accepted_until=date.min)
    for token, facts, book, code in (
        (replace(rich, funding="account"), IN, ended, "LEGACY_ON_ACCOUNT"),
        (visitor, BEIJING_IN, legacy_book(NONE_IN_TIANJIN), "M1_CARD_REFUSED"),
        (rich, IN, ended, "LEGACY_SUPPORT_ENDED"),
        (rich, OUT, of_chongqing(charge_max_fen=1), "LEGACY_BALANCE_IMPLAUSIBLE"),
        (M1, OUT, of_chongqing(charge_max_fen=1), "EXIT_WITHOUT_ENTRY"),
        (replace(M1, balance_fen=1, open_entry=ENTERED), OUT, of_chongqing(charge_max_fen=1),
         "LEGACY_CHARGE_ABOVE_CAP"),
    ):  # fmt: skip
        assert tapped(token, facts, at(DAY, 8, 30), book).reason == code


MEDIA = st.builds(
    replace,
    st.sampled_from([M1, BEIJING_CARD, TIANJIN_CARD, ACCOUNT_CARD, CODE]),
    trust=st.just("legacy_untrusted"),
    balance_fen=st.integers(-1, 120_000),
    counter=st.integers(0, 70_000),
    open_entry=st.sampled_from([None, ENTERED, replace(ENTERED, city="110000")]),
)
PLACES = st.sampled_from([IN, OUT, BUS, BEIJING_IN])


@given(MEDIA, PLACES, st.integers(0, 86_400))
def test_whatever_it_claims_it_pays_no_more_than_the_caps(
    token: MediumToken, facts: ValidatorFacts, second: int
) -> None:
    decision = tapped(token, facts, at(DAY) + second)
    terms = load_legacy().terms(token.scheme, token.issuer, DAY)
    if decision.opened:
        assert token.issuer == facts.city and token.funding == "purse"
        assert max(decision.charge_fen, decision.half_trip_fen) <= terms.charge_max_fen
        assert token.balance_fen <= terms.balance_max_fen
    else:
        assert decision.token_after is token
    for language in ("zh", "en"):
        assert "{" not in "".join(
            said.text + said.next_step for said in announce(decision, language)
        )
