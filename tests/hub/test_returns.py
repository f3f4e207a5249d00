"""What was paid and came back is owed again and sent once more; what does not fit is a break."""

import pytest
from hub_world import World
from test_reconciling import EVENING_S, WHOLE, Line, camt_053, camt_054, of, taken, world
from test_reissuing import broken
from test_settlement import PAID_S, WINDOW, books, confirmed, refused, report

from tongxing.hub import Confirmation
from tongxing.hub.instructions import Instruction
from tongxing.hub.reconciling import BankDesk
from tongxing.hub.reissuing import ReissueDesk
from tongxing.hub.reserves import ReserveDesk
from tongxing.hub.settlement import Payment, PaymentState
from tongxing.hub.store.payments import came_back, load_payments
from tongxing.hub.store.windows import window_state
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal

__all__ = ["world"]
LATER_S = EVENING_S + DAY_S
OWED = "pos:ACQ-990100"


def returning(message: bytes, reference: str, reason: str = "AC04") -> bytes:
    """The message with the line of this reference as a return, as ISO 20022 writes one."""
    head, line, tail = message.partition(f"<AcctSvcrRef>{reference}</AcctSvcrRef>".encode())
    told = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf></TxDtls>".encode()
    return head + line + tail.replace(b"</TxDtls>", told, 1)


def came(world: World, reference: str, end_to_end: str, fen: int) -> list[tuple[str, str, int]]:
    """A notice of a return; the breaks that it opens."""
    notice = returning(camt_054(f"N-{reference}", (reference, end_to_end, fen)), reference)
    return [one[1:4] for one in taken(world, notice, LATER_S).opened]


def payment(world: World, name: str) -> Payment:
    with world.store.reading() as cursor:
        return next(
            one for one in load_payments(cursor, WINDOW) if one.instruction.instruction_id == name
        )


def state(world: World) -> str:
    with world.store.reading() as cursor:
        return str(window_state(cursor, WINDOW))


def sent_again(world: World, name: str) -> Instruction:
    desk = ReissueDesk(world.store)
    assert desk.reissue(name, "ann", "account closed", LATER_S) is None
    found = desk.reissue(name, "bob", "new account seen", LATER_S)
    assert isinstance(found, Instruction), found
    return found


def test_a_payment_that_comes_back_is_owed_again_and_sent_once_more(world: World) -> None:
    taken(world, camt_053("S1", WHOLE))
    assert (state(world), OWED in books(world)) == ("settled", False)
    assert came(world, "L5", of(3), 946) == []
    assert (books(world)[OWED], state(world)) == (-946, "settling")
    assert payment(world, of(3)).state is PaymentState.RETURNED and broken(world) == []
    with world.store.reading() as cursor:
        (told,) = came_back(cursor)
    assert (told.payment, told.reason, told.is_return, told.bank_reference) == (
        of(3), "AC04", True, "L5"
    )  # fmt: skip
    assert world.hub.payments_to_send(WINDOW) == [], "operators wait for the creditor again"
    assert refused(world, report(payment(world, of(3)))) == "PAYMENT_REPEATED"
    again = sent_again(world, of(3))
    assert (again.instruction_id, again.replaces, again.amount_fen) == (f"{of(3)}R1", of(3), 946)
    assert again.due_s > LATER_S
    (waiting,) = world.hub.payments_to_send(WINDOW)
    confirmed(world, waiting)
    assert (OWED in books(world), state(world), broken(world)) == (False, "settled", [])
    fits = [("L5", of(3), 946), ("L6", f"{of(3)}R1", -946)]
    whole = returning(camt_053("S2", fits, LATER_S + DAY_S, opening=1), "L5")
    told_then = taken(world, whole, LATER_S + DAY_S)
    assert (told_then.opened, told_then.difference_fen, told_then.returned) == ((), 0, ())
    assert came(world, "L7", f"{of(3)}R1", 946) == [], "the second one comes back too"
    assert sent_again(world, f"{of(3)}R1").instruction_id == f"{of(3)}R2"
    assert broken(world) == []


WRONG = [
    ("a part of it", ("L5", of(3), 945), ("return_amount", "L5", 945)),
    ("more than it", ("L5", of(3), 947), ("return_amount", "L5", 947)),
    ("the same way again", ("L5", of(3), -946), ("return_amount", "L5", -946)),
    ("of nobody's payment", ("L5", "W20260318-0099", 946), ("return_unknown", "L5", 946)),
    ("that names none", ("L5", "", 946), ("return_unknown", "L5", 946)),
    ("of an operator's, at the hub", ("L5", of(5), 567), ("return_unknown", "L5", 567)),
]


@pytest.mark.parametrize(("case", "line", "wanted"), WRONG, ids=[row[0] for row in WRONG])
def test_a_return_that_does_not_fit_is_a_break(
    world: World, case: str, line: Line, wanted: tuple[str, str, int]
) -> None:
    taken(world, camt_053("S1", WHOLE))
    assert came(world, *line) == [wanted]
    assert books(world)["suspense_bank"] == -wanted[2] and OWED not in books(world)
    assert payment(world, of(3)).state is PaymentState.SETTLED and broken(world) == []


def test_a_return_in_another_currency_is_not_read(world: World) -> None:
    notice = returning(camt_054("N1", ("L5", of(3), 946)), "L5").replace(b"CNY", b"USD")
    refusal = BankDesk(world.store).take(notice, LATER_S)
    assert isinstance(refusal, Refusal) and refusal.code == "BANK_STATEMENT"


def test_twice_before_its_line_and_after_it_was_sent_again(world: World) -> None:
    assert came(world, "L5", of(3), 946) == [("return_state", "L5", 946)], "never seen to go out"
    explained = taken(world, camt_053("S1", WHOLE), LATER_S).explained
    assert [one.kind for one in explained] == ["return_state"]
    assert payment(world, of(3)).state is PaymentState.RETURNED
    assert came(world, "L6", of(3), 946) == [("return_twice", "L6", 946)]
    sent_again(world, of(3))
    assert came(world, "L7", of(3), 946) == [("return_twice", "L7", 946)]
    assert books(world)[OWED] == -946 and broken(world) == []


def test_a_return_is_known_by_the_code_of_its_kind_too(world: World) -> None:
    taken(world, camt_053("S1", WHOLE))
    kind = (
        b"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn>"
    )
    notice = camt_054("N1", ("L5", of(3), 946)).replace(b"<BkTxCd/>", kind + b"</BkTxCd>")
    assert taken(world, notice, LATER_S).returned == (of(3),)


def test_what_a_debtor_took_back_is_covered_like_what_it_never_paid(world: World) -> None:
    taken(world, camt_053("S1", WHOLE))
    assert came(world, "L5", of(1), -629) == []
    assert (books(world)["pos:ISS-990100"], state(world)) == (629, "settling")
    desk, reserves = ReissueDesk(world.store), ReserveDesk(world.store)
    refusal = desk.reissue(of(1), "ann", "why", LATER_S)
    assert isinstance(refusal, Refusal) and refusal.code == "REISSUE_STATE"
    assert reserves.fund_pool(1_000, "F1", LATER_S) is None
    assert not isinstance(reserves.cover(of(1), "ann", LATER_S), Refusal)
    assert ("pos:ISS-990100" in books(world), state(world)) == (False, "settled")
    assert refused(world, report(payment(world, of(1)))) == "PAYMENT_REPEATED", "not paid late"
    assert broken(world) == []


def test_what_an_acquirer_sent_again_itself_ends_the_hubs_own(world: World) -> None:
    """The bank turns a payout down; the acquirer sends it again under the next name."""
    first = payment(world, of(5))
    assert isinstance(world.hub.confirm_payment(report(first, "RJCT"), PAID_S), Confirmation)
    again = report(first).replace(of(5).encode(), f"{of(5)}R1".encode())
    assert refused(world, again.replace(b">5.67<", b">5.66<")) == "PAYMENT_MISMATCH"
    assert refused(world, again.replace(of(5).encode(), of(3).encode())) == "PAYMENT_UNKNOWN"
    assert isinstance(world.hub.confirm_payment(again, PAID_S), Confirmation)
    assert payment(world, of(5)).state is PaymentState.REPLACED
    refusal = ReissueDesk(world.store).reissue(of(5), "ann", "why", PAID_S)
    assert isinstance(refusal, Refusal) and refusal.code == "REISSUE_STATE"


def test_a_duplicate_at_the_bank_is_no_refusal(world: World) -> None:
    """Another order under this name came first; what the bank says of that one counts."""
    first = payment(world, of(5))
    no = report(first, "RJCT").replace(
        b"<AccptncDtTm>", b"<StsRsnInf><Rsn><Cd>AM05</Cd></Rsn></StsRsnInf><AccptncDtTm>"
    )
    assert refused(world, no) == "PAYMENT_DUPLICATE"
    assert isinstance(world.hub.confirm_payment(report(first), PAID_S), Confirmation)
