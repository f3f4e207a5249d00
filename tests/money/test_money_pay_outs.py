"""Counters pay out within the limits of a clerk's day and an account's day."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from money_world import ACCOUNT, NOON, World, chongqing, ok, world
from msgspec.structs import replace

from street import DAY
from tongxing.city import MediumOpening, RiderOpening
from tongxing.city.money import MoneyTerms
from tongxing.kernel import clock
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

THIRD = "1000000000000003"


def narrow(city: str, time_s: int) -> MoneyTerms:
    return replace(
        chongqing(city, time_s), pay_out_clerk_day_fen=3_000, pay_out_account_day_fen=2_000
    )


def code_or_done(here: World, account: str, request: str, fen: int, staff: str, at: int) -> str:
    found = here.desk.pay_out(account, request, fen, staff, at)
    return found.code if isinstance(found, Refusal) else "done"


@pytest.mark.req("R-012")
def test_an_account_and_a_clerk_have_their_day(database: Database) -> None:
    here = world(database, balance_fen=9_000, terms_of=narrow)
    assert code_or_done(here, ACCOUNT, "p1", 1_500, "s7", NOON) == "done"
    assert code_or_done(here, ACCOUNT, "p2", 501, "s8", NOON) == "PAY_OUT_ACCOUNT_DAY"
    assert code_or_done(here, ACCOUNT, "p3", 500, "s7", NOON) == "done"
    assert code_or_done(here, ACCOUNT, "p4", 1_001, "s7", NOON) == "PAY_OUT_CLERK_DAY"
    refused = here.desk.pay_out(ACCOUNT, "p5", 1, "s8", NOON)
    assert isinstance(refused, Refusal) and refused.code == "PAY_OUT_ACCOUNT_DAY"
    assert "20.00" in refused.message("en")
    ok(here.desk.pay_out(ACCOUNT, "p1", 1_500, "s7", NOON))
    assert here.balance() == 7_000 and here.count("refund") == 2
    assert code_or_done(here, ACCOUNT, "p5", 2_000, "s7", NOON + DAY_S) == "done"
    here.proofs_hold()


@pytest.mark.parametrize("one_clerk", [True, False])
def test_two_at_once_do_not_pass_a_limit_together(database: Database, one_clerk: bool) -> None:
    """One clerk at two desks for two accounts; one account at two clerks."""

    def wide(city: str, time_s: int) -> MoneyTerms:
        return replace(narrow(city, time_s), pay_out_account_day_fen=3_000)

    here = world(database, balance_fen=9_000, terms_of=wide if one_clerk else narrow)
    opening = RiderOpening(
        THIRD, (MediumOpening("5000000000000103", "card", "local:500000", "ordinary"),), 9_000
    )
    here.city.open_riders([opening], clock.at(DAY, 3))

    def paid(number: int) -> str:
        account = (ACCOUNT, THIRD)[number % 2] if one_clerk else ACCOUNT
        staff = "s7" if one_clerk else f"s{number}"
        return code_or_done(here, account, f"p{number}", 1_000, staff, NOON)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(paid, range(16)))
    assert found.count("done") == (3 if one_clerk else 2)
    here.proofs_hold()
