"""Cases of the states of a deal: what ends one, and that an ended one has left nothing behind."""

from tongxing.media.card.apdu import Command
from tongxing.media.conformance.card.case import Cases
from tongxing.media.conformance.card.deals import (
    WRONG_CODE,
    buy,
    credit,
    journey,
    last_journey,
    purchase_codes,
    put_journey,
    wrong_debit,
)
from tongxing.media.conformance.card.desk import COMPOSITE, LOAD, SINGLE, Desk

CASES = Cases()
_BALANCE = Command(0x80, 0x5C, 0x03, 0x02, expected=4)
_NOT_NOW = 0x6985


@CASES.add("debit-without-beginning", "S1")
def _debit(desk: Desk, _index: int) -> None:
    desk.refuses(wrong_debit(), _NOT_NOW, 0x6901)


@CASES.add("credit-without-beginning", "S1")
def _credit(desk: Desk, _index: int) -> None:
    desk.refuses(credit(WRONG_CODE), _NOT_NOW, 0x6901)


@CASES.add("record-without-beginning", "S1")
def _record(desk: Desk, _index: int) -> None:
    before = last_journey(desk)
    desk.refuses(put_journey(0x11), _NOT_NOW, 0x6901)
    desk.same("record", before, last_journey(desk))


@CASES.add("debit-of-a-load", "S1", each_index=True)
def _crossed(desk: Desk, index: int) -> None:
    desk.begin(LOAD, 1, index)
    desk.refuses(wrong_debit(), _NOT_NOW, 0x6901)


@CASES.add("single-takes-no-record", "S2", each_index=True)
def _single(desk: Desk, index: int) -> None:
    desk.begin(SINGLE, 1, index)
    desk.refuses(put_journey(0x12), _NOT_NOW)


@CASES.add("composite-needs-a-record", "S2", each_index=True)
def _bare(desk: Desk, index: int) -> None:
    before = desk.balance()
    codes = purchase_codes(desk, desk.begin(COMPOSITE, 1, index))
    desk.refuses(codes.command, _NOT_NOW, 0x6A80)
    desk.same("balance", before, desk.balance())


@CASES.add("another-command-ends-it", "S3", each_index=True)
def _other(desk: Desk, index: int) -> None:
    before = desk.balance()
    opened = desk.begin(COMPOSITE, 1, index)
    desk.ok(put_journey(0x13), 0)
    desk.ok(_BALANCE, 4)
    desk.refuses(purchase_codes(desk, opened).command, _NOT_NOW)
    desk.same("balance", before, desk.balance())


@CASES.add("losing-power-ends-it", "S3", each_index=True)
def _power(desk: Desk, index: int) -> None:
    opened = desk.begin(COMPOSITE, 1, index)
    desk.ok(put_journey(0x14), 0)
    desk.power_cycle()
    desk.refuses(purchase_codes(desk, opened).command, _NOT_NOW)


@CASES.add("an-error-drops-the-records", "S4", each_index=True)
def _dropped(desk: Desk, index: int) -> None:
    before = last_journey(desk)
    desk.begin(COMPOSITE, 1, index)
    desk.ok(put_journey(0x15), 0)
    desk.refuses(wrong_debit(), 0x9302)
    desk.same("record", before, last_journey(desk))
    buy(desk, 1, index, COMPOSITE, mark=0x16)
    desk.same("record", journey(0x16), last_journey(desk))
    second = Command(0x00, 0xB2, 0x02, 0x1E << 3 | 4, expected=48)
    answer = desk.send(second)
    desk.same("record", before, answer.data if answer.ok else b"")


@CASES.add("a-wrong-record-ends-it", "S4", each_index=True)
def _wrong_record(desk: Desk, index: int) -> None:
    before = desk.balance()
    opened = desk.begin(COMPOSITE, 1, index)
    desk.ok(put_journey(0x17), 0)
    answer = desk.send(Command(0x80, 0xDC, 0x00, 0x1E << 3, bytes(7)))
    desk.same("refused", True, answer.status not in (0x9000,))
    desk.refuses(purchase_codes(desk, opened).command, _NOT_NOW)
    desk.same("balance", before, desk.balance())


@CASES.add("records-wait-for-the-debit", "S5", each_index=True)
def _waiting(desk: Desk, index: int) -> None:
    before = last_journey(desk)
    desk.begin(COMPOSITE, 0, index)
    desk.ok(put_journey(0x18), 0)
    desk.same("record", before, last_journey(desk))
