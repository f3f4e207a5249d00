"""Fees and net positions: the worked day of the clearing rules, and what must hold for any day."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.hub.books import window_postings
from tongxing.hub.fees import fee_of
from tongxing.hub.instructions import HUB, instructions_of
from tongxing.hub.members import Member
from tongxing.hub.netting import Netting, PairTotal, net
from tongxing.hub.rulebook import SettlementModel, load_rulebook
from tongxing.hub.statements import statement_of
from tongxing.hub.windows import window_times
from tongxing.kernel.money import round_half_even
from tongxing.ledger import unbalanced_entities
from tongxing.messages import Share, Statement

RULES = load_rulebook()
WINDOW = "W20260318"
TIMES = window_times(WINDOW, RULES)
MEMBERS = [
    Member(f"{kind}-{city}", "issuer" if kind == "ISS" else "acquirer", city, city, city)
    for city in ("A", "B")
    for kind in ("ISS", "ACQ")
]

# The worked day's accepted records: what was posted, and how the operators share it.
#  record  issuer  acquirer  fen   shares
WORKED_DAY = """
  R001     ISS-A   ACQ-A      450  OP1 270  OP2 180
  R002     ISS-A   ACQ-A      360  OP1 295  OP2 65
  R003     ISS-B   ACQ-A      500  OP1 300  OP2 200
  R004     ISS-A   ACQ-B      180  OP3 180
  R005     ISS-A   ACQ-B      180  OP3 180
  R006     ISS-B   ACQ-B      160  OP3 160
  R009A    ISS-A   ACQ-B      180  OP3 180
  R010     ISS-A   ACQ-A      450  OP1 270  OP2 180
  R011     ISS-A   ACQ-A      270  OP1 270
  R012     ISS-B   ACQ-A      300  OP1 300
"""
REFUND = "  ADJ-1    ISS-A   ACQ-B     -180  OP3 -180\n"


def totals(table: str) -> list[PairTotal]:
    """The pair totals of a table of records."""
    count: dict[tuple[str, str], int] = defaultdict(int)
    shares: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in table.strip().splitlines():
        _, issuer, acquirer, fen, *parts = line.split()
        pair = (issuer, acquirer)
        count[pair] += 1
        for operator, share in zip(parts[::2], parts[1::2], strict=True):
            shares[pair][operator] += int(share)
        assert sum(map(int, parts[1::2])) == int(fen)
    return [
        PairTotal(
            issuer,
            acquirer,
            is_cross_city=issuer[-1] != acquirer[-1],
            records=count[issuer, acquirer],
            delta_fen=sum(operators.values()),
            operators=tuple(Share(name, fen) for name, fen in sorted(operators.items())),
        )
        for (issuer, acquirer), operators in shares.items()
    ]


def statements(netting: Netting) -> dict[str, Statement]:
    return {member.member_id: statement_of(member, WINDOW, netting, TIMES) for member in MEMBERS}


def test_the_fees_of_the_worked_day() -> None:
    """ACQ-A from ISS-B: base 800, 8 = 4+2+2, OP1 6 and OP2 2. ACQ-B from ISS-A: base 360 after
    the refund, exact 3.60, rounded once to 4 = 2+1+1."""
    fees = {
        (pair.total.acquirer, pair.total.issuer): pair.fee
        for pair in net(totals(WORKED_DAY + REFUND), RULES.fee).pairs
    }
    from_b = fees["ACQ-A", "ISS-B"]
    assert (from_b.base_fen, from_b.fee_fen) == (800, 8)
    assert (from_b.issuer_fen, from_b.acquirer_fen, from_b.hub_fen) == (4, 2, 2)
    assert from_b.borne_by == (Share("OP1", 6), Share("OP2", 2))
    from_a = fees["ACQ-B", "ISS-A"]
    assert (from_a.base_fen, from_a.fee_fen) == (360, 4)
    assert (from_a.issuer_fen, from_a.acquirer_fen, from_a.hub_fen) == (2, 1, 1)
    assert from_a.borne_by == (Share("OP3", 4),)
    assert fees["ACQ-A", "ISS-A"].fee_fen == fees["ACQ-B", "ISS-B"].fee_fen == 0


# member   debit  credit   net        (the worked day without its refund and its dispute)
PLAIN_POSITIONS = """
  ISS-A     2070       3   2067
  ISS-B      960       4    956
  ACQ-A        6    2330  -2324
  ACQ-B        4     700   -696
"""
# with the refund of 180 (the worked day has 10 of fault fee and 400 of escrow on top of this)
REFUND_POSITIONS = """
  ISS-A     1890       2   1888
  ISS-B      960       4    956
  ACQ-A        6    2330  -2324
  ACQ-B        3     520   -517
"""


@pytest.mark.parametrize(
    ("records", "expected", "earned_fen"),
    [(WORKED_DAY, PLAIN_POSITIONS, 3), (WORKED_DAY + REFUND, REFUND_POSITIONS, 3)],
    ids=["plain trips", "with the refund"],
)
def test_the_net_positions_of_the_worked_day(records: str, expected: str, earned_fen: int) -> None:
    netting = net(totals(records), RULES.fee)
    for line in expected.strip().splitlines():
        member, debit, credit, net_fen = line.split()
        position = netting.position(member)
        found = (position.debit_fen, position.credit_fen, position.net_fen)
        assert found == (int(debit), int(credit), int(net_fen))
    assert netting.hub_fee_fen == earned_fen
    assert sum(position.net_fen for position in netting.positions) == earned_fen


def test_the_payouts_and_instructions_of_the_worked_day() -> None:
    netting = net(totals(WORKED_DAY + REFUND), RULES.fee)
    made = instructions_of(WINDOW, netting, statements(netting).values(), TIMES)
    assert [
        (item.instruction_id, item.phase, item.debtor, item.creditor, item.amount_fen)
        for item in made
    ] == [
        ("W20260318-0001", 1, "ISS-A", HUB, 1888),
        ("W20260318-0002", 1, "ISS-B", HUB, 956),
        ("W20260318-0003", 2, HUB, "ACQ-A", 2324),
        ("W20260318-0004", 2, HUB, "ACQ-B", 517),
        ("W20260318-0005", 3, "ACQ-A", "OP1", 1699),
        ("W20260318-0006", 3, "ACQ-A", "OP2", 623),
        ("W20260318-0007", 3, "ACQ-B", "OP3", 516),
    ]


# The same day with the refund. Bilateral: 1530; 360 - 2; 800 - 4; 160; the hub's fees 2 and 1.
MODELS = {
    "bilateral": (
        "ISS-A 1530 ISS-A 358 ISS-B 796 ISS-B 160 ACQ-A 2 ACQ-B 1",
        "ACQ-A 1530 ACQ-A 796 ACQ-B 358 ACQ-B 160",
    ),
    "gross": (
        "ISS-A 1530 ISS-A 360 ISS-B 800 ISS-B 160 ACQ-A 4 ACQ-A 2 ACQ-B 2 ACQ-B 1",
        "ACQ-A 1530 ACQ-A 800 ACQ-B 360 ACQ-B 160 ISS-A 2 ISS-B 4",
    ),
}


def pairs(told: str) -> list[tuple[str, int]]:
    words = told.split()
    return [(member, int(fen)) for member, fen in zip(words[::2], words[1::2], strict=True)]


@pytest.mark.parametrize("model", MODELS)
def test_every_settlement_model_moves_the_same_positions(model: SettlementModel) -> None:
    netting = net(totals(WORKED_DAY + REFUND), RULES.fee)
    made = instructions_of(WINDOW, netting, (), TIMES, model)
    paid = sorted((item.debtor, item.amount_fen) for item in made if item.phase == 1)
    got = sorted((item.creditor, item.amount_fen) for item in made if item.phase == 2)
    assert (paid, got) == tuple(sorted(pairs(told)) for told in MODELS[model])
    for position in netting.positions:
        out_fen = sum(fen for member, fen in paid if member == position.member)
        in_fen = sum(fen for member, fen in got if member == position.member)
        assert out_fen - in_fen == position.net_fen


def test_an_operator_that_owes_money_pays_its_acquirer() -> None:
    netting = net(totals("X ISS-A ACQ-B -180 OP3 -180"), RULES.fee)
    made = instructions_of(WINDOW, netting, statements(netting).values(), TIMES)
    assert [(item.phase, item.debtor, item.creditor, item.amount_fen) for item in made] == [
        (1, "ACQ-B", HUB, 179),
        (2, HUB, "ISS-A", 179),
        (3, "OP3", "ACQ-B", 178),
    ]


# base   ppm     fee   issuer acquirer hub   why
FEES = """
   800   10000     8     4      2      2     the worked day
    50   10000     0     0      0      0     exactly half: to the even neighbour, down
   150   10000     2     1      1      0     exactly half: to the even neighbour, up
   250   10000     2     1      1      0     exactly half again, down
   -50   10000     0     0      0      0     a refund rounds as its mirror image
  -150   10000    -2    -1     -1      0     and gives its fee back
   360       0     0     0      0      0     a local rate of nothing
     0   10000     0     0      0      0     nothing, nothing
"""


@pytest.mark.parametrize("case", FEES.strip().splitlines())
def test_a_fee_is_rounded_once_half_to_even(case: str) -> None:
    base, ppm, fee_fen, issuer, acquirer, hub = (int(word) for word in case.split()[:6])
    fee = fee_of(base, ppm, RULES.fee, {"OP1": base} if base else {})
    parts = (fee.fee_fen, fee.issuer_fen, fee.acquirer_fen, fee.hub_fen)
    assert parts == (fee_fen, issuer, acquirer, hub)


def test_an_operator_whose_refunds_outweigh_its_trips_bears_no_fee() -> None:
    fee = fee_of(800, 10_000, RULES.fee, {"OP1": 1_000, "OP2": -200})
    assert fee.borne_by == (Share("OP1", 8),)


def test_shares_that_do_not_add_up_close_no_window() -> None:
    wrong = PairTotal("ISS-A", "ACQ-A", False, 1, 450, (Share("OP1", 449),))
    with pytest.raises(ValueError, match="do not add up"):
        net([wrong], RULES.fee)


def test_a_pair_cannot_stand_twice() -> None:
    pair = totals("R ISS-A ACQ-A 450 OP1 450")
    with pytest.raises(ValueError, match="twice"):
        net(pair * 2, RULES.fee)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**9))
def test_rounding_half_even_is_the_nearest_and_mirrors(numerator: int, denominator: int) -> None:
    rounded = round_half_even(numerator, denominator)
    assert 2 * abs(rounded * denominator - numerator) <= denominator
    if 2 * abs(rounded * denominator - numerator) == denominator:
        assert rounded % 2 == 0
    assert round_half_even(-numerator, denominator) == -rounded


MEMBER_PAIRS = [(f"ISS-{home}", f"ACQ-{there}") for home in "ABCD" for there in "ABC"]


@st.composite
def any_window(draw: st.DrawFn) -> list[PairTotal]:
    """Totals of any window, refunds included."""
    found = []
    for issuer, acquirer in draw(st.lists(st.sampled_from(MEMBER_PAIRS), unique=True)):
        names = draw(st.lists(st.sampled_from(["OP1", "OP2", "OP3"]), min_size=1, unique=True))
        shares = tuple(Share(name, draw(st.integers(-50_000, 5_000_000))) for name in sorted(names))
        is_cross_city = issuer[-1] != acquirer[-1]
        amount = sum(share.share_fen for share in shares)
        records = draw(st.integers(1, 9_999))
        found.append(PairTotal(issuer, acquirer, is_cross_city, records, amount, shares))
    return found


ALL_MEMBERS = [
    Member(f"{kind}-{city}", "issuer" if kind == "ISS" else "acquirer", city, city, city)
    for kind in ("ISS", "ACQ")
    for city in "ABCD"
]


@given(any_window())
def test_no_fen_is_made_or_lost(window: list[PairTotal]) -> None:
    """Truths 1 and 4 for any window, in any order of its pairs."""
    netting = net(window, RULES.fee)
    assert netting == net(list(reversed(window)), RULES.fee)
    assert sum(position.net_fen for position in netting.positions) == netting.hub_fee_fen
    for pair in netting.pairs:
        fee = pair.fee
        assert fee.issuer_fen + fee.acquirer_fen + fee.hub_fen == fee.fee_fen
        assert sum(share.share_fen for share in fee.borne_by) == fee.fee_fen
    for posting in window_postings(WINDOW, netting, TIMES):
        assert not unbalanced_entities(posting)
    made = {item.member_id: statement_of(item, WINDOW, netting, TIMES) for item in ALL_MEMBERS}
    said = defaultdict(int)
    for name, statement in made.items():
        assert statement.net_fen == -netting.position(name).net_fen
        for line in statement.lines:
            said[name, line.counterparty] += line.amount_fen
    hub_fen = sum(fen for (_, counterparty), fen in said.items() if counterparty == HUB)
    assert hub_fen == -netting.hub_fee_fen
    for (name, counterparty), fen in said.items():
        if counterparty != HUB:
            assert said[counterparty, name] == -fen
    for statement in made.values():
        if statement.member.startswith("ACQ"):
            left = statement.net_fen - sum(share.share_fen for share in statement.operator_payouts)
            assert left == statement.fee_income_fen


@given(any_window())
def test_the_payments_bring_every_position_to_zero(window: list[PairTotal]) -> None:
    netting = net(window, RULES.fee)
    made = [statement_of(item, WINDOW, netting, TIMES) for item in ALL_MEMBERS]
    left = {position.member: position.net_fen for position in netting.positions}
    bank_fen = 0
    for item in instructions_of(WINDOW, netting, made, TIMES):
        assert item.amount_fen > 0
        if item.phase == 1:
            left[item.debtor] -= item.amount_fen
            bank_fen += item.amount_fen
        elif item.phase == 2:
            left[item.creditor] += item.amount_fen
            bank_fen -= item.amount_fen
    assert not any(left.values())
    assert bank_fen == netting.hub_fee_fen
