"""Reserves: called for in time, and a debtor that does not pay stops nobody else's money."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hub_world import DAY, A, B, World, make_world, ride, verdicts

from tongxing.cli import run
from tongxing.hub import Confirmation, Payment, WindowClosing, prove_hub
from tongxing.hub.iso20022 import status_report
from tongxing.hub.reserve_calls import Account, call_on
from tongxing.hub.reserves import ReserveDesk
from tongxing.hub.settlement import PaymentState
from tongxing.hub.store.reserves import Cover
from tongxing.hub.windows import WindowState
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import account_balances
from tongxing.storage import Database

NEXT = DAY + timedelta(days=1)
WINDOW, DEBTOR, OTHER = "W20260318", f"ISS-{B}", f"ISS-{A}"
CUTOFF_S, DUE_S = at(NEXT, 12), at(NEXT, 15)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A closed window: ISS-A pays 629, ISS-B 657, both acquirers receive."""
    found = make_world(database)
    rides = [
        ride("r1"),
        ride("r3", issuer=B, charge_fen=500),
        ride("r4", where="bus", charge_fen=180),
        ride("r6", issuer=B, where="bus", charge_fen=160),
    ]
    found.present(rides, at(NEXT, 6))
    assert isinstance(found.hub.close_window(WINDOW, CUTOFF_S), WindowClosing)
    yield found
    found.hub.close()


def reported(world: World, payment: Payment, status: str = "ACSC") -> Confirmation:
    message = status_report(payment.instruction, status, DUE_S, "BANK-1")
    answer = world.hub.confirm_payment(message, DUE_S)
    assert isinstance(answer, Confirmation), answer
    return answer


def books(world: World) -> dict[str, int]:
    with world.store.reading() as cursor:
        return account_balances(cursor, "HUB")


@pytest.mark.req("R-200")
def test_the_waterfall_covers_a_debtor_and_suspends_it_and_nobody_waits(world: World) -> None:
    """657 owed: reserve 300, line 200, pool 157."""
    desk = ReserveDesk(world.store)
    assert desk.set_terms(DEBTOR, NEXT, "weekly", 200, "wang", CUTOFF_S) is None
    for _ in range(2):  # the bank's line again changes nothing
        assert desk.paid_in(DEBTOR, 300, "LINE-1", CUTOFF_S) is None
        assert desk.fund_pool(400, "LINE-2", CUTOFF_S) is None
    first, second = world.hub.payments_to_send(WINDOW)
    assert reported(world, first).state is PaymentState.SETTLED
    owed = second.instruction.instruction_id
    early = desk.cover(owed, "wang", DUE_S - 1)
    assert isinstance(early, Refusal) and early.code == "COVER_EARLY"
    assert desk.cover(owed, "wang", DUE_S) == Cover(300, 200, 157)
    again = desk.cover(owed, "wang", DUE_S)
    assert isinstance(again, Refusal) and again.code == "COVER_STATE"
    creditors = world.hub.payments_to_send(WINDOW)
    assert [one.instruction.amount_fen for one in creditors] == [946, 339]
    assert [reported(world, one).window_state for one in creditors][-1] is WindowState.SETTLED
    lent = {"lent:" + DEBTOR: 357, "pool_bank": 43, "pool_liquidity": -400}
    assert books(world) == {"inc_fee": -1, "settle_bank": 1, **lent}
    (standing,) = desk.standings(DUE_S)
    assert (standing.cap_fen, standing.is_suspended) == (200 - 357, True)
    carried = world.present([ride("later", issuer=B, charge_fen=500)], DUE_S + 60)
    assert verdicts(carried) == {"later.1": "held 1019"}
    assert reported(world, second).window_state is WindowState.SETTLED, "it pays after all"
    back = {"pool_bank": 400, "pool_liquidity": -400, "reserve_bank": 300}
    assert books(world) == {"inc_fee": -1, "settle_bank": 1, "reserve:" + DEBTOR: -300, **back}
    assert world.hub.reinstate(DEBTOR, DUE_S + 120)
    with world.store.reading() as cursor:
        assert all(proof.holds for proof in prove_hub(cursor))


def test_what_is_not_there_covers_nothing(world: World) -> None:
    """The bank turned the debtor down, and reserve and pool together lack 57 fen."""
    desk = ReserveDesk(world.store)
    assert desk.paid_in(DEBTOR, 300, "LINE-1", CUTOFF_S) is None
    assert desk.fund_pool(300, "LINE-2", CUTOFF_S) is None
    first, second = world.hub.payments_to_send(WINDOW)
    reported(world, first)
    assert reported(world, second, "RJCT").state is PaymentState.REJECTED
    before = books(world)
    short = desk.cover(second.instruction.instruction_id, "wang", CUTOFF_S)
    assert isinstance(short, Refusal) and short.code == "COVER_SHORT"
    assert (short.values["short_fen"], books(world)) == (57, before)
    assert world.hub.payments_to_send(WINDOW) == []
    carried = world.present([ride("later", issuer=B, charge_fen=500)], CUTOFF_S + 60)
    assert verdicts(carried) == {"later.1": "held 1019"}, "the waterfall ends in a suspension"
    wrong = [
        (desk.cover("W20260318-0009", "wang", DUE_S), "PAYMENT_UNKNOWN"),
        (desk.cover(first.instruction.instruction_id, "wang", DUE_S), "COVER_STATE"),
        (desk.cover(second.instruction.instruction_id, "", DUE_S), "HUB_PERSON"),
        (desk.paid_in(DEBTOR, -301, "LINE-3", DUE_S), "RESERVE_AMOUNT"),
        (desk.paid_in("ISS-1", 1, "LINE-3", DUE_S), "MEMBER_UNKNOWN"),
        (desk.paid_in(DEBTOR, 301, "LINE-1", DUE_S), "RESERVE_LINE"),
        (desk.fund_pool(301, "LINE-2", DUE_S), "RESERVE_LINE"),
        (desk.paid_in(OTHER, 300, "LINE-1", DUE_S), "RESERVE_LINE_OF"),
        (desk.paid_in(DEBTOR, 300, "LINE-2", DUE_S), "RESERVE_LINE_OF"),
        (desk.fund_pool(300, "LINE-1", DUE_S), "RESERVE_LINE_OF"),
        (desk.set_terms(DEBTOR, DAY, "weekly", 0, "wang", DUE_S), "RESERVE_TERMS_DAY"),
        (desk.set_terms(DEBTOR, NEXT, "weekly", -1, "wang", DUE_S), "RESERVE_AMOUNT"),
    ]
    for answer, code in wrong:
        assert isinstance(answer, Refusal) and answer.code == code
        assert answer.message("zh") and answer.next_step("en")
    assert books(world) == before


def test_who_owes_more_than_reserve_and_line_is_suspended_until_it_pays_in(world: World) -> None:
    """657 are owed on the closed window; 100 more ridden since."""
    desk = ReserveDesk(world.store)
    assert desk.set_terms(DEBTOR, NEXT, "weekly", 157, "wang", CUTOFF_S) is None
    assert desk.paid_in(DEBTOR, 500, "LINE-1", CUTOFF_S) is None
    assert desk.suspend_over_cap(CUTOFF_S) == [], "657 is just borne"
    world.present([ride("more", issuer=B, where="bus", charge_fen=160)], CUTOFF_S + 60)
    assert desk.suspend_over_cap(CUTOFF_S + 60) == [DEBTOR]
    assert desk.suspend_over_cap(CUTOFF_S + 61) == []
    held = world.present([ride("late", issuer=B, where="bus", charge_fen=160)], CUTOFF_S + 90)
    assert verdicts(held) == {"late.1": "held 1019"}
    assert [call.why for call in desk.make_calls(NEXT + timedelta(days=1))] == ["empty"]


def test_a_call_is_made_on_its_morning_and_stays_what_it_was(world: World) -> None:
    """657 are owed and nothing is kept: called for on Thursday at six, paid in by noon."""
    desk = ReserveDesk(world.store)
    thursday = NEXT + timedelta(days=1)
    six_s = at(thursday, 6)
    assert desk.set_terms(DEBTOR, NEXT, "weekly", 0, "wang", CUTOFF_S) is None
    early = desk.calls_of(thursday, six_s - 1)
    assert isinstance(early, Refusal) and early.code == "RESERVE_CALL_EARLY"
    assert desk.calls_of(NEXT, six_s) == [], "what was not asked for then is not asked for now"
    made = desk.calls_of(thursday, six_s)
    assert not isinstance(made, Refusal) and [call.member for call in made] == [DEBTOR]
    assert desk.paid_in(DEBTOR, 10_000, "LINE-1", six_s + 1) is None
    assert desk.calls_of(thursday, at(thursday, 12)) == made
    assert desk.calls_of(thursday, six_s + 9 * DAY_S) == made


# Debits of 100 a day from 11 to 17 March, so the full amount of a week is 700.
WEEK = {date(2026, 3, day): 100 for day in range(11, 18)}
CALLS = [
    ("a Wednesday, 200 short", 18, "weekly", 500, WEEK, ("regular", 700, 200, 20)),
    ("a Wednesday, full", 18, "weekly", 700, WEEK, None),
    ("a Thursday, more than 40 % left", 19, "weekly", 281, WEEK, None),
    ("a Thursday, less: 600 in seven days", 19, "weekly", 239, WEEK, ("warning", 600, 361, 21)),
    ("nothing left: within a day", 19, "weekly", -1, WEEK, ("empty", 600, 601, 20)),
    (
        "a member of two days: 200 x 7 / 2",
        18,
        "weekly",
        600,
        {date(2026, 3, 16): 100, date(2026, 3, 17): 100},
        ("regular", 700, 100, 20),
    ),
    (
        "two days used 400 of 900, more than 40 %: 200 a day for five days",
        20,
        "weekly",
        800,
        {**WEEK, date(2026, 3, 18): 200, date(2026, 3, 19): 200},
        ("urgent", 900, 200, 22),
    ),
    ("a monthly one is warned at 20 %", 19, "monthly", 524, WEEK, ("warning", 2_625, 2_101, 21)),
    ("and not above", 19, "monthly", 525, WEEK, None),
]


@pytest.mark.parametrize(
    ("case", "day", "cycle", "available", "debits", "wanted"), CALLS, ids=[row[0] for row in CALLS]
)
def test_calls(case, day, cycle, available, debits, wanted) -> None:
    found = call_on(date(2026, 3, day), Account("M", cycle, available + 50, 50, debits))
    if wanted is None:
        assert found is None
        return
    assert found is not None
    assert (found.why, found.full_fen, found.amount_fen) == wanted[:3]
    assert found.made_s == at(date(2026, 3, day), 6)
    assert found.due_s == at(date(2026, 3, wanted[3]), 6)


def test_before_a_long_holiday_a_weekly_payer_is_called_to_twice_the_amount() -> None:
    """The Spring Festival of 2026: closed from 15 to 23 February, the 14th is a make-up day."""
    debits = {date(2026, 2, day): 100 for day in range(6, 13)}
    weekly, monthly = (Account("M", cycle, 700, 0, debits) for cycle in ("weekly", "monthly"))
    called = call_on(date(2026, 2, 13), weekly)
    assert called is not None and (called.why, called.amount_fen) == ("holiday", 700)
    assert call_on(date(2026, 2, 12), weekly) is None
    full = call_on(date(2026, 2, 13), monthly)
    assert full is not None and (full.why, full.amount_fen) == ("holiday", 3_000 - 700)
    qingming = Account("M", "weekly", 700, 0, {date(2026, 3, 26): 700})
    assert call_on(date(2026, 4, 2), qingming) is None, "three days are not long"


def test_the_desk_speaks_both_languages(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Terms, money in, a call, cover and status, each by its command."""
    first, second = world.hub.payments_to_send(WINDOW)
    reported(world, first)
    with world.store.reading() as cursor:
        dsn = cursor.connection.info
    at_dsn = ["--dsn", f"postgresql://{dsn.user}@/{dsn.dbname}?host={dsn.host}"]

    def desk(line: str, *more: str) -> str:
        code = run(["hub", "reserve", *line.split(), *more, *at_dsn])
        told = capsys.readouterr()
        assert code == 0, told.err
        return told.out

    zh = ["--lang", "zh"]
    assert "没有成员约定备付金" in desk("status", *zh)
    agreed = f"terms {DEBTOR} --from 2026-03-18 --cycle weekly --line 200 --by wang"
    on_day = ("--now", "2026-03-18T12:00")
    assert "weekly, a line of 2.00 yuan" in desk(agreed, *on_day, "--lang", "en")
    assert "3.00" in desk(f"pay-in {DEBTOR} 300 --line L1", *zh)
    assert "4.00" in desk("pay-in POOL 400 --line L2", *zh)
    mistyped = ["pay-in", DEBTOR, "-7", "--lin", "L3", "--lang", "en"]
    assert run(["hub", "reserve", *mistyped, *at_dsn]) == 2
    told = capsys.readouterr().err
    assert 'no option "--lin"' in told and "--line" in told, "and what was probably meant"
    assert "余额不足" in desk("call --on 2026-03-19", "--now", "2026-03-19T06:00", *zh)
    at_due = ("--now", "2026-03-18T15:00")
    paid = desk(f"cover {second.instruction.instruction_id} --by wang", *at_due, "--lang", "en")
    assert "reserve 3.00, line 2.00, pool 1.57 yuan" in paid and "suspended" in paid
    shown = desk("status", *at_due, *zh)
    assert all(word in shown for word in (DEBTOR, "按周", "3.57", "已暂停"))
