"""Cases of a card that left the field: what it can prove afterwards, and what it must not."""

from tongxing.media.conformance.card.case import Cases
from tongxing.media.conformance.card.deals import (
    buy,
    prove,
    purchase_codes,
    put_journey,
    wrong_debit,
)
from tongxing.media.conformance.card.desk import COMPOSITE, SINGLE, Desk

CASES = Cases()
_NO_PROOF = 0x9406


@CASES.add("a-purchase-is-proven", "R1", each_index=True)
def _proven(desk: Desk, index: int) -> None:
    """The proof has its codes the other way round than the debit: MAC2, then TAC."""
    opened = desk.begin(SINGLE, 1, index)
    codes = purchase_codes(desk, opened)
    desk.same("debit", codes.tac + codes.mac2, desk.ok(codes.command, 8))
    answer = desk.ok(prove(SINGLE, opened.counter + 1), 8)
    desk.same("proof", codes.mac2 + codes.tac, answer)


@CASES.add("a-torn-debit-is-proven", "R2", each_index=True)
def _torn(desk: Desk, index: int) -> None:
    before = desk.balance()
    opened = desk.begin(COMPOSITE, 1, index)
    desk.ok(put_journey(0x31), 0)
    codes = purchase_codes(desk, opened)
    desk.send(codes.command)
    desk.power_cycle()
    answer = desk.ok(prove(COMPOSITE, opened.counter + 1), 8)
    desk.same("proof", codes.mac2 + codes.tac, answer)
    desk.same("balance", before - 1, desk.balance())


@CASES.add("a-purchase-that-was-only-begun", "R3", each_index=True)
def _begun(desk: Desk, index: int) -> None:
    opened = desk.begin(COMPOSITE, 1, index)
    desk.ok(put_journey(0x32), 0)
    desk.power_cycle()
    desk.refuses(prove(COMPOSITE, opened.counter + 1), _NO_PROOF)


@CASES.add("a-refused-debit-is-not-proven", "R3", each_index=True)
def _refused(desk: Desk, index: int) -> None:
    opened = desk.begin(SINGLE, 1, index)
    desk.refuses(wrong_debit(), 0x9302)
    desk.refuses(prove(SINGLE, opened.counter + 1), _NO_PROOF)
    buy(desk, 1, index)


@CASES.add("only-the-asked-counter-is-proven", "R4", each_index=True)
def _counter(desk: Desk, index: int) -> None:
    opened = buy(desk, 1, index)
    for counter in (opened.counter, opened.counter + 2):
        desk.refuses(prove(SINGLE, counter), _NO_PROOF)


@CASES.add("only-the-asked-type-is-proven", "R4", each_index=True)
def _type(desk: Desk, index: int) -> None:
    opened = buy(desk, 1, index)
    desk.refuses(prove(COMPOSITE, opened.counter + 1), _NO_PROOF)
