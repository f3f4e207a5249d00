"""Payments: sent in their order, booked once, and at the end every position is zero."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hub_world import DAY, A, B, World, make_world, revised, ride

from tongxing.hub import Confirmation, Payment, WindowClosing, prove_hub
from tongxing.hub.iso20022 import status_report
from tongxing.hub.settlement import PaymentState
from tongxing.hub.windows import WindowState
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import account_balances
from tongxing.simulation.bank import Bank
from tongxing.storage import Database

NEXT = DAY + timedelta(days=1)
WINDOW = "W20260318"
CUTOFF_S, PAID_S = at(NEXT, 12), at(NEXT, 15)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A hub whose window is closed: two debtors, two creditors, three operators to be paid."""
    found = make_world(database)
    found.present(
        [
            ride("r1"),
            ride("r3", issuer=B, charge_fen=500),
            ride("r4", where="bus", charge_fen=180),
            ride("r6", issuer=B, where="bus", charge_fen=160),
        ],
        at(NEXT, 6),
    )
    assert isinstance(found.hub.close_window(WINDOW, CUTOFF_S), WindowClosing)
    yield found
    found.hub.close()


def report(payment: Payment, status: str = "ACSC") -> bytes:
    return status_report(payment.instruction, status, PAID_S, "BANK-1")


def confirmed(world: World, payment: Payment) -> Confirmation:
    answer = world.hub.confirm_payment(report(payment), PAID_S)
    assert isinstance(answer, Confirmation), answer
    return answer


def refused(world: World, message: bytes) -> str:
    """The code a report is refused with; the books are as they were."""
    before = books(world)
    answer = world.hub.confirm_payment(message, PAID_S)
    assert isinstance(answer, Refusal)
    assert answer.message("zh") and answer.next_step("en")
    assert books(world) == before
    return answer.code


def books(world: World) -> dict[str, int]:
    with world.store.reading() as cursor:
        return account_balances(cursor, "HUB")


def test_money_moves_in_three_phases_and_leaves_nothing_behind(world: World) -> None:
    assert books(world) == {
        "inc_fee": -1,
        "pos:ACQ-990100": -950 + 4,
        "pos:ACQ-990200": -340 + 1,
        "pos:ISS-990100": 630 - 1,
        "pos:ISS-990200": 660 - 3,
    }
    debtors = world.hub.payments_to_send(WINDOW)
    assert [payment.instruction.phase for payment in debtors] == [1, 1]
    assert confirmed(world, debtors[0]).window_state is WindowState.SETTLING
    assert world.hub.payments_to_send(WINDOW) == debtors[1:]
    assert confirmed(world, debtors[1]).window_state is WindowState.SETTLING
    creditors = world.hub.payments_to_send(WINDOW)
    assert [payment.instruction.phase for payment in creditors] == [2, 2]
    assert confirmed(world, creditors[0]).window_state is WindowState.SETTLING
    assert confirmed(world, creditors[1]).window_state is WindowState.SETTLED
    assert books(world) == {"inc_fee": -1, "settle_bank": 1}
    payouts = world.hub.payments_to_send(WINDOW)
    assert [payment.instruction.creditor for payment in payouts] == ["OP1", "OP2", "OP3"]
    for payment in payouts:
        assert confirmed(world, payment).window_state is WindowState.SETTLED
    assert books(world) == {"inc_fee": -1, "settle_bank": 1}
    assert world.hub.payments_to_send(WINDOW) == []
    with world.store.reading() as cursor:
        assert all(proof.holds for proof in prove_hub(cursor))


def test_a_bank_written_by_others_pays_what_we_ask_and_we_read_its_answers(world: World) -> None:
    """The simulation's bank knows ISO 20022 and nothing of us: it turns down a debtor without
    money, and pays the rest from one account to the other."""
    bank = Bank("Bank of both cities")
    for account in ("HUB", "ACQ-990100", "ACQ-990200", "OP1", "OP2", "OP3", "ISS-990200"):
        bank.deposit(account, 0, PAID_S, "opening")
    bank.deposit("ISS-990100", 629, PAID_S, "float")
    first, second = world.hub.payments_to_send(WINDOW)
    assert confirmed_by(bank, world, first).state is PaymentState.SETTLED
    poor = world.hub.confirm_payment(bank.execute(second.message, PAID_S), PAID_S)
    assert isinstance(poor, Confirmation) and poor.state is PaymentState.REJECTED
    assert bank.balances_fen["HUB"] == 629 == books(world)["settle_bank"]


def test_every_fen_the_bank_moved_is_in_the_books(world: World) -> None:
    bank = Bank("Bank of both cities")
    for account in ("HUB", "ACQ-990100", "ACQ-990200", "OP1", "OP2", "OP3"):
        bank.deposit(account, 0, PAID_S, "opening")
    for issuer in ("ISS-990100", "ISS-990200"):
        bank.deposit(issuer, 10_000, PAID_S, "float")
    while payments := world.hub.payments_to_send(WINDOW):
        for payment in payments:
            assert confirmed_by(bank, world, payment).state is PaymentState.SETTLED
    assert bank.balances_fen == {
        "HUB": 1,
        "ACQ-990100": 1,
        "ACQ-990200": 1,
        "OP1": 567,
        "OP2": 378,
        "OP3": 338,
        "ISS-990100": 10_000 - 629,
        "ISS-990200": 10_000 - 657,
    }
    assert books(world) == {"inc_fee": -1, "settle_bank": 1}


def confirmed_by(bank: Bank, world: World, payment: Payment) -> Confirmation:
    answer = world.hub.confirm_payment(bank.execute(payment.message, PAID_S), PAID_S)
    assert isinstance(answer, Confirmation), answer
    return answer


def test_a_report_about_nothing_or_about_another_amount_is_refused(world: World) -> None:
    first = world.hub.payments_to_send(WINDOW)[0]
    said = report(first)
    reference = first.instruction.instruction_id.encode()
    assert refused(world, said.replace(reference, b"W20260318-9999")) == "PAYMENT_UNKNOWN"
    assert refused(world, said.replace(b">6.29<", b">6.28<")) == "PAYMENT_MISMATCH"
    assert refused(world, said.replace(b">6.29<", b">6.2900001<")) == "PAYMENT_MISMATCH"
    assert refused(world, said.replace(b'"CNY"', b'"USD"')) == "PAYMENT_MISMATCH"
    assert refused(world, said.replace(b"ACSC", b"PDNG")) == "PAYMENT_NOT_FINAL"
    assert refused(world, said[:-30]) == "PAYMENT_MALFORMED"


def test_the_same_report_books_once(world: World) -> None:
    first = world.hub.payments_to_send(WINDOW)[0]
    confirmed(world, first)
    assert refused(world, report(first)) == "PAYMENT_REPEATED"
    assert refused(world, report(first, "RJCT")) == "PAYMENT_REPEATED"


def test_a_creditor_is_not_paid_before_every_debtor_has(world: World) -> None:
    closing = world.hub.closing(WINDOW)
    assert isinstance(closing, WindowClosing)
    debtors, creditors, payouts = (
        [payment for payment in closing.payments if payment.instruction.phase == phase]
        for phase in (1, 2, 3)
    )
    confirmed(world, debtors[0])
    assert refused(world, report(creditors[0])) == "PAYMENT_TOO_EARLY"
    assert refused(world, report(payouts[0])) == "PAYMENT_TOO_EARLY"
    confirmed(world, debtors[1])
    assert refused(world, report(payouts[0])) == "PAYMENT_TOO_EARLY"


def test_a_payment_the_bank_turned_down_stops_the_window(world: World) -> None:
    first, second = world.hub.payments_to_send(WINDOW)
    answer = world.hub.confirm_payment(report(first, "RJCT"), PAID_S)
    assert isinstance(answer, Confirmation)
    assert (answer.state, answer.window_state) == (PaymentState.REJECTED, WindowState.CLOSED)
    assert confirmed(world, second).window_state is WindowState.SETTLING
    assert world.hub.payments_to_send(WINDOW) == []
    assert refused(world, report(first)) == "PAYMENT_REPEATED"


def test_a_window_with_only_payouts_is_settled_at_once(database: Database) -> None:
    """Trips that net to nothing between members can still owe an operator: OP1 gives back what it
    had for a half trip, and shares the charge of the whole one with OP2."""
    world = make_world(database)
    half = ride("h1", how="missing_exit", charge_fen=900)
    world.present([half], at(NEXT, 6))
    world.hub.close_window(WINDOW, CUTOFF_S)
    whole = revised(
        half, 450, how="both_taps", fare_fen=500, destination="S9", exited_s=half.entered_s + 1_800
    )
    world.present([whole, ride("r1", issuer=A, charge_fen=450)], at(NEXT, 13))
    closing = world.hub.close_window("W20260319", CUTOFF_S + 86_400)
    assert isinstance(closing, WindowClosing)
    assert closing.state is WindowState.SETTLED
    assert [
        (payment.instruction.debtor, payment.instruction.creditor, payment.instruction.amount_fen)
        for payment in closing.payments
    ] == [("OP1", "ACQ-990100", 360), ("ACQ-990100", "OP2", 360)]
    world.hub.close()
