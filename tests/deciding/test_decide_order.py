"""A passenger hears exactly one reason: of any two faults, the one of the earlier check."""

from collections.abc import Callable
from dataclasses import replace as changed
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from deciding_world import CARD, CODE, DAY, context, validator
from tongxing.deciding.decide import decide
from tongxing.deciding.facts import GateContext, ValidatorFacts
from tongxing.deciding.recent import RecentTaps
from tongxing.deciding.rides import rider_of
from tongxing.deciding.token import MediumToken
from tongxing.fares import minimum_balance
from tongxing.gate.denylist import DenyIndex
from tongxing.kernel.clock import at
from tongxing.messages import DenyEntry

RAIL_IN = validator("entry", "cq:rail-1:xiaoshizi")

Presented = tuple[MediumToken, ValidatorFacts, GateContext]


def old_clock(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    return token, facts, changed(known, now_s=at(date(1970, 1, 1)))


def bad_form(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    return replace(token, product="Ordinary!"), facts, known


def expired(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    return replace(token, expires=DAY - timedelta(days=1)), facts, known


def stale_code(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    return replace(token, code_issued_s=at(DAY, 7), code_expires_s=at(DAY, 7, 1)), facts, known


def wrong_issuer(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    return replace(token, issuer="110000"), facts, known


def line_without_fare(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    return token, changed(facts, line="rail-99"), known


def denied(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    deny = DenyIndex(facts.city, 1, [DenyEntry(token.medium_no, "MEDIUM_LOST")])
    return token, facts, changed(known, deny=deny)


def second_touch(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    recent = RecentTaps()
    recent.note(replace(token, code_issued_s=1, code_expires_s=2), facts.role, at(DAY, 8))
    return token, facts, changed(known, recent=recent)


def no_money(token: MediumToken, facts: ValidatorFacts, known: GateContext) -> Presented:
    return replace(token, balance_fen=0), facts, known


Fault = tuple[Callable[[MediumToken, ValidatorFacts, GateContext], Presented], str]
FAULTS: list[Fault] = [
    (old_clock, "FARES_NO_TARIFF"),
    (line_without_fare, "FARES_NO_LINE"),
    (bad_form, "QR_MALFORMED"),
    (expired, "CARD_EXPIRED"),
    (stale_code, "QR_EXPIRED"),
    (wrong_issuer, "ISSUER_NOT_IN_SCHEME"),
    (denied, "MEDIUM_LOST"),
    (second_touch, "DOUBLE_TAP"),
    (no_money, "INSUFFICIENT_BALANCE"),
]
PAIRS = [
    (first, second)
    for place, first in enumerate(FAULTS)
    for second in FAULTS[place:]
    if (first[0], second[0]) != (stale_code, no_money)  # a code has no purse
]


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda fault: fault[0].__name__)
def test_of_two_faults_the_earlier_check_speaks(first: Fault, second: Fault) -> None:
    on_purse = no_money in (first[0], second[0])
    token, facts = (CARD if on_purse else CODE), RAIL_IN
    presented: Presented = (token, facts, context(facts, at(DAY, 8)))
    for make, _ in (second, first):
        presented = make(*presented)
    reason = "CARD_NUMBER" if on_purse and first[0] is bad_form else first[1]
    assert decide(*presented).reason == reason


def test_without_a_fault_it_opens() -> None:
    for token in (CARD, CODE):
        assert decide(token, RAIL_IN, context(RAIL_IN, at(DAY, 8))).opened


def test_the_least_a_purse_must_hold_is_the_tariffs() -> None:
    known = context(RAIL_IN, at(DAY, 8))
    least_fen = minimum_balance(
        known.fares, "rail", "rail-1", "xiaoshizi", at(DAY, 8), rider_of(CARD, RAIL_IN)
    )
    decisions = [
        decide(replace(CARD, balance_fen=fen), RAIL_IN, known) for fen in (least_fen - 1, least_fen)
    ]
    assert [decision.opened for decision in decisions] == [False, True]
