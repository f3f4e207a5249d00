"""What the worked days leave out, each with its sum done by hand: discounts and caps, a record that
is presented again, the tier of a province. (The tariff that changes at midnight is in
`test_registers`, the waterfall in `test_reserves`, a dispute that is lost in `test_case_ladder`, a
top-up that is cut off in `tests/money/test_money_cuts`.)
"""

import dataclasses
from datetime import timedelta

import pytest
from hub_world import (
    DAY,
    HUB_KEY,
    MEMBERS,
    RULES,
    TRUSTED,
    A,
    B,
    World,
    ride,
    verdicts,
)
from msgspec.structs import replace

from tongxing.hub import Hub, WindowClosing
from tongxing.hub.rulebook import FeeRules, Rulebook
from tongxing.kernel.clock import at
from tongxing.ledger.store import account_balances

NEXT = DAY + timedelta(days=1)
WINDOW, CUTOFF_S = "W20260318", at(NEXT, 12)


def closed(world: World) -> tuple[dict[str, int], dict[str, int]]:
    """The hub's books after the window closed, and the payouts to operators."""
    closing = world.hub.close_window(WINDOW, CUTOFF_S)
    assert isinstance(closing, WindowClosing)
    with world.store.reading() as cursor:
        books = account_balances(cursor, "HUB")
    payouts = {
        one.instruction.creditor: one.instruction.amount_fen
        for one in closing.payments
        if one.instruction.phase == 3
    }
    return books, payouts


def with_fees(world: World, fees: FeeRules) -> None:
    """The same hub under other fees."""
    rules: Rulebook = dataclasses.replace(RULES, fee=fees)
    world.hub = Hub(world.store, HUB_KEY, TRUSTED, rules, world.ground)
    assert world.hub.enrol(MEMBERS, at(DAY)) is None


@pytest.mark.req("R-200")
def test_a_transfer_s_discount_and_a_daily_cap_reach_the_operator_as_they_were_charged(
    world: World,
) -> None:
    """Fares of 200 each: 200, 100 after a transfer, nothing once the cap is reached. Base 300, fee
    3: issuer 1.5 -> 1, acquirer 0.9 -> 1, hub 0.6 -> 1."""
    answers = world.present(
        [
            ride("whole", where="bus", charge_fen=200),
            ride("transfer", where="bus", charge_fen=100),
            ride("capped", where="bus", charge_fen=0),
            ride("above", where="bus", charge_fen=201),
        ],
        at(NEXT, 6),
    )
    assert verdicts(answers) == {
        "whole.1": "accepted 0000",
        "transfer.1": "accepted 0000",
        "capped.1": "accepted 0000",
        "above.1": "held 1007",
    }
    shares = {
        item.record_id: [(one.operator, one.share_fen) for one in item.shares]
        for item in answers.verdicts
    }
    assert shares["transfer.1"] == [("OP3", 100)] and shares["capped.1"] == []
    assert closed(world) == (
        {"inc_fee": -1, f"pos:ISS-{A}": 299, f"pos:ACQ-{B}": -298},
        {"OP3": 297},
    )


def test_a_rejected_record_is_presented_again_once_it_is_mended_and_counts_once(
    world: World,
) -> None:
    good = ride("r1")
    assert verdicts(world.present([replace(good, mode="balloon")], at(NEXT, 6))) == {
        "r1.1": "rejected 1004"
    }
    assert verdicts(world.present([good], at(NEXT, 7))) == {"r1.1": "accepted 0000"}
    assert verdicts(world.present([good], at(NEXT, 8))) == {"r1.1": "rejected 1002"}
    books, payouts = closed(world)
    assert books == {f"pos:ISS-{A}": 450, f"pos:ACQ-{A}": -450}
    assert payouts == {"OP1": 270, "OP2": 180}


@pytest.mark.parametrize(
    ("province_ppm", "fee", "issuer_pays", "acquirer_gets"),
    [(None, 8, 796, 794), (5_000, 4, 798, 797), (0, 0, 800, 800)],
)
def test_between_cities_of_one_province_its_own_rate_holds(
    world: World, province_ppm: int | None, fee: int, issuer_pays: int, acquirer_gets: int
) -> None:
    """Base 800 of City B's riders in City A, both of province 99. 8 = 4 + 2 + 2; 4 = 2 + 1 + 1."""
    with_fees(world, replace(RULES.fee, province_ppm=province_ppm))
    rides = [
        ride("r1", issuer=B, charge_fen=500),
        ride("r2", issuer=B, where="S1-S5", charge_fen=300),
    ]
    world.present(rides, at(NEXT, 6))
    books, payouts = closed(world)
    assert books[f"pos:ISS-{B}"] == issuer_pays and books[f"pos:ACQ-{A}"] == -acquirer_gets
    assert sum(payouts.values()) == 800 - fee


def test_the_rate_of_a_province_ends_at_its_border() -> None:
    fees = replace(RULES.fee, province_ppm=5_000)
    assert fees.ppm(is_cross_city=True, is_same_province=False) == 10_000
    assert fees.ppm(is_cross_city=False, is_same_province=True) == 0
