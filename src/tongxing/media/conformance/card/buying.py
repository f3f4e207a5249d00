"""Cases of paying: amounts, codes, counters, the log, and that nothing is taken without a code."""

from dataclasses import replace

from tongxing.media.conformance.card.case import Cases
from tongxing.media.conformance.card.deals import (
    buy,
    debit,
    fill,
    journey,
    last_journey,
    log_line,
    purchase_codes,
    put_journey,
    wrong_debit,
)
from tongxing.media.conformance.card.desk import COMPOSITE, SINGLE, Desk
from tongxing.media.conformance.card.profile import family_of
from tongxing.media.conformance.results import Differs

CASES = Cases()
_UNKNOWN_INDEX = 0x3E
_FEN_MAX = 0x7FFF_FFFF


def _bought(desk: Desk, index: int, kind: int, amount_fen: int) -> None:
    """A purchase, and everything that must be different after it."""
    before = desk.balance()
    opened = buy(desk, amount_fen, index, kind, mark=0x20 + kind)
    desk.same("told_balance", before, opened.balance_fen)
    desk.same("balance", before - amount_fen, desk.balance())
    desk.same("log", log_line(desk, opened), desk.log())
    after = desk.begin(kind, 0, index)
    desk.same("counter", opened.counter + 1, after.counter)
    if kind == COMPOSITE:
        desk.same("record", journey(0x20 + kind), last_journey(desk))


@CASES.add("single-purchase", "P1", each_index=True)
def _single(desk: Desk, index: int) -> None:
    _bought(desk, index, SINGLE, 2)


@CASES.add("composite-purchase", "P1", each_index=True)
def _composite(desk: Desk, index: int) -> None:
    _bought(desk, index, COMPOSITE, 3)


@CASES.add("purchase-of-nothing", "P2", each_index=True)
def _nothing(desk: Desk, index: int) -> None:
    before, log = desk.balance(), desk.log()
    opened = buy(desk, 0, index, COMPOSITE, mark=0x2A)
    desk.same("balance", before, desk.balance())
    line = log_line(desk, opened) if desk.profile.logs_zero else log
    desk.same("log", line, desk.log())
    counted = opened.counter + desk.profile.counts_zero
    desk.same("counter", counted, desk.begin(COMPOSITE, 0, index).counter)


@CASES.add("the-algorithm-is-told", "P3", each_index=True)
def _algorithm(desk: Desk, index: int) -> None:
    told = desk.begin(SINGLE, 0, index).algorithm
    desk.same("algorithm", family_of(index), 0 if told == 1 else told)


@CASES.add("randoms-differ", "P3", each_index=True)
def _randoms(desk: Desk, index: int) -> None:
    drawn = {desk.begin(SINGLE, 0, index).random for _ in range(4)}
    desk.same("randoms", 4, len(drawn))


@CASES.add("more-than-it-has", "P4", each_index=True)
def _too_much(desk: Desk, index: int) -> None:
    before = desk.balance()
    for amount in (before + 1, _FEN_MAX):
        desk.refuses(desk.beginning(COMPOSITE, amount, index, 15), 0x9401)
    desk.same("balance", before, desk.balance())


@CASES.add("all-that-it-has", "P4", each_index=True)
def _all(desk: Desk, index: int) -> None:
    whole = desk.balance()
    buy(desk, whole, index)
    try:
        desk.same("balance", 0, desk.balance())
        desk.refuses(desk.beginning(SINGLE, 1, index, 15), 0x9401)
    finally:
        fill(desk, whole, index)


@CASES.add("unknown-key-index", "P5")
def _no_key(desk: Desk, _index: int) -> None:
    desk.refuses(desk.beginning(SINGLE, 0, _UNKNOWN_INDEX, 15), 0x9403)


@CASES.add("wrong-mac1", "P6", each_index=True)
def _wrong(desk: Desk, index: int) -> None:
    before, log = desk.balance(), desk.log()
    opened = desk.begin(SINGLE, 1, index)
    desk.refuses(wrong_debit(), 0x9302)
    _untouched(desk, index, before, log, opened.counter)
    buy(desk, 1, index)


@CASES.add("mac1-of-another-amount", "P6", each_index=True)
def _other_amount(desk: Desk, index: int) -> None:
    before, log = desk.balance(), desk.log()
    opened = desk.begin(SINGLE, 2, index)
    cheaper = purchase_codes(desk, replace(opened, amount_fen=1))
    desk.refuses(cheaper.command, 0x9302)
    _untouched(desk, index, before, log, opened.counter)
    buy(desk, 1, index)


@CASES.add("mac1-of-an-older-purchase", "P6", each_index=True)
def _replayed(desk: Desk, index: int) -> None:
    opened = desk.begin(SINGLE, 1, index)
    codes = purchase_codes(desk, opened)
    desk.ok(codes.command, 8)
    before, log = desk.balance(), desk.log()
    desk.begin(SINGLE, 1, index)
    desk.refuses(codes.command, 0x9302)
    _untouched(desk, index, before, log, opened.counter + 1)
    buy(desk, 1, index)


@CASES.add("mac1-for-another-serial", "P6", each_index=True)
def _other_serial(desk: Desk, index: int) -> None:
    opened = desk.begin(COMPOSITE, 1, index)
    desk.ok(put_journey(0x2B), 0)
    codes = purchase_codes(desk, opened)
    other = (desk.serial + 7).to_bytes(4, "big")
    desk.refuses(debit(other, codes.mac1), 0x9302)
    buy(desk, 1, index)


def _untouched(desk: Desk, index: int, balance_fen: int, log: bytes, counter: int) -> None:
    desk.same("balance", balance_fen, desk.balance())
    desk.same("log", log, desk.log())
    desk.same("counter", counter, desk.begin(SINGLE, 0, index).counter)


@CASES.add("the-log-is-newest-first", "P7", each_index=True)
def _log(desk: Desk, index: int) -> None:
    first = log_line(desk, buy(desk, 1, index))
    second = log_line(desk, buy(desk, 2, index))
    if (desk.log(1), desk.log(2)) != (second, first):
        expected = f"{second.hex()} {first.hex()}"
        raise Differs("log", "", expected, f"{desk.log(1).hex()} {desk.log(2).hex()}")
