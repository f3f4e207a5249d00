"""What the bank turned down is sent once more by two persons, and its money moves once."""

from collections.abc import Iterator

import pytest
from hub_world import World
from test_reconciling import camt_053
from test_settlement import NEXT, PAID_S, WINDOW, books, confirmed, refused, report, world

from tongxing.hub import Confirmation, Payment, prove_hub
from tongxing.hub.instructions import Instruction
from tongxing.hub.reconciling import BankDesk, Taken
from tongxing.hub.reissuing import ReissueDesk
from tongxing.hub.store.payments import load_payments
from tongxing.hub.windows import WindowState
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal

__all__ = ["world"]
NOW_S = at(NEXT, 17)


@pytest.fixture
def desk(world: World) -> Iterator[ReissueDesk]:
    """The debtors have paid; the bank turns the first creditor's payment down."""
    for payment in sent(world):
        confirmed(world, payment)
    turned_down, other = sent(world)
    answer = world.hub.confirm_payment(report(turned_down, "RJCT"), PAID_S)
    assert isinstance(answer, Confirmation)
    confirmed(world, other)
    return ReissueDesk(world.store)


def sent(world: World) -> list[Payment]:
    return world.hub.payments_to_send(WINDOW)


def said(desk: ReissueDesk, by: str, number: int = 3, suffix: str = "") -> Instruction | str | None:
    found = desk.reissue(f"{WINDOW}-{number:04d}{suffix}", by, "account closed", NOW_S)
    return found.code if isinstance(found, Refusal) else found


def reissued(world: World, desk: ReissueDesk, suffix: str = "") -> Payment:
    said(desk, "ann", suffix=suffix)
    assert isinstance(said(desk, "bob", suffix=suffix), Instruction)
    (payment,) = sent(world)
    return payment


def broken(world: World) -> list[str]:
    with world.store.reading() as cursor:
        return [proof.name for proof in prove_hub(cursor) if not proof.holds]


def test_the_new_payment_is_paid_and_names_the_old_one(world: World, desk: ReissueDesk) -> None:
    assert sent(world) == []  # operators wait for the creditor
    assert books(world)["pos:ACQ-990100"] == -946  # owed as long as it is not paid
    assert said(desk, "ann") is None
    assert said(desk, "Ann") == "REISSUE_TWO_PERSONS", "the same person"
    assert said(desk, "no name") == "HUB_PERSON"
    silent = desk.reissue(f"{WINDOW}-0003", "bob", " ", NOW_S)
    assert isinstance(silent, Refusal) and silent.code == "HUB_WHY"
    assert sent(world) == []
    successor = said(desk, "bob")
    (payment,) = sent(world)
    assert payment.instruction == successor
    assert payment.instruction.instruction_id == f"{WINDOW}-0003R1"
    assert f"replaces {WINDOW}-0003".encode() in payment.message
    assert payment.instruction.due_s > NOW_S and payment.instruction.amount_fen == 946
    assert said(desk, "ann") == said(desk, "eve") == "REISSUE_STATE"  # once, whoever asks
    assert [said(desk, "ann", number) for number in (1, 9)] == ["REISSUE_STATE", "PAYMENT_UNKNOWN"]
    assert broken(world) == []
    assert confirmed(world, payment).window_state is WindowState.SETTLED
    assert "pos:ACQ-990100" not in books(world)
    assert [payment.instruction.phase for payment in sent(world)] == [3, 3, 3]
    assert broken(world) == []


def test_it_may_be_turned_down_again(world: World, desk: ReissueDesk) -> None:
    again = reissued(world, desk)
    assert isinstance(world.hub.confirm_payment(report(again, "RJCT"), PAID_S), Confirmation)
    last = reissued(world, desk, "R1")
    assert (last.instruction.instruction_id, last.instruction.replaces) == (
        f"{WINDOW}-0003R2",
        f"{WINDOW}-0003R1",
    )
    confirmed(world, last)
    assert "pos:ACQ-990100" not in books(world)


def test_a_first_payment_that_is_paid_after_all_is_a_break(world: World, desk: ReissueDesk) -> None:
    """The report books nothing, and the bank's line stands in suspense until a person ends it."""
    with world.store.reading() as cursor:
        old = load_payments(cursor, WINDOW)[2]
    confirmed(world, reissued(world, desk))
    assert refused(world, report(old)) == "PAYMENT_REPLACED"
    lines = [
        ("L1", f"{WINDOW}-0001", 629),
        ("L2", f"{WINDOW}-0002", 657),
        ("L3", f"{WINDOW}-0003R1", -946),
        ("L4", f"{WINDOW}-0004", -339),
        ("L5", f"{WINDOW}-0003", -946),
    ]
    found = BankDesk(world.store).take(camt_053("S1", lines), NOW_S + DAY_S)
    assert isinstance(found, Taken)
    assert [(one.kind, one.reference, one.amount_fen) for one in found.opened] == [
        ("unreported", "L5", -946)
    ]
    assert broken(world) == []
